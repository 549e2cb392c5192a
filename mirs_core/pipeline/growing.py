"""Archives that grow and shrink: a finished run becomes a new one with other tiles.

The model stays, and the codes of tiles that were there are copied row by row. The old rows keep
their order, which is the tie policy, and new ones come between them at random places (see
``splits.grown_order``): what was ranked before what stays so, and at equal distances neither old
nor new tiles have an advantage.
"""

import dataclasses
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mirs_core.datasets.items import Items
from mirs_core.datasets.manifest import Manifest, Tile
from mirs_core.datasets.scanning import describe, scan_cached
from mirs_core.datasets.splits import grown_order
from mirs_core.encoders.feature_store import count_missing, extract
from mirs_core.encoders.run_encoder import encoder_of
from mirs_core.errors import DataError
from mirs_core.pipeline.indexing import archived_config, keep_archived, learnt_roles, role_of
from mirs_core.progress import Progress, silent
from mirs_core.retrieval import retriever
from mirs_core.retrieval.retriever import Retriever
from mirs_core.workspace import annotations, bin, runs
from mirs_core.workspace.home import Home


@dataclass(frozen=True, slots=True)
class Grown:
    """A new run and how it differs from the one that it comes from.

    Attributes:
        encoded: tiles that passed through the encoder; others were known.
        binned: whether the old run went to the bin.
        held_back: new files that were left out because they had been removed before.
    """

    run: runs.RunFolder
    before: str
    tiles: int
    added: int
    removed: int
    encoded: int
    binned: bool
    held_back: int = 0


def add(
    home: Home,
    run_id: str,
    *,
    keep: bool = False,
    again: bool = False,
    progress: Progress = silent,
) -> Grown:
    """A new run that holds the tiles of ``run_id`` and those that its data set has got since.

    Tiles stay whose files are gone; moved ones are followed; what names and tables say of a tile
    is read anew. A file that was changed is another tile: the old one goes. New tiles get the role
    that ``index`` would give them.

    Args:
        keep: leave the old run where it is, and served if it is. Otherwise it hands over being
            served, and goes to the bin unless it was trained.
        again: take tiles back that had been removed.

    Raises:
        DataError: there is nothing new, or a file cannot be read.
        RunError: the run is not finished.
        EncoderError: new tiles cannot be encoded.
    """
    old = runs.folder(home, run_id)
    loaded = retriever.load(old)
    manifest = scan_cached(home, Path(old.config().archive_root), progress)
    excluded = {} if again else old.excluded_tiles()
    learnt = learnt_roles(old, loaded)
    plan = _plan(loaded.items, manifest, learnt, excluded)
    items = plan.items
    if items == loaded.items:
        held = f" ({plan.held_back} removed ones are left out: --again)" if plan.held_back else ""
        raise DataError(f"{manifest.root} has no tile that run {run_id} lacks{held}.")
    codes, encoded = _codes(home, old, loaded, manifest, plan, progress)
    built = Retriever(loaded.model, codes, items, manifest.card.distractors)
    about = {**describe(manifest), "added": plan.added, "removed": plan.removed}
    run, binned = _keep(home, old, built, about, learnt, excluded, keep)
    return Grown(run, run_id, len(items), plan.added, plan.removed, encoded, binned, plan.held_back)


def remove(
    home: Home,
    run_id: str,
    tiles: Sequence[str],
    *,
    keep: bool = False,
    progress: Progress = silent,
) -> Grown:
    """A new run without ``tiles`` (ids). Their files stay; ``add`` leaves them out from now on.

    Args:
        keep: as in ``add``.

    Raises:
        DataError: an unknown tile, or all of them.
        RunError: the run is not finished.
    """
    old = runs.folder(home, run_id)
    loaded = retriever.load(old)
    doomed = {loaded.items.row(tile) for tile in tiles}
    rows = np.array([row for row in range(len(loaded.items)) if row not in doomed], dtype=np.int64)
    if not len(rows) or not doomed:
        raise DataError(
            "An archive without tiles finds nothing; delete the run instead."
            if doomed
            else "No tile is named that could be removed."
        )
    progress("Writing the archive", 0, 1)
    items = loaded.items.take(rows)
    built = dataclasses.replace(loaded, codes=loaded.codes[rows], items=items)
    gone = {loaded.items.contents[row]: loaded.items.ids[row] for row in doomed}
    about = {"added": 0, "removed": len(doomed)}
    excluded = {**old.excluded_tiles(), **gone}
    learnt = learnt_roles(old, loaded)
    run, binned = _keep(home, old, built, about, learnt, excluded, keep)
    return Grown(run, run_id, len(items), 0, len(doomed), 0, binned)


@dataclass(frozen=True, slots=True)
class _Plan:
    """The items of a grown archive; ``sources`` (N,) are their rows in the old one, -1 for none."""

    items: Items
    sources: NDArray[np.int64]
    added: int
    removed: int
    held_back: int


