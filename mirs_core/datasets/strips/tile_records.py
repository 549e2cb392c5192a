"""What is known of the tiles of a strip: their coordinates, scale, source, licence and credit."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from mirs_core.datasets.strips.grid import Corner
from mirs_core.datasets.strips.strip import Strip
from mirs_core.datasets.tile_table import TileRecord
from mirs_core.errors import ImageError

# Of a degree: a tenth of a millimetre on the ground.
_DIGITS = 9


def records_of(strip: Strip, corners: Sequence[Corner]) -> list[TileRecord]:
    """The records of the tiles with these corners.

    Raises:
        ImageError: they lie outside the strip's map projection.
    """
    if not corners:
        return []
    return records_at(strip, corners, np.stack(places_of(strip, np.array(corners)), axis=1))


def records_at(
    strip: Strip, corners: Sequence[Corner], places: NDArray[np.float64]
) -> list[TileRecord]:
    """The records of the tiles with these corners, whose centres (N, 2) ``places_of`` gave."""
    return [
        TileRecord(
            path=strip.path(*corner),
            latitude=round(north, _DIGITS),
            # Rounding may give 360, which is 0.
            longitude=round(east, _DIGITS) % 360,
            strip=strip.name,
            metres_per_pixel=strip.metres_per_pixel,
            source=strip.source,
            licence=strip.licence,
            credit=strip.credit,
        )
        for corner, (east, north) in zip(corners, places.tolist(), strict=True)
    ]


def places_of(
    strip: Strip, corners: NDArray[np.integer]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Longitudes and latitudes (N,) of the centres of tiles with these corners (N, 2).

    Raises:
        ImageError: they lie outside the strip's map projection.
    """
    centres = corners.astype(np.float64) + strip.side / 2
    longitude, latitude = strip.places(centres[:, 0], centres[:, 1])
    if not (np.isfinite(longitude).all() and np.isfinite(latitude).all()):
        raise ImageError(
            f"Tiles of {strip.file} lie outside its map projection: its coordinates do not match"
            " its coordinate system. Use the product as it was published."
        )
    return longitude, latitude
