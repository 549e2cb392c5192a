"""Archives of runs on disk, rewritten: with other items, or as earlier versions stored them."""

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np

from mirs_core.columns import ties
from mirs_core.columns.manifest import StoredFile
from mirs_core.columns.reading import open_archive
from mirs_core.columns.writing import ArchiveWriter
from mirs_core.datasets.items import Items
from mirs_core.datasets.stored_items import ArchivedTiles, read_archive
from mirs_core.files import write_array, write_json
from mirs_core.workspace.run_folder import RunFolder

SEGMENT_FILES = ("codes.npy", "tiles.arrow", "id_index.npy", "content_index.npy")


def rewrite(folder: Path, change: Callable[[Items], Items], *, check: bool = True) -> None:
    """Replaces the items of the run in ``folder`` by ``change(items)``."""
    run = RunFolder(folder)
    tiles = read_archive(run)
    items, codes = change(tiles.items), np.array(tiles.codes)
    shutil.rmtree(run.archive)
    digest = StoredFile.of(run.model).sha256
    with ArchiveWriter(run.archive, model=digest, distractors=tiles.distractors) as writer:
        writer.append(codes, items.columns())
    if check:
        read_archive(run)


def grow(folder: Path) -> None:
    """Turns the archive of a run into one of two segments that has lost every fifth tile."""
    run = RunFolder(folder)
    tiles = read_archive(run)
    items, codes = tiles.items, np.array(tiles.codes)
    old, new = np.arange(len(codes) // 2), np.arange(len(codes) // 2, len(codes))
    digest = StoredFile.of(run.model).sha256
    shutil.rmtree(run.archive)
    first = folder / "first"
    with ArchiveWriter(first, model=digest, distractors=tiles.distractors) as writer:
        writer.append(codes[old], items.take(old).columns())
    with ArchiveWriter(run.archive, model=digest, distractors=tiles.distractors) as writer:
        writer.share(first, open_archive(first), np.arange(0, len(old), 5))
        places = ties.drawn(len(new), np.random.default_rng(0))
        writer.append(codes[new], items.take(new).columns(), places)
    shutil.rmtree(first)


def store_as_before(folder: Path) -> ArchivedTiles:
    """Stores the archive of a run as version 0.3.0 did: one array and one JSON file."""
    run = RunFolder(folder)
    tiles = read_archive(run)
    codes = np.array(tiles.codes)
    shutil.rmtree(run.archive)
    write_array(run.old_codes, codes)
    header = {"count": len(codes), "width": codes.shape[1], "distractors": [*tiles.distractors]}
    write_json(run.old_items, {**header, **tiles.items.to_json()})
    return tiles


def segment(folder: Path, number: int = 0) -> Path:
    """The folder of a segment of the run in ``folder``."""
    return RunFolder(folder).archive / f"segment-{number:05}"
