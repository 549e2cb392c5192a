"""The files of archived tiles: where each one is, and whether it still is what was archived.

The file of a virtual tile is its raster, whose size and time, and else digest, tell that.

An archive records the SHA-256 of each tile. A file is hashed when it is first asked for and again
only once its size or times have changed, so that asking for the same tiles again costs one ``stat``
each.
"""

import contextlib
import time
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from mirs_core.datasets.images import MAX_BYTES, Pixels, read_bytes
from mirs_core.datasets.items import Items
from mirs_core.datasets.strips.virtual import VirtualTile, is_virtual, virtual_tile
from mirs_core.datasets.tile_source import read_file, read_pixels
from mirs_core.datasets.tile_state import Stamp, TileState, stamp_of
from mirs_core.errors import DataError, ImageError
from mirs_core.files import sha256

_VERDICTS = 20_000
# A file this recent may change again without a change of its times.
_SETTLED_NS = 2_000_000_000

__all__ = ["Stamp", "TileFile", "TileFiles", "TileState", "file_of", "stamp_of", "tile_file"]


@dataclass(frozen=True, slots=True)
class TileFile:
    """The file of a tile, or the raster of a virtual one, as it is now.

    Attributes:
        path: where it is, or is expected.
        stamp: changes whenever the file does; None if there is no file or it cannot be looked at.
    """

    path: Path
    stamp: Stamp | None
    state: TileState


@dataclass(frozen=True, slots=True)
class TileFiles:
    """The files of the tiles of an archive, below the folder of its data set."""

    root: Path
    items: Items

    def path(self, tile_id: str) -> Path:
        """Where the file of a tile is expected; of a virtual one, its raster.

        Raises:
            DataError: no tile has that id.
        """
        self.items.row(tile_id)
        tile = _virtual(self.root, tile_id)
        return self.root / tile_id if tile is None else tile.raster().path

    def id_at(self, path: Path) -> str:
        """The id of the tile with this path; a path that is not below the root is an id itself."""
        with contextlib.suppress(ValueError):
            return path.expanduser().resolve().relative_to(self.root.resolve()).as_posix()
        return path.as_posix()

    def pixels(self, tile_id: str) -> Pixels:
        """The pixels of a tile as it is now: (H, W) uint8, or (H, W, 3) in colour.

        Raises:
            DataError: no tile has that id.
            ImageError: its file or raster is missing or cannot be read.
        """
        self.items.row(tile_id)
        return read_pixels(self.root, tile_id)

    def image_file(self, tile_id: str) -> tuple[bytes, str, str]:
        """A tile as an image file: bytes, suffix, and the content (hex) of the tile as it is now.

        Virtual tiles are PNG files. Errors are those of ``pixels``.
        """
        self.items.row(tile_id)
        return read_file(self.root, tile_id)

    def look(self, tile_id: str) -> TileFile:
        """The file of a tile as it is now; anything but a regular file counts as missing.

        Raises:
            DataError: no tile has that id.
        """
        return self.look_at([tile_id])[tile_id]

    def look_at(self, tile_ids: Iterable[str]) -> dict[str, TileFile]:
        """The file of each tile as it is now, by id; much faster than asking for one at a time.

        Raises:
            DataError: no tile has one of the ids.
        """
        return {
            tile: tile_file(self.root, tile, content)
            for tile, content in self.contents_of(tile_ids).items()
        }

    def contents_of(self, tile_ids: Iterable[str]) -> dict[str, str]:
        """The archived SHA-256 (hex) of each tile by id. Raises DataError for unknown ids."""
        ids = list(dict.fromkeys(tile_ids))
        rows = self.items.rows_of(ids)
        for place in np.flatnonzero(rows < 0)[:1]:
            self.items.row(ids[place])
        return dict(zip(ids, self.items.contents.take(rows), strict=True))

    def state(self, tile_id: str) -> TileState:
        """How the file of a tile compares with what was archived; see ``look``."""
        return self.look(tile_id).state


def tile_file(root: Path, tile_id: str, content: str) -> TileFile:
    """The file of a tile as it is now, compared with the SHA-256 (hex) that was archived."""
    if not is_virtual(tile_id):
        return file_of(root / tile_id, content)
    tile = _virtual(root, tile_id)
    if tile is None:
        return TileFile(root / tile_id, None, TileState.MISSING)
    raster = tile.raster()
    try:
        recorded = tile.recorded_content()
    except DataError:
        return TileFile(raster.path, None, TileState.UNREADABLE)
    state = raster.state
    if state is TileState.CURRENT and recorded != content:
        # The strip was cut again, in another way.
        state = TileState.MISSING if recorded is None else TileState.CHANGED
    return TileFile(raster.path, raster.stamp, state)


def _virtual(root: Path, tile_id: str) -> VirtualTile | None:
    try:
        return virtual_tile(root, tile_id)
    except DataError:
        return None


def file_of(path: Path, content: str) -> TileFile:
    """The file at ``path`` as it is now, compared with the SHA-256 (hex) that was archived."""
    try:
        stamp = stamp_of(path)
    except OSError:
        return TileFile(path, None, TileState.UNREADABLE)
    if stamp is None:
        return TileFile(path, None, TileState.MISSING)
    return TileFile(path, stamp, _compare(path, stamp, content))


def _compare(path: Path, stamp: Stamp, content: str) -> TileState:
    if stamp[0] > MAX_BYTES:  # larger than any file that can be archived
        return TileState.CHANGED
    is_recent = abs(time.time_ns() - stamp[2]) < _SETTLED_NS
    try:
        digest = _read(path) if is_recent else _digest(str(path), stamp)
    except FileNotFoundError:  # deleted since
        return TileState.MISSING
    except OSError:
        return TileState.UNREADABLE
    return TileState.CURRENT if digest == content else TileState.CHANGED


@lru_cache(maxsize=_VERDICTS)
def _digest(path: str, stamp: Stamp) -> str:
    return _read(Path(path))


def _read(path: Path) -> str:
    try:
        return sha256(read_bytes(path))
    except ImageError as error:
        if not path.exists():
            raise FileNotFoundError(str(error)) from None
        raise OSError(str(error)) from None
