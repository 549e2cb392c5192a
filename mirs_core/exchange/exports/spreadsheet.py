"""CSV tables that are safe to open in a spreadsheet: every table that leaves the program."""

import csv as csv_files
import io
import math
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any

from mirs_core.exchange.exports.rows import Row

# A spreadsheet takes cells that begin like this for formulas, which may open files or URLs.
_FORMULA = ("=", "+", "-", "@")
_CONTROL = ("\t", "\r")


def csv(rows: Sequence[Row], more_columns: Sequence[Mapping[str, Any]] = ()) -> bytes:
    """The rows as UTF-8 CSV, ``lon`` and ``lat`` first: east-positive, planetocentric degrees.

    Unknown values are empty cells. Text that a spreadsheet would take for a formula begins with an
    apostrophe, which such programs hide.

    Args:
        more_columns: further columns, one mapping per row.
    """
    extras = more_columns or [{} for _ in rows]
    columns = [column.name for column in fields(Row)]
    names = [*columns, *(name for name in (extras[0] if extras else {}) if name not in columns)]
    values = [{**row.to_json(), **extra} for row, extra in zip(rows, extras, strict=True)]
    return table(values, names)


def table(rows: Sequence[Mapping[str, Any]], columns: Sequence[str] = ()) -> bytes:
    """Rows as UTF-8 CSV, without what a spreadsheet would take for a formula (:func:`safe_cell`).

    None and NaN are empty cells. A table with letters beyond ASCII begins with a byte order mark,
    without which spreadsheets misread them.

    Args:
        columns: names of the columns in order; those of the first row if empty.
    """
    names = list(columns or (rows[0] if rows else ()))
    lines = [_line([safe_cell(name) for name in names])]
    lines += [_line([_cell(row.get(name)) for name in names]) for row in rows]
    content = "".join(lines)
    return content.encode("utf-8" if content.isascii() else "utf-8-sig")


def _line(cells: Sequence[Any]) -> str:
    # With CR LF, the writer quotes cells that have either, which would begin a row otherwise.
    text = io.StringIO()
    csv_files.writer(text, lineterminator="\r\n").writerow(cells)
    return text.getvalue().removesuffix("\r\n") + "\n"


def safe_cell(value: Any) -> Any:
    """The value; text that a spreadsheet would take for a formula begins with an apostrophe.

    Spreadsheets skip white space before a formula, and some take full-width signs for plain ones.
    """
    if not isinstance(value, str):
        return value
    start = unicodedata.normalize("NFKC", value.lstrip(_skipped(value))[:1])
    is_formula = start.startswith(_FORMULA) or value.startswith(_CONTROL)
    return f"'{value}" if is_formula else value


def _skipped(value: str) -> str:
    """The characters of the text that a spreadsheet may skip: white space and invisible ones."""
    return "".join(
        sign for sign in set(value) if sign.isspace() or unicodedata.category(sign) in ("Cc", "Cf")
    )


def _cell(value: Any) -> Any:
    is_unknown = value is None or (isinstance(value, float) and math.isnan(value))
    return "" if is_unknown else safe_cell(value)
