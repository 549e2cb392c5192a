"""Archives that grow and shrink: a finished run becomes a new one with other tiles.

The model does not change, and the codes of existing tiles are copied. Existing tiles keep the order
that breaks ties between them, and new ones get random places in it, so that at equal distances
neither old nor new tiles have an advantage. Large archives share their segments with the old run
instead of copying them (see ``shared_segments``).
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mirs_core.columns.blocks import BLOCK
from mirs_core.columns.lookup import lookup_of
from mirs_core.columns.manifest import read_list
from mirs_core.columns.reading import is_stored
from mirs_core.datasets.items import Items
from mirs_core.datasets.manifest import Manifest
from mirs_core.datasets.scanning import describe, scan_cached
from mirs_core.encoders.feature_store import count_missing
from mirs_core.encoders.run_encoder import encoder_of
from mirs_core.errors import DataError
from mirs_core.pipeline import listed_tiles, shared_segments
from mirs_core.pipeline.archive_codes import ArchiveModel, Archiving, archive_codes
from mirs_core.pipeline.growth_plan import Plan, plan_growth
from mirs_core.pipeline.indexing import archived_config, keep_archived, learnt_roles
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
    plan = plan_growth(loaded, manifest, learnt, excluded)
    items = plan.items
    if not plan.added and not plan.removed and items == _ordered(loaded):
        note = ""
        if plan.held_back:
            note = f" Tiles that were removed before ({plan.held_back}) are not added again."
        raise DataError(f"{manifest.root} has no tiles that run {run_id} lacks.{note}")
    engines = Counter(old.provenance().get("engines", {}))
    codes, encoded = _codes(home, old, loaded, manifest, plan, engines, progress)
    grown = Retriever(loaded.model, codes, items, manifest.card.distractors)
    about = {**describe(manifest), "added": plan.added, "removed": plan.removed}
    about["engines"] = dict(engines)
    with shared_segments.appended(home, old, loaded, grown, plan) as archive:
        run, binned = _keep(home, old, archive, about, learnt, excluded, keep)
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
    rows = np.delete(np.arange(len(loaded.items), dtype=np.int64), sorted(removed))
    if not len(rows) or not removed:
        raise DataError(
            "This would remove every tile of the archive; delete the run instead."
            if removed
            else "Name at least one tile to remove."
        )
    progress("Writing the archive", 0, 1)
    gone = {loaded.items.contents[row]: loaded.items.ids[row] for row in removed}
    about = {"added": 0, "removed": len(removed)}
    excluded = {**old.excluded_tiles(), **gone}
    learnt = learnt_roles(old, loaded)
    with shared_segments.reduced(home, old, loaded, rows) as archive:
        run, binned = _keep(home, old, archive, about, learnt, excluded, keep)
    return Grown(run, run_id, len(rows), 0, len(removed), 0, binned)


def compact(home: Home, run_id: str, *, keep: bool = False, progress: Progress = silent) -> Grown:
    """A new run with the same tiles in segments that are filled, without removed tiles.

    Its rows are in the order that breaks ties, so it ranks as the old one does. Runs up to version
    0.3.0 become runs of the present format.

    Args:
        keep: as in ``add``.

    Raises:
        DataError: the archive is compact already.
        RunError: the run is not finished.
    """
    old = runs.folder(home, run_id)
    loaded = retriever.load(old)
    if is_compact(old):
        raise DataError(f"The archive of run {run_id} is compact already; nothing was written.")
    with shared_segments.compacted(home, loaded, progress) as archive:
        about = {"added": 0, "removed": 0}
        run, binned = _keep(
            home, old, archive, about, learnt_roles(old, loaded), old.excluded_tiles(), keep
        )
    return Grown(run, run_id, len(loaded.items), 0, 0, 0, binned)


def is_compact(run: runs.RunFolder) -> bool:
    """Whether an archive has the present format, full segments and no removed tiles."""
    if not is_stored(run.archive):
        return False
    listing = read_list(run.archive)
    full = all(segment.rows == BLOCK for segment in listing.segments[:-1])
    return full and listing.removed is None


def _ordered(loaded: Retriever) -> Items:
    """The items of an archive in the order that breaks ties."""
    if loaded.ties is None:
        return loaded.items
    return loaded.items.take(loaded.in_order(np.arange(len(loaded.items), dtype=np.int64)))


def _codes(
    home: Home,
    old: runs.RunFolder,
    loaded: Retriever,
    manifest: Manifest,
    plan: Plan,
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
    tiles = manifest.tiles.take(lookup_of(manifest.tiles.ids).rows_of(items.ids))
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
