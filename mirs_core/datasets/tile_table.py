"""``tiles.csv``: what is known of the tiles of a data set beyond their names and folders."""

import csv
import math
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from io import StringIO
from pathlib import Path

from mirs_core.errors import DataError
from mirs_core.files import replace_file

TABLE_FILE = "tiles.csv"
SPLITS = ("train", "val", "test", "database")
_MAX_BYTES = 2_000_000_000
MAX_TEXT = 2_000
"""Letters of a cell."""


@dataclass(frozen=True, slots=True)
class TileRecord:
    """A row of ``tiles.csv``. What it says wins over what the file's name and folder tell.

    Attributes:
        path: of the image, relative to the data set's root, with forward slashes.
        label: its class; None leaves the folder's word.
        split: train, val, test or database; None leaves the folder's word.
        latitude: planetocentric, degrees north, of the tile's own centre; None where unknown.
        longitude: east-positive, degrees in [0, 360), of the tile's own centre.
        strip: the product that it was cut from.
        metres_per_pixel: ground size of a pixel.
        source: address of the source product.
        licence: of the image, where it is not the data set's.
        credit: whom to name.
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
    """The records of the data set in ``root`` by path; empty where it has no ``tiles.csv``.

    Columns that are not known are passed over; empty cells are unknown.

    Raises:
        DataError: the table cannot be read, or a row is wrong (the message names the line).
    """
    path = root / TABLE_FILE
    return records_of(path) if path.is_file() else {}


def records_of(path: Path) -> dict[str, TileRecord]:
    """The records in a table of any name, by the path of their tiles.

    Raises:
        DataError: the table cannot be read, or a row is wrong (the message names the line).
    """
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise DataError(f"{path} is larger than a table of tiles can be.")
        with path.open(encoding="utf-8-sig", newline="") as handle:
            return _records(path, csv.DictReader(handle))
    except OSError as error:
        raise DataError(f"{path} cannot be read ({error.strerror or error}).") from None
    except (UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{path} is no table in UTF-8 ({error}); save it as CSV UTF-8.") from None


def foreign_cells(root: Path) -> dict[str, dict[str, str]]:
    """What a ``tiles.csv`` says in columns that are not known here, by path and column.

    The table has been read with ``read_table`` before, so its rows are sound.
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
    """Writes ``tiles.csv`` in one piece; columns that no record fills are left out.

    Args:
        more: cells of further columns by path, as ``foreign_cells`` found them.
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


def _records(path: Path, rows: "csv.DictReader[str]") -> dict[str, TileRecord]:
    if "path" not in (rows.fieldnames or ()):
        raise DataError(f"{path} has no column 'path' in its first line; columns: {COLUMNS}.")
    found: dict[str, TileRecord] = {}
    for row in rows:
        cells = {name: (row.get(name) or "").strip() for name in COLUMNS}
        where = f"{path}, line {rows.line_num}"
        record = record_of(where, cells)
        if record.path in found:
            raise DataError(f"{where}: {record.path} stands there a second time.")
        found[record.path] = record
    return found


def record_of(where: str, cells: Mapping[str, str]) -> TileRecord:
    """The record of one row of a table; ``cells`` has every column, an empty text where unknown.

    Raises:
        DataError: a cell is wrong; the message begins with ``where``.
    """
    if any(len(cell) > MAX_TEXT for cell in cells.values()):
        raise DataError(f"{where}: a cell is longer than {MAX_TEXT} characters.")
    tile = cells["path"].replace("\\", "/")
    if not tile or tile.startswith("/") or ".." in tile.split("/"):
        raise DataError(f"{where}: {tile!r} is no path below the data set's folder.")
    latitude = _number(where, "latitude", cells["latitude"], -90, 90)
    longitude = _number(where, "longitude", cells["longitude"], -360, 360)
    if longitude is not None and latitude is None:
        raise DataError(f"{where}: a longitude without a latitude; fill in both or none.")
    split = cells["split"] or None
    if split is not None and split not in SPLITS:
        raise DataError(f"{where}: split {split!r} is none of {', '.join(SPLITS)}.")
    return TileRecord(
        path=tile,
        label=_text(cells["label"]),
        split=split,
        latitude=latitude,
        # Twice, because the remainder of a tiny negative number rounds to 360 itself.
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
        value = float(cell)
    except ValueError:
        value = math.nan
    if not low <= value <= high:
        raise DataError(f"{where}: {name} {cell!r} is no number from {low:g} to {high:g}.")
    return value
