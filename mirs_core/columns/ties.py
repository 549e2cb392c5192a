"""The order of tiles at equal distances, when an archive has grown.

Every tile has a place between 0 and 1, and of two tiles at equal distance the one with the lower
place comes first. The tiles of an archive that never grew are spread evenly in row order; tiles
that are added later get places at random, so that neither kind has an advantage. Within a segment
places ascend with rows, so only results of different segments need comparing.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from mirs_core.columns.blocks import Layout, Rows

Spread = tuple[int, int]


class Ties:
    """The place of every stored tile in the order of ties."""

    def __init__(self, parts: Sequence[NDArray[np.float64] | Spread], layout: Layout) -> None:
        """``parts`` per block: places, or the first tile and the number that are spread evenly."""
        self._parts, self._layout = tuple(parts), layout

    @classmethod
    def of(cls, parts: Sequence[NDArray[np.float64] | Spread], layout: Layout) -> "Ties | None":
        """The order of ties; None if it is that of the rows."""
        ties = cls(parts, layout)
        filled = [block for block, size in enumerate(layout.sizes) if size]
        first = [ties.stored(block, np.zeros(1, dtype=np.int64))[0] for block in filled]
        last = [ties.stored(block, np.array([layout.sizes[block] - 1]))[0] for block in filled]
        return None if all(a <= b for a, b in zip(last, first[1:], strict=False)) else ties

    def stored(self, block: int, rows: Rows) -> NDArray[np.float64]:
        """The places (n,) of what is stored at ``rows`` in a block."""
        part = self._parts[block]
        return spread(part, rows) if isinstance(part, tuple) else part[rows]

    def take(self, rows: Rows) -> NDArray[np.float64]:
        """The places (n,) of ``rows``."""
        places = np.empty(len(rows))
        for block, stored, where in self._layout.locate(rows):
            places[where] = self.stored(block, stored)
        return places


def spread(part: Spread, rows: Rows) -> NDArray[np.float64]:
    """The places (n,) of the rows of a segment whose tiles are spread evenly."""
    first, count = part
    return (first + rows + 0.5) / count


def drawn(rows: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Places at random for new tiles, ascending."""
    return np.sort(rng.random(rows))
