"""Whether the pixels of a planetary product are all there: GDAL reads zeros beyond the end."""

import re
from pathlib import Path
from typing import Any

import numpy as np

from mirs_core.datasets.bundles import is_bundle, unpack
from mirs_core.datasets.data_files import label_text, part_of
from mirs_core.errors import ImageError

_STARTS = {
    "PDS": re.compile(
        r"\^\s*(?:IMAGE|QUBE|SPECTRAL_QUBE)\s*=\s*\(?\s*(?:[\"'][^\"']*[\"']\s*,\s*)?(\d+)\s*(<BYTES>)?"
    ),
    "ISIS3": re.compile(r"\bStartByte\s*=\s*(\d+)"),
    "PDS4": re.compile(r"<(?:\w+:)?offset\b[^>]*>\s*(\d+)"),
    "VICAR": re.compile(r"\bLBLSIZE\s*=\s*(\d+)"),
}
_RECORD = re.compile(r"\bRECORD_BYTES\s*=\s*(\d+)")
# Compressed, or a file of another format.
_NOT_RAW = re.compile(r"\bCOMPRESSED_FILE\b|\bGeoTIFF\b|\bCOMPRESS\s*=\s*'BASIC")


def check_length(raster: Any, source: Path | bytes, files: tuple[str, ...], name: str) -> None:
    """Raises ImageError if the file of the pixels is shorter than the label says.

    Args:
        files: the data files of ``source``; none if it holds its pixels itself.
    """
    pattern = _STARTS.get(raster.driver)
    if pattern is None:
        return
    text = label_text(source)
    if _NOT_RAW.search(text):
        return
    size = np.dtype(raster.dtypes[0]).itemsize * raster.count * raster.width * raster.height
    needed, there = _start(text, raster.driver, pattern) + size, _length(source, files)
    if there < needed:
        file = files[0] if files else "it"
        raise ImageError(
            f"{name} is damaged: its pixels need {needed:,} bytes, and {file} has {there:,}."
            " Copy or download it again."
        )


def _start(text: str, driver: str, pattern: re.Pattern[str]) -> int:
    """Bytes before the pixels, as far as the label tells; 0 otherwise."""
    place = pattern.search(text)
    if place is None:
        return 0
    start = int(place.group(1))
    if driver == "PDS" and not place.group(2):
        record = _RECORD.search(text)
        return (start - 1) * int(record.group(1)) if record else 0
    return start - 1 if driver in ("PDS", "ISIS3") else start


def _length(source: Path | bytes, files: tuple[str, ...]) -> int:
    part = part_of(source, files[0]) if files else source
    if isinstance(part, Path):
        return part.stat().st_size
    return len(unpack(part) if is_bundle(part) else part)
