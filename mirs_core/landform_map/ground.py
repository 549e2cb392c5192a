"""Tiles by place: how many are in each cell of a part of the map, or which, where they are few.

A view of Mars is divided into square cells, each level into cells of half the side of the level
before. Answers take time with the tiles in the part of the map, not with those of the archive.
"""

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mirs_core.errors import DataError

LEVELS = {"global": (-2, 12), "north": (0, 6), "south": (0, 6)}
"""The coarsest and the finest level of each view."""
EDGE = 55
"""Polar views reach from the pole down to this latitude, in degrees."""
MOST_CELLS = 1 << 19

_TURN, _BANDS = 360, 180
# Cells along the radius of a polar view at level 0.
_RADIUS = 64
_BATCH = 1 << 20


@dataclass(frozen=True, slots=True)
class Area:
    """A rectangle of cells of a view, from ``left`` to before ``right``, ``top`` to ``bottom``.

    Cells of the global view are 2**-level degrees wide and high; columns are counted from the
    meridian 0 eastwards and go on beyond a turn, rows from the north pole southwards. Cells of a
    polar view divide the square around its disc, which is in stereographic projection, with
    longitude 0 towards the bottom in the north and towards the top in the south; 2**level * 64 of
    them lie along a radius.

    Raises:
        DataError: not a view or level, or an area that is empty, too large or too fine.
    """

    view: str
    level: int
    left: int
    top: int
    right: int
    bottom: int

    def __post_init__(self) -> None:
        low, high = LEVELS.get(self.view, (1, 0))
        wide, tall = self.right - self.left, self.bottom - self.top
        if not low <= self.level <= high or min(wide, tall) < 1 or wide * tall > MOST_CELLS:
            raise DataError("This is no part of a map; reload the page.")
        columns, rows = self.extent
        if wide > columns or self.top < 0 or self.bottom > rows:
            raise DataError("This part of the map is wider than the planet; reload the page.")

    @classmethod
    def whole(cls, view: str) -> "Area":
        """All cells of a view at level 0."""
        columns, rows = (_TURN, _BANDS) if view == "global" else (2 * _RADIUS, 2 * _RADIUS)
        return cls(view, 0, 0, 0, columns, rows)

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return self.bottom - self.top, self.right - self.left

    @property
    def extent(self) -> tuple[int, int]:
        """The columns and rows of the whole view."""
        wide, tall = (_TURN, _BANDS) if self.view == "global" else (2 * _RADIUS, 2 * _RADIUS)
        return int(wide * 2.0**self.level), int(tall * 2.0**self.level)

    def cells(
        self, latitudes: NDArray[np.float32], longitudes: NDArray[np.float32]
    ) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        """The cell (n,) of each place, counted row by row, and whether it is in the area."""
        columns, rows = self.extent
        scale = np.float32(2.0**self.level)
        if self.view == "global":
            x = np.floor(longitudes * scale).astype(np.int64)
            y = np.floor((np.float32(90) - latitudes) * scale).astype(np.int64)
            x = (x - self.left) % columns
            # The south pole belongs to the last row.
            y = np.minimum(y, rows - 1) - self.top
        else:
            right, up = on_disc(self.view, latitudes, longitudes)
            x = np.floor((right + 1) * _RADIUS * scale).astype(np.int64) - self.left
            y = np.floor((1 - up) * _RADIUS * scale).astype(np.int64) - self.top
        tall, wide = self.shape
        inside = (x >= 0) & (x < wide) & (y >= 0) & (y < tall)
        if self.view != "global":
            inside &= (latitudes if self.view == "north" else -latitudes) >= EDGE
        return y * wide + x, inside

    def bands(self) -> tuple[float, float, float, float]:
        """Bounds of the places in the area: south, north, west, and degrees from there eastwards.

        All longitudes in a polar view.
        """
        side = 2.0**-self.level
        if self.view == "global":
            span = min((self.right - self.left) * side, float(_TURN))
            return 90 - self.bottom * side, 90 - self.top * side, self.left * side % _TURN, span
        side /= _RADIUS
        nearest = [
            min(max(0.0, low * side - 1), high * side - 1)
            for low, high in ((self.left, self.right), (self.top, self.bottom))
        ]
        reach = math.hypot(*nearest) * np.tan(np.radians(90 - EDGE) / 2)
        # Half a degree of room for rounding.
        closest = min(90.0, 90.5 - 2 * float(np.degrees(np.arctan(reach))))
        south, north = EDGE - 0.5, closest
        return (south, north, 0.0, 360.0) if self.view == "north" else (-north, -south, 0.0, 360.0)


