"""The one place that reads a tile: from its file, or as a window of a raster.

Whoever needs pixels of tiles asks here, so that nobody else has to know which kind a tile is.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mirs_core.datasets.images import Pixels, read_bytes, read_image
from mirs_core.datasets.large_images import png
from mirs_core.datasets.pixel_content import content_of
from mirs_core.datasets.strips.strip import place_in_raster
from mirs_core.datasets.strips.virtual import is_virtual, virtual_tile
from mirs_core.datasets.tile_state import Stamp, stamp_of
from mirs_core.errors import DataError, ImageError
from mirs_core.files import sha256

# After every name of a strip.
_LAST = ("\U0010ffff", 0, 0)


def read_pixels(root: Path, tile: str) -> Pixels:
    """The pixels of a tile as it is now: (H, W) uint8, or (H, W, 3) in colour.

    Args:
        root: of the data set.
        tile: its id.

    Raises:
        ImageError: its file or raster is missing or damaged.
        DataError: its raster or list of strips is of no use any more.
    """
    if is_virtual(tile):
        return _window(root, tile)
    return read_image(root / tile)


def read_small(root: Path, tile: str, side: int) -> Pixels:
    """The pixels of a tile for a picture of at most ``side`` pixels.

    A large window of a raster is read from an overview, if that has enough pixels. Errors are those
    of ``read_pixels``.
    """
    return _window(root, tile, side) if is_virtual(tile) else read_image(root / tile)


def read_verified(root: Path, tile: str, content: str) -> Pixels:
    """The pixels of a tile, if they are those that were scanned.

    Features are cached by content: those of other content would stay wrong forever.

    Args:
        content: SHA-256 (hex) that the scan recorded.

    Raises:
        DataError: its file or raster is missing, unreadable, or was changed since.
    """
    try:
        if is_virtual(tile):
            pixels = _window(root, tile)
            if content_of(pixels) != content:
                raise _changed(root, tile)
            return pixels
        data = read_bytes(root / tile)
    except ImageError as error:
        raise DataError(
            f"{tile} can no longer be read ({str(error).rstrip('.')}). Scan {root} again."
        ) from None
    if sha256(data) != content:
        raise _changed(root, tile)
    return read_image(data, tile)


def read_file(root: Path, tile: str) -> tuple[bytes, str, str]:
    """A tile as an image file: its bytes, their suffix, and the content (hex) of the tile.

    Raises:
        ImageError: its file or raster is missing or damaged.
        DataError: its raster or list of strips is of no use any more.
    """
    if is_virtual(tile):
        pixels = _window(root, tile)
        return png(pixels), ".png", content_of(pixels)
    data = read_bytes(root / tile)
    return data, Path(tile).suffix, sha256(data)


def mark_of(root: Path, tile: str) -> Stamp | None:
    """A mark that changes whenever what a tile is read from does; None if that is missing."""
    try:
        if not is_virtual(tile):
            return stamp_of(root / tile)
        window = virtual_tile(root, tile)
        return None if window is None else window.raster().stamp
    except (OSError, DataError):
        return None


def reading_order(tiles: Sequence[str]) -> NDArray[np.int64]:
    """The order (n,) in which tiles are read fastest: virtual ones row by row of their raster.

    Others keep their order, after them.
    """
    if not any(is_virtual(tile) for tile in tiles):
        return np.arange(len(tiles), dtype=np.int64)
    keys = [place_in_raster(tile) if is_virtual(tile) else _LAST for tile in tiles]
    return np.array(sorted(range(len(tiles)), key=keys.__getitem__), dtype=np.int64)


def _window(root: Path, tile: str, most: int | None = None) -> Pixels:
    window = virtual_tile(root, tile)
    if window is None:
        raise ImageError(f"{tile} is in no strip of {root} any more.")
    return window.pixels(most)


def _changed(root: Path, tile: str) -> DataError:
    return DataError(f"{tile} was changed while {root} was in use. Start again.")
