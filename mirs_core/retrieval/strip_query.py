"""Rectangles of image strips as queries: one square of about a tile, or several examples."""

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mirs_core.datasets.images import MIN_SIDE, Pixels
from mirs_core.datasets.large_images import MOST, Square, png
from mirs_core.datasets.pixel_content import content_of as content_of_pixels
from mirs_core.datasets.strips import outline
from mirs_core.datasets.strips.cutting import USUAL_METRES
from mirs_core.datasets.strips.opening import check_name
from mirs_core.datasets.strips.raster import StripRaster, content_of, open_strip
from mirs_core.datasets.strips.strip_list import Strip, read_strips
from mirs_core.encoders.feature_store import encode_one
from mirs_core.errors import DataError
from mirs_core.files import sha256
from mirs_core.retrieval import retriever
from mirs_core.retrieval.query import Query
from mirs_core.retrieval.search import Searcher

MAX_SQUARES = 32
"""The most squares that represent a large rectangle."""

_MOST_MISSING = 0.5
_STEPS = 72


@dataclass(frozen=True, slots=True)
class Area:
    """A rectangle of a raster in pixels: its upper left corner and its size."""

    x: int
    y: int
    width: int
    height: int

    def inside(self, width: int, height: int, name: str) -> "Area":
        """The part of it inside a raster of this size.

        Raises:
            DataError: less than a tile's minimum lies inside.
        """
        left, top = max(0, self.x), max(0, self.y)
        right, bottom = min(width, self.x + self.width), min(height, self.y + self.height)
        if min(right - left, bottom - top) < MIN_SIDE:
            raise DataError(
                f"Less than {MIN_SIDE} x {MIN_SIDE} pixels of the rectangle lie inside {name},"
                f" which has {width:,} x {height:,}; give another."
            )
        return Area(left, top, right - left, bottom - top)


@dataclass(frozen=True, slots=True)
class Bounds:
    """A rectangle in degrees; west is greater than east if it crosses the prime meridian."""

    west: float
    south: float
    east: float
    north: float


@dataclass(frozen=True, slots=True)
class RectangleQuery:
    """A rectangle as a query: ``area`` is clipped to the raster, ``squares`` represent it.

    ``notes`` tell what was corrected, converted, assumed or warped in the raster.
    """

    query: Query
    area: Area
    squares: tuple[Square, ...]
    notes: tuple[str, ...] = ()


def query_by_rectangle(
    searcher: Searcher,
    path: Path,
    rectangle: Area | Bounds,
    latitude: str | None = None,
    ignore_name: bool = False,
) -> RectangleQuery:
    """The query of a rectangle of a map-projected raster.

    A rectangle less than two tiles wide and high is represented by its central square. A larger one
    is cut into at most 32 evenly spaced squares of a tile's ground size; the one nearest to the
    centre is the query, the others are positive examples. Tiles are as large as those of the
    searcher's archive if that was cut from strips, or else 1.2 km.

    Args:
        rectangle: pixels are those of the map to which the raster is warped, if it is.
        latitude: see :func:`mirs_core.datasets.strips.raster.open_strip`.
        ignore_name: whether bounds may be those of a raster that lies elsewhere than the name of
            its product tells.

    Raises:
        DataError: not a raster of Mars, or the rectangle lies outside it or has no valid pixels.
        ImageError: the raster is damaged.
        EncoderError: the run's encoder cannot be loaded.
    """
    with open_strip(path, latitude) as raster:
        if isinstance(rectangle, Bounds) and not ignore_name:
            check_name(raster.frame, raster.name)
        notes = raster.notes
        area = _area_inside(raster, rectangle)
        strips = read_strips(searcher.root)
        side = round(_tile_metres(strips) / raster.metres_per_pixel)
        stretch = _stretch(raster, path, strips)
        valid_squares: list[Square] = []
        contents: list[str] = []
        features: list[NDArray[np.float32]] = []
        for square in squares(area, min(max(side, MIN_SIDE), MOST)):
            pixels, valid = raster.read(square.x, square.y, square.side, square.side, stretch)
            if 1 - valid.mean() > _MOST_MISSING:
                continue
            valid_squares.append(square)
            contents.append(_content(searcher, pixels))
            features.append(encode_one(pixels, searcher.encoder()))
    if not valid_squares:
        raise DataError(f"The rectangle of {path.name} has too few valid pixels.")
    codes = retriever.encode(searcher.retriever.model, np.stack(features), "target")
    query = Query(
        name=f"{path.name} ({area.x}, {area.y}, {area.width} x {area.height})",
        code=codes[:1],
        content=contents[0],
        positives=codes[1:] if len(codes) > 1 else None,
        examples=frozenset(contents) if len(codes) > 1 else frozenset(),
    )
    return RectangleQuery(query, area, tuple(valid_squares), notes)