def _plan(
    items: Items, manifest: Manifest, learnt: dict[str, str], excluded: dict[str, str]
) -> _Plan:
    found = {tile.id: tile for tile in manifest.tiles}
    new = {tile.id: tile for tile in manifest.tiles if not items.has(tile.id)}
    moved = _moved(items, found, new)
    stay: list[int] = []
    tiles: list[Tile] = []
    for row in range(len(items)):
        tile = moved.get(row) or found.get(items.ids[row]) or _gone(items, row)
        if tile.content == items.contents[row]:
            stay.append(row)
            tiles.append(tile)
        else:
            new[tile.id] = tile
    followed = {tile.id for tile in moved.values()}
    fresh = [tile for tile in new.values() if tile.id not in followed]
    added = [tile for tile in fresh if tile.content not in excluded]
    by_content = _rows_by_content(items)
    order = _order([tile.id for tile in tiles], added)
    everything = [*tiles, *added]
    # A copy of a tile that the model has learnt from is no tile to measure with.
    roles = [items.roles[row] for row in stay]
    roles += [learnt.get(tile.content) or role_of(tile) for tile in added]
    sources = [*stay, *(by_content.get(tile.content, -1) for tile in added)]
    return _Plan(
        Items.of([everything[i] for i in order], [roles[i] for i in order]),
        np.array(sources, dtype=np.int64)[order],
        len(added),
        len(items) - len(stay),
        len(fresh) - len(added),
    )


def _order(stay: Sequence[str], added: Sequence[Tile]) -> NDArray[np.int64]:
    text = "\n".join([*stay, "", *(f"{tile.content} {tile.id}" for tile in added)])
    digest = hashlib.sha256(text.encode()).hexdigest()
    return grown_order(len(stay), len(added), digest)


def _moved(items: Items, found: dict[str, Tile], new: dict[str, Tile]) -> dict[int, Tile]:
    """The new place of rows whose file is gone, where one new file has their content."""
    places: dict[str, list[Tile]] = {}
    for tile in new.values():
        places.setdefault(tile.content, []).append(tile)
    moved = {}
    for row, (tile_id, content) in enumerate(zip(items.ids, items.contents, strict=True)):
        if tile_id not in found and places.get(content):
            moved[row] = places[content].pop()
    return moved


def _gone(items: Items, row: int) -> Tile:
    """What was known of a tile whose file is gone."""
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


def _rows_by_content(items: Items) -> dict[str, int]:
    """A row of each content; of copies one that the model has learnt from, if there is one."""
    rows = {content: row for row, content in enumerate(items.contents)}
    learnt = items.rows(["val", "train"])
    return {**rows, **{items.contents[row]: int(row) for row in learnt}}


def _codes(
    home: Home,
    old: runs.RunFolder,
    loaded: Retriever,
    manifest: Manifest,
    plan: _Plan,
    progress: Progress,
) -> tuple[NDArray[Any], int]:
    """The codes of the plan's items, and how many tiles had to be encoded."""
    codes = np.empty((len(plan.items), loaded.codes.shape[1]), loaded.codes.dtype)
    known = plan.sources >= 0
    codes[known] = loaded.codes[plan.sources[known]]
    rows = np.flatnonzero(~known)
    if not len(rows):
        return codes, 0
    encoder, cache = encoder_of(home, old), home.feature_cache
    items = plan.items.take(rows)
    by_id = {tile.id: tile for tile in manifest.tiles}
    tiles = [by_id[tile] for tile in items.ids]
    missing = count_missing(items.contents, encoder, cache)
    features = extract(manifest.root, tiles, encoder, cache, progress)
    codes[rows] = Retriever.build(loaded.model, features, items, ()).codes
    return codes, missing


def _keep(
    home: Home,
    old: runs.RunFolder,
    built: Retriever,
    about: dict[str, Any],
    learnt: dict[str, str],
    excluded: dict[str, str],
    keep: bool,
) -> tuple[runs.RunFolder, bool]:
    """Writes the new run, or leaves nothing of it behind; then the old one makes way.

    Returns the run, and whether the old one went to the bin.
    """
    made, config = old.provenance(), old.config()
    known = ("data_name", "data_title", "manifest", "synthetic", "distractors", "encoder")
    inherited = {name: made[name] for name in known if name in made}
    # A title that somebody gave an archive outlives what the folder calls itself.
    titled = {"data_title": made["data_title"]} if made.get("data_title") else {}
    goes = not keep and "parent" in made
    called = runs.summary(home, old, None).name
    run = keep_archived(
        home,
        archived_config(config, Path(config.archive_root)),
        built,
        name=called if goes else f"{called} ({len(built.items):,} tiles)",
        provenance={
            **inherited,
            **about,
            **titled,
            "parent": old.id,
            "origin": made.get("origin") or old.id,
            "grown_from": old.id,
        },
        learnt=learnt,
        excluded=excluded,
        told=old.path,
    )
    if not keep and runs.served_run(home) == old.id:
        runs.serve(home, run.id)
    if goes:
        annotations.write(home, run.id, annotations.read(home, old.id))
        bin.discard(home, old.id)
    return run, goes
