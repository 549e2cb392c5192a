"""Which columns of somebody's table hold what ``tiles.csv`` holds."""

import re
from collections.abc import Mapping, Sequence

from mirs_core.datasets.tile_table import COLUMNS
from mirs_core.errors import DataError

# Accepted column names, in order of precedence.
NAMES = {name: (name,) for name in COLUMNS} | {
    "path": ("path", "file", "filename", "file_name", "name"),
    "label": ("label", "class", "landform"),
    "latitude": ("latitude", "lat"),
    "longitude": ("longitude", "lon", "lng", "long"),
    "licence": ("licence", "license"),
}
# Of the other columns, two names may say two things: a file and the name of its landform.
_ONE_ONLY = ("latitude", "longitude", "licence")
# Words that may stand beside "lat" or "lon" in the name of a column.
_NORTH = {"lat", "latitude", "n", "north"}
_EAST, _WEST = {"e", "east"}, {"w", "west"}
_LONGITUDE = {"lon", "long", "lng", "longitude"}
_COMMON = {"deg", "degree", "degrees", "decimal", "dd", "positive", "planetocentric", "centre",
           "center", "central"}  # fmt: skip


def columns_of(head: Sequence[str]) -> dict[str, int]:
    """The index of each column of ``tiles.csv`` that is present under one of its names."""
    return {column: indexes[0] for column, indexes in _candidates(head).items()}


def check(where: str, head: Sequence[str], stated: Mapping[str, str] | None = None) -> None:
    """Raises DataError if no column names the files, or two hold the same coordinate or licence.

    Args:
        stated: columns that somebody has assigned by hand, which are not in doubt.
    """
    candidates, stated = _candidates(head), stated or {}
    if not stated.get("path") and ("path" not in candidates or "path" in stated):
        raise DataError(
            f"{where} does not say which file a row refers to: its first line has none of the"
            f" columns {', '.join(NAMES['path'])}. Rename the right one, or state it"
            " (--column path=HEADER)."
        )
    for column in _ONE_ONLY:
        if column in stated:
            continue
        indexes = candidates.get(column, [])
        if len(indexes) > 1:
            first, second = (head[index].strip()[:80] for index in indexes[:2])
            raise DataError(
                f"{where}: the columns {first!r} and {second!r} both hold the {column}; rename or"
                " delete one of them."
            )


def is_west(name: str) -> bool:
    """Whether the longitudes in a column of this name count westwards."""
    return bool(_words(name) & _WEST)


def _candidates(head: Sequence[str]) -> dict[str, list[int]]:
    """The indexes of all columns that could be each column of ``tiles.csv``, the best first."""
    indexes: dict[str, int] = {}
    for index, name in enumerate(head):
        indexes.setdefault(name.strip().lower(), index)
    candidates = {}
    for column, names in NAMES.items():
        present = [indexes[name] for name in names if name in indexes]
        present += [index for index, name in enumerate(head) if _coordinate(name) == column]
        if present:
            candidates[column] = list(dict.fromkeys(present))
    return candidates


def _coordinate(name: str) -> str | None:
    """The coordinate, latitude or longitude, that a column of this name holds."""
    words = _words(name)
    if words & _LONGITUDE and words <= _LONGITUDE | _EAST | _WEST | _COMMON:
        return None if words & _EAST and words & _WEST else "longitude"
    is_latitude = words & {"lat", "latitude"} and words <= _NORTH | _COMMON
    return "latitude" if is_latitude else None


def _words(name: str) -> set[str]:
    """The words of a column's name in lower case, of "lonW" or "LON_W" both lon and w."""
    parted = re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=^lon)(?=[ew]$)|(?<=^lat)(?=n$)", " ", name.strip())
    return set(re.findall(r"[^\W\d_]+", parted.lower()))
