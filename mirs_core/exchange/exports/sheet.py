"""Tables for spreadsheets, JMARS and QGIS."""

from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any

from mirs_core.exchange.exports.rows import Row

# A cell that begins like this is a formula to a spreadsheet, which may open files or addresses.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def csv(rows: Sequence[Row], more: Sequence[Mapping[str, Any]] = ()) -> bytes:
    """The rows as UTF-8 CSV, ``lon`` and ``lat`` first: east-positive, planetocentric degrees.

    Unknown values are empty. A text that a spreadsheet would take for a formula gets an apostrophe
    before it, which such programs hide.

    Args:
        more: further columns, a mapping a row.
    """
    import pandas as pd

    extra = more or [{} for _ in rows]
    columns = [item.name for item in fields(Row)]
    table = [
        {name: cell(value) for name, value in {**row.to_json(), **beside}.items()}
        for row, beside in zip(rows, extra, strict=True)
    ]
    names = [*columns, *(name for name in (extra[0] if extra else {}) if name not in columns)]
    frame = pd.DataFrame(table, columns=names)
    frame["rank"] = frame["rank"].astype("Int64")
    text: str = frame.to_csv(index=False, lineterminator="\n")
    return text.encode()


def cell(value: Any) -> Any:
    """A value for a spreadsheet: a text that it would take for a formula gets an apostrophe."""
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value
