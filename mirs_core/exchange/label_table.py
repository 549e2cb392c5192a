"""Corrected labels as a table for spreadsheets and for other installations."""

from collections.abc import Iterable

from mirs_core.datasets.label_log import Correction
from mirs_core.exchange.exports.spreadsheet import table

COLUMNS = ("path", "label", "before", "by", "at", "note")


def label_table(corrections: Iterable[Correction]) -> bytes:
    """A CSV table (UTF-8) with one row per correction, which ``data import --table`` reads.

    A label that was taken away is an empty cell.
    """
    rows = [
        dict(zip(COLUMNS, (c.tile, c.label, c.before, c.by, c.at, c.note), strict=True))
        for c in corrections
    ]
    return table(rows, COLUMNS)
