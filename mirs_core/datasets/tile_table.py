"""``tiles.csv``: metadata of tiles beyond their names and folders."""

import collections
import csv
import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, fields
from io import StringIO
from pathlib import Path
from typing import TypeVar

from mirs_core.datasets.csv_rows import TableLine, check_head, check_width, rows_of
from mirs_core.errors import DataError
from mirs_core.files import replace_file

T = TypeVar("T")

TABLE_FILE = "tiles.csv"
SPLITS = ("train", "val", "test", "database")
_MAX_BYTES = 2_000_000_000
_FROM_SPREADSHEET = (
    "If a spreadsheet program has saved it in a form of its own, move it out of the folder, and"
    " import the folder with it as the table."
)
MAX_TEXT = 2_000
"""Largest number of characters in a cell."""


@dataclass(frozen=True, slots=True)
class TileRecord:
    """A row of ``tiles.csv``, which takes precedence over the name and folder of the file.

    Attributes:
        path: of the image, relative to the root of the data set, with forward slashes.
        label: its class; None for that of the folder.
        split: train, val, test or database; None for that of the folder.
        latitude: planetocentric, degrees north, of the centre of the tile; None if unknown.
        longitude: east-positive, degrees in [0, 360), of the centre of the tile.
        strip: the product that it was cut from.
        metres_per_pixel: pixel scale.
        source: URL of the source product.
        licence: of the image, if it differs from that of the data set.
        credit: whom to credit.
    """

    path: str
    label: str | None = None
    split: str | None = None
    latitude: float | None = None
    longitude: float | None = None
    strip: str | None = None
    metres_per_pixel: float | None = None
    source: str | None = None
    licence: str | None = None
    credit: str | None = None


COLUMNS = tuple(field.name for field in fields(TileRecord))


def read_table(root: Path) -> dict[str, TileRecord]:
    """The records of the data set in ``root`` by path; empty if it has no ``tiles.csv``.

    Other columns are ignored; empty cells mean unknown, also those that a short row lacks.

    Raises:
        DataError: the table cannot be read, or a row is invalid (the message gives the line).
    """
    path = root / TABLE_FILE
    return records_of(path) if path.is_file() else {}


def records_of(path: Path) -> dict[str, TileRecord]:
    """The records in a table of any name, by the path of their tiles.

    Raises:
        DataError: the table cannot be read, or a row is invalid (the message gives the line).
    """
    return _read(path, _records)


def check_rows(path: Path) -> None:
    """Reads a table row by row as ``records_of`` does, but keeps none of them.

    Raises:
        DataError: as there; paths that are listed twice are not noticed.
    """
    return _read(path, lambda path, lines: collections.deque(_rows(path, lines), 0).clear())


def _read(path: Path, use: Callable[[Path, Iterator[TableLine]], T]) -> T:
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise DataError(f"{path} is too large for a table of tiles.")
        with path.open(encoding="utf-8-sig", newline="") as handle:
            lines = _without_nul(path, handle)
            return use(path, rows_of(lines, str(path), skip_blanks=False))
    except OSError as error:
        raise DataError(f"{path} cannot be read ({error.strerror or error}).") from None
    except UnicodeDecodeError as error:
        raise DataError(
            f"{path} is not a UTF-8 table ({error}); save it as CSV UTF-8. {_FROM_SPREADSHEET}"
        ) from None


def foreign_cells(root: Path) -> dict[str, dict[str, str]]:
    """The cells of ``tiles.csv`` in columns other than ``COLUMNS``, by path and column.

    The table must be valid: read it with ``read_table`` first.
    """
    path = root / TABLE_FILE
    if not path.is_file():
        return {}
    with path.open(encoding="utf-8-sig", newline="") as handle:
        rows = csv.DictReader(handle)
        names = [name for name in rows.fieldnames or () if name and name not in COLUMNS]
        if not names:
            return {}
        return {
            (row["path"] or "").strip().replace("\\", "/"): {n: row.get(n) or "" for n in names}
            for row in rows
        }


