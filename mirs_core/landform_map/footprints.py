"""Where on Mars the tiles of image strips lie, corner by corner."""

from pathlib import Path

import numpy as np

from mirs_core.datasets.strips.strip_list import Ring, Strip, read_strips
from mirs_core.errors import DataError

__all__ = ["Ring", "footprints", "strip_outlines"]


def footprints(root: Path) -> dict[str, Ring]:
    """The four corners of every tile in ``root`` that was cut from a strip, by the tile's path.

    Corners run round the tile, the ring is not closed: (longitude east in [0, 360), planetocentric
    latitude). A tile may lie across the meridian 0, with corners on both sides, or over a pole.
    Empty where the data set has no ``strips.json``; tiles that no strip tells of are left out.

    Raises:
        DataError: ``strips.json`` is damaged.
    """
    found: dict[str, Ring] = {}
    for strip in read_strips(root):
        folder = root / strip.name
        names = sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []
        found.update(corners(strip, [f"{strip.name}/{name}" for name in names]))
    return found


def strip_outlines(root: Path) -> dict[str, Ring]:
    """The ring around the pixels of every strip in ``root``, by the strip's name; not closed.

    Raises:
        DataError: ``strips.json`` is damaged.
    """
    return {strip.name: strip.outline for strip in read_strips(root)}


def corners(strip: Strip, paths: list[str]) -> dict[str, Ring]:
    """The four corners of those of ``paths`` that are tiles of ``strip``.

    Raises:
        DataError: the strip's coordinate system is none of Mars.
    """
    placed = [(path, corner) for path in paths if (corner := strip.corner(path)) is not None]
    if not placed:
        return {}
    upper_left = np.array([corner for _, corner in placed], np.float64)[:, None, :]
    around = np.array([(0, 0), (1, 0), (1, 1), (0, 1)], np.float64)[None] * strip.side
    pixels = upper_left + around
    longitude, latitude = strip.places(pixels[..., 0], pixels[..., 1])
    if not (np.isfinite(longitude).all() and np.isfinite(latitude).all()):
        raise DataError(f"Tiles of the strip {strip.name} lie beside Mars; cut it again.")
    return {
        path: tuple(zip(east, north, strict=True))
        for (path, _), east, north in zip(
            placed, longitude.tolist(), latitude.tolist(), strict=True
        )
    }
