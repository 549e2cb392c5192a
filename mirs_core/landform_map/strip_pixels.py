"""The pixels of strips in a part of the map, read from overviews and windows of their rasters."""

import math
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mirs_core.datasets.images import Pixels, read_image
from mirs_core.datasets.rasters import translated_errors
from mirs_core.datasets.strips.frame import Frame
from mirs_core.datasets.strips.raster import open_strip
from mirs_core.datasets.strips.source_raster import look
from mirs_core.datasets.strips.strip_list import Strip
from mirs_core.datasets.tile_state import TileState
from mirs_core.errors import DataError, MirsError
from mirs_core.landform_map.ground import EDGE
from mirs_core.mars.geography import RADIUS_KM, from_polar

MOST_SIDE, MOST_PIXELS = 2000, 1_500_000
"""Of a picture."""
MOST_STRIPS, MOST_TILES = 4, 200
"""As many strips, and tiles of a strip that are image files, are drawn in one picture."""
_MOST_READ = 64_000_000
"""Pixels that are read of a raster without overviews, which takes a second."""
_KNOTS = 33

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class MapWindow:
    """A rectangle of a view of the map, and the pixels that it is drawn in.

    Attributes:
        view: "global", "north" or "south".
        left, top, right, bottom: degrees east, unwrapped, and north; in polar views, right and
            downwards from the pole, in radii of the disc.
        width, height: pixels.

    Raises:
        DataError: no view, an empty rectangle, or too many pixels.
    """

    view: str
    left: float
    top: float
    right: float
    bottom: float
    width: int
    height: int

    def __post_init__(self) -> None:
        edges = (self.left, self.top, self.right, self.bottom)
        is_finite = all(math.isfinite(edge) and abs(edge) < 2000 for edge in edges)
        down = self.top - self.bottom if self.view == "global" else self.bottom - self.top
        is_small = 1 <= self.width <= MOST_SIDE and 1 <= self.height <= MOST_SIDE
        if (
            self.view not in ("global", "north", "south")
            or not is_finite
            or min(self.right - self.left, down) <= 0
            or not is_small
            or self.width * self.height > MOST_PIXELS
        ):
            raise DataError("This is no part of a map; reload the page.")

    def places(self, across: Floats, down: Floats) -> tuple[Floats, Floats]:
        """Longitudes and latitudes of positions, from 0 to 1 across and down; NaN off the view."""
        x = self.left + across * (self.right - self.left)
        y = self.top + down * (self.bottom - self.top)
        if self.view == "global":
            off = np.abs(y) > 90
            return np.mod(x, 360), np.where(off, np.nan, y)
        radius = 2 * RADIUS_KM * math.tan(math.radians(90 - EDGE) / 2)
        north, east = from_polar(x * radius, -y * radius, north=self.view == "north")
        return east, np.where(np.hypot(x, y) > 1, np.nan, north)


def strip_picture(
    root: Path, strips: Sequence[Strip], window: MapWindow
) -> tuple[Pixels, NDArray[np.bool_]]:
    """The pixels (H, W, 3) of strips in a part of the map, and which of them are valid (H, W).

    Strips whose raster or tiles are missing, or need more than can be read at once, are left out:
    zoomed in, there is less to read. At most four strips are drawn, those with the most pixels in
    the window.

    Args:
        root: of the data set.
        strips: those that may be in the window.
    """
    picture = np.zeros((window.height, window.width, 3), np.uint8)
    visible = np.zeros((window.height, window.width), bool)
    knots = np.meshgrid(np.linspace(0, 1, _KNOTS), np.linspace(0, 1, _KNOTS))
    east, north = window.places(*knots)
    placed = []
    for strip in strips:
        with suppress(MirsError):
            position = _positions(strip.frame, east, north, (window.height, window.width))
            inside = _inside(strip, *position)
            if inside.any():
                placed.append((int(inside.sum()), strip, position))
    placed.sort(key=lambda entry: -entry[0])
    # The one with the most pixels is on top.
    for _, strip, (columns, rows) in reversed(placed[:MOST_STRIPS]):
        with suppress(MirsError):
            _paint(root, strip, columns, rows, picture, visible)
    return picture, visible


def _inside(strip: Strip, columns: Floats, rows: Floats) -> NDArray[np.bool_]:
    inside = (columns >= 0) & (columns < strip.width) & (rows >= 0) & (rows < strip.height)
    return np.asarray(inside)


