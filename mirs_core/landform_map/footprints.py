"""Footprints: the corners on Mars of tiles that were cut from image strips."""

import itertools
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mirs_core.datasets.strips.strip_list import Ring, Strip, read_strips
from mirs_core.datasets.strips.virtual import windows_of
from mirs_core.errors import DataError
from mirs_core.mars.crs import Degrees

_SIDE_POINTS = 32
# Degrees of longitude.
_WIDE = 60.0

__all__ = ["Ring", "footprints", "strip_outlines"]


def footprints(root: Path) -> dict[str, Ring]:
    """The corners of every tile in ``root`` that was cut from a strip, by the tile's path.

    There are four, and points between them along sides that go far round the planet.

    Corners are in order around the tile, the ring is not closed: (longitude east in [0, 360),
    planetocentric latitude). Corners beyond a pole or a full turn, as in global rasters, are moved
    to it. A tile may straddle the meridian 0 or contain a pole. Empty where the data set has no
    ``strips.json``; tiles of no listed strip are left out.

    Raises:
        DataError: ``strips.json`` is damaged.
    """
    rings: dict[str, Ring] = {}
    for strip in read_strips(root):
        rings.update(corners(strip, _tiles(root, strip)))
    return rings


def _tiles(root: Path, strip: Strip) -> list[str]:
    if strip.is_virtual:
        return [strip.path(*corner) for corner in windows_of(root, strip).corners]
    folder = root / strip.name
    names = sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []
    return [f"{strip.name}/{name}" for name in names]


def strip_outlines(root: Path) -> dict[str, Ring]:
    """The outline of the valid pixels of every strip in ``root``, by the strip's name; not closed.

    Raises:
        DataError: ``strips.json`` is damaged.
    """
    return {strip.name: strip.outline for strip in read_strips(root)}


def corners(strip: Strip, paths: list[str]) -> dict[str, Ring]:
    """The corners of those of ``paths`` that are tiles of ``strip``, see :func:`footprints`.

    Raises:
        DataError: corners of tiles lie outside the strip's map projection.
    """
    upper_left = [(path, corner) for path in paths if (corner := strip.corner(path)) is not None]
    if not upper_left:
        return {}
    names = [path for path, _ in upper_left]
    origins = np.array([corner for _, corner in upper_left], np.float64)
    longitude, latitude = _along_sides(strip, origins, 2)
    is_wide = _is_wide(longitude)
    rings = _rings(names, longitude[:, ::2], latitude[:, ::2])
    if is_wide.any():
        far = _along_sides(strip, origins[is_wide], _SIDE_POINTS)
        rings |= _rings([names[row] for row in np.flatnonzero(is_wide)], *far)
    return rings


def _along_sides(strip: Strip, origins: Degrees, count: int) -> tuple[Degrees, Degrees]:
    """Longitudes and latitudes (n, 4 * count) along the sides of tiles, from the upper left."""
    ends = np.array([(0, 0), (1, 0), (1, 1), (0, 1), (0, 0)], np.float64)
    shares = np.arange(count)[:, None] / count
    offsets = np.concatenate(
        [start + shares * (end - start) for start, end in itertools.pairwise(ends)]
    )
    pixels = origins[:, None, :] + offsets[None] * strip.side
    middle = origins[:, None, :] + strip.side / 2
    longitude, latitude = strip.corner_places(
        pixels[..., 0], pixels[..., 1], (middle[..., 0], middle[..., 1])
    )
    if not (np.isfinite(longitude).all() and np.isfinite(latitude).all()):
        raise DataError(
            f"Tiles of the strip {strip.name} lie outside its map projection; cut it again."
        )
    return longitude, latitude


def _is_wide(longitude: Degrees) -> NDArray[np.bool_]:
    """Which tiles have a side too long to be told from its ends; from corners and middles."""
    steps = np.abs((np.diff(longitude, append=longitude[:, :1]) + 180) % 360 - 180)
    return np.asarray((steps[:, ::2] + steps[:, 1::2] >= _WIDE).any(axis=1))


def _rings(paths: list[str], longitude: Degrees, latitude: Degrees) -> dict[str, Ring]:
    return {
        path: tuple(zip(east, north, strict=True))
        for path, east, north in zip(paths, longitude.tolist(), latitude.tolist(), strict=True)
    }
