"""Where the pixels of a raster are on Mars: its coordinate system, transform and size."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from mirs_core.mars.crs import Degrees, MarsCrs

_SAME_PLACE = 1e-3


@dataclass(frozen=True, slots=True)
class Frame:
    """A grid of pixels on Mars.

    Attributes:
        crs: its coordinate system.
        transform: (a, b, c, d, e, f): x = a column + b row + c, y = d column + e row + f, of the
            upper left corner of a pixel.
        width: pixels.
        height: pixels.
    """

    crs: MarsCrs
    transform: tuple[float, ...]
    width: int
    height: int

    @property
    def middle(self) -> tuple[float, float]:
        """Longitude and latitude of the middle; NaN if it is outside the map projection."""
        longitude, latitude = self.degrees(self.width / 2, self.height / 2)
        return float(longitude), float(latitude)

    def positions(self, columns: ArrayLike, rows: ArrayLike) -> tuple[Degrees, Degrees]:
        """x and y of positions in pixels (0, 0 is the upper left corner)."""
        a, b, c, d, e, f = self.transform
        x, y = np.asarray(columns, np.float64), np.asarray(rows, np.float64)
        return a * x + b * y + c, d * x + e * y + f

    def degrees(self, columns: ArrayLike, rows: ArrayLike) -> tuple[Degrees, Degrees]:
        """Longitudes east and planetocentric latitudes of positions in pixels; NaN if undefined."""
        return self.crs.to_degrees(*self.positions(columns, rows))

    def clamped_degrees(self, columns: ArrayLike, rows: ArrayLike) -> tuple[Degrees, Degrees]:
        """As :meth:`degrees`; positions beyond a pole or the map projection are moved to it."""
        middle = self.positions(self.width / 2, self.height / 2)
        return self.crs.to_clamped_degrees(*self.positions(columns, rows), middle)

    def pixels(self, longitude: ArrayLike, latitude: ArrayLike) -> tuple[Degrees, Degrees]:
        """Columns and rows of places; of several, the one nearest to the middle of the grid.

        Not finite where the map projection has no such place.
        """
        east, north = np.asarray(longitude, np.float64), np.asarray(latitude, np.float64)
        around = np.stack([east, east + 1.0, east - 1.0])
        xs, ys = self.crs.from_degrees(around, np.broadcast_to(north, around.shape))
        # A cylindrical map may continue beyond the meridian at which it ends; one of the two
        # neighbours may lie beyond it.
        turn = 360 * np.abs(xs[1:] - xs[0]).min(axis=0)
        best = self._pixels(xs[0], ys[0])
        for shifted in (xs[0] - turn, xs[0] + turn):
            back_east, back_north = self.crs.to_degrees(shifted, ys[0])
            is_there = np.abs((back_east - east + 180) % 360 - 180) < _SAME_PLACE
            is_there &= np.abs(back_north - north) < _SAME_PLACE
            columns, rows = self._pixels(shifted, ys[0])
            is_nearer = is_there & (self._off(columns, rows) < self._off(*best))
            best = np.where(is_nearer, columns, best[0]), np.where(is_nearer, rows, best[1])
        return best

    def _off(self, columns: Degrees, rows: Degrees) -> Degrees:
        return np.asarray(np.hypot(columns - self.width / 2, rows - self.height / 2))

    def _pixels(self, x: Degrees, y: Degrees) -> tuple[Degrees, Degrees]:
        a, b, c, d, e, f = self.transform
        area = a * e - b * d
        across, down = x - c, y - f
        return (e * across - b * down) / area, (a * down - d * across) / area


@dataclass(frozen=True, slots=True)
class Warp:
    """How a raster was warped while it was read.

    Attributes:
        reason: what is peculiar about the file, in words.
        resampling: nearest or cubic.
        crs: coordinate system of the file as WKT, of east longitudes.
        transform: of the file, see :class:`Frame`.
        width: of the file, pixels.
        height: of the file, pixels.
    """

    reason: str
    resampling: str
    crs: str
    transform: tuple[float, ...]
    width: int
    height: int
