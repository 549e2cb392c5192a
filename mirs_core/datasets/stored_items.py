"""Items of a finished run, from its archive or from the JSON file of older runs."""

from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from mirs_core.columns.checking import check
from mirs_core.columns.reading import StoredArchive, is_stored, open_archive
from mirs_core.columns.ties import Ties
from mirs_core.datasets.items import PLACES, ROLES, Items
from mirs_core.errors import RunError
from mirs_core.files import read_array, read_json
from mirs_core.workspace.run_folder import RunFolder

_SMALL = 1 << 17
"""Archives up to this size are checked value by value whenever they are opened."""


@dataclass(frozen=True, slots=True, eq=False)
class ArchivedTiles:
    """What the archive of a run holds.

    Attributes:
        codes: (N, width) packed codes or features: an array, or ``columns.blocks.Blocks``, which
            can be indexed like one, if the archive has several segments.
        distractors: labels that are never relevant.
        ties: the order of tiles at equal distances; None if it is that of the rows.
        model: SHA-256 of the model's file; None for old runs, which do not store it.
        stored: the files behind it; None for old runs.
    """

    codes: NDArray[Any]
    items: Items
    distractors: tuple[str, ...]
    ties: Ties | None = None
    model: str | None = None
    stored: StoredArchive | None = None


def read_items(run: RunFolder) -> Items:
    """The items of a run.

    Raises:
        RunError: its archive is missing or damaged.
    """
    if is_stored(run.archive) or not run.old_items.is_file():
        return items_of(open_archive(run.archive))
    return Items.from_json(read_json(run.old_items))


def read_archive(run: RunFolder, *, thorough: bool = False) -> ArchivedTiles:
    """Codes and items of a run. Large archives stay on disk.

    Args:
        thorough: check every value, also of a large archive.

    Raises:
        RunError: the archive is missing or damaged.
    """
    if not is_stored(run.archive) and run.old_items.is_file():
        return _read_old(run)
    stored = open_archive(run.archive)
    if thorough or stored.listing.count <= _SMALL:
        check(run.archive, stored, {"roles": ROLES, "places": PLACES})
    return ArchivedTiles(
        codes=codes_of(stored),
        items=items_of(stored),
        distractors=stored.listing.distractors,
        ties=stored.ties,
        model=stored.listing.model,
        stored=stored,
    )


def codes_of(stored: StoredArchive) -> NDArray[Any]:
    """The codes of an archive on disk: an array, or ``columns.blocks.Blocks`` of several."""
    codes = stored.codes
    return codes.whole() if codes.layout.whole else cast("NDArray[Any]", codes)


def items_of(stored: StoredArchive) -> Items:
    """The items of an archive on disk."""
    return Items(**cast("dict[str, Any]", stored.columns))


def _read_old(run: RunFolder) -> ArchivedTiles:
    header = read_json(run.old_items)
    items = Items.from_json(header)
    codes = read_array(run.old_codes)
    expected = (header.get("count"), header.get("width"))
    widths = (codes.shape[1],) if codes.ndim == 2 else ()
    if codes.shape != (len(items), *widths) or expected != (len(items), *widths):
        raise RunError(f"Run {run.id}: codes {codes.dtype} {codes.shape} do not match its items.")
    distractors = header.get("distractors")
    if not isinstance(distractors, list) or not all(isinstance(d, str) for d in distractors):
        raise RunError(f"Run {run.id}: items.json has no list of distractors. Train again.")
    return ArchivedTiles(np.ascontiguousarray(codes), items, tuple(distractors))