def write_table(
    root: Path, records: Iterable[TileRecord], more: Mapping[str, Mapping[str, str]] | None = None
) -> None:
    """Writes ``tiles.csv`` atomically, without columns that are empty in all records.

    Args:
        more: cells of further columns by path, as ``foreign_cells`` returns them.
    """
    more = more or {}
    rows = [asdict(record) for record in records]
    columns = [n for n in COLUMNS if n == "path" or any(row[n] is not None for row in rows)]
    columns += list(dict.fromkeys(name for cells in more.values() for name in cells))
    rows = [{**more.get(row["path"], {}), **row} for row in rows]
    text = StringIO()
    writer = csv.DictWriter(text, columns, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    data = text.getvalue().encode("utf-8")
    replace_file(root / TABLE_FILE, lambda handle: handle.write(data))


def _records(path: Path, lines: Iterator[TableLine]) -> dict[str, TileRecord]:
    records: dict[str, TileRecord] = {}
    for where, record in _rows(path, lines):
        if record.path in records:
            raise DataError(f"{where}: {record.path} is listed twice.")
        records[record.path] = record
    return records


def _rows(path: Path, lines: Iterator[TableLine]) -> Iterator[tuple[str, TileRecord]]:
    """Where each row of a table is, for messages, and its record."""
    head = next(lines, TableLine(1, ()))
    names = list(head.cells)
    check_head(str(path), head, exactly=True)
    if "path" not in names:
        raise DataError(
            f"{path} has no column 'path' in its first line; columns: {COLUMNS}."
            f" {_FROM_SPREADSHEET}"
        )
    columns = {name: names.index(name) for name in COLUMNS if name in names}
    for line in lines:
        check_width(str(path), head, line)
        cells = dict.fromkeys(COLUMNS, "")
        for name, index in columns.items():
            cells[name] = line.cells[index].strip() if index < len(line.cells) else ""
        where = f"{path}, line {line.number}"
        yield where, record_of(where, cells)


def _without_nul(path: Path, handle: Iterable[str]) -> Iterator[str]:
    for number, line in enumerate(handle, 1):
        if "\0" in line:
            raise DataError(f"{path}, line {number}: NUL characters; the file is damaged.")
        yield line


def record_of(where: str, cells: Mapping[str, str]) -> TileRecord:
    """The record of one row of a table; ``cells`` has every column, an empty text where unknown.

    Raises:
        DataError: a cell is invalid; the message begins with ``where``.
    """
    if any(len(cell) > MAX_TEXT for cell in cells.values()):
        raise DataError(f"{where}: a cell is longer than {MAX_TEXT} characters.")
    tile = cells["path"].replace("\\", "/")
    if not tile or tile.startswith("/") or ".." in tile.split("/"):
        raise DataError(f"{where}: {tile!r} is not a path inside the data set.")
    latitude = _number(where, "latitude", cells["latitude"], -90, 90)
    longitude = _number(where, "longitude", cells["longitude"], -360, 360)
    if longitude is not None and latitude is None:
        raise DataError(f"{where}: a longitude without a latitude; fill in both or none.")
    split = cells["split"] or None
    if split is not None and split not in SPLITS:
        raise DataError(f"{where}: split {split!r} is not one of {', '.join(SPLITS)}.")
    return TileRecord(
        path=tile,
        label=_text(cells["label"]),
        split=split,
        latitude=latitude,
        # Twice, because the remainder of a tiny negative number rounds to 360.
        longitude=None if longitude is None else longitude % 360 % 360,
        strip=_text(cells["strip"]),
        metres_per_pixel=_number(where, "metres_per_pixel", cells["metres_per_pixel"], 1e-4, 1e6),
        source=_text(cells["source"]),
        licence=_text(cells["licence"]),
        credit=_text(cells["credit"]),
    )


def _text(cell: str) -> str | None:
    return " ".join(cell.split()) or None


def _number(where: str, name: str, cell: str, low: float, high: float) -> float | None:
    if not cell:
        return None
    try:
        # Python would take 1_5 for 15.
        value = math.nan if "_" in cell else float(cell)
    except ValueError:
        value = math.nan
    if not low <= value <= high:
        raise DataError(f"{where}: {name} {cell!r} is not a number from {low:g} to {high:g}.")
    return value
