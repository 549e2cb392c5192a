"""A table of somebody's own: read under common names of columns, and matched with files."""

import csv
import unicodedata
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mirs_core.datasets.tile_table import COLUMNS, TileRecord, record_of
from mirs_core.errors import DataError

_MAX_BYTES = 2_000_000_000
# The first name that a table has is taken; the proper one stands before what else it is called.
_NAMES = {name: (name,) for name in COLUMNS} | {
    "path": ("path", "file", "filename", "file_name", "name"),
    "label": ("label", "class"),
    "latitude": ("latitude", "lat"),
    "longitude": ("longitude", "lon", "lng", "long"),
    "licence": ("licence", "license"),
}
_SPLITS = {"training": "train", "validation": "val", "valid": "val", "testing": "test"}


@dataclass(frozen=True, slots=True)
class OwnRow:
    """A row as it was written: ``where`` it stands, and its cells by the names of this house."""

    where: str
    cells: dict[str, str]

    @property
    def key(self) -> str:
        """What it calls its tile: a path with forward slashes, in Unicode's composed form."""
        return _composed(self.cells["path"].replace("\\", "/").removeprefix("./"))


@dataclass(frozen=True, slots=True)
class Matched:
    """``records`` by the path of their file; ``unmatched`` as the table calls them."""

    records: dict[str, TileRecord]
    unmatched: tuple[str, ...]


def read_own_table(path: Path) -> list[OwnRow]:
    """The rows of a CSV table, separated by commas, semicolons or tabs.

    Columns are those of ``tiles.csv``, in any case; file, filename or name stand for path, class
    for label, lat, lon and lng for the coordinates. Others are passed over.

    Raises:
        DataError: the file cannot be read, is no table, or names no files.
    """
    try:
        if not path.is_file():
            raise DataError(f"There is no table {path}. Check the path.")
        if path.stat().st_size > _MAX_BYTES:
            raise DataError(f"{path} is larger than a table of tiles can be.")
        with path.open(encoding="utf-8-sig", newline="") as handle:
            head = handle.readline()
            handle.seek(0)
            separator = max(",;\t", key=head.count)
            rows = csv.reader(handle, delimiter=separator)
            columns = _columns(path, next(rows, []))
            found = [
                OwnRow(f"{path.name}, line {rows.line_num}", _cells(row, columns))
                for row in rows
                if any(cell.strip() for cell in row)
            ]
    except OSError as error:
        raise DataError(f"{path} cannot be read ({error.strerror or error}).") from None
    except (UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{path} is no table in UTF-8 ({error}); save it as CSV UTF-8.") from None
    if not found:
        raise DataError(f"{path} has no rows; nothing is said of any tile.")
    return found


def match(rows: Sequence[OwnRow], paths: Sequence[str]) -> Matched:
    """What each row says, by the file that it means.

    A row means the file with its very path; otherwise, where one file alone has its name, that
    one. What a row says of a path is only compared, never opened.

    Args:
        paths: of the files, relative to their folder, with forward slashes.

    Raises:
        DataError: two rows mean one file, more than half mean none, or a cell is wrong.
    """
    exact = {_composed(path): path for path in paths}
    named: dict[str, list[str]] = defaultdict(list)
    for key, path in exact.items():
        named[_name(key)].append(path)
    taken: dict[str, OwnRow] = {}
    loose = [row for row in rows if not _take(row, exact.get(row.key), taken)]
    said = set(taken)
    unmatched = []
    for row in loose:
        alike = [path for path in named.get(_name(row.key), []) if path not in said]
        if not _take(
            row, alike[0] if len(named[_name(row.key)]) == len(alike) == 1 else None, taken
        ):
            unmatched.append(row.cells["path"][:200])
    if 2 * len(unmatched) > len(rows):
        raise DataError(
            f"{len(unmatched)} of {len(rows)} rows of the table name no file of the folder, for"
            f" one {unmatched[0]!r}. Give paths relative to the folder, or file names."
        )
    records = {
        path: record_of(row.where, {**row.cells, "path": path}) for path, row in taken.items()
    }
    return Matched(records, tuple(unmatched))


def _take(row: OwnRow, path: str | None, taken: dict[str, OwnRow]) -> bool:
    if path is None:
        return False
    if path in taken:
        raise DataError(f"{row.where}: {path} stands there a second time ({taken[path].where}).")
    taken[path] = row
    return True


def _columns(path: Path, head: Sequence[str]) -> dict[str, int]:
    """The place of each known column in a row."""
    places: dict[str, int] = {}
    for place, name in enumerate(head):
        places.setdefault(name.strip().lower(), place)
    found = {}
    for column, names in _NAMES.items():
        known = [places[name] for name in names if name in places]
        if known:
            found[column] = known[0]
    if "path" not in found:
        raise DataError(
            f"{path} does not say which file a row is about: its first line names none of the"
            f" columns {', '.join(_NAMES['path'])}."
        )
    return found


def _cells(row: Sequence[str], columns: dict[str, int]) -> dict[str, str]:
    cells = dict.fromkeys(COLUMNS, "")
    for column, place in columns.items():
        cells[column] = row[place].strip() if place < len(row) else ""
    split = cells["split"].lower()
    return {**cells, "split": _SPLITS.get(split, split)}


def _name(key: str) -> str:
    return key.rsplit("/", 1)[-1]


def _composed(text: str) -> str:
    return unicodedata.normalize("NFC", text)
