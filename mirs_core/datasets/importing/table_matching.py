"""Rows of a table and the image files that they refer to."""

import unicodedata
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from mirs_core.datasets.importing.csv_table import RowProblem, TableRow
from mirs_core.datasets.importing.table_format import TableFormat
from mirs_core.datasets.tile_table import TileRecord, record_of
from mirs_core.errors import DataError


@dataclass(frozen=True, slots=True)
class MatchedTable:
    """The values of a table by file.

    Attributes:
        records: by path of their file.
        unmatched: paths in the table without a file.
        unread: names of columns that were not read.
        format: how the table is written; None if there is none.
        problems: rows that are not used, and why.
        repeated: number of rows that say what an earlier one says, too.
    """

    records: dict[str, TileRecord]
    unmatched: tuple[str, ...]
    unread: tuple[str, ...] = ()
    format: TableFormat | None = None
    problems: tuple[RowProblem, ...] = ()
    repeated: int = 0


def match_rows(
    rows: Sequence[TableRow],
    paths: Sequence[str],
    problems: Sequence[RowProblem] | None = None,
) -> MatchedTable:
    """The values of each row, by the file that the row refers to.

    A row refers to the file with exactly its path; failing that, to the only file with its name.
    Paths of the table are compared only, never opened.

    Args:
        paths: of the files, relative to their folder, with forward slashes.
        problems: of rows that were left out when the table was read. With them, rows that are
            invalid are left out too, and of rows that contradict each other none is used; without,
            such rows are refused.

    Raises:
        DataError: more than half of the rows refer to no file or cannot be used; if ``problems``
            is None, also if two rows refer to one file, or a cell is invalid.
    """
    rows_of_path, unmatched = _assigned(rows, paths)
    faults = list(problems or ())
    records: dict[str, TileRecord] = {}
    repeated = 0
    for path, same in rows_of_path.items():
        if len(same) > 1 and problems is None:
            raise DataError(f"{same[1].where}: {path} is listed twice (also {same[0].where}).")
        record, new = _record(path, same, strict=problems is None)
        faults += new
        if record is not None:
            records[path] = record
            repeated += len(same) - 1 - len(new)
    faults.sort(key=lambda fault: fault.number)
    _check_most(len(rows) + len(problems or ()), unmatched, faults)
    return MatchedTable(records, tuple(unmatched), problems=tuple(faults), repeated=repeated)


def _assigned(
    rows: Sequence[TableRow], paths: Sequence[str]
) -> tuple[dict[str, list[TableRow]], list[str]]:
    """The rows of each file, and the paths of rows without one."""
    exact = {_composed(path): path for path in paths}
    by_name: dict[str, list[str]] = defaultdict(list)
    for key, path in exact.items():
        by_name[_name(key)].append(path)
    rows_of_path: dict[str, list[TableRow]] = defaultdict(list)
    for row in rows:
        if row.key in exact:
            rows_of_path[exact[row.key]].append(row)
    exactly_matched = set(rows_of_path)
    unmatched = []
    for row in rows:
        if row.key in exact:
            continue
        same_name = by_name.get(_name(row.key), [])
        if len(same_name) == 1 and same_name[0] not in exactly_matched:
            rows_of_path[same_name[0]].append(row)
        else:
            unmatched.append(row.cells["path"][:200])
    return rows_of_path, unmatched


def _record(
    path: str, rows: Sequence[TableRow], strict: bool
) -> tuple[TileRecord | None, list[RowProblem]]:
    """What the rows of one file say of it, None if nothing is certain; and what is wrong."""
    records: list[tuple[TableRow, TileRecord]] = []
    faults = []
    for row in rows:
        try:
            records.append((row, record_of(row.where, {**row.cells, "path": path})))
        except DataError as error:
            if strict:
                raise
            faults.append(RowProblem(row.number, str(error)))
    if len({record for _, record in records}) <= 1:
        return (records[0][1] if records else None), faults
    first, second = records[0][0], records[1][0]
    for row, _ in records:
        also = second if row is first else first
        text = f"{row.where}: {path} is also in {also.short}, with other values; neither is used."
        faults.append(RowProblem(row.number, text))
    return None, faults


def _check_most(count: int, unmatched: Sequence[str], faults: Sequence[RowProblem]) -> None:
    """Raises DataError if more than half of ``count`` rows are of no use."""
    if 2 * (len(unmatched) + len(faults)) <= count:
        return
    if not faults:
        raise DataError(
            f"{len(unmatched)} of {count} rows of the table match no file of the folder, for"
            f" example {unmatched[0]!r}. Give paths relative to the folder, or file names."
        )
    if count == 1:
        raise DataError(faults[0].text)
    lost = f" and {len(unmatched):,} match no file" if unmatched else ""
    raise DataError(
        f"{len(faults):,} of {count:,} rows of the table cannot be used{lost}; the first is"
        f" {faults[0].text}"
    )


def _name(key: str) -> str:
    return key.rsplit("/", 1)[-1]


def _composed(text: str) -> str:
    return unicodedata.normalize("NFC", text)