def _positions(
    frame: Frame, east: Floats, north: Floats, shape: tuple[int, int]
) -> tuple[Floats, Floats]:
    """Columns and rows (H, W) at the centres of pixels, interpolated between knots."""
    from scipy.ndimage import map_coordinates

    height, width = shape
    down = (np.arange(height) + 0.5) / height * (_KNOTS - 1)
    across = (np.arange(width) + 0.5) / width * (_KNOTS - 1)
    at = np.meshgrid(down, across, indexing="ij")
    columns, rows = frame.pixels(np.nan_to_num(east), np.nan_to_num(north))
    off = ~(np.isfinite(east) & np.isfinite(north) & np.isfinite(columns) & np.isfinite(rows))
    fine = []
    for axis in (columns, rows):
        fine.append(map_coordinates(np.where(off, -1e9, axis), at, order=1, mode="nearest"))
    return fine[0], fine[1]


def _paint(
    root: Path,
    strip: Strip,
    columns: Floats,
    rows: Floats,
    picture: Pixels,
    visible: NDArray[np.bool_],
) -> None:
    """Draws a strip over what is there."""
    inside = _inside(strip, columns, rows)
    if not inside.any():
        return
    c, r = columns[inside].astype(np.int64), rows[inside].astype(np.int64)
    left, top, right, bottom = int(c.min()), int(r.min()), int(c.max()) + 1, int(r.max()) + 1
    tall, wide = (np.ptp(at) + 1 for at in np.nonzero(inside))
    # Pixels of the strip by pixel of the picture; the picture may be turned against it.
    step = max(1, int(max(right - left, bottom - top) / max(tall, wide)))
    box = (left, top, right, bottom)
    read = _read_raster if strip.is_virtual else _read_tiles
    pixels, valid = read(root, strip, box, step)
    y = np.minimum((r - top) // step, pixels.shape[0] - 1)
    x = np.minimum((c - left) // step, pixels.shape[1] - 1)
    is_seen = valid[y, x]
    spots = np.flatnonzero(inside)[is_seen]
    values = pixels[y, x][is_seen]
    picture.reshape(-1, 3)[spots] = values if values.ndim == 2 else values[:, None]
    visible.reshape(-1)[spots] = True


Box = tuple[int, int, int, int]


def _read_raster(root: Path, strip: Strip, box: Box, step: int) -> tuple[Pixels, NDArray[np.bool_]]:
    """Every ``step``-th pixel of a window of the raster."""
    assert strip.raster is not None
    now = look(strip.raster, root)
    if now.state is not TileState.CURRENT:
        raise DataError(f"The raster of {strip.name} is missing or has changed.")
    left, top, right, bottom = box
    shape = math.ceil((bottom - top) / step), math.ceil((right - left) / step)
    with open_strip(now.path, strip.latitude, strip.frame) as raster:
        if not raster.has_overviews and (right - left) * (bottom - top) > _MOST_READ:
            raise DataError(f"{strip.name} has no overviews; zoom in.")
        with translated_errors(now.path.name):
            size = (right - left, bottom - top)
            return raster.reduced((left, top), size, shape, strip.stretch)


def _read_tiles(root: Path, strip: Strip, box: Box, step: int) -> tuple[Pixels, NDArray[np.bool_]]:
    """Every ``step``-th pixel of the tiles in a window that are image files."""
    left, top, right, bottom = box
    columns, rows = np.arange(left, right, step), np.arange(top, bottom, step)
    pixels = np.zeros((len(rows), len(columns), 3), np.uint8)
    valid = np.zeros((len(rows), len(columns)), bool)
    corners = [
        (path, column, row)
        for path, (column, row) in _corners(root, strip)
        if left - strip.side < column < right and top - strip.side < row < bottom
    ]
    if len(corners) > MOST_TILES:
        raise DataError(f"{len(corners):,} tiles of {strip.name} are too many to draw; zoom in.")
    for path, column, row in corners:
        with suppress(MirsError):
            tile = read_image(root / path)
            if tile.shape[:2] != (strip.side, strip.side):
                continue
            x = np.flatnonzero((columns >= column) & (columns < column + strip.side))
            y = np.flatnonzero((rows >= row) & (rows < row + strip.side))
            part = tile[np.ix_(rows[y] - row, columns[x] - column)]
            pixels[np.ix_(y, x)] = part if part.ndim == 3 else part[..., None]
            valid[np.ix_(y, x)] = True
    return pixels, valid


def _corners(root: Path, strip: Strip) -> list[tuple[str, tuple[int, int]]]:
    folder = root / strip.name
    names = [f"{strip.name}/{path.name}" for path in folder.iterdir()] if folder.is_dir() else []
    pairs = ((name, strip.corner(name)) for name in sorted(names))
    return [(name, corner) for name, corner in pairs if corner is not None]
