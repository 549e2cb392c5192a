"""What an archive holds after its data set has changed: tiles that stay, move or are new."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mirs_core.datasets.items import Items
from mirs_core.datasets.manifest import Manifest, Tile
from mirs_core.datasets.splits import grown_order
from mirs_core.datasets.tiles import Tiles
from mirs_core.pipeline.indexing import archive_roles
from mirs_core.retrieval.retriever import Retriever


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
    items = loaded.items
    tile_by_id = {tile.id: tile for tile in manifest.tiles}
    new = {tile.id: tile for tile in manifest.tiles if not items.has(tile.id)}
    moved = _moved(items, tile_by_id, new)
    rows: list[int] = []
    tiles: list[Tile] = []
    for row in loaded.in_order(np.arange(len(items), dtype=np.int64)).tolist():
        tile = moved.get(row) or tile_by_id.get(items.ids[row]) or _missing(items, row)
        if tile.content == items.contents[row]:
            rows.append(row)
            tiles.append(tile)
        else:
            new[tile.id] = tile
    followed = {tile.id for tile in moved.values()}
    fresh = [tile for tile in new.values() if tile.id not in followed]
    added = [tile for tile in fresh if tile.content not in excluded]
    order = _order([tile.id for tile in tiles], added)
    everything = [*tiles, *added]
    # Copies of tiles that the model was trained on must not count in an evaluation.
    roles = [items.roles[row] for row in rows]
    roles += archive_roles(Tiles.of(added), learnt)
    copies = _rows_of_contents(items, [tile.content for tile in added])
    sources = np.concatenate([np.array(rows, dtype=np.int64), copies])
    return Plan(
        Items.of([everything[i] for i in order], [roles[i] for i in order]),
        sources[order],
        order >= len(tiles),
        len(added),
        len(items) - len(rows),
        len(fresh) - len(added),
    )


def _order(present: Sequence[str], added: Sequence[Tile]) -> NDArray[np.int64]:
    text = "\n".join([*present, "", *(f"{tile.content} {tile.id}" for tile in added)])
    digest = hashlib.sha256(text.encode()).hexdigest()
    return grown_order(len(present), len(added), digest)


def _moved(items: Items, tile_by_id: dict[str, Tile], new: dict[str, Tile]) -> dict[int, Tile]:
    """The new tile of each row whose file is missing while a new file has the same content."""
    new_by_content: dict[str, list[Tile]] = {}
    for tile in new.values():
        new_by_content.setdefault(tile.content, []).append(tile)
    moved = {}
    for row, (tile_id, content) in enumerate(zip(items.ids, items.contents, strict=True)):
        if tile_id not in tile_by_id and new_by_content.get(content):
            moved[row] = new_by_content[content].pop()
    return moved


def _missing(items: Items, row: int) -> Tile:
    """A tile whose file is missing, as the archive describes it."""
    return Tile(
        id=items.ids[row],
        path=items.ids[row],
        label=items.labels[row],
        split="",
        content=items.contents[row],
        strip=items.strips[row],
        latitude=items.latitudes[row],
        longitude=items.longitudes[row],
        place=items.places[row],
    )


def _rows_of_contents(items: Items, contents: Sequence[str]) -> NDArray[np.int64]:
    """A row with each content, -1 if there is none; of copies, one that the model learnt from."""
    learnt = items.rows(["val", "train"])
    learnt_row = dict(zip(items.contents.values_at(learnt), learnt.tolist(), strict=True))
    rows = zip(contents, items.rows_of_contents(contents).tolist(), strict=True)
    return np.array([learnt_row.get(content, row) for content, row in rows], dtype=np.int64)
