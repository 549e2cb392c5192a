"""Tiles of a strip as image files."""

from dataclasses import replace
from pathlib import Path

from mirs_core.datasets.bands import MOST_VALUES
from mirs_core.datasets.large_images import png
from mirs_core.datasets.strips.grid import Corner, tile_count, windows
from mirs_core.datasets.strips.raster import StripRaster
from mirs_core.datasets.strips.strip import Strip
from mirs_core.datasets.strips.strip_folder import StripFolder
from mirs_core.datasets.strips.tile_pixels import tiles_in
from mirs_core.datasets.strips.tile_records import records_of
from mirs_core.errors import ImageError
from mirs_core.progress import Progress

STAGE = "Cutting tiles"
"""The stage that ``cut_strip`` reports, in tiles."""


def write_images(folder: StripFolder, raster: StripRaster, progress: Progress) -> tuple[Strip, int]:
    """The strip with its counts, and the number of tiles that were there already.

    Raises:
        ImageError: the raster is damaged, or none of its tiles can be used.
    """
    with folder.opened() as existing:
        strip = folder.strip
        count = tile_count(strip.width, strip.height, strip.side, strip.stride)
        corners: list[Corner] = []
        without_data = flat = resumed = done = 0
        progress(STAGE, 0, count)
        for window in windows(
            strip.width, strip.height, strip.side, strip.stride, MOST_VALUES // raster.bands
        ):
            present = [c for c in window.corners if Path(strip.path(*c)).name in existing]
            usable = set(present)
            for corner, tile in tiles_in(raster, strip, window, usable.copy()):
                if tile.lacks_data(strip):
                    without_data += 1
                elif tile.is_flat(strip):
                    flat += 1
                else:
                    folder.write(Path(strip.path(*corner)).name, png(tile.pixels))
                    usable.add(corner)
            corners += [corner for corner in window.corners if corner in usable]
            resumed += len(present)
            done += len(window.corners)
            progress(STAGE, done, count)
        if not corners:
            raise no_tiles(raster.name, without_data, flat)
        strip = replace(strip, tiles=len(corners), without_data=without_data, flat=flat)
        folder.finish(strip, records_of(strip, corners))
    return strip, resumed


def no_tiles(name: str, without_data: int, flat: int) -> ImageError:
    """The error for a raster of which no tile can be used."""
    return ImageError(
        f"No tile of {name} can be used: {without_data} have too many missing"
        f" pixels, {flat} too little contrast. Allow more missing pixels (--max-nodata) or less"
        " contrast (--min-contrast)."
    )
