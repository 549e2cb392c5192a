"""Checking every value of an archive, as one that comes from outside needs."""

from collections.abc import Collection, Mapping
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from mirs_core.columns.arrow import truths
from mirs_core.columns.files import CATEGORIES, NAMES, NUMBERS, TIES, map_array, values_of
from mirs_core.columns.lookup import index_of
from mirs_core.columns.manifest import StoredFile
from mirs_core.columns.mapping import damaged
from mirs_core.columns.reading import StoredArchive

_NEVER_NULL = ("ids", "roles", "contents", "places")
_OUTSIDE = r"^/|(^|/)\.\.(/|$)"


def check(folder: Path, archive: StoredArchive, allowed: Mapping[str, Collection[str]]) -> None:
    """Checks all values of an archive; it may come from a stranger.

    Args:
        allowed: the words that each of these columns may hold.

    Raises:
        RunError: a value is out of its range, points outside of the data set, or an index does not
            belong to its column.
    """
    for segment, table in zip(archive.listing.segments, archive.tables, strict=True):
        path = folder / segment.name
        try:
            table.validate(full=True)
        except pa.ArrowException:
            raise damaged(path, "values out of range") from None
        for name, column in NAMES.items():
            _check_nulls(path, name, table.column(column))
        if pc.any(pc.match_substring_regex(table.column("id"), _OUTSIDE)).as_py():
            raise damaged(path, "an id points outside the data set")
        if segment.spread is None:
            _check_places(path)
    for name, words in allowed.items():
        if not set(archive.columns[name].names) <= set(words):  # type: ignore[attr-defined]
            raise damaged(folder, f"unknown {name}")
    _check_indexes(folder, archive)


def check_sums(folder: Path, archive: StoredArchive) -> None:
    """Checks every file of an archive against its checksum.

    Raises:
        RunError: a file was changed.
    """
    for name, file in archive.listing.files().items():
        if StoredFile.of(folder / name) != file:
            raise damaged(folder / name, "its checksum has changed")


def _check_nulls(path: Path, name: str, array: pa.Array) -> None:
    if name in _NEVER_NULL and array.null_count:
        raise damaged(path, f"missing {name}")
    nulls = truths(array.is_null())
    if name in CATEGORIES:
        stored = values_of(array)
        if not np.array_equal(stored == -1, nulls) or (stored < -1).any():
            raise damaged(path, name)
    if name in NUMBERS and not np.array_equal(np.isnan(values_of(array)), nulls):
        raise damaged(path, name)


def _check_places(path: Path) -> None:
    places = map_array(path / TIES)
    if not (np.diff(places) >= 0).all() or not ((places >= 0) & (places < 1)).all():
        raise damaged(path / TIES)


def _check_indexes(folder: Path, archive: StoredArchive) -> None:
    pairs = (("ids", archive.id_indexes), ("contents", archive.content_indexes))
    for name, indexes in pairs:
        for block, index in enumerate(indexes or ()):
            if not np.array_equal(index, index_of(archive.columns[name], block)):  # type: ignore[arg-type]
                raise damaged(folder, f"the index of its {name}")
