"""Numbers as spreadsheets write them in different countries."""

import re
from collections.abc import Sequence
from typing import Protocol

from mirs_core.errors import DataError

NUMBERS = ("latitude", "longitude", "metres_per_pixel")
_DECIMAL_COMMA = re.compile(r"[+-]?[0-9]*,[0-9]+")
_DECIMAL_POINT = re.compile(r"[+-]?[0-9]*\.[0-9]+")
# Also a number with a mark between its thousands.
_AMBIGUOUS = re.compile(r"[+-]?[0-9]{1,3},[0-9]{3}")


class NumberRow(Protocol):
    """A row with numbers: its place for messages, and its cells by column."""

    @property
    def where(self) -> str:
        """Its place."""

    @property
    def cells(self) -> dict[str, str]:
        """Its cells."""


def with_points(rows: Sequence[tuple[str, dict[str, str]]], is_usual: bool) -> str:
    """Replaces decimal commas in the number cells of ``rows`` (where, cells), if they have any.

    Only a single comma between digits is one; marks between thousands are left as they are, and
    refused later as no numbers. A Unicode minus becomes a plain one.

    Args:
        is_usual: whether decimal commas are usual in such a table: its separator is a semicolon.

    Returns:
        The decimal mark of the table.

    Raises:
        DataError: commas and points are mixed, or commas may stand between thousands.
    """
    commas: list[tuple[str, str, str]] = []
    point: tuple[str, str] | None = None
    for where, cells in rows:
        for column in NUMBERS:
            cell = cells[column] = cells[column].replace("\u2212", "-")
            if _DECIMAL_COMMA.fullmatch(cell):
                commas.append((where, column, cell))
            elif point is None and _DECIMAL_POINT.fullmatch(cell):
                point = (where, cell)
    if not commas:
        return "."
    where, _, cell = commas[0]
    if point is not None:
        raise DataError(
            f"{where}: {cell!r} has a decimal comma, but {point[1]!r} a decimal point"
            f" ({point[0]}); use one of them in the whole table."
        )
    is_clear = is_usual or any(
        column != "metres_per_pixel" or not _AMBIGUOUS.fullmatch(cell) for _, column, cell in commas
    )
    if not is_clear:
        raise DataError(
            f"{where}: {cell!r} may be a decimal number or thousands; write"
            f" {cell.replace(',', '.')} or {cell.replace(',', '')}."
        )
    for _, cells in rows:
        for column in NUMBERS:
            if _DECIMAL_COMMA.fullmatch(cells[column]):
                cells[column] = cells[column].replace(",", ".")
    return ","


def odd_rows(rows: Sequence["NumberRow"], mark: str = "") -> list[tuple[int, DataError]]:
    """Rows whose decimal mark is not that of the table, ascending, and what is wrong in them.

    Args:
        mark: of the table, "." or ","; by default that of most rows. Of equally many, none is odd.
    """
    commas: dict[int, str] = {}
    points: dict[int, str] = {}
    for place, row in enumerate(rows):
        for column in NUMBERS:
            cell = row.cells[column].replace("\u2212", "-")
            if _DECIMAL_COMMA.fullmatch(cell):
                commas.setdefault(place, cell)
            elif _DECIMAL_POINT.fullmatch(cell):
                points.setdefault(place, cell)
    if not mark and (not commas or len(commas) == len(points)):
        return []
    if mark == "," or (not mark and len(commas) > len(points)):
        odd, name, usual = points, "point", "commas"
    else:
        odd, name, usual = commas, "comma", "points"
    return [
        (
            place,
            DataError(
                f"{rows[place].where}: {cell!r} has a decimal {name}, but the table decimal"
                f" {usual}."
            ),
        )
        for place, cell in sorted(odd.items())
    ]
