"""The outline of the valid pixels of a strip, and its bounds in degrees."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from mirs_core.mars.crs import Degrees

_EDGE_POINTS = 128
_MOST_CORNERS = 256

# Of a degree: rounding errors of a raster that goes all the way round.
_ROUNDING = 1e-6

Ring = tuple[tuple[float, float], ...]
"""(longitude east in [0, 360), planetocentric latitude) of each corner; not closed."""

Places = Callable[[NDArray[np.float64], NDArray[np.float64]], tuple[Degrees, Degrees]]
"""Longitudes and latitudes of columns and rows."""


def ring(valid: NDArray[np.bool_], width: int, height: int) -> NDArray[np.float64]:
    """(n, 2) columns and rows: the convex hull of the valid cells (h, w) of a raster.

    Long edges have intermediate points, because straight edges of a raster are curves in degrees.
    """
    from scipy.spatial import ConvexHull

    rows = np.flatnonzero(valid.any(axis=1))
    first = valid[rows].argmax(axis=1)
    last = valid.shape[1] - valid[rows][:, ::-1].argmax(axis=1)
    ends = [np.stack([x, y], axis=1) for x in (first, last) for y in (rows, rows + 1)]
    points = np.concatenate(ends) * (width / valid.shape[1], height / valid.shape[0])
    corners = points[ConvexHull(points).vertices]
    corners = corners[:: -(-len(corners) // _MOST_CORNERS)]
    edges = np.roll(corners, -1, axis=0) - corners
    lengths = np.hypot(edges[:, 0], edges[:, 1])
    counts = np.maximum(1, np.rint(lengths / lengths.sum() * _EDGE_POINTS)).astype(int)
    return np.concatenate(
        [
            corner + edge * (np.arange(count) / count)[:, None]
            for corner, edge, count in zip(corners, edges, counts, strict=True)
        ]
    )


def in_degrees(pixels: NDArray[np.float64], places: Places) -> Ring:
    """A ring (n, 2) of columns and rows in degrees, without points outside the map projection."""
    longitude, latitude = places(pixels[:, 0], pixels[:, 1])
    is_valid = np.isfinite(longitude) & np.isfinite(latitude)
    pairs = zip(longitude[is_valid].tolist(), latitude[is_valid].tolist(), strict=True)
    return tuple(pairs)


def whole(width: int, height: int, places: Places) -> Ring:
    """The outline of a raster without missing pixels."""
    return in_degrees(ring(np.ones((1, 1), bool), width, height), places)


def contains(outline: Ring, longitude: float) -> bool:
    """Whether the longitude lies within the bounds of the outline."""
    box = bounds(outline)
    return (longitude - box["west"]) % 360 <= (box["east"] - box["west"]) % 360 or (
        box["east"] - box["west"] >= 360
    )


def bounds(outline: Ring) -> dict[str, float]:
    """``west``, ``south``, ``east``, ``north``; west exceeds east across the meridian 0.

    A ring around a pole has all longitudes, 0 to 360, and extends to the pole.
    """
    longitude, latitude = (np.array(column) for column in zip(*outline, strict=True))
    steps = (np.diff(longitude, append=longitude[0]) + 180) % 360 - 180
    south, north = float(latitude.min()), float(latitude.max())
    if abs(steps.sum()) > 180:
        pole = np.sign(latitude.sum())
        south, north = (south, 90.0) if pole > 0 else (-90.0, north)
        return {"west": 0.0, "south": south, "east": 360.0, "north": north}
    # Degrees along the ring, without the jump at the meridian 0.
    along = longitude[0] + np.concatenate([[0.0], np.cumsum(steps[:-1])])
    if along.max() - along.min() >= 360 - _ROUNDING:
        return {"west": 0.0, "south": south, "east": 360.0, "north": north}
    west, east = float(along.min()) % 360, float(along.max()) % 360
    return {"west": west, "south": south, "east": east or 360.0, "north": north}
