"""``strips.json``: the image strips that the tiles of a data set were cut from.

The name of a tile, ``STRIP/STRIP_X<column>_Y<row>.png``, gives its upper left pixel in the strip,
and the coordinate system of the strip its place on Mars, so that neither is stored per tile.
"""

import json
import math
from collections.abc import Iterable
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from mirs_core.datasets.strips.frame import Warp
from mirs_core.datasets.strips.mending import mended
from mirs_core.datasets.strips.outline import Ring
from mirs_core.datasets.strips.source_raster import SourceRaster
from mirs_core.datasets.strips.strip import Strip, is_strip_name
from mirs_core.errors import DataError
from mirs_core.files import write_json
from mirs_core.mars.crs import CENTRIC, GRAPHIC
from mirs_core.mars.crs_parsing import MAX_WKT

STRIPS_FILE = "strips.json"

_SCHEMA = 1
_MAX_BYTES = 50_000_000
_MAX_TEXT = 2_000
_MAX_PATH = 10_000
_MAX_PIXELS = 10_000_000
_MAX_RING = 1_000

__all__ = [
    "STRIPS_FILE",
    "Ring",
    "Strip",
    "is_strip_name",
    "read_strips",
    "strip_of",
    "write_strips",
]


def read_strips(root: Path) -> tuple[Strip, ...]:
    """The strips of the data set in ``root``; empty if it has no ``strips.json``.

    Raises:
        DataError: the file cannot be read, or is invalid.
    """
    path = root / STRIPS_FILE
    if not path.exists():
        return ()
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise DataError(f"{path} is too large for a list of strips; delete it.")
        value = json.loads(path.read_text(encoding="utf-8"))
        if value["schema"] != _SCHEMA:
            raise DataError(f"{path} was written by another version; cut the strips again.")
        strips = tuple(mended(strip_of(entry)) for entry in value["strips"])
    except OSError as error:
        raise DataError(f"{path} cannot be read ({error.strerror or error}).") from None
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError) as error:
        raise DataError(
            f"{path} is damaged ({error}); delete it, or cut the strips again."
        ) from None
    if len({strip.name.casefold() for strip in strips}) < len(strips):
        raise DataError(f"{path} is damaged (a strip is listed twice); cut the strips again.")
    return strips


def write_strips(root: Path, strips: Iterable[Strip]) -> None:
    """Writes ``strips.json`` in one piece."""
    rows = [asdict(strip) for strip in sorted(strips, key=lambda strip: strip.name)]
    write_json(root / STRIPS_FILE, {"schema": _SCHEMA, "strips": rows})


def strip_of(value: Any) -> Strip:
    """A strip from untrusted JSON.

    Raises:
        ValueError, KeyError, TypeError: a value is missing, of the wrong type, or out of range.
    """
    if not isinstance(value, dict):
        raise TypeError("a strip is not an object")
    later: dict[str, Any] = {name: value.get(name) for name in ("latitude", "warp", "raster")}
    later["is_mended"] = value.get("is_mended", False) is True
    values: dict[str, Any] = {
        item.name: later[item.name] if item.name in later else value[item.name]
        for item in fields(Strip)
    }
    for name in ("width", "height", "side", "stride"):
        _integer(name, values[name], 1, _MAX_PIXELS)
    for name in ("tiles", "without_data", "flat"):
        _integer(name, values[name], 0, 10**12)
    for name, low, high in (
        ("max_nodata", 0, 1),
        ("min_contrast", 0, 255),
        ("metres_per_pixel", 1e-4, 1e6),
    ):
        values[name] = _number(name, values[name], low, high)
    for name in ("file", "content", "nodata", "name"):
        _text(name, values[name], _MAX_TEXT)
    for name in ("source", "licence", "credit"):
        if values[name] is not None:
            _text(name, values[name], _MAX_TEXT)
    _text("crs", values["crs"], MAX_WKT)
    if not is_strip_name(values["name"]):
        raise ValueError("invalid name of a strip")
    values["transform"] = _numbers("transform", values["transform"], 6)
    if values["stretch"] is not None:
        values["stretch"] = _numbers("stretch", values["stretch"], 2)
    values["outline"] = _ring(values["outline"])
    if values["latitude"] not in (None, GRAPHIC, CENTRIC):
        raise ValueError("unknown kind of latitude")
    if values["warp"] is not None:
        values["warp"] = _warp(values["warp"])
    if values["raster"] is not None:
        values["raster"] = _raster(values["raster"])
    return Strip(**values)


def _warp(value: Any) -> Warp:
    _text("warp", value["crs"], MAX_WKT)
    for name in ("reason", "resampling"):
        _text(name, value[name], _MAX_TEXT)
    for name in ("width", "height"):
        _integer(name, value[name], 1, _MAX_PIXELS)
    transform = _numbers("transform", value["transform"], 6)
    names = ("reason", "resampling", "crs", "width", "height")
    return Warp(transform=transform, **{name: value[name] for name in names})


def _raster(value: Any) -> SourceRaster:
    for name in ("path", "digest"):
        _text("raster", value[name], _MAX_PATH)
    if "\0" in value["path"] or not Path(value["path"]).is_absolute():
        raise ValueError("raster is not an absolute path")
    _integer("raster", value["size"], 0, 2**63)
    _integer("raster", value["modified_ns"], -(2**63), 2**63)
    names = ("path", "size", "modified_ns", "digest")
    return SourceRaster(**{name: value[name] for name in names})


def _ring(value: Any) -> Ring:
    if not isinstance(value, list | tuple) or not 3 <= len(value) <= _MAX_RING:
        raise ValueError("invalid outline")
    pairs = [_numbers("outline", pair, 2) for pair in value]
    if not all(0 <= east < 360 and -90 <= north <= 90 for east, north in pairs):
        raise ValueError("invalid outline")
    return tuple((east, north) for east, north in pairs)


def _integer(name: str, value: Any, low: int, high: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise ValueError(f"{name} is out of range")


def _number(name: str, value: Any, low: float, high: float) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise ValueError(f"{name} is out of range")
    return float(value)


def _numbers(name: str, value: Any, count: int) -> tuple[float, ...]:
    if not isinstance(value, list | tuple) or len(value) != count:
        raise ValueError(f"{name} needs {count} numbers")
    return tuple(_number(name, number, -math.inf, math.inf) for number in value)


def _text(name: str, value: Any, most: int) -> None:
    if not isinstance(value, str) or len(value) > most:
        raise ValueError(f"{name} is not a valid text")
