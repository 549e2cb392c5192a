"""A user's table, CSV or Excel: read under common column names, and matched with image files."""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from mirs_core.datasets.csv_rows import TableLine, check_head, check_width, rows_of
from mirs_core.datasets.importing import column_names, numbers, workbook
from mirs_core.datasets.importing.table_format import TableFormat, separator_of
from mirs_core.datasets.tile_table import COLUMNS, TileRecord, record_of
from mirs_core.errors import DataError
from mirs_core.system.text_files import Encoding, encoding_of

_MAX_BYTES = 2_000_000_000
_LONGEST_HEAD = 1_000_000
_SPLITS = {"training": "train", "validation": "val", "valid": "val", "testing": "test"}


@dataclass(frozen=True, slots=True)
class TableRow:
    """A row of the table: ``where`` for messages, and its cells by the columns of ``tiles.csv``."""

    where: str
    cells: dict[str, str]

    @property
    def key(self) -> str:
        """The path of its tile with forward slashes, in composed Unicode (NFC)."""
        return _composed(self.cells["path"].replace("\\", "/").removeprefix("./"))


@dataclass(frozen=True, slots=True)
class UserTable:
    """A table that somebody has brought.

    Attributes:
        rows: at least one.
        unread: names of columns that were not read.
        format: how it is written.
        notes: what may be wrong in it, one line each.
    """

    rows: list[TableRow]
    unread: tuple[str, ...]
    format: TableFormat
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class MatchedTable:
    """The values of a table by file.

    Attributes:
        records: by path of their file.
        unmatched: paths in the table without a file.
        unread: names of columns that were not read.
        format: how the table is written; None if there is none.
    """

    records: dict[str, TileRecord]
    unmatched: tuple[str, ...]
    unread: tuple[str, ...] = ()
    format: TableFormat | None = None


def read_user_table(path: Path) -> UserTable:
    """A CSV table or Excel workbook.

    CSV is separated by commas, semicolons, tabs or vertical bars, in UTF-8, UTF-16 or Windows-1252.
    Columns are those of ``tiles.csv``, in upper or lower case; also file, filename or name for
    path, class for label, and lat, lon or lng for the coordinates, also with unit or direction
    ("Longitude (deg E)", "lonW", "west_longitude"); longitudes west become east. Of a workbook, the
    first sheet is read that has a column of paths.

    Raises:
        DataError: the file cannot be read, is not a table, has no column of paths, a column twice,
            or a row that does not fit its header (the message gives the line).
    """
    try:
        if not path.is_file():
            raise DataError(f"There is no table {path}. Check the path.")
        if path.stat().st_size > _MAX_BYTES:
            raise DataError(f"{path} is too large for a table of tiles.")
        with path.open("rb") as handle:
            is_workbook = workbook.is_workbook(handle.read(4))
        return _of_workbook(path) if is_workbook else _of_text(path)
    except OSError as error:
        raise DataError(f"{path} cannot be read ({error.strerror or error}).") from None


def read_rows(path: Path) -> list[TableRow]:
    """The rows of a table, as :func:`read_user_table` reads it."""
    return read_user_table(path).rows


def unread_columns(path: Path) -> tuple[str, ...]:
    """Names of the columns of a table that :func:`read_rows` ignores."""
    return read_user_table(path).unread


def _of_text(path: Path) -> UserTable:
    encoding = encoding_of(path)
    with path.open(encoding=encoding.codec, newline="") as handle:
        first = handle.readline(_LONGEST_HEAD)
        # Spreadsheets write such a line for each other.
        stated = re.fullmatch(r"sep=([,;\t|])\s*", first, re.IGNORECASE)
        if not stated:
            handle.seek(0)
        separator = stated[1] if stated else separator_of(first)
        rows = rows_of(handle, path.name, separator, 2 if stated else 1)
        table = _table(path, rows, TableFormat(encoding.title, separator))
    notes = (*table.notes, *_guess_notes(encoding))
    return UserTable(table.rows, table.unread, table.format, notes)


def _guess_notes(encoding: Encoding) -> Iterator[str]:
    if encoding.example:
        yield (
            f"The table is not UTF-8 and was read as {encoding.title}, for example"
            f" {encoding.example!r}; if that is misspelt, save the table as CSV UTF-8."
        )


def _of_workbook(path: Path) -> UserTable:
    with workbook.sheets_of(path) as sheets:
        heads = {}
        for title, rows in sheets.items():
            heads[title] = next(rows, TableLine(1, ()))
            if "path" in column_names.columns_of(heads[title].cells):
                break
        else:
            title = next(iter(heads), "")
        if title not in heads:
            raise DataError(f"{path} has no visible sheet.")

        def all_rows() -> Iterator[TableLine]:
            yield heads[title]
            yield from sheets[title]

        return _table(path, all_rows(), TableFormat(sheet=title))


