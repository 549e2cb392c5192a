"""A user's table, CSV or Excel, read under common column names or those that somebody states."""

import dataclasses
import itertools
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from mirs_core.datasets.csv_rows import TableLine, check_head, check_width
from mirs_core.datasets.importing import column_names, numbers, workbook
from mirs_core.datasets.importing.table_format import TableFormat
from mirs_core.datasets.importing.table_layout import TableLayout
from mirs_core.datasets.importing.table_opening import opened
from mirs_core.datasets.tile_table import COLUMNS
from mirs_core.errors import DataError

RECOGNISED = TableLayout()
"""The layout of a table of which nothing is stated."""
_SPLITS = {"training": "train", "validation": "val", "valid": "val", "testing": "test"}


@dataclass(frozen=True, slots=True)
class TableRow:
    """A row of the table.

    Attributes:
        where: its place, for messages.
        cells: by the columns of ``tiles.csv``.
        number: of its first line.
    """

    where: str
    cells: dict[str, str]
    number: int = 0

    @property
    def key(self) -> str:
        """The path of its tile with forward slashes, in composed Unicode (NFC)."""
        path = self.cells["path"].replace("\\", "/").removeprefix("./")
        return unicodedata.normalize("NFC", path)

    @property
    def short(self) -> str:
        """Its place without the name of the table."""
        return self.where.rpartition(", ")[2]


@dataclass(frozen=True, slots=True)
class RowProblem:
    """Why a row is not used: the number of its line, and a sentence that begins with its place."""

    number: int
    text: str


@dataclass(frozen=True, slots=True)
class TableLook:
    """The beginning of a table: names of its columns, its first rows, and how it is written."""

    head: tuple[str, ...]
    rows: tuple[TableLine, ...]
    format: TableFormat


@dataclass(frozen=True, slots=True)
class UserTable:
    """A table that somebody has brought.

    Attributes:
        rows: those that can be used.
        unread: names of columns that were not read.
        format: how it is written.
        notes: what may be wrong in it, one line each.
        head: names of all columns.
        columns: the header of each column of ``tiles.csv`` that is read.
        problems: rows that are left out, and why; none if the table was read strictly.
    """

    rows: list[TableRow]
    unread: tuple[str, ...]
    format: TableFormat
    notes: tuple[str, ...] = ()
    head: tuple[str, ...] = ()
    columns: Mapping[str, str] = field(default_factory=dict)
    problems: tuple[RowProblem, ...] = ()


def read_user_table(
    path: Path, layout: TableLayout = RECOGNISED, *, strict: bool = True
) -> UserTable:
    """A CSV table or Excel workbook.

    CSV is separated by commas, semicolons, tabs or vertical bars, in UTF-8, UTF-16 or Windows-1252.
    Columns are those of ``tiles.csv``, in upper or lower case; also file, filename or name for
    path, class for label, and lat, lon or lng for the coordinates, also with unit or direction
    ("Longitude (deg E)", "lonW", "west_longitude"); longitudes west become east. Of a workbook, the
    first sheet is read that has a column of paths.

    Args:
        layout: how it is to be read, as far as somebody has said so.
        strict: whether one row that does not fit is an error; otherwise it is left out and listed.

    Raises:
        DataError: the file cannot be read, is not a table, has no column of paths, or a column
            twice; if ``strict``, also if a row does not fit (the message gives the line).
    """
    with opened(path, layout) as (lines, written, notes):
        table = _Reader(path, layout, written, strict).read(lines)
    return dataclasses.replace(table, notes=(*table.notes, *notes))


def look_at_table(path: Path, layout: TableLayout = RECOGNISED, count: int = 50) -> TableLook:
    """The header and the first rows of a table, whatever its columns are called.

    Raises:
        DataError: the file cannot be read, or is not a table.
    """
    with opened(path, layout) as (lines, written, _):
        head = next(lines, TableLine(1, ()))
        rows = tuple(itertools.islice(lines, count))
    return TableLook(tuple(name.strip() for name in head.cells), rows, written)


class _Reader:
    """Reads the rows of one table."""

    def __init__(self, path: Path, layout: TableLayout, written: TableFormat, strict: bool) -> None:
        self._path, self._layout, self._written, self._strict = path, layout, written, strict
        self._kind = "row" if written.sheet else "line"
        self._problems: list[RowProblem] = []

    def read(self, lines: Iterator[TableLine]) -> UserTable:
        """The table. Raises DataError as ``read_user_table``."""
        head = next(lines, TableLine(1, ()))
        check_head(self._path.name, head)
        column_names.check(str(self._path), head.cells, self._layout.columns)
        columns = self._layout.places(str(self._path), head.cells)
        rows, short = self._rows(head, lines, columns)
        if not rows and not self._problems:
            raise DataError(f"{self._path} has no rows.")
        mark = self._with_points(rows)
        if "longitude" in columns and column_names.is_west(head.cells[columns["longitude"]]):
            for row in rows:
                row.cells["longitude"] = _west_as_east(row.cells["longitude"])
        names = tuple(name.strip() for name in head.cells)
        unread = (name for index, name in enumerate(names) if index not in columns.values())
        return UserTable(
            rows,
            tuple(name for name in unread if name),
            dataclasses.replace(self._written, decimal_mark=mark),
            # A workbook does not store the empty cells at the end of a row.
            () if self._written.sheet else tuple(_short_notes(short)),
            names,
            {column: names[index] for column, index in columns.items()},
            tuple(sorted(self._problems, key=lambda problem: problem.number)),
        )

    def _rows(
        self, head: TableLine, lines: Iterator[TableLine], columns: dict[str, int]
    ) -> tuple[list[TableRow], list[int]]:
        """The rows that fit the header, and the lines of those that are shorter."""
        rows, short = [], []
        for line in lines:
            where = f"{self._path.name}, {self._kind} {line.number}"
            try:
                check_width(self._path.name, head, line, self._kind)
                row = TableRow(where, _cells(where, line.cells, columns), line.number)
            except DataError as error:
                self._leave_out(line.number, error)
                continue
            rows.append(row)
            if len(line.cells) < len(head.cells):
                short.append(line.number)
        return rows, short

    def _with_points(self, rows: list[TableRow]) -> str:
        """Gives all numbers decimal points; the decimal mark of the table."""
        stated = self._layout.decimal_mark
        if not self._strict:
            for place, error in reversed(numbers.odd_rows(rows, stated)):
                self._leave_out(rows.pop(place).number, error)
        if stated == ".":
            return stated
        is_usual = self._written.separator == ";" or stated == ","
        return numbers.with_points([(row.where, row.cells) for row in rows], is_usual)

    def _leave_out(self, number: int, error: DataError) -> None:
        if self._strict:
            raise error
        self._problems.append(RowProblem(number, str(error)))


def _short_notes(short: Sequence[int]) -> Iterator[str]:
    if short:
        rows = "1 row has" if len(short) == 1 else f"{len(short):,} rows have"
        yield (
            f"{rows} fewer cells than the header (first in line {short[0]:,}); the cells that lack"
            " at the end count as empty."
        )


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
