"""Opening an archive: its segments are mapped into memory, and read where they are used."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from mirs_core.columns.arrow import strings
from mirs_core.columns.blocks import Blocks, Layout, Rows
from mirs_core.columns.categories import Categories
from mirs_core.columns.column import Column
from mirs_core.columns.files import (
    CATEGORIES,
    CODES,
    CONTENTS,
    HASH,
    IDS,
    NAMES,
    NUMBERS,
    TIES,
    TILES,
    array_of,
    map_array,
    table_of,
    values_of,
)  # fmt: skip
from mirs_core.columns.hashes import Hashes
from mirs_core.columns.lookup import Index, Lookup
from mirs_core.columns.manifest import LIST, REMOVED, ArchiveList, SegmentEntry, read_list
from mirs_core.columns.mapping import MappedFile, damaged, give_back, map_file
from mirs_core.columns.numbers import Numbers
from mirs_core.columns.texts import Texts
from mirs_core.columns.ties import Ties

_MANY = 4
"""Archives with more segments than this give memory back."""


@dataclass(frozen=True, slots=True, eq=False)
class StoredArchive:
    """An archive on disk.

    Attributes:
        codes: (N, width) packed codes, or features of a baseline.
        columns: the columns of its items by name.
        id_indexes, content_indexes: of ``lookup``, one per segment; the latter are None if the
            segments do not store contents alike.
        ties: the order of tiles at equal distances; None if it is that of the rows.
        tables: the tables of the segments as they are stored, removed rows included.
        looked_up: the files of tables and indexes, of which single rows are read.
    """

    listing: ArchiveList
    codes: Blocks
    columns: dict[str, Column[Any]]
    id_indexes: tuple[Index, ...]
    content_indexes: tuple[Index, ...] | None
    ties: Ties | None
    tables: tuple[pa.RecordBatch, ...]
    looked_up: tuple[MappedFile, ...]

    def give_back(self) -> None:
        """Gives back the memory of rows that were looked up, but not that of codes.

        To be called after looking tiles up; archives of few segments keep it.
        """
        if len(self.tables) > _MANY:
            give_back(self.looked_up)


def is_stored(folder: Path) -> bool:
    """Whether a folder holds an archive of this format."""
    return (folder / LIST).is_file()


def open_archive(folder: Path) -> StoredArchive:
    """The archive in a folder. Only the headers of its files are read and checked.

    Raises:
        RunError: a file is missing, is damaged or does not match the list of segments.
    """
    listing = read_list(folder)
    for name, file in listing.files().items():
        path = folder / name
        if path.is_file() and path.stat().st_size != file.size:
            raise damaged(path, "its size has changed")
    layout = _layout(folder, listing)
    parts = {
        name: [map_file(folder / s.name / name) for s in listing.segments]
        for name in (TILES, IDS, CONTENTS)
    }
    tables = tuple(table_of(file) for file in parts[TILES])
    codes = tuple(map_array(folder / s.name / CODES) for s in listing.segments)
    for segment, array, table in zip(listing.segments, codes, tables, strict=True):
        expected = (segment.rows, listing.width)
        if array.dtype != listing.dtype or array.shape != expected or len(table) != segment.rows:
            raise damaged(folder / segment.name, "its codes do not match its tiles")
    columns = {name: _column(folder, name, tables, layout) for name in NAMES}
    alike = isinstance(columns["contents"], Hashes) or not any(
        table.column("content").type == HASH for table in tables
    )
    ids, contents = columns["ids"], columns["contents"]
    id_indexes, content_indexes = (_indexes(listing, parts[name]) for name in (IDS, CONTENTS))
    if isinstance(ids, Texts):
        ids.lookup = Lookup(ids, id_indexes)
    if isinstance(contents, Hashes | Texts) and alike:
        contents.lookup = Lookup(contents, content_indexes)
    return StoredArchive(
        listing=listing,
        codes=Blocks(codes, layout),
        columns=columns,
        id_indexes=id_indexes,
        content_indexes=content_indexes if alike else None,
        ties=Ties.of([_ties(folder, segment) for segment in listing.segments], layout),
        tables=tables,
        looked_up=tuple(file for files in parts.values() for file in files),
    )


def _layout(folder: Path, listing: ArchiveList) -> Layout:
    sizes = tuple(segment.rows for segment in listing.segments)
    edges = np.cumsum([0, *sizes])
    removed: Rows = np.empty(0, dtype=np.int64)
    if listing.removed is not None:
        removed = map_array(folder / REMOVED)
        in_order = removed.dtype == np.int64 and removed.ndim == 1 and (np.diff(removed) > 0).all()
        if not in_order or (len(removed) and not 0 <= removed[0] <= removed[-1] < edges[-1]):
            raise damaged(folder / REMOVED)
    cuts = np.searchsorted(removed, edges)
    pieces = [removed[cuts[i] : cuts[i + 1]] - edges[i] for i in range(len(sizes))]
    layout = Layout(sizes, tuple(pieces))
    if len(layout) != listing.count:
        raise damaged(folder / LIST, "counts")
    return layout


def _column(
    folder: Path, name: str, tables: tuple[pa.RecordBatch, ...], layout: Layout
) -> Column[Any]:
    arrays = [table.column(NAMES[name]) for table in tables]
    if name in CATEGORIES:
        return Categories(Blocks([values_of(a) for a in arrays], layout), _names(folder, arrays))
    if name in NUMBERS:
        return Numbers(Blocks([values_of(array) for array in arrays], layout))
    if all(array.type == HASH for array in arrays):
        return Hashes(Blocks([values_of(array) for array in arrays], layout))
    return Texts([as_text(array) for array in arrays], layout)


def as_text(array: pa.Array) -> pa.Array:
    """Hashes as hexadecimal text; texts as they are."""
    if array.type != HASH:
        return array
    return strings([value.hex() for value in array.to_pylist()]).cast(pa.string())


def _names(folder: Path, arrays: list[pa.DictionaryArray]) -> tuple[str, ...]:
    """The names of all segments: those of the last one, with which all others' begin."""
    longest = max((array.dictionary for array in arrays), key=len)
    for array in arrays:
        if not array.dictionary.equals(longest.slice(0, len(array.dictionary))):
            raise damaged(folder, "its segments number classes, strips or splits differently")
    names = tuple(longest.to_pylist())
    if None in names or len(set(names)) != len(names):
        raise damaged(folder, "a class, strip or split is listed twice")
    return names


def _indexes(listing: ArchiveList, files: list[MappedFile]) -> tuple[Index, ...]:
    indexes = []
    for segment, file in zip(listing.segments, files, strict=True):
        index = array_of(file)
        if index.dtype != np.uint64 or index.shape != (segment.rows,):
            raise damaged(file.path)
        indexes.append(index)
    return tuple(indexes)


def _ties(folder: Path, segment: SegmentEntry) -> NDArray[np.float64] | tuple[int, int]:
    if segment.spread is not None:
        return segment.spread
    path = folder / segment.name / TIES
    keys = map_array(path)
    if keys.dtype != np.float64 or keys.shape != (segment.rows,):
        raise damaged(path)
    return keys
