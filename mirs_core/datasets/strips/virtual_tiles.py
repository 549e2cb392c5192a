"""Tiles of a strip that stay in the raster: only their windows and contents are written."""

import itertools
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace

import numpy as np

from mirs_core.datasets.bands import MOST_VALUES
from mirs_core.datasets.pixel_content import content_of
from mirs_core.datasets.strips import source_raster
from mirs_core.datasets.strips.grid import Corner, Window, tile_count, windows
from mirs_core.datasets.strips.image_tiles import STAGE, no_tiles
from mirs_core.datasets.strips.raster import StripRaster
from mirs_core.datasets.strips.source_raster import SourceRaster
from mirs_core.datasets.strips.strip import Strip
from mirs_core.datasets.strips.strip_folder import StripFolder
from mirs_core.datasets.strips.tile_pixels import tiles_in
from mirs_core.datasets.strips.tile_records import places_of
from mirs_core.datasets.strips.window_table import WINDOWS_FILE, WindowTable
from mirs_core.errors import DataError
from mirs_core.progress import Progress

# What a process that is killed loses: some seconds of reading.
_WINDOWS_PER_PART = 64


def record_windows(
    folder: StripFolder, raster: StripRaster, progress: Progress
) -> tuple[Strip, int]:
    """The strip with its counts, and the number of tiles that were recorded already.

    Raises:
        ImageError: the raster is damaged or changes, or none of its tiles can be used.
    """
    with folder.opened() as existing:
        strip = folder.strip
        count = tile_count(strip.width, strip.height, strip.side, strip.stride)
        grid = windows(
            strip.width, strip.height, strip.side, strip.stride, MOST_VALUES // raster.bands
        )
        parts: dict[str, WindowTable] = {}
        resumed = done = 0
        progress(STAGE, 0, count)
        for number in itertools.count():
            batch = list(itertools.islice(grid, _WINDOWS_PER_PART))
            if not batch:
                break
            name = f"part-{number:06d}.arrow"
            part = _earlier(folder, strip, name) if name in existing else None
            if part is not None:
                resumed += len(part)
                done += sum(len(window.corners) for window in batch)
                progress(STAGE, done, count)
            else:
                part = _recorded(raster, strip, batch, lambda d: progress(STAGE, d, count), done)
                done += sum(len(window.corners) for window in batch)
                folder.write(name, part.to_bytes())
            parts[name] = part
        table = WindowTable.joined(list(parts.values()))
        if not len(table):
            raise no_tiles(raster.name, table.without_data, table.flat)
        places_of(strip, np.stack([table.columns, table.rows], axis=1))
        strip = replace(
            strip,
            tiles=len(table),
            without_data=table.without_data,
            flat=table.flat,
            raster=_digested(strip, progress),
        )
        folder.write(WINDOWS_FILE, table.to_bytes())
        folder.remove(set(parts) | existing - {WINDOWS_FILE})
        folder.finish(strip, [])
    return strip, resumed


def relocated(folder: StripFolder, finished: Strip, progress: Progress) -> Strip:
    """A strip that was recorded earlier, with the present place and time of its raster.

    Raises:
        DataError: the raster is another one.
    """
    now, before = folder.strip.raster, finished.raster
    if now is None or before is None or now == replace(before, digest=""):
        return finished
    raster = _digested(folder.strip, progress)
    if raster.digest != before.digest:
        raise DataError(
            f"{folder.root} has tiles of another raster named {finished.name}; choose another name"
            " or folder."
        )
    return folder.update(replace(finished, raster=raster))


def _digested(strip: Strip, progress: Progress) -> SourceRaster:
    assert strip.raster is not None
    return strip.raster.digested(lambda done, total: progress(source_raster.STAGE, done, total))


def _earlier(folder: StripFolder, strip: Strip, name: str) -> WindowTable | None:
    """What an earlier call recorded; None if it is damaged."""
    with suppress(DataError):
        return WindowTable.read(folder.unfinished(name), strip)
    return None


def _recorded(
    raster: StripRaster,
    strip: Strip,
    batch: Sequence[Window],
    progress: Callable[[int], None],
    done: int,
) -> WindowTable:
    corners: list[Corner] = []
    contents: list[str] = []
    without_data = flat = 0
    for window in batch:
        for corner, tile in tiles_in(raster, strip, window):
            if tile.lacks_data(strip):
                without_data += 1
            elif tile.is_flat(strip):
                flat += 1
            else:
                corners.append(corner)
                contents.append(content_of(tile.pixels))
        done += len(window.corners)
        progress(done)
    return WindowTable.of(corners, contents, without_data, flat)
