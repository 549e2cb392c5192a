"""The files that hold the pixels of a planetary label or a VRT: plain files beside it, or none.

GDAL would follow a label anywhere: to absolute paths, links, addresses, other virtual files. Here
the label is read first, and only files in its own folder are accepted; ``rasters.opened`` then
compares what GDAL did open.
"""

import re
from pathlib import Path
from xml.etree import ElementTree

from mirs_core.datasets.bundles import is_bundle, is_plain, names_in, unpack
from mirs_core.datasets.raster_formats import REFERRING, driver_of
from mirs_core.errors import ImageError

MAY_REFER = frozenset({".lbl", ".xml", ".cub", ".img"})
"""Suffixes (lower case) of tiles whose pixels may be in another file."""

_MOST_TEXT = 4_000_000
_MOST_FILES = 1_000
_END = re.compile(
    r"/\*(?s:.*?)(?:\*/|\Z)|(?<![^\s])#[^\n]*|\"[^\"]*(?:\"|\Z)|(?<=[\s=(,{])'[^']*(?:'|\Z)"
    r"|^[ \t]*(?P<end>END)[ \t]*\r?$",
    re.MULTILINE | re.IGNORECASE,
)
# ^IMAGE = "A.IMG", ^IMAGE = ("A.IMG", 12 <BYTES>), ^Core = a.cub; a number is a place inside.
_POINTER = re.compile(
    r"\^\s*(?:IMAGE|QUBE|SPECTRAL_QUBE|CORE)\s*=\s*\(?\s*(\"[^\"]*\"|'[^']*'|[^\s(),<]+)",
    re.IGNORECASE,
)
# The same without a place inside: the file is nothing but pixels, or an image of its own.
_WHOLE = re.compile(_POINTER.pattern + r"\s*(?=[)\r\n]|\Z)", re.IGNORECASE)
_COMPRESSED = re.compile(r"\bOBJECT\s*=\s*COMPRESSED_FILE\b(?s:(.*?))\bEND_OBJECT\b", re.IGNORECASE)
_FILE_NAME = re.compile(r"\bFILE_NAME\s*=\s*(\"[^\"]*\"|'[^']*'|\S+)", re.IGNORECASE)
_PDS4_AREA, _PDS4_FILE = "file_area_observational", "file"
# Labels with these words make GDAL open the other file by a driver of its own choice.
_NESTED = re.compile(r"\bCOMPRESSED_FILE\b|\bGeoTIFF\b", re.IGNORECASE)
_DRIVERS_OF_NESTED = ("GTiff", "JP2OpenJPEG")
# What gdalbuildvrt and gdal_translate write. Other elements can run code or name more files.
_VRT_ELEMENTS = re.compile(
    "VRTDataset|SRS|GeoTransform|Metadata|MDI|VRTRasterBand|ColorInterp|NoDataValue|ColorTable|Entry"
    "|Description|UnitType|Offset|Scale|MaskBand|SimpleSource|ComplexSource|SourceFilename"
    "|SourceBand|SourceProperties|SrcRect|DstRect|NODATA|ScaleOffset|ScaleRatio|UseMaskBand"
    "|BlockXSize|BlockYSize|HideNoDataValue"
)


def label_text(source: Path | bytes) -> str:
    """The text of a label, without the pixels that may follow it."""
    if isinstance(source, bytes):
        head = (unpack(source) if is_bundle(source) else source)[:_MOST_TEXT]
    else:
        with source.open("rb") as handle:
            head = handle.read(_MOST_TEXT)
    text = head.decode("latin-1")
    # Where GDAL ends a label: END within a comment or a text does not.
    end = next((part for part in _END.finditer(text) if part["end"]), None)
    return text[: end.start()] if end else text


def data_files(source: Path | bytes, name: str) -> tuple[str, ...]:
    """Names of the files beside ``source`` that hold its pixels; none if it holds them itself.

    Args:
        source: a file, or the bytes of one or of a bundle.
        name: of the file, for messages.

    Raises:
        ImageError: it refers to anything but plain files in its folder, or to a missing one.
    """
    driver = driver_of(source)
    if driver not in REFERRING:
        return ()
    text = label_text(source)
    if driver == "VRT":
        named = _of_vrt(text, name)
    else:
        named = _of_pds4(text, name) if driver == "PDS4" else _of_label(text)
    if len(named) > _MOST_FILES:
        raise ImageError(f"{name} refers to more than {_MOST_FILES:,} files; save it as one.")
    files = tuple(_beside(source, file, name) for file in dict.fromkeys(named))
    if driver == "VRT" or _NESTED.search(text):
        for file in files:
            if driver_of(part_of(source, file)) not in _DRIVERS_OF_NESTED:
                raise ImageError(
                    f"{name} refers to {file}, which is neither a TIFF nor a JPEG 2000 file; only"
                    " these are read. Save it as one file: gdal_translate IN OUT.tif."
                )
    elif driver == "PDS":
        _check_raw(source, files, text, name)
    return files


