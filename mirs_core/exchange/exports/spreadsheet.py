"""CSV tables that are safe to open in a spreadsheet."""

from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any

from mirs_core.exchange.exports.rows import Row

# A spreadsheet takes cells that begin like this for formulas, which may open files or URLs.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def csv(rows: Sequence[Row], more_columns: Sequence[Mapping[str, Any]] = ()) -> bytes:
    """The rows as UTF-8 CSV, ``lon`` and ``lat`` first: east-positive, planetocentric degrees.

    Unknown values are empty cells. Text that a spreadsheet would take for a formula begins with an
    apostrophe, which such programs hide.

    Args:
        more_columns: further columns, one mapping per row.
    """
    import pandas as pd

    extras = more_columns or [{} for _ in rows]
    columns = [column.name for column in fields(Row)]
    table = [
        {name: safe_cell(value) for name, value in {**row.to_json(), **extra}.items()}
        for row, extra in zip(rows, extras, strict=True)
    ]
    names = [*columns, *(name for name in (extras[0] if extras else {}) if name not in columns)]
    frame = pd.DataFrame(table, columns=names)
    frame["rank"] = frame["rank"].astype("Int64")
    text: str = frame.to_csv(index=False, lineterminator="\n")
    return text.encode()


def safe_cell(value: Any) -> Any:
    """The value; text that a spreadsheet would take for a formula begins with an apostrophe."""
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value
