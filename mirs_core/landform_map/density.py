"""Density of places on the sphere, on a grid and without bias towards high latitudes."""

from typing import cast

import numpy as np
from numpy.typing import NDArray

Grid = NDArray[np.float64]

_CHUNK = 1024


def grid_centres(step: float) -> tuple[Grid, Grid]:
    """Cell centres: latitudes (rows, north first) and longitudes (columns, from 0 eastwards)."""
    half = step / 2
    return np.arange(90 - half, -90, -step), np.arange(half, 360, step)


def on_sphere(
    latitudes: NDArray[np.float64],
    longitudes: NDArray[np.float64],
    width: float = 6.0,
    step: float = 3.0,
) -> Grid:
    """The density (180/step, 360/step) of places, in places per unit area of the unit sphere.

    Every place is smoothed with a von Mises-Fisher kernel, the analogue of a normal distribution on
    the sphere. It is the same at all latitudes; the integral over the sphere is the number of
    places.

    Args:
        latitudes, longitudes: degrees; values that are not finite are left out.
        width: standard deviation of the kernel in each direction, degrees.
        step: grid spacing in degrees; a divisor of 180.
    """
    is_known = np.isfinite(latitudes) & np.isfinite(longitudes)
    rows, columns = grid_centres(step)
    if not is_known.any():
        return np.zeros((len(rows), len(columns)))
    pairs = np.stack([latitudes[is_known], np.mod(longitudes[is_known], 360)], axis=1)
    places, counts = np.unique(pairs, axis=0, return_counts=True)
    sharp = 1 / np.radians(width) ** 2
    scale = sharp / (2 * np.pi * -np.expm1(-2 * sharp))
    north, turn = np.meshgrid(rows, columns, indexing="ij")
    cells, points = _vectors(north.ravel(), turn.ravel()), _vectors(*places.T)
    sums = np.empty(len(cells))
    for start in range(0, len(cells), _CHUNK):
        cosines = cells[start : start + _CHUNK] @ points.T
        sums[start : start + _CHUNK] = np.exp(sharp * (cosines - 1)) @ counts
    return cast(Grid, scale * sums.reshape(north.shape))


def _vectors(latitudes: NDArray[np.float64], longitudes: NDArray[np.float64]) -> Grid:
    north, turn = np.radians(latitudes), np.radians(longitudes)
    return np.stack(
        [np.cos(north) * np.cos(turn), np.cos(north) * np.sin(turn), np.sin(north)], axis=1
    )
