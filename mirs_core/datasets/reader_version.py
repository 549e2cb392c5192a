"""Which files earlier versions read with other pixels, so that their cached features are stale."""

from pathlib import Path

from PIL import TiffImagePlugin

READER = 2
"""Raised whenever the same file gives other pixels than before.

1: up to 0.3.0. 2: TIFF by GDAL; deep images that hold 8-bit ones keep their grey levels.
"""

_BITS, _PHOTOMETRIC, _SAMPLES, _FORMAT = 258, 262, 277, 339
_UNSIGNED, _GREY, _RGB, _YCBCR = 1, 1, 2, 6
_PNG_DEPTH = 24


def has_changed(path: Path) -> bool:
    """Whether reader 1 may have read other pixels from a file; only its header is read.

    JPEG, PNG, WebP and BMP of 8 bits, and 8-bit TIFFs that are grey or RGB, have not.
    """
    suffix = path.suffix.lower()
    try:
        if suffix == ".png":
            with path.open("rb") as handle:
                return handle.read(_PNG_DEPTH + 1)[_PNG_DEPTH] > 8
        return suffix in (".tif", ".tiff") and not _is_plain_tiff(path)
    except Exception:  # any damage: reading the file says what is wrong
        return True


def _is_plain_tiff(path: Path) -> bool:
    with path.open("rb") as handle:
        header = handle.read(8)
        if b"+" in header[2:4]:
            header += handle.read(8)
        tags = TiffImagePlugin.ImageFileDirectory_v2(header)
        handle.seek(tags.next)
        tags.load(handle)
    bits, formats = tags.get(_BITS, (1,)), tags.get(_FORMAT, (_UNSIGNED,))
    return (
        set(bits) == {8}
        and set(formats) == {_UNSIGNED}
        and (tags.get(_SAMPLES, 1), tags.get(_PHOTOMETRIC)) in ((1, _GREY), (3, _RGB), (3, _YCBCR))
    )
