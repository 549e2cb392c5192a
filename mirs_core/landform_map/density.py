"""How dense places lie on the sphere, as a grid that does not favour high latitudes."""

from typing import cast

import numpy as np
from numpy.typing import NDArray

Grid = NDArray[np.float64]

_CHUNK = 1024


def grid_centres(step: float) -> tuple[Grid, Grid]:
    """Latitudes (rows, north first) and longitudes (columns, from 0 east) of a grid's cells."""
    half = step / 2
    return np.arange(90 - half, -90, -step), np.arange(half, 360, step)


def on_sphere(
    latitudes: NDArray[np.float64],
    longitudes: NDArray[np.float64],
    width: float = 6.0,
    step: float = 3.0,
) -> Grid:
    """The density (180/step, 360/step) of places, in places per unit area of the unit sphere.

    Every place is spread by a von Mises-Fisher kernel, the normal distribution of the sphere: equal
    at all latitudes, so that its integral over the sphere is the number of places.

    Args:
        latitudes, longitudes: degrees; places that are not finite are left out.
        width: standard deviation of the kernel in each direction, degrees.
        step: of the grid, degrees; a divisor of 180.
    """
    known = np.isfinite(latitudes) & np.isfinite(longitudes)
    rows, columns = grid_centres(step)
    if not known.any():
        return np.zeros((len(rows), len(columns)))
    pairs = np.stack([latitudes[known], np.mod(longitudes[known], 360)], axis=1)
    places, counts = np.unique(pairs, axis=0, return_counts=True)
    sharp = 1 / np.radians(width) ** 2
    scale = sharp / (2 * np.pi * -np.expm1(-2 * sharp))
    north, turn = np.meshgrid(rows, columns, indexing="ij")
    cells, points = _vectors(north.ravel(), turn.ravel()), _vectors(*places.T)
    found = np.empty(len(cells))
    for start in range(0, len(cells), _CHUNK):
        near = cells[start : start + _CHUNK] @ points.T
        found[start : start + _CHUNK] = np.exp(sharp * (near - 1)) @ counts
    return cast(Grid, scale * found.reshape(north.shape))


def _vectors(latitudes: NDArray[np.float64], longitudes: NDArray[np.float64]) -> Grid:
    north, turn = np.radians(latitudes), np.radians(longitudes)
    return np.stack(
        [np.cos(north) * np.cos(turn), np.cos(north) * np.sin(turn), np.sin(north)], axis=1
    )
