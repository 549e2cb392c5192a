"""What an archive holds after its data set has changed: tiles that stay, move or are new."""

import hashlib
import operator
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mirs_core.columns.categories import Categories
from mirs_core.columns.hashes import Hashes
from mirs_core.columns.lookup import lookup_of
from mirs_core.columns.texts import Texts
from mirs_core.datasets.items import ROLES, Items
from mirs_core.datasets.manifest import Manifest
from mirs_core.datasets.splits import grown_order
from mirs_core.datasets.tiles import STEP, Tiles
from mirs_core.pipeline.indexing import archive_roles
from mirs_core.ranking.codes import equal_codes
from mirs_core.retrieval.retriever import Retriever

Rows = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Plan:
    """What a grown archive holds.

    Attributes:
        items: in the order that breaks ties.
        sources: (N,) the rows of their codes in the old archive, -1 if they must be encoded.
        fresh: (N,) which of them are added.
        removed: number of old tiles that are left out, because their files have changed.
        held_back: number of files that are not added because they were removed before.
    """

    items: Items
    sources: NDArray[np.int64]
    fresh: NDArray[np.bool_]
    added: int
    removed: int
    held_back: int


def plan_growth(
    loaded: Retriever, manifest: Manifest, learnt: dict[str, str], excluded: dict[str, str]
) -> Plan:
    """The tiles of an archive and those that its data set has gained (see ``growing.add``).

    Args:
        learnt: split by content of the tiles that the model was trained or validated on.
        excluded: id by content of tiles that are not added again.
    """
    items, tiles = loaded.items, manifest.tiles
    row_of = _looked_up(tiles.ids, items.rows_of)
    tile_of = np.full(len(items), -1, dtype=np.int64)
    tile_of[row_of[row_of >= 0]] = np.flatnonzero(row_of >= 0)
    new, missing = np.flatnonzero(row_of < 0), np.flatnonzero(tile_of < 0)
    moved, followed = _moved(items.contents.take(missing), tiles.contents.take(new))
    tile_of[missing[moved]] = new[followed]
    in_order = loaded.in_order(np.arange(len(items), dtype=np.int64))
    stays = _unchanged(items, tiles, tile_of)[in_order]
    rows, changed = in_order[stays], tile_of[in_order[~stays]]
    fresh = np.concatenate([np.delete(new, followed), changed])
    added = fresh[~_have_contents(tiles, excluded)[fresh]]
    everything, present = _everything(items, tiles, rows, tile_of[rows], added)
    new_tiles = tiles.take(added)
    order = grown_order(len(rows), len(added), _digest(everything.ids.take(present), new_tiles))
    # Copies of tiles that the model was trained on must not count in an evaluation.
    roles = _codes_of_roles(items.roles.take(rows), archive_roles(new_tiles, learnt))
    sources = np.concatenate([rows, _rows_of_contents(items, new_tiles.contents)])
    places = np.concatenate([present, np.setdiff1d(np.arange(len(everything)), present)])
    return Plan(
        Items.of(
            everything.take(places[order]), Categories.of_codes(roles[order], ROLES).compact()
        ),
        sources[order],
        order >= len(rows),
        len(added),
        len(items) - len(rows),
        len(fresh) - len(added),
    )


def _everything(
    items: Items, tiles: Tiles, rows: Rows, tile_of: Rows, added: Rows
) -> tuple[Tiles, Rows]:
    """All tiles of the plan, and the places (n,) of those at ``rows`` of the archive among them.

    The others are those ``added``, in their order. Tiles whose files are missing are as the
    archive describes them.

    Args:
        tile_of: (n,) the tile of each of the ``rows``, -1 if its file is missing.
    """
    there = tile_of >= 0
    places = np.empty(len(rows), dtype=np.int64)
    places[there] = np.arange(there.sum())
    seen = tiles.take(np.concatenate([tile_of[there], added]))
    if there.all():
        return seen, places
    places[~there] = len(seen) + np.arange((~there).sum())
    gone = items.take(rows[~there])
    splits = Categories.of_codes(np.zeros(len(gone), dtype=np.int8), [""])
    columns = (gone.contents, gone.strips, gone.latitudes, gone.longitudes, gone.places)
    return Tiles.joined([seen, Tiles(gone.ids, gone.labels, splits, *columns)]), places


