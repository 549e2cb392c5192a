"""Opening untrusted raster files with GDAL: a regular file, with its data files and no others."""

import io
import logging
import re
import struct
import uuid
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import TiffImagePlugin

from mirs_core.datasets.bundles import is_bundle, names_in, unpack
from mirs_core.datasets.data_files import data_files, label_text, part_of
from mirs_core.datasets.raster_formats import driver_of, unpacker_of
from mirs_core.datasets.raw_length import check_length
from mirs_core.errors import ImageError

_CACHE_BYTES = 64_000_000
_MOST_BLOCK_BYTES = 256_000_000
_STAND_INS = (("OVERVIEW_FILE", "OVERVIEWS"), ("FILENAME", "ProxyOverviewRequest"))
_ORIENTATION, _EXTRA_SAMPLES, _PREMULTIPLIED = 274, 338, 1

_CONSTANT = re.compile(
    r"\b(?:(?:MISSING|INVALID|NULL|UNKNOWN|NOT_APPLICABLE)_CONSTANT"
    r"|CORE_NULL|(?:CORE_)?(?:LOW|HIGH)_(?:REPR|INSTR)_SATURATION)"
    r"\s*=\s*[(\"']*(?:16#([0-9A-Fa-f]{8})#|([-+]?\d+(?:\.\d*)?(?:[Ee][-+]?\d+)?))"
)

# The filter is process-wide because ``catch_warnings`` is not thread-safe.
warnings.filterwarnings("ignore", message="Dataset has no geotransform")


@dataclass(frozen=True, slots=True)
class Marks:
    """What a file says of its pixels that GDAL does not report.

    Attributes:
        special: values of missing and saturated pixels, from its label.
        has_premultiplied_alpha: its colours have been multiplied by their opacity already.
    """

    special: tuple[float, ...] = ()
    has_premultiplied_alpha: bool = False


@contextmanager
def opened(source: Path | bytes, name: str, cache_bytes: int = _CACHE_BYTES) -> Iterator[Any]:
    """The rasterio dataset of a TIFF, JPEG 2000 file, planetary product or VRT.

    Also translates errors.

    Args:
        source: the file, or its bytes, or a bundle of it and its data files.
        name: of the file, for messages.
        cache_bytes: size of GDAL's cache of decoded blocks.

    Raises:
        ImageError: it is missing, damaged, of another format, or refers to files elsewhere.
    """
    import rasterio

    logging.getLogger("rasterio").setLevel(logging.CRITICAL)
    if isinstance(source, Path) and not source.is_file():
        raise ImageError(f"{name} cannot be read (it is missing, or not a file).")
    driver = driver_of(source)
    if driver is None:
        if unpacker := unpacker_of(source):
            raise ImageError(f"{name} is a packed file; unpack it first: {unpacker} {name}")
        raise ImageError(
            f"{name} is neither a TIFF nor a JPEG 2000 file nor a planetary product (ISIS, PDS,"
            " VICAR) nor a VRT; choose one that is, or convert it first, for example with:"
            " gdal_translate IN OUT.tif."
        )
    # Local paths, one format, and no sidecar files.
    with translated_errors(name), ExitStack() as stack:
        stack.enter_context(
            rasterio.Env(
                GDAL_DISABLE_READDIR_ON_OPEN="EMPTY_DIR",
                GDAL_PAM_ENABLED=False,
                GDAL_GEOREF_SOURCES="INTERNAL",
                GDAL_CACHEMAX=cache_bytes,
                # Its threads lose the errors of blocks of JPEG 2000 that cannot be decoded.
                GDAL_NUM_THREADS="1",
                # No file is fetched: a label can name an address.
                CPL_VSIL_CURL_ALLOWED_EXTENSIONS=".none",
                GDAL_VRT_ENABLE_PYTHON="NO",
            )
        )
        files = data_files(source, name)
        path = _placed(source, stack)
        for file in files:
            if driver_of(part_of(source, file)) == "GTiff":
                with rasterio.open(str(path.with_name(file)), driver="GTiff") as part:
                    _check_alone(part, path.with_name(file), name)
        raster = stack.enter_context(rasterio.open(str(path), driver=driver))
        _check_alone(raster, path, name, files)
        check_length(raster, source, files, name)
        yield raster


