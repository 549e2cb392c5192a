"""``strips.json``: the image strips that the tiles of a data set were cut from.

The name of a tile, ``STRIP/STRIP_X<column>_Y<row>.png``, gives its upper left pixel in the strip,
and the coordinate system of the strip its place on Mars, so that neither is stored per tile.
"""

import json
import math
import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from mirs_core.datasets.strips.frame import Frame, Warp
from mirs_core.datasets.strips.outline import Ring, contains, whole
from mirs_core.errors import DataError
from mirs_core.files import write_json
from mirs_core.mars.crs import CENTRIC, GRAPHIC, Degrees, MarsCrs
from mirs_core.mars.crs_parsing import MAX_WKT

STRIPS_FILE = "strips.json"

_SCHEMA = 1
_MAX_BYTES = 50_000_000
_MAX_TEXT = 2_000
_MAX_PIXELS = 10_000_000
_MAX_RING = 1_000
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}")
_PLACE = re.compile(r"_X([0-9]{1,8})_Y([0-9]{1,8})\.(?:png|jpg)")

__all__ = [
    "STRIPS_FILE",
    "Ring",
    "Strip",
    "is_strip_name",
    "read_strips",
    "strip_of",
    "write_strips",
]


@dataclass(frozen=True, slots=True)
class Strip:
    """A raster that was cut into tiles, and how.

    Attributes:
        name: letters, digits, dots, hyphens, underscores; its folder and tiles are named after it.
        file: name of the raster file.
        content: fingerprint of the raster file.
        crs: its coordinate system as WKT.
        transform: (a, b, c, d, e, f): x = a column + b row + c, y = d column + e row + f, of the
            upper left corner of a pixel.
        width: of the raster, pixels.
        height: of the raster, pixels.
        side: of a tile, pixels.
        stride: from one tile to the next, pixels.
        max_nodata: largest share of missing pixels in a tile.
        min_contrast: smallest standard deviation of grey levels in a tile.
        nodata: which values counted as missing, in words.
        stretch: values that became grey 0 and 255; None for 8-bit values, which were kept.
        outline: ring around the valid pixels.
        metres_per_pixel: in the map projection.
        tiles: number of tiles.
        without_data: number of tiles left out because too many pixels are missing.
        flat: number of tiles left out for lack of contrast.
        source: URL of the source product.
        licence: of the images.
        credit: whom to credit.
        latitude: what latitudes on the ellipsoid were taken as, "planetographic" or
            "planetocentric"; None on a sphere, and in strips of versions up to 0.3.
        warp: how the raster was warped before it was cut; None if it was not.
    """

    name: str
    file: str
    content: str
    crs: str
    transform: tuple[float, ...]
    width: int
    height: int
    side: int
    stride: int
    max_nodata: float
    min_contrast: float
    nodata: str
    stretch: tuple[float, float] | None
    outline: Ring
    metres_per_pixel: float
    tiles: int = 0
    without_data: int = 0
    flat: int = 0
    source: str | None = None
    licence: str | None = None
    credit: str | None = None
    latitude: str | None = None
    warp: Warp | None = None

    @property
    def frame(self) -> Frame:
        """Where the pixels are that were cut.

        Raises:
            DataError: its coordinate system is not one of Mars.
        """
        crs = MarsCrs.of(self.crs, self.file, self.latitude)
        return Frame(crs, self.transform, self.width, self.height)

    def places(self, columns: ArrayLike, rows: ArrayLike) -> tuple[Degrees, Degrees]:
        """Longitudes and latitudes of positions in the raster (0, 0 is the upper left corner)."""
        return self.frame.degrees(columns, rows)

    def corner_places(
        self, columns: ArrayLike, rows: ArrayLike, middle: tuple[ArrayLike, ArrayLike]
    ) -> tuple[Degrees, Degrees]:
        """Places of corners; those beyond a pole, a full turn or the projection are moved to it.

        Args:
            middle: column and row inside the map projection, towards which corners are moved.
        """
        frame = self.frame
        return frame.crs.to_clamped_degrees(
            *frame.positions(columns, rows), frame.positions(*middle)
        )

    def edge_places(self, columns: ArrayLike, rows: ArrayLike) -> tuple[Degrees, Degrees]:
        """Places of positions on the edge of the raster, as :meth:`corner_places`."""
        return self.corner_places(columns, rows, (self.width / 2, self.height / 2))

    def path(self, column: int, row: int) -> str:
        """The path of the tile with this upper left pixel."""
        return f"{self.name}/{self.name}_X{column:06d}_Y{row:06d}.png"

    def corner(self, path: str) -> tuple[int, int] | None:
        """Upper left column and row of the tile at ``path``; None if it is not of this strip."""
        start = f"{self.name}/{self.name}"
        match = _PLACE.fullmatch(path.removeprefix(start)) if path.startswith(start) else None
        if match is None:
            return None
        column, row = int(match[1]), int(match[2])
        inside = column + self.side <= self.width and row + self.side <= self.height
        return (column, row) if inside else None


def is_strip_name(name: str) -> bool:
    """Whether a strip and its folder can have this name."""
    return _NAME.fullmatch(name) is not None


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
        strips = tuple(_healed(strip_of(entry)) for entry in value["strips"])
    except OSError as error:
        raise DataError(f"{path} cannot be read ({error.strerror or error}).") from None
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError) as error:
        raise DataError(
            f"{path} is damaged ({error}); delete it, or cut the strips again."
        ) from None
    if len({strip.name.casefold() for strip in strips}) < len(strips):
        raise DataError(f"{path} is damaged (a strip is listed twice); cut the strips again.")
    return strips


def _healed(strip: Strip) -> Strip:
    """The strip; with the outline of the whole raster if it has lost that to a sliver.

    Versions up to 0.3.0 left out points beyond a pole, and so the upper and lower edges of global
    rasters, whose left and right edges are the same meridian.
    """
    try:
        w, h = strip.width, strip.height
        longitude, latitude = strip.places([w / 2, 0, w, 0, w], [h / 2, 0, 0, h, h])
    except DataError:
        return strip
    is_place = np.isfinite(latitude)
    if is_place[1:].any() or not is_place[0] or contains(strip.outline, float(longitude[0])):
        return strip
    return replace(strip, outline=whole(strip.width, strip.height, strip.edge_places))


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
    later = {name: value.get(name) for name in ("latitude", "warp")}
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