def _area_inside(raster: StripRaster, rectangle: Area | Bounds) -> Area:
    if isinstance(rectangle, Area):
        return rectangle.inside(raster.width, raster.height, raster.name)
    try:
        return area_of(raster, rectangle).inside(raster.width, raster.height, raster.name)
    except DataError as error:
        box = bounds_of(raster)
        raise DataError(
            f"{error} {raster.name} lies between WEST {box.west:.4f}, SOUTH {box.south:.4f}, EAST"
            f" {box.east:.4f} and NORTH {box.north:.4f}."
        ) from None


def bounds_of(raster: StripRaster) -> Bounds:
    """The bounds of a raster, missing pixels included."""
    box = outline.bounds(outline.whole(raster.width, raster.height, raster.frame.clamped_degrees))
    return Bounds(box["west"], box["south"], box["east"], box["north"])


def squares(area: Area, side: int) -> list[Square]:
    """The squares that represent a rectangle, at most 32, the one nearest to the centre first.

    One square if the rectangle is less than two ``side`` wide and high; otherwise squares of
    ``side``, or of the rectangle's shorter edge if that is less, evenly spaced from edge to edge.
    """
    side = min(side, area.width, area.height)
    columns, rows = area.width // side, area.height // side
    if columns * rows == 1:
        side = min(area.width, area.height, MOST)
    columns, rows = _fewer(columns, rows)
    grid = [
        Square(area.x + x, area.y + y, side)
        for y in _spread(area.height - side, rows)
        for x in _spread(area.width - side, columns)
    ]
    middle = area.x + (area.width - side) / 2, area.y + (area.height - side) / 2
    return sorted(grid, key=lambda sq: math.hypot(sq.x - middle[0], sq.y - middle[1]))


def area_of(raster: StripRaster, bounds: Bounds) -> Area:
    """The smallest rectangle of pixels that contains the bounds; it may exceed the raster.

    Raises:
        DataError: invalid bounds, or the raster's map projection cannot represent them.
    """
    south, north = bounds.south, bounds.north
    turn = bounds.east - bounds.west
    span = turn % 360 or min(360.0, abs(turn))
    if not (-90 <= south < north <= 90 and span > 0):
        raise DataError(
            "Bounds are WEST SOUTH EAST NORTH in degrees: south below north, west unlike east."
        )
    # Along the edges and once through the middle: the extremes lie on one of these lines.
    steps = np.linspace(0, 1, _STEPS + 1)
    places = [raster.pixel_of(bounds.west + span * s, y) for s in steps for y in (south, north)]
    places += [
        raster.pixel_of(bounds.west + span * along, south + (north - south) * s)
        for s in steps
        for along in (0.0, 0.5, 1.0)
    ]
    columns, rows = ([place[axis] for place in places] for axis in (0, 1))
    # A margin for rounding errors of degrees.
    left, top = math.floor(min(columns) + 1e-3), math.floor(min(rows) + 1e-3)
    right, bottom = math.ceil(max(columns) - 1e-3), math.ceil(max(rows) - 1e-3)
    return Area(left, top, right - left, bottom - top)


def _fewer(columns: int, rows: int) -> tuple[int, int]:
    """The columns and rows, reduced in proportion where their product exceeds the maximum."""
    if columns * rows <= MAX_SQUARES:
        return columns, rows
    share = math.sqrt(MAX_SQUARES / (columns * rows))
    if columns >= rows:
        rows = max(1, math.floor(rows * share))
        return min(columns, MAX_SQUARES // rows), rows
    columns = max(1, math.floor(columns * share))
    return columns, min(rows, MAX_SQUARES // columns)


def _spread(room: int, count: int) -> list[int]:
    """Start positions of ``count`` squares in ``room`` pixels; a single one is centred."""
    if count == 1:
        return [room // 2]
    return [round(room * place / (count - 1)) for place in range(count)]


def _content(searcher: Searcher, pixels: Pixels) -> str:
    """The content by which a square is recognised as a tile: a virtual one, or an image file."""
    of_window = content_of_pixels(pixels)
    if len(searcher.items.rows_with_contents([of_window])):
        return of_window
    return sha256(png(pixels))


def _tile_metres(strips: tuple[Strip, ...]) -> float:
    widths = [strip.side * strip.metres_per_pixel for strip in strips]
    return float(np.median(widths)) if widths else USUAL_METRES


def _stretch(
    raster: StripRaster, path: Path, strips: tuple[Strip, ...]
) -> tuple[float, float] | None:
    """The stretch of the archived strip if this is its raster, so that squares match its tiles."""
    content = content_of(path)
    for strip in strips:
        if strip.content == content:
            return strip.stretch
    return raster.survey().stretch
