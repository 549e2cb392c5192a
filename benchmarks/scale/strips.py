"""Synthetic strips: skewed sizes, places on the planet, tiles side by side as in CTX images."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_TILES = 1000
_FEWEST = 50
_MOST = 999_999
_ACROSS = 25
_PIXELS = 200
_METRES = 6.0
_DEGREE = 59_274.7
"""Metres in a degree of latitude."""


@dataclass(slots=True, eq=False)
class Strips:
    """The strips of an archive, filled tile by tile.

    Attributes:
        names: (S,) product ids.
        latitudes, longitudes: (S,) degrees north and east of the centres.
        rows: (S,) how many rows of tiles each is expected to get.
        edges: (S,) ascending from above 0 to 1; strip s gets the share between the last and this.
        filled: (S,) tiles so far.
    """

    names: tuple[str, ...]
    latitudes: NDArray[np.float64]
    longitudes: NDArray[np.float64]
    rows: NDArray[np.float64]
    edges: NDArray[np.float64]
    filled: NDArray[np.int64]

    @classmethod
    def for_tiles(cls, tiles: int, rng: np.random.Generator) -> "Strips":
        """The strips of an archive of so many tiles, about a thousand in each if there are many."""
        count = min(max(_FEWEST, tiles // _TILES), _MOST)
        latitudes = np.degrees(np.arcsin(rng.uniform(-1, 1, count)))
        longitudes = rng.uniform(0, 360, count)
        sizes = np.minimum(rng.lognormal(sigma=0.8, size=count), 6)
        edges = np.cumsum(sizes / sizes.sum())
        rows = np.ceil(tiles * sizes / sizes.sum() / _ACROSS)
        angles = np.round(1800 + 10 * latitudes).astype(int)
        whole = np.round(np.abs(latitudes)).astype(int)
        north = latitudes >= 0
        west = np.round(-longitudes).astype(int) % 360
        names = [
            f"SYN_{number:06d}_{angle:04d}_XI_{degrees:02d}{'N' if up else 'S'}{w:03d}W"
            for number, (angle, degrees, up, w) in enumerate(
                zip(angles.tolist(), whole.tolist(), north.tolist(), west.tolist(), strict=True)
            )
        ]
        filled = np.zeros(count, dtype=np.int64)
        return cls(tuple(names), latitudes, longitudes, rows, edges / edges[-1], filled)

    def place(
        self, count: int, rng: np.random.Generator
    ) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
        """The strips (count,) of the next tiles, and column and row of each, in pixels."""
        strips = np.searchsorted(self.edges, rng.random(count), side="right")
        order = np.argsort(strips, kind="stable")
        ordered = strips[order]
        rank = np.arange(count) - np.searchsorted(ordered, ordered)
        places = np.empty(count, dtype=np.int64)
        places[order] = self.filled[ordered] + rank
        self.filled += np.bincount(strips, minlength=len(self.filled))
        return strips, _PIXELS * (places % _ACROSS), _PIXELS * (places // _ACROSS)

    def coordinates(
        self, strips: NDArray[np.int64], x: NDArray[np.int64], y: NDArray[np.int64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Latitudes and longitudes (n,) of tiles: degrees north, and degrees east in [0, 360)."""
        south = (y - _PIXELS * self.rows[strips] / 2) * _METRES / _DEGREE
        latitudes = np.clip(self.latitudes[strips] - south, -89.9, 89.9)
        east = (x - _PIXELS * _ACROSS / 2) * _METRES / _DEGREE
        longitudes = self.longitudes[strips] + east / np.cos(np.radians(latitudes))
        return latitudes, longitudes % 360
