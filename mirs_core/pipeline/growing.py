"""Archives that grow and shrink: a finished run becomes a new one with other tiles.

The model does not change, and the codes of existing tiles are copied row by row. Existing rows keep
their order, by which ties are broken, and new ones are inserted at random places (see
``splits.grown_order``), so that at equal distances neither old nor new tiles have an advantage.
"""

import dataclasses
import hashlib
from collections import Counter
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
from mirs_core.encoders.feature_store import count_missing
from mirs_core.encoders.run_encoder import encoder_of
from mirs_core.errors import DataError
from mirs_core.pipeline import listed_tiles
from mirs_core.pipeline.archive_codes import ArchiveModel, Archiving, archive_codes
from mirs_core.pipeline.indexing import archived_config, keep_archived, learnt_roles, role_of
from mirs_core.progress import Progress, silent
from mirs_core.retrieval import retriever
from mirs_core.retrieval.retriever import Retriever
from mirs_core.workspace import annotations, bin, runs
from mirs_core.workspace.home import Home


@dataclass(frozen=True, slots=True)
class Grown:
    """A new run and how it differs from the old one.

    Attributes:
        before: id of the old run.
        encoded: number of tiles that had to be encoded; the codes of others were copied.
        binned: whether the old run was moved to the bin.
        held_back: number of files that were not added because they had been removed before.
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
    """A new run with the tiles of ``run_id`` and those that its data set has gained since.

    Tiles whose files are missing are kept, and moved files are recognised by their content; labels
    and coordinates are read again from file names and tables. A changed file counts as another
    tile and replaces the old one. New tiles get the split that ``index`` would give them.

    Args:
        keep: keep the old run, and keep it as the default model if it is. Otherwise the new run
            takes over as default model, and the old one is moved to the bin unless it was trained.
        again: also add tiles that were removed before.

    Raises:
        DataError: there are no new tiles, or a file cannot be read.
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
        note = ""
        if plan.held_back:
            note = f" Tiles that were removed before ({plan.held_back}) are not added again."
        raise DataError(f"{manifest.root} has no tiles that run {run_id} lacks.{note}")
    engines = Counter(old.provenance().get("engines", {}))
    codes, encoded = _codes(home, old, loaded, manifest, plan, engines, progress)
    grown = Retriever(loaded.model, codes, items, manifest.card.distractors)
    about = {**describe(manifest), "added": plan.added, "removed": plan.removed}
    about["engines"] = dict(engines)
    run, binned = _keep(home, old, grown, about, learnt, excluded, keep)
    return Grown(run, run_id, len(items), plan.added, plan.removed, encoded, binned, plan.held_back)


def remove(
    home: Home,
    run_id: str,
    tiles: Sequence[str],
    *,
    keep: bool = False,
    progress: Progress = silent,
) -> Grown:
    """A new run without ``tiles`` (ids). Their files remain; ``add`` will not add them again.

    Args:
        keep: as in ``add``.

    Raises:
        DataError: unknown tiles (the message names them), no tile, or all of them.
        RunError: the run is not finished.
    """
    old = runs.folder(home, run_id)
    loaded = retriever.load(old)
    removed = listed_tiles.rows_of(loaded.items, tiles)
    rows = np.array([row for row in range(len(loaded.items)) if row not in removed], dtype=np.int64)
    if not len(rows) or not removed:
        raise DataError(
            "This would remove every tile of the archive; delete the run instead."
            if removed
            else "Name at least one tile to remove."
        )
    progress("Writing the archive", 0, 1)
    items = loaded.items.take(rows)
    reduced = dataclasses.replace(loaded, codes=loaded.codes[rows], items=items)
    gone = {loaded.items.contents[row]: loaded.items.ids[row] for row in removed}
    about = {"added": 0, "removed": len(removed)}
    excluded = {**old.excluded_tiles(), **gone}
    learnt = learnt_roles(old, loaded)
    run, binned = _keep(home, old, reduced, about, learnt, excluded, keep)
    return Grown(run, run_id, len(items), 0, len(removed), 0, binned)


@dataclass(frozen=True, slots=True)
class _Plan:
    """The items of a grown archive; ``sources`` (N,) are their rows in the old one, -1 if new."""

    items: Items
    sources: NDArray[np.int64]
    added: int
    removed: int
    held_back: int


