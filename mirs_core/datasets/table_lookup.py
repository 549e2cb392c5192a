"""Single records of large tables, of which there is no object for every row."""

import functools
import mmap
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from mirs_core.columns.arrow import rows as rows_array
from mirs_core.columns.lookup import lookup_of
from mirs_core.columns.texts import Texts
from mirs_core.datasets.csv_rows import rows_of
from mirs_core.datasets.tile_table import (
    COLUMNS,
    TABLE_FILE,
    TileRecord,
    check_rows,
    read_table,
    record_of,
)
from mirs_core.errors import MirsError

LARGE = 8_000_000
"""Bytes from which on a table is read into columns."""

_TABLES = 4
_EMPTY = dict.fromkeys(COLUMNS, "")
# Of these columns, tables have few different values.
_WORDS = ("label", "split", "strip", "source", "licence", "credit")


class Records(Protocol):
    """Records by the path of a tile."""

    def of(self, paths: Sequence[str]) -> list[TileRecord | None]:
        """The record of each of some tiles, None where there is none."""


@dataclass(frozen=True, slots=True)
class TableLookup:
    """The records of tiles in the tables of some folders, each read when it is first needed.

    Attributes:
        folders: the first whose table lists a tile has its record. Unreadable tables are ignored.
    """

    folders: tuple[Path, ...]

    def records(self, paths: Sequence[str]) -> list[TileRecord | None]:
        """The record of each of some tiles, None where no table lists it."""
        results: list[TileRecord | None] = [None] * len(paths)
        for folder in self.folders:
            open_places = [place for place, record in enumerate(results) if record is None]
            if open_places:
                records = records_in(folder).of([paths[place] for place in open_places])
                for place, record in zip(open_places, records, strict=True):
                    results[place] = record
        return results


def records_in(folder: Path) -> Records:
    """The records of ``tiles.csv`` in a folder; none if there is no table or it is unreadable."""
    try:
        state = (folder / TABLE_FILE).stat()
    except OSError:
        return Rows({})
    return _records(folder, state.st_mtime_ns, state.st_size)


@functools.lru_cache(_TABLES)
def _records(folder: Path, changed: int, size: int) -> Records:
    if size >= LARGE and (columns := _columns(folder / TABLE_FILE)) is not None:
        return columns
    with suppress(MirsError):
        return Rows(read_table(folder))
    return Rows({})


def checked_records(folder: Path) -> Records | None:
    """The records of a large ``tiles.csv``, of which every row was checked; None of others.

    Raises:
        DataError: as ``tile_table.read_table``.
    """
    path = folder / TABLE_FILE
    if not path.is_file() or path.stat().st_size < LARGE:
        return None
    check_rows(path)
    return _columns(path)


class Rows:
    """The records of a small table, all of them in memory."""

    def __init__(self, records: Mapping[str, TileRecord]) -> None:
        self._records = records

    def of(self, paths: Sequence[str]) -> list[TileRecord | None]:
        """The record of each of some tiles, None where there is none."""
        return [self._records.get(path) for path in paths]


class _Columns:
    """The cells of a table as Arrow arrays; a record is made, and checked, when it is needed."""

    def __init__(self, paths: Texts, cells: dict[str, pa.Array]) -> None:
        """``cells`` of the columns other than the path that the table has."""
        self._paths, self._cells = paths, cells

    def of(self, paths: Sequence[str]) -> list[TileRecord | None]:
        """The record of each of some tiles, None where it has none or an invalid one."""
        rows = lookup_of(self._paths).rows_of(paths)
        listed = np.flatnonzero(rows >= 0)
        at = rows_array(rows[listed])
        columns = [array.take(at).to_pylist() for array in self._cells.values()]
        results: list[TileRecord | None] = [None] * len(paths)
        for place, *values in zip(listed.tolist(), *columns, strict=True):
            cells = {"path": paths[place], **dict(zip(self._cells, values, strict=True))}
            with suppress(MirsError):
                results[place] = record_of(TABLE_FILE, {**_EMPTY, **cells})
        return results


def _columns(path: Path) -> _Columns | None:
    """The columns of a table; None if something about it is odd: it has to be read strictly."""
    from pyarrow import csv

    numbers = [name for name in COLUMNS if name not in _WORDS]
    types = {
        **dict.fromkeys(_WORDS, pa.dictionary(pa.int32(), pa.string())),
        **dict.fromkeys(numbers, pa.string()),
    }
    try:
        with path.open("rb") as handle:
            head = handle.readline().decode("utf-8-sig").strip().split(",")
        names = [name for name in COLUMNS if name in head]
        if "path" not in names or len(set(head)) < len(head) or not _is_well_quoted(path):
            return None
        table = csv.read_csv(
            path,
            parse_options=csv.ParseOptions(newlines_in_values=True),
            convert_options=csv.ConvertOptions(
                column_types=types, include_columns=names, strings_can_be_null=False
            ),
        )
        paths = _paths(table["path"])
    except (OSError, UnicodeError, KeyError, MirsError, pa.ArrowException):
        return None
    if paths is None:
        return None
    cells = {name: _trimmed(table[name]) for name in names if name != "path"}
    return _Columns(paths, cells)


def _is_well_quoted(path: Path) -> bool:
    """Whether a table has no quotation marks, or all of them are paired (else Arrow guesses).

    Raises:
        DataError: they are not.
    """
    with path.open("rb") as handle, mmap.mmap(handle.fileno(), 0, access=mmap.ACCESS_READ) as data:
        if data.find(b'"') < 0:
            return True
    with path.open(encoding="utf-8-sig", newline="") as lines:
        return all(True for _ in rows_of(lines, str(path), skip_blanks=False))


def _trimmed(column: pa.ChunkedArray) -> pa.Array:
    """Cells without blanks around them, which are no part of a number or a split."""
    array = _whole(column.combine_chunks())
    if not pa.types.is_dictionary(array.type):
        return pc.utf8_trim_whitespace(array)
    words = pc.utf8_trim_whitespace(array.dictionary)
    return pa.DictionaryArray.from_arrays(array.indices, words)


def _whole(array: pa.Array | pa.ChunkedArray) -> pa.Array:
    return array.chunk(0) if isinstance(array, pa.ChunkedArray) else array


def _paths(column: pa.ChunkedArray) -> Texts | None:
    """The paths as records have them; None if two rows have the same."""
    texts = column.cast(pa.large_string()).combine_chunks()
    texts = pc.replace_substring(pc.utf8_trim_whitespace(_whole(texts)), "\\", "/")
    paths = Texts.cut(texts)
    blocks: Sequence[np.ndarray] = [paths.keys(n) for n in range(len(paths.arrays))]
    keys, counts = np.unique(np.concatenate(blocks), return_counts=True)
    if len(keys) < len(paths) and _repeats(paths, blocks, keys[counts > 1]):
        return None
    return paths


def _repeats(paths: Texts, blocks: Sequence[np.ndarray], keys: np.ndarray) -> bool:
    """Whether two of the paths with these hashes are the same."""
    rows = np.flatnonzero(np.isin(np.concatenate(blocks), keys))
    texts = paths.take(rows).tolist()
    return len(set(texts)) < len(texts)