def on_disc(
    view: str, latitudes: NDArray[np.float32], longitudes: NDArray[np.float32]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Places in a polar view: right and up from the pole, in radii of its disc."""
    sign = np.float32(1 if view == "north" else -1)
    reach = np.tan(np.radians(90 - sign * latitudes) / 2) / np.tan(np.radians(90 - EDGE) / 2)
    turn = np.radians(longitudes)
    return (
        (reach * np.sin(turn)).astype(np.float32),
        (-sign * reach * np.cos(turn)).astype(np.float32),
    )


@dataclass(frozen=True, slots=True)
class Sight:
    """The tiles in an area, as numbers by cell or singly.

    Attributes:
        total: number of tiles.
        counts: (rows, columns) uint32; None if the tiles are few.
        rows: (n,) ascending rows of the tiles; None if they are many.
    """

    area: Area
    total: int
    counts: NDArray[np.uint32] | None
    rows: NDArray[np.int64] | None


class Ground:
    """The tiles of an archive that have coordinates, sorted by cells of one degree."""

    __slots__ = ("_latitudes", "_longitudes", "_rows", "_starts")

    def __init__(self, latitudes: NDArray[np.float64], longitudes: NDArray[np.float64]) -> None:
        """Sorts places (N,) in degrees north and east; NaN for those unknown. 12 bytes a tile."""
        placed = np.flatnonzero(np.isfinite(latitudes) & np.isfinite(longitudes))
        north = latitudes[placed].astype(np.float32)
        east = np.mod(longitudes[placed].astype(np.float32), np.float32(_TURN))
        band = np.minimum((90 - north).astype(np.int32), _BANDS - 1)
        cell = (band * _TURN + np.minimum(east.astype(np.int32), _TURN - 1)).astype(np.uint16)
        order = np.argsort(cell, kind="stable")
        self._rows = placed[order].astype(np.uint32)
        self._latitudes, self._longitudes = north[order], east[order]
        counts = np.bincount(cell, minlength=_BANDS * _TURN)
        self._starts = np.concatenate([[0], np.cumsum(counts)])

    def __len__(self) -> int:
        return len(self._rows)

    def look(self, area: Area, most: int, counted: NDArray[np.bool_] | None = None) -> Sight:
        """The tiles in an area: singly, if there are at most ``most``.

        Args:
            counted: (N,) which tiles of the archive count; all by default.
        """
        tall, wide = area.shape
        counts = np.zeros(tall * wide, dtype=np.int64)
        few: list[NDArray[np.uint32]] = []
        total = 0
        for places in self._batches(area):
            cells, inside = area.cells(self._latitudes[places], self._longitudes[places])
            rows = self._rows[places]
            if counted is not None:
                inside &= counted[rows]
            cells, rows = cells[inside], rows[inside]
            counts += np.bincount(cells, minlength=len(counts))
            total += len(rows)
            few = [*few, rows] if total <= most else []
        if total <= most:
            rows = np.concatenate(few) if few else np.empty(0, np.uint32)
            return Sight(area, total, None, np.sort(rows).astype(np.int64))
        return Sight(area, total, counts.reshape(tall, wide).astype(np.uint32), None)

    def _batches(self, area: Area) -> Iterator[NDArray[np.int64]]:
        """Where the tiles that may be in an area are stored, some at a time."""
        batch: list[NDArray[np.int64]] = []
        for start, end in self._runs(area):
            for first in range(start, end, _BATCH):
                batch.append(np.arange(first, min(end, first + _BATCH)))
                if sum(map(len, batch)) >= _BATCH:
                    yield np.concatenate(batch)
                    batch = []
        if batch:
            yield np.concatenate(batch)

    def _runs(self, area: Area) -> Iterator[tuple[int, int]]:
        south, north, west, span = area.bands()
        first = max(0, int(np.floor(90 - north)))
        last = min(_BANDS, int(np.ceil(90 - south)) + 1)
        if span >= _TURN - 1:
            yield int(self._starts[first * _TURN]), int(self._starts[last * _TURN])
            return
        turns = np.unique(np.arange(int(np.floor(west)), int(np.ceil(west + span)) + 1) % _TURN)
        breaks = np.flatnonzero(np.diff(turns) > 1) + 1
        pieces = [(part[0], part[-1] + 1) for part in np.split(turns, breaks)]
        for band, (low, high) in itertools.product(range(first, last), pieces):
            yield int(self._starts[band * _TURN + low]), int(self._starts[band * _TURN + high])