def _plan(
    items: Items, manifest: Manifest, learnt: dict[str, str], excluded: dict[str, str]
) -> _Plan:
    tile_by_id = {tile.id: tile for tile in manifest.tiles}
    new = {tile.id: tile for tile in manifest.tiles if not items.has(tile.id)}
    moved = _moved(items, tile_by_id, new)
    rows: list[int] = []
    tiles: list[Tile] = []
    for row in range(len(items)):
        tile = moved.get(row) or tile_by_id.get(items.ids[row]) or _missing(items, row)
        if tile.content == items.contents[row]:
            rows.append(row)
            tiles.append(tile)
        else:
            new[tile.id] = tile
    followed = {tile.id for tile in moved.values()}
    fresh = [tile for tile in new.values() if tile.id not in followed]
    added = [tile for tile in fresh if tile.content not in excluded]
    by_content = _rows_by_content(items)
    order = _order([tile.id for tile in tiles], added)
    everything = [*tiles, *added]
    # Copies of tiles that the model was trained on must not count in an evaluation.
    roles = [items.roles[row] for row in rows]
    roles += [learnt.get(tile.content) or role_of(tile) for tile in added]
    sources = [*rows, *(by_content.get(tile.content, -1) for tile in added)]
    return _Plan(
        Items.of([everything[i] for i in order], [roles[i] for i in order]),
        np.array(sources, dtype=np.int64)[order],
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


def _rows_by_content(items: Items) -> dict[str, int]:
    """A row for each content; of several copies, one that the model was trained on if possible."""
    rows = {content: row for row, content in enumerate(items.contents)}
    learnt = items.rows(["val", "train"])
    return {**rows, **{items.contents[row]: int(row) for row in learnt}}


def _codes(
    home: Home,
    old: runs.RunFolder,
    loaded: Retriever,
    manifest: Manifest,
    plan: _Plan,
    engines: Counter[str],
    progress: Progress,
) -> tuple[NDArray[Any], int]:
    """The codes of the plan's items, and the number of tiles that had to be encoded.

    ``engines`` is filled with how many of these each engine has encoded.
    """
    codes = np.empty((len(plan.items), loaded.codes.shape[1]), loaded.codes.dtype)
    old_rows = plan.sources >= 0
    codes[old_rows] = loaded.codes[plan.sources[old_rows]]
    rows = np.flatnonzero(~old_rows)
    if not len(rows):
        return codes, 0
    encoder, items = encoder_of(home, old), plan.items.take(rows)
    tile_by_id = {tile.id: tile for tile in manifest.tiles}
    tiles = [tile_by_id[tile] for tile in items.ids]
    missing = count_missing(items.contents, encoder, home.feature_cache)
    archiving = Archiving(home, manifest.root, tiles, engines=engines)
    model = ArchiveModel(old.id, loaded.model, np.isin(np.asarray(items.roles), ["train"]))
    with archive_codes(archiving, encoder, [model], progress) as (new,):
        codes[rows] = new
    return codes, missing


def _keep(
    home: Home,
    old: runs.RunFolder,
    archive: Retriever,
    about: dict[str, Any],
    learnt: dict[str, str],
    excluded: dict[str, str],
    keep: bool,
) -> tuple[runs.RunFolder, bool]:
    """Writes the new run, or nothing on failure; then replaces the old one unless ``keep``.

    Returns the run, and whether the old one was moved to the bin.
    """
    provenance, config = old.provenance(), old.config()
    names = ("data_name", "data_title", "manifest", "synthetic", "distractors", "encoder")
    inherited = {name: provenance[name] for name in names if name in provenance}
    # A title that a user gave the archive takes precedence over the folder's own.
    titled = {"data_title": provenance["data_title"]} if provenance.get("data_title") else {}
    replaces = not keep and "parent" in provenance
    name = runs.summary(home, old, None).name
    run = keep_archived(
        home,
        archived_config(config, Path(config.archive_root)),
        archive,
        name=name if replaces else f"{name} ({len(archive.items):,} tiles)",
        provenance={
            **inherited,
            **about,
            **titled,
            "parent": old.id,
            "origin": provenance.get("origin") or old.id,
            "grown_from": old.id,
        },
        learnt=learnt,
        excluded=excluded,
        described_in=old.path,
    )
    if not keep and runs.served_run(home) == old.id:
        runs.serve(home, run.id)
    if replaces:
        annotations.write(home, run.id, annotations.read(home, old.id))
        bin.discard(home, old.id)
    return run, replaces
