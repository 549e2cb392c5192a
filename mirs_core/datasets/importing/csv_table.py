"""A user's CSV table: read under common column names, and matched with image files."""

import csv
import re
import unicodedata
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from mirs_core.datasets.tile_table import COLUMNS, TileRecord, record_of
from mirs_core.errors import DataError

if TYPE_CHECKING:
    import _csv

_MAX_BYTES = 2_000_000_000
# Accepted column names, in order of precedence.
_NAMES = {name: (name,) for name in COLUMNS} | {
    "path": ("path", "file", "filename", "file_name", "name"),
    "label": ("label", "class"),
    "latitude": ("latitude", "lat"),
    "longitude": ("longitude", "lon", "lng", "long"),
    "licence": ("licence", "license"),
}
# Words that may stand beside "lat" or "lon" in the name of a column.
_NORTH = {"lat", "latitude", "n", "north"}
_EAST, _WEST = {"e", "east"}, {"w", "west"}
_LONGITUDE = {"lon", "long", "lng", "longitude"}
_COMMON = {"deg", "degree", "degrees", "decimal", "dd", "positive", "planetocentric", "centre",
           "center", "central"}  # fmt: skip
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
class MatchedTable:
    """The values of a table by file.

    Attributes:
        records: by path of their file.
        unmatched: paths in the table without a file.
        unread: names of columns that were not read.
    """

    records: dict[str, TileRecord]
    unmatched: tuple[str, ...]
    unread: tuple[str, ...] = ()


def read_rows(path: Path) -> list[TableRow]:
    """The rows of a CSV table, separated by commas, semicolons or tabs.

    Columns are those of ``tiles.csv``, in upper or lower case; also file, filename or name for
    path, class for label, and lat, lon or lng for the coordinates, also with unit or direction
    ("Longitude (deg E)", "lonW", "west_longitude"); longitudes west become east. Other columns are
    ignored; :func:`unread_columns` names them.

    Raises:
        DataError: the file cannot be read, is not a table, or has no column of paths.
    """
    try:
        if not path.is_file():
            raise DataError(f"There is no table {path}. Check the path.")
        if path.stat().st_size > _MAX_BYTES:
            raise DataError(f"{path} is too large for a table of tiles.")
        with path.open(encoding="utf-8-sig", newline="") as handle:
            rows = _reader(handle)
            head = next(rows, [])
            columns = _columns(path, head)
            is_west = "longitude" in columns and _is_west(head[columns["longitude"]])
            table_rows = [
                TableRow(f"{path.name}, line {rows.line_num}", _cells(row, columns, is_west))
                for row in rows
                if any(cell.strip() for cell in row)
            ]
    except OSError as error:
        raise DataError(f"{path} cannot be read ({error.strerror or error}).") from None
    except (UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{path} is not a UTF-8 table ({error}); save it as CSV UTF-8.") from None
    if not table_rows:
        raise DataError(f"{path} has no rows.")
    return table_rows


def unread_columns(path: Path) -> tuple[str, ...]:
    """Names of the columns of a table that :func:`read_rows` can read, but which it ignores."""
    with path.open(encoding="utf-8-sig", newline="") as handle:
        head = next(_reader(handle), [])
    used = set(_columns(path, head).values())
    return tuple(
        name.strip() for index, name in enumerate(head) if index not in used and name.strip()
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


def _columns(path: Path, head: Sequence[str]) -> dict[str, int]:
    """The index of each recognised column."""
    indexes: dict[str, int] = {}
    for index, name in enumerate(head):
        indexes.setdefault(name.strip().lower(), index)
    columns = {}
    for column, names in _NAMES.items():
        present = [indexes[name] for name in names if name in indexes]
        present += [index for index, name in enumerate(head) if _coordinate(name) == column]
        if present:
            columns[column] = present[0]
    if "path" not in columns:
        raise DataError(
            f"{path} does not say which file a row refers to: its first line has none of the"
            f" columns {', '.join(_NAMES['path'])}."
        )
    return columns


def _reader(handle: TextIO) -> "_csv.Reader":
    """The rows of an open table, which is at its beginning."""
    head = handle.readline()
    handle.seek(0)
    return csv.reader(handle, delimiter=max(",;\t", key=head.count))


def _coordinate(name: str) -> str | None:
    """The coordinate, latitude or longitude, that a column of this name holds."""
    words = _words(name)
    if words & _LONGITUDE and words <= _LONGITUDE | _EAST | _WEST | _COMMON:
        return None if words & _EAST and words & _WEST else "longitude"
    is_latitude = words & {"lat", "latitude"} and words <= _NORTH | _COMMON
    return "latitude" if is_latitude else None


def _is_west(name: str) -> bool:
    return bool(_words(name) & _WEST)


def _words(name: str) -> set[str]:
    """The words of a column's name in lower case, of "lonW" or "LON_W" both lon and w."""
    parted = re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=^lon)(?=[ew]$)|(?<=^lat)(?=n$)", " ", name.strip())
    return set(re.findall(r"[^\W\d_]+", parted.lower()))


def _west_as_east(cell: str) -> str:
    cell = cell.removeprefix("+")
    if not cell:
        return cell
    return cell[1:] if cell.startswith("-") else f"-{cell}"


def _cells(row: Sequence[str], columns: dict[str, int], is_west: bool) -> dict[str, str]:
    cells = dict.fromkeys(COLUMNS, "")
    for column, index in columns.items():
        cells[column] = row[index].strip() if index < len(row) else ""
    if is_west:
        cells["longitude"] = _west_as_east(cells["longitude"])
    split = cells["split"].lower()
    return {**cells, "split": _SPLITS.get(split, split)}


def _name(key: str) -> str:
    return key.rsplit("/", 1)[-1]


def _composed(text: str) -> str:
    return unicodedata.normalize("NFC", text)
