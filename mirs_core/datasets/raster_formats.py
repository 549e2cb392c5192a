"""The formats that GDAL reads here, told by the first bytes of a file, never by its name."""

import re
from pathlib import Path

from mirs_core.datasets.bundles import is_bundle, unpack

_HEAD = 4_096
_TIFF = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_JPEG_2000 = (b"\0\0\0\x0cjP  ", b"\xff\x4f\xff\x51")
_TEXTS = (
    ("VICAR", re.compile(rb"LBLSIZE\s*=")),
    ("VRT", re.compile(rb"(<\?xml[^>]*>\s*)?<VRTDataset\b")),
    ("PDS4", re.compile(rb"<\?xml(?s:.)*<Product_Observational\b")),
    ("ISIS3", re.compile(rb"(?s:.{0,500})\bObject\s*=\s*IsisCube\b", re.IGNORECASE)),
    ("PDS", re.compile(rb"(CCSD3ZF.*\s*)?(?s:.{0,500})\b(PDS|ODL)_VERSION_ID\s*=")),
)

_PACKED = ((b"\x1f\x8b", "gunzip"), (b"PK\x03\x04", "unzip"), (b"BZh", "bunzip2"))

REFERRING = frozenset({"ISIS3", "PDS", "PDS4", "VRT"})
"""Drivers of files whose pixels may be in other files."""


def driver_of(source: Path | bytes) -> str | None:
    """The GDAL driver for a file or its bytes, by the first of them; None for other formats."""
    if isinstance(source, bytes):
        try:
            head = unpack(source)[:_HEAD] if is_bundle(source) else source[:_HEAD]
        except ValueError:
            return None
    else:
        head = _head(source)
    if head.startswith(_TIFF):
        return "GTiff"
    if head.startswith(_JPEG_2000):
        return "JP2OpenJPEG"
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    return next((driver for driver, start in _TEXTS if start.match(text)), None)


def unpacker_of(source: Path | bytes) -> str | None:
    """The program that unpacks a file which is packed as a whole, as archives keep theirs."""
    head = source[:_HEAD] if isinstance(source, bytes) else _head(source)
    return next((program for start, program in _PACKED if head.startswith(start)), None)


def _head(path: Path) -> bytes:
    """The first bytes of a file; none if it cannot be read."""
    try:
        with path.open("rb") as handle:
            return handle.read(_HEAD)
    except OSError:
        return b""
