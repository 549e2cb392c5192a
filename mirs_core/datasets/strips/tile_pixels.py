"""The tiles in a window of a raster: their pixels, and whether they can be used."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from mirs_core.datasets.images import Pixels
from mirs_core.datasets.strips.grid import Corner, Window
from mirs_core.datasets.strips.raster import Mask, StripRaster
from mirs_core.datasets.strips.strip import Strip


@dataclass(frozen=True, slots=True)
class TilePixels:
    """``missing``: share of missing pixels; ``contrast``: of the valid ones."""

    pixels: Pixels
    missing: float
    contrast: float

    def lacks_data(self, strip: Strip) -> bool:
        """Whether too many pixels are missing."""
        return self.missing > strip.max_nodata

    def is_flat(self, strip: Strip) -> bool:
        """Whether there is too little contrast."""
        return self.contrast < strip.min_contrast


def tiles_in(
    raster: StripRaster, strip: Strip, window: Window, omitted: Collection[Corner] = ()
) -> Iterator[tuple[Corner, TilePixels]]:
    """The tiles of a window, which is read at once, with their corners; ``omitted`` are not."""
    corners = [corner for corner in window.corners if corner not in omitted]
    if not corners:
        return
    pixels, valid = raster.read(
        window.column, window.row, window.width, window.height, strip.stretch
    )
    for corner in corners:
        columns = slice(corner[0] - window.column, corner[0] - window.column + strip.side)
        yield corner, _tile(pixels[:, columns], valid[:, columns])


def _tile(pixels: Pixels, valid: Mask) -> TilePixels:
    grey = pixels if pixels.ndim == 2 else pixels.mean(axis=-1)
    levels = grey[valid]
    return TilePixels(pixels, 1 - float(valid.mean()), float(levels.std()) if levels.size else 0.0)
