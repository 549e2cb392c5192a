"""Footprints: the corners on Mars of tiles that were cut from image strips."""

from pathlib import Path

import numpy as np

from mirs_core.datasets.strips.strip_list import Ring, Strip, read_strips
from mirs_core.errors import DataError

__all__ = ["Ring", "footprints", "strip_outlines"]


def footprints(root: Path) -> dict[str, Ring]:
    """The four corners of every tile in ``root`` that was cut from a strip, by the tile's path.

    Corners are in order around the tile, the ring is not closed: (longitude east in [0, 360),
    planetocentric latitude). Corners beyond a pole or a full turn, as in global rasters, are moved
    to it. A tile may straddle the meridian 0 or contain a pole. Empty where the data set has no
    ``strips.json``; tiles of no listed strip are left out.

    Raises:
        DataError: ``strips.json`` is damaged.
    """
    rings: dict[str, Ring] = {}
    for strip in read_strips(root):
        folder = root / strip.name
        names = sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []
        rings.update(corners(strip, [f"{strip.name}/{name}" for name in names]))
    return rings


def strip_outlines(root: Path) -> dict[str, Ring]:
    """The outline of the valid pixels of every strip in ``root``, by the strip's name; not closed.

    Raises:
        DataError: ``strips.json`` is damaged.
    """
    return {strip.name: strip.outline for strip in read_strips(root)}


def corners(strip: Strip, paths: list[str]) -> dict[str, Ring]:
    """The four corners of those of ``paths`` that are tiles of ``strip``.

    Raises:
        DataError: corners of tiles lie outside the strip's map projection.
    """
    upper_left = [(path, corner) for path in paths if (corner := strip.corner(path)) is not None]
    if not upper_left:
        return {}
    origins = np.array([corner for _, corner in upper_left], np.float64)[:, None, :]
    offsets = np.array([(0, 0), (1, 0), (1, 1), (0, 1)], np.float64)[None] * strip.side
    pixels = origins + offsets
    middle = origins + strip.side / 2
    longitude, latitude = strip.corner_places(
        pixels[..., 0], pixels[..., 1], (middle[..., 0], middle[..., 1])
    )
    if not (np.isfinite(longitude).all() and np.isfinite(latitude).all()):
        raise DataError(
            f"Tiles of the strip {strip.name} lie outside its map projection; cut it again."
        )
    return {
        path: tuple(zip(east, north, strict=True))
        for (path, _), east, north in zip(
            upper_left, longitude.tolist(), latitude.tolist(), strict=True
        )
    }
