"""How what a tile is read from compares with what was archived."""

from enum import StrEnum

Stamp = tuple[int, int, int]
"""Size of a file in bytes, and the times of its last modification and status change, in ns."""


class TileState(StrEnum):
    """How the file of a tile, or the raster of a virtual one, compares with what was archived."""

    CURRENT = "current"
    CHANGED = "changed"
    MISSING = "missing"
    UNREADABLE = "unreadable"
