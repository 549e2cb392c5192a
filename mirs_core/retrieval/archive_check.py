"""Checking the files of many tiles, or of a whole archive, against what was archived."""

import os
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from mirs_core.datasets.reading import scanned_contents
from mirs_core.datasets.scanning import scan_cache_of
from mirs_core.errors import DataError
from mirs_core.progress import Progress, silent
from mirs_core.retrieval.search import Searcher
from mirs_core.retrieval.tile_files import TileState, file_of, stamp_of, tile_file

STAGE = "Checking tiles"
_FEW = 2000
"""So many tiles are hashed sooner than the results of the last scan are read."""
_BLOCK = 4096

Scanned = dict[str, tuple[int, int, str]]


@dataclass(frozen=True, slots=True)
class ArchiveCheck:
    """How the files of an archive compare with what was archived.

    Attributes:
        tiles: number of tiles in the archive.
        changed, missing, unreadable: ids of the tiles in each state, in row order; the others are
            current.
    """

    tiles: int
    changed: tuple[str, ...]
    missing: tuple[str, ...]
    unreadable: tuple[str, ...]

    @property
    def current(self) -> int:
        """Number of tiles whose files are what was archived."""
        return self.tiles - len(self.changed) - len(self.missing) - len(self.unreadable)


def check(searcher: Searcher, progress: Progress = silent) -> ArchiveCheck:
    """Checks every tile of an archive.

    A file whose size and modification time are those of the last scan is not read; others are
    hashed.

    Raises:
        DataError: the folder of the data set is missing.
    """
    if not searcher.root.is_dir():
        raise DataError(
            f"The folder {searcher.root} is missing. Restore it, or index the tiles at their new"
            " location."
        )
    ids, contents, scanned = searcher.items.ids, searcher.items.contents, _scanned(searcher)
    listed: dict[TileState, list[str]] = {state: [] for state in TileState}
    # Threads overlap the waiting for a disk or a network.
    with ThreadPoolExecutor(min(8, (os.cpu_count() or 1) + 1), "mirs-check") as pool:
        for start in range(0, len(ids), _BLOCK):
            block = ids[start : start + _BLOCK]
            pairs = list(zip(block, contents[start : start + _BLOCK], strict=True))
            for tile, state in zip(block, _map(pool, searcher, scanned, pairs), strict=True):
                if state is not TileState.CURRENT:
                    listed[state].append(tile)
            progress(STAGE, min(start + _BLOCK, len(ids)), len(ids))
    changed, missing, unreadable = (
        tuple(listed[state])
        for state in (TileState.CHANGED, TileState.MISSING, TileState.UNREADABLE)
    )
    return ArchiveCheck(len(ids), changed, missing, unreadable)


def states(searcher: Searcher, tiles: Sequence[str]) -> dict[str, TileState]:
    """The state of each of ``tiles`` by id. Raises DataError for unknown ids."""
    if len(tiles) <= _FEW:
        return {tile: file.state for tile, file in searcher.files.look_at(tiles).items()}
    scanned = _scanned(searcher)
    pairs = searcher.files.contents_of(tiles).items()
    return {pair[0]: _state(searcher.root, scanned, pair) for pair in pairs}


def _map(
    pool: ThreadPoolExecutor, searcher: Searcher, scanned: Scanned, pairs: Sequence[tuple[str, str]]
) -> Iterable[TileState]:
    """The states of tiles, given as pairs of id and archived content."""
    root = searcher.root
    parts = [pairs[start : start + 256] for start in range(0, len(pairs), 256)]
    for part in pool.map(lambda part: [_state(root, scanned, pair) for pair in part], parts):
        yield from part


def _scanned(searcher: Searcher) -> Scanned:
    return scanned_contents(scan_cache_of(searcher.home, searcher.root))


def _state(root: Path, scanned: Scanned, pair: tuple[str, str]) -> TileState:
    """The state of a tile, by the last scan if its file has not been written since."""
    tile, content = pair
    path, last = root / tile, scanned.get(tile)
    if last is None:
        return tile_file(root, tile, content).state
    try:
        stamp = stamp_of(path)
    except OSError:
        return TileState.UNREADABLE
    if stamp is None:
        return TileState.MISSING
    if stamp[:2] == last[:2]:
        return TileState.CURRENT if last[2] == content else TileState.CHANGED
    return file_of(path, content).state
