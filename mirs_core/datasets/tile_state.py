"""How what a tile is read from compares with what was archived."""

import stat
from enum import StrEnum
from pathlib import Path

from mirs_core.datasets import data_files

_MAY_REFER = data_files.MAY_REFER | {".vrt"}

Stamp = tuple[int, int, int]
"""Size of a file in bytes, and the times of its last modification and status change, in ns."""


class TileState(StrEnum):
    """How the file of a tile, or the raster of a virtual one, compares with what was archived."""

    CURRENT = "current"
    CHANGED = "changed"
    MISSING = "missing"
    UNREADABLE = "unreadable"


def stamp_of(path: Path) -> Stamp | None:
    """The stamp of a regular file, with its data files; None if there is none at ``path``.

    Raises:
        OSError: it cannot be looked at, for want of permission for example.
    """
    try:
        status = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    if not stat.S_ISREG(status.st_mode):
        return None
    size, modified = status.st_size, status.st_mtime_ns
    if path.suffix.lower() in _MAY_REFER:
        size, modified = data_files.stamp_of(path)
    return size, modified, status.st_ctime_ns
