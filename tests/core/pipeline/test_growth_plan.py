"""The plan of a growing archive, against one that looks at tile after tile."""

import hashlib
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from mirs_core.datasets.items import ROLES, Items
from mirs_core.datasets.splits import grown_order
from mirs_core.datasets.tiles import Tile, Tiles
from mirs_core.pipeline import growth_plan
from mirs_core.pipeline.growth_plan import Plan

FILES = [f"{folder}/{name}.png" for folder in "ab" for name in "0123456"]
HASHED = [hashlib.sha256(bytes([number])).hexdigest() for number in range(6)]


def tile(path: str, content: str, label: str | None = None, split: str = "") -> Tile:
    """A tile whose other columns tell where it comes from."""
    north = float(len(content + path) % 7) if label else None
    return Tile(path, path, label, split, content, label, north, north, "tile" if label else "")


def plan_of_twin(
    loaded: Any, manifest: Any, learnt: dict[str, str], excluded: dict[str, str]
) -> Plan:
    """The same plan from dicts and lists of tiles."""
    items = loaded.items
    tile_by_id = {tile.id: tile for tile in manifest.tiles}
    new = {tile.id: tile for tile in manifest.tiles if not items.has(tile.id)}
    moved = _twin_moved(items, tile_by_id, new)
    rows: list[int] = []
    tiles: list[Tile] = []
    for row in loaded.in_order(np.arange(len(items), dtype=np.int64)).tolist():
        tile = moved.get(row) or tile_by_id.get(items.ids[row]) or _twin_missing(items, row)
        if tile.content == items.contents[row]:
            rows.append(row)
            tiles.append(tile)
        else:
            new[tile.id] = tile
    followed = {tile.id for tile in moved.values()}
    fresh = [tile for tile in new.values() if tile.id not in followed]
    added = [tile for tile in fresh if tile.content not in excluded]
    order = _twin_order([tile.id for tile in tiles], added)
    everything = [*tiles, *added]
    # Copies of tiles that the model was trained on must not count in an evaluation.
    roles = [items.roles[row] for row in rows]
    roles += [
        learnt.get(t.content) or (t.split if t.split in ("val", "test") else "archive")
        for t in added
    ]
    copies = _twin_rows_of_contents(items, [tile.content for tile in added])
    sources = np.concatenate([np.array(rows, dtype=np.int64), copies])
    return Plan(
        Items.of([everything[i] for i in order], [roles[i] for i in order]),
        sources[order],
        order >= len(tiles),
        len(added),
        len(items) - len(rows),
        len(fresh) - len(added),
    )


def _twin_order(present: Sequence[str], added: Sequence[Tile]) -> NDArray[np.int64]:
    text = "\n".join([*present, "", *(f"{tile.content} {tile.id}" for tile in added)])
    digest = hashlib.sha256(text.encode()).hexdigest()
    return grown_order(len(present), len(added), digest)


def _twin_moved(items: Items, tile_by_id: dict[str, Tile], new: dict[str, Tile]) -> dict[int, Tile]:
    """The new tile of each row whose file is missing while a new file has the same content."""
    new_by_content: dict[str, list[Tile]] = {}
    for tile in new.values():
        new_by_content.setdefault(tile.content, []).append(tile)
    moved = {}
    for row, (tile_id, content) in enumerate(zip(items.ids, items.contents, strict=True)):
        if tile_id not in tile_by_id and new_by_content.get(content):
            moved[row] = new_by_content[content].pop()
    return moved


def _twin_missing(items: Items, row: int) -> Tile:
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


def _twin_rows_of_contents(items: Items, contents: Sequence[str]) -> NDArray[np.int64]:
    """A row with each content, -1 if there is none; of copies, one that the model learnt from."""
    learnt = items.rows(["val", "train"])
    learnt_row = dict(zip(items.contents.values_at(learnt), learnt.tolist(), strict=True))
    rows = zip(contents, items.rows_of_contents(contents).tolist(), strict=True)
    return np.array([learnt_row.get(content, row) for content, row in rows], dtype=np.int64)


def folders(contents: Sequence[str]) -> Any:
    """Some files, sorted by path, each with a content."""
    few = st.dictionaries(st.sampled_from(FILES), st.sampled_from(contents), max_size=len(FILES))
    return few.map(lambda files: sorted(files.items()))


@given(
    data=st.data(),
    contents=st.sampled_from([HASHED, ["first", "second", "third"], [*HASHED, "second"]]),
)
@settings(max_examples=150, deadline=None)
def test_a_plan_is_that_of_looking_at_every_tile(data: Any, contents: Sequence[str]) -> None:
    old, new = data.draw(folders(contents)), data.draw(folders(contents))
    words = st.sampled_from(["cra", "slo", None])
    roles = [data.draw(st.sampled_from(ROLES)) for _ in old]
    items = Items.of([tile(*file, data.draw(words)) for file in old], roles)
    order = np.array(data.draw(st.permutations(range(len(old)))), dtype=np.int64)
    loaded = SimpleNamespace(items=items, in_order=lambda rows: order[rows])
    splits = st.sampled_from(["", "train", "val", "test", "database"])
    tiles = [tile(*file, data.draw(words), data.draw(splits)) for file in new]
    some = st.sets(st.sampled_from(contents), max_size=2)
    learnt = {content: data.draw(st.sampled_from(["train", "val"])) for content in data.draw(some)}
    excluded = dict.fromkeys(data.draw(some), "gone.png")
    about = (loaded, SimpleNamespace(tiles=Tiles.of(tiles)), learnt, excluded)
    plan, twin = growth_plan.plan_growth(*about), plan_of_twin(*about)  # type: ignore[arg-type]
    assert plan.items == twin.items
    assert plan.items.labels.names == twin.items.labels.names
    assert plan.sources.tolist() == twin.sources.tolist()
    assert plan.fresh.tolist() == twin.fresh.tolist()
    counts = ("added", "removed", "held_back")
    assert [getattr(plan, name) for name in counts] == [getattr(twin, name) for name in counts]


def test_a_plan_of_many_blocks_is_that_of_one(monkeypatch: pytest.MonkeyPatch) -> None:
    old = [tile(f"a/{n:03}.png", hashlib.sha256(bytes([n])).hexdigest(), "cra") for n in range(90)]
    moved = [tile(f"b/{n:03}.png", t.content, "slo") for n, t in enumerate(old[:40])]
    items = Items.of(old, ["archive"] * 90)
    loaded = SimpleNamespace(items=items, in_order=lambda rows: rows[::-1])
    changed = [tile(t.path, HASHED[n % 6], "slo") for n, t in enumerate(old[40:60])]
    manifest = SimpleNamespace(tiles=Tiles.of([*changed, *old[70:], *moved]))
    whole = growth_plan.plan_growth(loaded, manifest, {}, {})  # type: ignore[arg-type]
    monkeypatch.setattr(growth_plan, "STEP", 7)
    plan = growth_plan.plan_growth(loaded, manifest, {}, {})  # type: ignore[arg-type]
    assert plan.items == whole.items and plan.sources.tolist() == whole.sources.tolist()
    assert (plan.added, plan.removed) == (20, 20) and len(plan.items) == 90
    assert set(plan.items.ids) >= {t.path for t in moved}
