"""Makes home folders with finished runs of synthetic archives, some tiles at a time."""

import dataclasses
import hashlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.scale.clusters import Clusters
from benchmarks.scale.pictures import Pictures
from benchmarks.scale.tiles import Contents, Tiles, contents_of_ids
from mirs_core.columns.manifest import StoredFile
from mirs_core.columns.writing import ArchiveWriter
from mirs_core.datasets.card import CARD_FILE, Card
from mirs_core.errors import RunError
from mirs_core.files import copy_file, write_json
from mirs_core.pipeline import demo
from mirs_core.pipeline.indexing import archived_config
from mirs_core.progress import Progress, silent
from mirs_core.retrieval import retriever
from mirs_core.workspace import runs
from mirs_core.workspace.home import Home

_STEP = 1 << 17
# The distances between all centres are held in memory; some thousand centres are plenty.
_MOST_CENTRES = 4096


def make(
    source: Home,
    run_id: str | None,
    target: Path,
    count: int,
    *,
    thumbnails: bool = False,
    progress: Progress = silent,
) -> runs.RunFolder:
    """A finished run with ``count`` synthetic tiles in the home folder ``target``.

    It becomes the default model there if there is none.

    Args:
        source: the home folder with the run whose model and codes are used.
        run_id: that run; by default the default model, or the demo's, which is built if missing.
        thumbnails: write a picture of each tile, which has to come from synthetic tiles.

    Raises:
        RunError: the run does not hash, or has no labels; its tiles are not synthetic and
            ``thumbnails`` are asked for; ``target`` already has an archive of this size.
    """
    parent = runs.folder(source, run_id or default_run(source, progress))
    clusters, paths = clusters_of(source, parent)
    if thumbnails and not runs.summary(source, parent, None).synthetic:
        raise RunError(
            f"The tiles of run {parent.id} are not synthetic, so their pictures cannot stand for"
            " those of a synthetic archive; use the demo: --run demo-mirs."
        )
    home = Home(target.expanduser().resolve())
    card = _card(count)
    root = home.data / card.name
    run = _created(home, parent, root, card)
    try:
        run.set_status("running")
        copy_file(parent.model, run.model)
        write_json(root / CARD_FILE, dataclasses.asdict(card))
        pictures = Pictures(root, paths) if thumbnails else None
        _write(run, Tiles.of(clusters, count), pictures, progress)
        run.set_status("done")
    except BaseException:
        runs.abandon(run)
        raise
    if runs.served_run(home) is None:
        runs.serve(home, run.id)
    return run


def name_of(count: int) -> str:
    """The id of the run with an archive of ``count`` tiles."""
    return f"scale-{count}"


def _card(count: int) -> Card:
    return Card(
        name=name_of(count),
        title=f"Synthetic archive of {count:,} tiles",
        instrument="SYN",
        licence="MIT",
        citation="Codes and metadata are drawn at random (mirs bench scale); none is of Mars",
        synthetic=True,
    )


def _created(home: Home, parent: runs.RunFolder, root: Path, card: Card) -> runs.RunFolder:
    facts = parent.provenance()
    digest = hashlib.sha256(f"{card.name} {facts.get('archive_id')}".encode()).hexdigest()
    return runs.create(
        home,
        archived_config(parent.config(), root),
        run_id=card.name,
        name=card.title,
        provenance={
            "data_name": card.name,
            "data_title": card.title,
            "manifest": digest,
            "synthetic": True,
            "distractors": [],
            "encoder": facts["encoder"],
            "archive_id": digest[:12],
        },
    )


def clusters_of(home: Home, run: runs.RunFolder) -> tuple[Clusters, list[Path]]:
    """The clusters of a run's labelled tiles, and the path of each centre.

    Raises:
        RunError: the run does not hash, or has no labels.
    """
    loaded = retriever.load(run)
    rows = labelled_rows(loaded)
    if loaded.codes.dtype != np.uint8 or len(rows) < 2:
        raise RunError(f"Run {run.id} has no hash codes with labels; use another: --run ID.")
    labels = loaded.items.labels.take(rows)
    names = tuple(sorted(name for name in labels.counts() if name is not None))
    classes = np.array([names.index(str(label)) for label in labels])
    root = runs.summary(home, run, None).data_root
    paths = [root / path for path in loaded.items.paths.take(rows)]
    return Clusters.of(np.asarray(loaded.codes)[rows], classes, names), paths


def labelled_rows(loaded: retriever.Retriever) -> NDArray[np.int64]:
    """The rows (n,) of tiles with a class, ascending; of many a few thousand, drawn by a seed."""
    rows = np.flatnonzero(~loaded.items.labels.mask([None]))
    if len(rows) <= _MOST_CENTRES:
        return rows
    return np.sort(np.random.default_rng(0).choice(rows, _MOST_CENTRES, replace=False))


def default_run(home: Home, progress: Progress = silent) -> str:
    """The id of the default model, or of the demo's, which is built if there is none."""
    served = runs.served_run(home)
    if served is not None:
        return served
    demo.build(home, progress=progress)
    return demo.DEMO_RUNS["mirs"]


def _write(
    run: runs.RunFolder, tiles: Tiles, pictures: Pictures | None, progress: Progress
) -> None:
    digest = StoredFile.of(run.model).sha256
    with ArchiveWriter(run.archive, model=digest) as writer:
        for first in range(0, tiles.total, _STEP):
            progress("Drawing tiles", first, tiles.total)
            count = min(_STEP, tiles.total - first)
            writer.append(*tiles.draw(count, _contents(pictures, first)))
    progress("Drawing tiles", tiles.total, tiles.total)


def _contents(pictures: Pictures | None, first: int) -> Contents:
    if pictures is None:
        return contents_of_ids
    return lambda ids, centres: pictures.write(ids, centres, first)