def _table(path: Path, lines: Iterator[TableLine], written: TableFormat) -> UserTable:
    kind = "row" if written.sheet else "line"
    head = next(lines, TableLine(1, ()))
    check_head(path.name, head)
    column_names.check(str(path), head.cells)
    columns = column_names.columns_of(head.cells)
    is_west = "longitude" in columns and column_names.is_west(head.cells[columns["longitude"]])
    rows, short = [], []
    for line in lines:
        check_width(path.name, head, line, kind)
        if len(line.cells) < len(head.cells):
            short.append(line.number)
        where = f"{path.name}, {kind} {line.number}"
        rows.append(TableRow(where, _cells(where, line.cells, columns)))
    if not rows:
        raise DataError(f"{path} has no rows.")
    mark = numbers.with_points([(row.where, row.cells) for row in rows], written.separator == ";")
    if is_west:
        for row in rows:
            row.cells["longitude"] = _west_as_east(row.cells["longitude"])
    unread = tuple(
        name.strip()
        for index, name in enumerate(head.cells)
        if index not in columns.values() and name.strip()
    )
    final = TableFormat(written.encoding, written.separator, mark, written.sheet)
    # A workbook does not store the empty cells at the end of a row.
    notes = () if written.sheet else tuple(_short_notes(short))
    return UserTable(rows, unread, final, notes)


def _short_notes(short: Sequence[int]) -> Iterator[str]:
    if short:
        rows = "1 row has" if len(short) == 1 else f"{len(short):,} rows have"
        yield (
            f"{rows} fewer cells than the header (first in line {short[0]:,}); the cells that lack"
            " at the end count as empty."
        )


def match_rows(rows: Sequence[TableRow], paths: Sequence[str]) -> MatchedTable:
    """The values of each row, by the file that the row refers to.

    A row refers to the file with exactly its path; failing that, to the only file with its name.
    Paths of the table are compared only, never opened.

    Args:
        paths: of the files, relative to their folder, with forward slashes.

    Raises:
        DataError: two rows refer to one file, more than half to none, or a cell is invalid.
    """
    exact = {_composed(path): path for path in paths}
    by_name: dict[str, list[str]] = defaultdict(list)
    for key, path in exact.items():
        by_name[_name(key)].append(path)
    row_by_path: dict[str, TableRow] = {}
    others = [row for row in rows if not _assign(row, exact.get(row.key), row_by_path)]
    exactly_matched = set(row_by_path)
    unmatched = []
    for row in others:
        same_name = by_name.get(_name(row.key), [])
        is_unique = len(same_name) == 1 and same_name[0] not in exactly_matched
        if not _assign(row, same_name[0] if is_unique else None, row_by_path):
            unmatched.append(row.cells["path"][:200])
    if 2 * len(unmatched) > len(rows):
        raise DataError(
            f"{len(unmatched)} of {len(rows)} rows of the table match no file of the folder, for"
            f" example {unmatched[0]!r}. Give paths relative to the folder, or file names."
        )
    records = {
        path: record_of(row.where, {**row.cells, "path": path}) for path, row in row_by_path.items()
    }
    return MatchedTable(records, tuple(unmatched))


def _assign(row: TableRow, path: str | None, row_by_path: dict[str, TableRow]) -> bool:
    if path is None:
        return False
    if path in row_by_path:
        raise DataError(f"{row.where}: {path} is listed twice (also {row_by_path[path].where}).")
    row_by_path[path] = row
    return True


def _west_as_east(cell: str) -> str:
    cell = cell.removeprefix("+")
    if not cell:
        return cell
    return cell[1:] if cell.startswith("-") else f"-{cell}"


def _cells(where: str, row: Sequence[str], columns: dict[str, int]) -> dict[str, str]:
    cells = dict.fromkeys(COLUMNS, "")
    for column, index in columns.items():
        cells[column] = row[index].strip() if index < len(row) else ""
        if workbook.CELL_ERROR.fullmatch(cells[column]):
            raise DataError(f"{where}: {column} {_broken(cells[column])}")
    split = cells["split"].lower()
    return {**cells, "split": _SPLITS.get(split, split)}


def _broken(cell: str) -> str:
    if cell == workbook.NOT_STORED:
        return (
            "is a formula whose result is not stored; open the workbook in a spreadsheet program"
            " and save it, or enter the value."
        )
    return f"is the error {cell} of a spreadsheet; enter the value, or empty the cell."


def _name(key: str) -> str:
    return key.rsplit("/", 1)[-1]


def _composed(text: str) -> str:
    return unicodedata.normalize("NFC", text)