def _check_raw(source: Path | bytes, files: tuple[str, ...], text: str, name: str) -> None:
    """Refuses a label of an image file, of which GDAL would take the first bytes for pixels."""
    wholes = {file.strip("\"'").lower() for file in _WHOLE.findall(text)}
    for file in files:
        if file.lower() in wholes and driver_of(part_of(source, file)) in _DRIVERS_OF_NESTED:
            raise ImageError(f"{name} is the label of {file}, which is an image itself; choose it.")


def files_of(path: Path) -> tuple[Path, ...]:
    """A file, and those beside it that hold its pixels.

    Raises:
        ImageError: as :func:`data_files`.
    """
    try:
        names = data_files(path, path.name)
    except OSError as error:
        raise ImageError(f"{path.name} cannot be read ({error.strerror or error}).") from None
    return (path, *(path.resolve().parent / name for name in names))


def stamp_of(path: Path) -> tuple[int, int]:
    """Size, and latest time of modification in ns, of a file with those that hold its pixels.

    Raises:
        OSError: one of them cannot be looked at.
    """
    files: tuple[Path, ...] = (path,)
    if path.suffix.lower() in (*MAY_REFER, ".vrt"):
        try:
            files = files_of(path)
        except ImageError as error:
            raise OSError(str(error)) from None
    states = [file.stat() for file in files]
    return sum(state.st_size for state in states), max(state.st_mtime_ns for state in states)


def _of_label(text: str) -> list[str]:
    compressed = [file for group in _COMPRESSED.findall(text) for file in _FILE_NAME.findall(group)]
    # Such a label also describes the image before its compression, which is not there.
    files = [file.strip("\"'") for file in compressed or _POINTER.findall(text)]
    return [file for file in files if not re.fullmatch(r"[\d.]+", file)]


def _of_pds4(text: str, name: str) -> list[str]:
    """The file of the first area of a label; all files that areas name must be beside it."""
    if re.search(r"<!(DOCTYPE|ENTITY)", text, re.IGNORECASE):
        raise ImageError(f"{name} has declarations, which no label here may have.")
    root = _xml(text, name)
    # GDAL does not care for case or namespaces.
    areas = [part for part in root.iter() if _tag(part).startswith(_PDS4_AREA)]
    files = [file for area in areas for file in area.iter() if _tag(file) == "file_name"]
    for file in files:
        if not is_plain((file.text or "").strip()):
            raise ImageError(_elsewhere(name, file.text or ""))
    parts = (part for area in areas for part in area if _tag(part) == _PDS4_FILE)
    names = (file for part in parts for file in part if _tag(file) == "file_name")
    return [(file.text or "").strip() for file in names][:1]


def _tag(element: ElementTree.Element) -> str:
    return element.tag.rsplit("}", 1)[-1].lower()


def _xml(text: str, name: str) -> ElementTree.Element:
    try:
        return ElementTree.fromstring(text)
    except ElementTree.ParseError as error:
        raise ImageError(f"{name} is damaged ({error}). Copy or make it again.") from None


def _of_vrt(text: str, name: str) -> list[str]:
    if "<!" in text:
        raise ImageError(f"{name} has comments or declarations, which no VRT here may have.")
    files = []
    for element in _xml(text, name).iter():
        # GDAL takes attributes for elements, and does not care for case.
        named = [key for key in element.attrib if key.lower() in ("subclass", "sourcefilename")]
        if not _VRT_ELEMENTS.fullmatch(element.tag) or named:
            what = element.tag
            if named:
                what = element.attrib[named[0]] if named[0].lower() == "subclass" else named[0]
            raise ImageError(
                f"{name} is a VRT with {what[:80]!r}, which is not read here; only mosaics of TIFF"
                " and JPEG 2000 files beside it are. Convert it: gdal_translate IN.vrt OUT.tif."
            )
        if element.tag == "SourceFilename":
            file = element.text or ""
            if element.attrib.get("relativeToVRT") != "1" or not is_plain(file):
                raise ImageError(_elsewhere(name, file))
            files.append(file)
    return files


def _elsewhere(name: str, file: str) -> str:
    return (
        f"{name} refers to {file[:200]!r}; only files in its own folder are read. Put all files of"
        " the product into one folder, or save it as one file: gdal_translate IN OUT.tif."
    )


def _beside(source: Path | bytes, file: str, name: str) -> str:
    """The name under which GDAL finds a file beside ``source``."""
    if not is_plain(file):
        raise ImageError(_elsewhere(name, file))
    for candidate in dict.fromkeys((file, file.upper(), file.lower())):
        if isinstance(source, bytes):
            if is_bundle(source) and candidate in names_in(source):
                return candidate
            continue
        path = source.resolve().parent / candidate
        if path.is_symlink():
            raise ImageError(f"{name} refers to {candidate}, which is a link; copy the file.")
        if path.is_file():
            return candidate
    if isinstance(source, bytes):
        raise ImageError(
            f"{name} does not hold its pixels, which are in {file}. Give its path on this computer,"
            f" with {file} beside it, or save both as one file: gdal_translate {name} OUT.tif."
        )
    raise ImageError(f"The pixels of {name} are in {file}, which is missing; put it beside {name}.")


def part_of(source: Path | bytes, file: str) -> Path | bytes:
    """A file that :func:`data_files` names: its path, or its bytes in a bundle."""
    if isinstance(source, Path):
        return source.resolve().parent / file
    return unpack(source, file)