def _moved(gone: Hashes | Texts, new: Hashes | Texts) -> tuple[Rows, Rows]:
    """Which of the files that are ``gone`` have moved, and which of the ``new`` ones each is now.

    Of several files with one content, the first that is gone is the last of the new ones.
    """
    if not len(gone) or not len(new):
        return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64)
    if isinstance(gone, Hashes) and isinstance(new, Hashes):
        stored = [column.stored.whole() for column in (gone, new)]
        numbers = equal_codes(np.concatenate(stored))[0]
    else:
        numbers = np.unique(np.array([*gone, *new]), return_inverse=True)[1].ravel()
    old_numbers, new_numbers = numbers[: len(gone)], numbers[len(gone) :]
    first, last = _counted(old_numbers), _counted(new_numbers[::-1])[::-1]
    # Pairs of a content and of how many files with it come before (or, if new, after) a file.
    width = len(numbers)
    _, moved, followed = np.intersect1d(
        old_numbers * width + first, new_numbers * width + last, True, return_indices=True
    )
    return moved.astype(np.int64), followed.astype(np.int64)


def _counted(numbers: Rows) -> Rows:
    """How many equal numbers come before each (n,)."""
    order = np.argsort(numbers, kind="stable")
    starts = np.searchsorted(numbers[order], numbers[order])
    result = np.empty(len(numbers), dtype=np.int64)
    result[order] = np.arange(len(numbers)) - starts
    return result


def _unchanged(items: Items, tiles: Tiles, tile_of: Rows) -> NDArray[np.bool_]:
    """(N,) which old tiles have the content that they were archived with, or no file."""
    result = tile_of < 0
    rows = np.flatnonzero(~result)
    for step in _steps(len(rows)):
        before = items.contents.take(rows[step])
        now = tiles.contents.take(tile_of[rows[step]])
        result[rows[step]] = list(map(operator.eq, before, now))
    return result


def _have_contents(tiles: Tiles, contents: Collection[str]) -> NDArray[np.bool_]:
    result = np.zeros(len(tiles), dtype=bool)
    if contents:
        result[lookup_of(tiles.contents).rows_with(list(contents))] = True
    return result


def _codes_of_roles(*columns: Categories) -> NDArray[np.int8]:
    """The place in ``ROLES`` of each word of several columns, one after the other."""
    codes = [
        np.array([ROLES.index(name) for name in column.names], dtype=np.int8)[column.codes.whole()]
        for column in columns
        if len(column)
    ]
    return np.concatenate([np.empty(0, dtype=np.int8), *codes])


def _digest(present: Texts, added: Tiles) -> str:
    """SHA-256 (hex) of the ids of old tiles, an empty line, and content and id of new ones."""
    digest = hashlib.sha256()
    for block in _texts(present):
        digest.update("".join(f"{tile}\n" for tile in block).encode())
    for contents, ids in zip(_texts(added.contents), _texts(added.ids), strict=True):
        pairs = zip(contents, ids, strict=True)
        digest.update("".join(f"\n{content} {tile}" for content, tile in pairs).encode())
    return digest.hexdigest()


def _rows_of_contents(items: Items, contents: Hashes | Texts) -> Rows:
    """A row with each content, -1 if there is none; of copies, one that the model learnt from."""
    learnt = items.rows(["val", "train"])
    learnt_row = dict(zip(items.contents.values_at(learnt), learnt.tolist(), strict=True))

    def rows_of(block: Sequence[str]) -> Rows:
        rows = zip(block, items.rows_of_contents(block).tolist(), strict=True)
        return np.array([learnt_row.get(content, row) for content, row in rows], dtype=np.int64)

    return _looked_up(contents, rows_of)


def _looked_up(column: Hashes | Texts, rows_of: Callable[[Sequence[str]], Rows]) -> Rows:
    """What ``rows_of`` answers for the values of a column, of which some thousand exist at once."""
    return np.concatenate([np.empty(0, dtype=np.int64), *map(rows_of, _texts(column))])


def _texts(column: Hashes | Texts) -> Iterator[list[str]]:
    for step in _steps(len(column)):
        yield column.take(np.arange(step.start, step.stop, dtype=np.int64)).tolist()


def _steps(count: int) -> Iterator[slice]:
    for start in range(0, count, STEP):
        yield slice(start, min(start + STEP, count))
