"""The rows of CSV tables, read strictly: what does not fit is refused with its line."""

import csv
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from mirs_core.errors import DataError


class TableLine(NamedTuple):
    """A row of a table: the number of its first line, and its cells."""

    number: int
    cells: Sequence[str]


def rows_of(
    lines: Iterable[str],
    name: str,
    separator: str = ",",
    first: int = 1,
    skip_blanks: bool = True,
) -> Iterator[TableLine]:
    """The rows of a table that are not empty, the header first.

    Args:
        lines: a file opened with ``newline=""``.
        name: of the table, for messages.
        first: number of the first line.
        skip_blanks: whether blanks after a separator are no part of the cell, which may then be
            in quotation marks.

    Raises:
        DataError: a quotation mark is not closed or stands within a cell, or a cell is huge.
    """
    rows = csv.reader(lines, delimiter=separator, strict=True, skipinitialspace=skip_blanks)
    while True:
        number = rows.line_num + first
        try:
            cells = next(rows, None)
        except csv.Error as error:
            raise DataError(f"{name}, line {number}: {_reason(str(error))}") from None
        if cells is None:
            return
        if any(cell.strip() for cell in cells):
            yield TableLine(number, cells)


def check_head(name: str, head: TableLine, exactly: bool = False) -> None:
    """Raises DataError if two columns have the same name, whatever its case and blanks.

    Args:
        exactly: whether names in another case, or with other blanks, are other names.
    """
    seen = set()
    for cell in head.cells:
        column = cell if exactly else " ".join(cell.split()).casefold()
        if column and column in seen:
            raise DataError(
                f"{name}, line {head.number}: two columns are called {cell.strip()[:80]!r}; rename"
                " or delete one of them."
            )
        seen.add(column)


def check_width(name: str, head: TableLine, row: TableLine, kind: str = "line") -> None:
    """Raises DataError if a row has text beyond the columns of the header."""
    beyond = [cell.strip() for cell in row.cells[len(head.cells) :] if cell.strip()]
    if beyond:
        raise DataError(
            f"{name}, {kind} {row.number}: {len(row.cells)} cells, but the header has"
            f" {len(head.cells)} (beyond them: {beyond[0][:80]!r}). Put quotation marks around"
            " cells that contain the separator."
        )


def _reason(reason: str) -> str:
    if "unexpected end" in reason:
        return "a quotation mark that is never closed; close it, or write it twice."
    if "expected after" in reason:
        return "text after a closing quotation mark; write quotation marks within a cell twice."
    if "field larger" in reason:
        return "a cell of more than 131,072 characters; is a quotation mark not closed?"
    return f"{reason}."
