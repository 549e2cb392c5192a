"""The grid of tiles in a raster, and the windows in which they are read."""

from collections.abc import Iterator
from dataclasses import dataclass

Corner = tuple[int, int]
"""Column and row of the upper left pixel of a tile."""


@dataclass(frozen=True, slots=True)
class Window:
    """Pixels that are read together, and the tiles in them."""

    column: int
    row: int
    width: int
    height: int
    corners: tuple[Corner, ...]


def starts(length: int, side: int, stride: int) -> range:
    """Where tiles begin along an edge of ``length`` pixels; no incomplete tile at the end."""
    return range(0, length - side + 1, stride)


def tile_count(width: int, height: int, side: int, stride: int) -> int:
    """How many tiles of ``side`` pixels a raster of ``width`` x ``height`` pixels is cut into."""
    return len(starts(width, side, stride)) * len(starts(height, side, stride))


def stride_of(side: int, overlap: float) -> int:
    """Pixels from one tile to the next, at least 1, if neighbours share ``overlap`` (0 to 1)."""
    return max(1, round(side * (1 - overlap)))


def windows(width: int, height: int, side: int, stride: int, most_pixels: int) -> Iterator[Window]:
    """Rows of tiles in windows of at most ``most_pixels`` (but at least one tile)."""
    columns = list(starts(width, side, stride))
    fitting = max(1, (most_pixels // side - side) // stride + 1)
    for row in starts(height, side, stride):
        for first in range(0, len(columns), fitting):
            part = columns[first : first + fitting]
            corners = tuple((column, row) for column in part)
            yield Window(part[0], row, part[-1] - part[0] + side, side, corners)
