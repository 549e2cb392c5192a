"""A rectangle of a strip as a query: one square about a tile large, or many that mean the same."""

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mirs_core.datasets.images import MIN_SIDE
from mirs_core.datasets.large_images import MOST, Square, png
from mirs_core.datasets.strips.cutting import USUAL_METRES
from mirs_core.datasets.strips.raster import StripRaster, content_of, open_strip
from mirs_core.datasets.strips.strip_list import Strip, read_strips
from mirs_core.encoders.feature_store import encode_one
from mirs_core.errors import DataError
from mirs_core.files import sha256
from mirs_core.retrieval import retriever
from mirs_core.retrieval.search import Query, Searcher

MOST_SQUARES = 32
"""Squares that a large rectangle is told by."""

_MOST_MISSING = 0.5
_STEPS = 72


@dataclass(frozen=True, slots=True)
class Area:
    """A rectangle of a raster in pixels: the upper left corner and the size."""

    x: int
    y: int
    width: int
    height: int

    def inside(self, width: int, height: int, name: str) -> "Area":
        """The part that lies in a raster of this size.

        Raises:
            DataError: hardly any does.
        """
        left, top = max(0, self.x), max(0, self.y)
        right, bottom = min(width, self.x + self.width), min(height, self.y + self.height)
        if min(right - left, bottom - top) < MIN_SIDE:
            raise DataError(
                f"The rectangle has less than {MIN_SIDE} pixels a side in {name}, which has"
                f" {width:,} x {height:,}; give another."
            )
        return Area(left, top, right - left, bottom - top)


@dataclass(frozen=True, slots=True)
class Bounds:
    """A rectangle in degrees; west is above east across the meridian 0."""

    west: float
    south: float
    east: float
    north: float


@dataclass(frozen=True, slots=True)
class RectangleQuery:
    """``query`` of the rectangle ``area`` (as it lies in the raster), told by ``squares``."""

    query: Query
    area: Area
    squares: tuple[Square, ...]


def query_by_rectangle(searcher: Searcher, path: Path, wanted: Area | Bounds) -> RectangleQuery:
    """The query of a rectangle of a map-projected raster.

    A rectangle less than two tiles wide and high is its central square. A larger one is cut into
    squares of a tile's size on the ground, 32 at most, spread evenly; the one nearest to the middle
    is the query and the others are its further positives. A tile is as wide as those of the
    searcher's archive, where that was cut from strips, or 1.2 km.

    Raises:
        DataError: no raster of Mars, or the rectangle does not lie in it or shows nothing.
        ImageError: the raster is damaged.
        EncoderError: the run's encoder cannot be had.
    """
    with open_strip(path) as raster:
        area = wanted if isinstance(wanted, Area) else area_of(raster, wanted)
        area = area.inside(raster.width, raster.height, raster.name)
        strips = read_strips(searcher.root)
        side = round(_tile_metres(strips) / raster.metres_per_pixel)
        stretch = _stretch(raster, path, strips)
        found: list[Square] = []
        contents: list[str] = []
        features: list[NDArray[np.float32]] = []
        for square in squares(area, min(max(side, MIN_SIDE), MOST)):
            pixels, valid = raster.read(square.x, square.y, square.side, square.side, stretch)
            if 1 - valid.mean() > _MOST_MISSING:
                continue
            found.append(square)
            contents.append(sha256(png(pixels)))
            features.append(encode_one(pixels, searcher.encoder()))
    if not found:
        raise DataError(f"The rectangle of {path.name} shows hardly more than missing pixels.")
    codes = retriever.encode(searcher.retriever.model, np.stack(features), "target")
    query = Query(
        name=f"{path.name} ({area.x}, {area.y}, {area.width} x {area.height})",
        code=codes[:1],
        content=contents[0],
        positives=codes[1:] if len(codes) > 1 else None,
        examples=frozenset(contents) if len(codes) > 1 else frozenset(),
    )
    return RectangleQuery(query, area, tuple(found))


def squares(area: Area, side: int) -> list[Square]:
    """The squares that stand for a rectangle, at most 32, the one nearest to its middle first.

    One where the rectangle is less than two ``side`` wide and high; else squares of ``side``, or of
    the rectangle's shorter edge where that is less, evenly spread from edge to edge.
    """
    side = min(side, area.width, area.height)
    columns, rows = area.width // side, area.height // side
    if columns * rows == 1:
        side = min(area.width, area.height, MOST)
    columns, rows = _fewer(columns, rows)
    found = [
        Square(area.x + x, area.y + y, side)
        for y in _spread(area.height - side, rows)
        for x in _spread(area.width - side, columns)
    ]
    middle = area.x + (area.width - side) / 2, area.y + (area.height - side) / 2
    return sorted(found, key=lambda one: math.hypot(one.x - middle[0], one.y - middle[1]))


def area_of(raster: StripRaster, bounds: Bounds) -> Area:
    """The smallest rectangle of pixels around bounds in degrees, which may reach beyond the raster.

    Raises:
        DataError: no bounds, or the raster's projection cannot show them.
    """
    south, north = bounds.south, bounds.north
    turn = bounds.east - bounds.west
    span = turn % 360 or min(360.0, abs(turn))
    if not (-90 <= south < north <= 90 and span > 0):
        raise DataError(
            "Bounds are WEST SOUTH EAST NORTH in degrees: south below north, west not east."
        )
    # Along the edges, and once through the middle: what is farthest out lies on one of them.
    steps = np.linspace(0, 1, _STEPS + 1)
    places = [raster.pixel_of(bounds.west + span * s, y) for s in steps for y in (south, north)]
    places += [
        raster.pixel_of(bounds.west + span * along, south + (north - south) * s)
        for s in steps
        for along in (0.0, 0.5, 1.0)
    ]
    columns, rows = ([place[axis] for place in places] for axis in (0, 1))
    # Wide enough for what rounding of degrees does to whole pixels.
    left, top = math.floor(min(columns) + 1e-3), math.floor(min(rows) + 1e-3)
    right, bottom = math.ceil(max(columns) - 1e-3), math.ceil(max(rows) - 1e-3)
    return Area(left, top, right - left, bottom - top)


def _fewer(columns: int, rows: int) -> tuple[int, int]:
    """As many columns and rows, or fewer in about the same proportion."""
    if columns * rows <= MOST_SQUARES:
        return columns, rows
    share = math.sqrt(MOST_SQUARES / (columns * rows))
    if columns >= rows:
        rows = max(1, math.floor(rows * share))
        return min(columns, MOST_SQUARES // rows), rows
    columns = max(1, math.floor(columns * share))
    return columns, min(rows, MOST_SQUARES // columns)


def _spread(room: int, count: int) -> list[int]:
    """Where ``count`` squares begin in ``room`` pixels; one stands in the middle."""
    if count == 1:
        return [room // 2]
    return [round(room * place / (count - 1)) for place in range(count)]


def _tile_metres(strips: tuple[Strip, ...]) -> float:
    widths = [strip.side * strip.metres_per_pixel for strip in strips]
    return float(np.median(widths)) if widths else USUAL_METRES


def _stretch(
    raster: StripRaster, path: Path, strips: tuple[Strip, ...]
) -> tuple[float, float] | None:
    """That of the archived strip where this is its raster, so that squares look like its tiles."""
    content = content_of(path)
    for strip in strips:
        if strip.content == content:
            return strip.stretch
    return raster.survey().stretch