@contextmanager
def translated_errors(name: str) -> Iterator[None]:
    """Raises ImageError for what GDAL raises where a raster called ``name`` is damaged."""
    from rasterio._err import CPLE_BaseError
    from rasterio.errors import RasterioError

    try:
        yield
    except (RasterioError, CPLE_BaseError, OSError, ValueError) as error:
        reason = str(error).splitlines()[0] if str(error) else "no reason given"
        raise ImageError(
            f"{name} is damaged or cannot be read ({reason}). Copy or save it again."
        ) from None
    except MemoryError:
        raise ImageError(f"{name} does not fit into memory. Cut a smaller square.") from None


def check_blocks(raster: Any, name: str) -> None:
    """Raises ImageError if a block of the raster, which GDAL decodes at once, is too large."""
    height, width = raster.block_shapes[0]
    # numpy has no complex integers, of which GDAL has.
    size = 8 if raster.dtypes[0].startswith("complex_int") else np.dtype(raster.dtypes[0]).itemsize
    block = height * width * size
    if raster.interleaving is not None and raster.interleaving.name == "pixel":
        block *= raster.count
    if block > _MOST_BLOCK_BYTES:
        raise ImageError(
            f"{name} is stored in blocks of {block / 1e6:,.0f} MB, which cannot be read by windows;"
            " convert it first, for example with: gdal_translate -of COG."
        )


def tiff_orientation(source: Path | bytes) -> int:
    """The orientation tag of a TIFF file (1 to 8), which GDAL does not report; 1 if it has none."""
    value = _tiff_tag(source, _ORIENTATION)
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


def marks_of(source: Path | bytes) -> Marks:
    """The marks of a file or its bytes; none if it has no readable ones."""
    if driver_of(source) in ("PDS", "VICAR"):
        return Marks(special=_special(label_text(source)))
    value = _tiff_tag(source, _EXTRA_SAMPLES)
    is_premultiplied = value == _PREMULTIPLIED or (
        isinstance(value, tuple) and _PREMULTIPLIED in value
    )
    return Marks(has_premultiplied_alpha=is_premultiplied)


def _special(text: str) -> tuple[float, ...]:
    """Values of the constants in a PDS3 or VICAR label, which writes floats as 16#FF7FFFFB#."""
    values = []
    for bits, number in _CONSTANT.findall(text):
        if bits:
            values.append(struct.unpack(">f", bytes.fromhex(bits))[0])
        else:
            values.append(float(number))
    return tuple(dict.fromkeys(values))


def _tiff_tag(source: Path | bytes, tag: int) -> Any:
    if driver_of(source) != "GTiff":
        return None
    try:
        with io.BytesIO(source) if isinstance(source, bytes) else source.open("rb") as handle:
            header = handle.read(8)
            if header[2:3] == b"+" or header[3:4] == b"+":
                header += handle.read(8)
            directory = TiffImagePlugin.ImageFileDirectory_v2(header)
            handle.seek(directory.next)
            directory.load(handle)
            return directory.get(tag)
    except Exception:  # any damage: GDAL has the last word on the file
        return None


def _placed(source: Path | bytes, stack: ExitStack) -> Path:
    """Where GDAL finds a file: its path, or one in a memory folder of its own."""
    from rasterio.io import MemoryFile

    if isinstance(source, Path):
        return source.resolve()
    folder = uuid.uuid4().hex
    names = names_in(source) if is_bundle(source) else ("image",)
    for name in names:
        data = unpack(source, name) if is_bundle(source) else source
        stack.enter_context(MemoryFile(data, dirname=folder, filename=name))
    return Path("/vsimem") / folder / names[0]


def _check_alone(raster: Any, path: Path, name: str, files: tuple[str, ...] = ()) -> None:
    """Tags of a file, or a label, can make GDAL read another file in its place."""
    others = [Path(file) for file in raster.files if Path(file) != path]
    has_stand_ins = any(raster.get_tag_item(item, domain) for item, domain in _STAND_INS)
    is_beside = all(
        file.parent == path.parent and (file.name in files or _is_history(file)) for file in others
    )
    if has_stand_ins or not is_beside:
        raise ImageError(
            f"{name} refers to other files to be read in its place; save it as one file."
        )


def _is_history(file: Path) -> bool:
    """Whether a file is the processing history that a detached ISIS label names."""
    return file.suffix == ".IsisCube" and not file.is_symlink()
