"""Archives that change without being copied: a new run links the segments of the old one.

Added tiles become one more segment with places in the order of ties, removed ones a list. Small
archives are written anew in the order of ties, so that theirs stays the order of the rows.
"""

import contextlib
import dataclasses
import hashlib
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mirs_core.columns.blocks import BLOCK
from mirs_core.columns.reading import StoredArchive, is_stored, open_archive
from mirs_core.columns.ties import drawn
from mirs_core.columns.writing import ArchiveWriter
from mirs_core.datasets.stored_items import codes_of, items_of
from mirs_core.pipeline.growth_plan import Plan
from mirs_core.progress import Progress
from mirs_core.retrieval.retriever import Retriever, Segments
from mirs_core.workspace.home import Home
from mirs_core.workspace.run_folder import RunFolder

SMALL = 1 << 17
"""Archives below this number of tiles are written anew."""


@contextlib.contextmanager
def appended(
    home: Home, old: RunFolder, loaded: Retriever, grown: Retriever, plan: Plan
) -> Iterator[Retriever]:
    """The archive ``grown`` by ``plan``, which shares the segments of ``old`` where that works.

    It does not for small archives, for runs up to version 0.3.0, and where labels or coordinates of
    old tiles have changed. Its files last as long as the ``with`` block.
    """
    places = np.flatnonzero(~plan.fresh)
    places = places[np.argsort(plan.sources[places])]
    rows = plan.sources[places]
    shareable = len(loaded.items) >= SMALL and is_stored(old.archive)
    if not shareable or grown.items.take(places) != loaded.items.take(rows):
        yield grown
        return
    new = np.flatnonzero(plan.fresh)
    items = grown.items.take(new)
    digest = hashlib.sha256("\n".join([old.id, *items.contents, *items.ids]).encode()).digest()
    rng = np.random.default_rng(int.from_bytes(digest, "big"))
    with _staged(home) as folder:
        with ArchiveWriter(folder, model="0" * 64, distractors=grown.distractors) as writer:
            stored = open_archive(old.archive)
            writer.share(old.archive, stored, _removed(stored, rows))
            if len(new):
                writer.append(grown.codes[new], items.columns(), drawn(len(new), rng))
        yield _opened(folder, grown)


@contextlib.contextmanager
def reduced(
    home: Home, old: RunFolder, loaded: Retriever, rows: NDArray[np.int64]
) -> Iterator[Retriever]:
    """The archive of ``rows`` (ascending) alone; shares the segments of ``old`` as ``appended``."""
    if len(loaded.items) < SMALL or not is_stored(old.archive):
        ordered = loaded.in_order(rows)
        yield dataclasses.replace(
            loaded, codes=loaded.codes[ordered], items=loaded.items.take(ordered), ties=None
        )
        return
    with _staged(home) as folder:
        with ArchiveWriter(folder, model="0" * 64, distractors=loaded.distractors) as writer:
            stored = open_archive(old.archive)
            writer.share(old.archive, stored, _removed(stored, rows))
        yield _opened(folder, loaded)


@contextlib.contextmanager
def compacted(home: Home, loaded: Retriever, progress: Progress) -> Iterator[Retriever]:
    """The archive in full segments, its rows in the order of ties; copied segment by segment."""
    order = loaded.in_order(np.arange(len(loaded.items), dtype=np.int64))
    with _staged(home) as folder:
        with ArchiveWriter(folder, model="0" * 64, distractors=loaded.distractors) as writer:
            for start in range(0, len(order), BLOCK):
                progress("Writing the archive", start, len(order))
                rows = order[start : start + BLOCK]
                writer.append(loaded.codes[rows], loaded.items.take(rows).columns())
        yield _opened(folder, loaded)


def _removed(stored: StoredArchive, rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """Places of all stored tiles but those of ``rows``, ascending."""
    layout = stored.codes.layout
    edges = np.cumsum([0, *layout.sizes])
    present = np.zeros(int(edges[-1]), dtype=bool)
    for block, places, _ in layout.locate(rows):
        present[edges[block] + places] = True
    return np.flatnonzero(~present).astype(np.int64, copy=False)


def _opened(folder: Path, archive: Retriever) -> Retriever:
    """An archive whose tiles are those of a folder."""
    stored = open_archive(folder)
    return dataclasses.replace(
        archive,
        codes=codes_of(stored),
        items=items_of(stored),
        ties=stored.ties,
        segments=Segments(folder, stored),
    )


@contextlib.contextmanager
def _staged(home: Home) -> Iterator[Path]:
    """A folder for segments on the disk of the runs, so that they can be linked; then deleted."""
    folder = home.runs / f".segments-{secrets.token_hex(6)}"
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
