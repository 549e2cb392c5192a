"""The tiles that are drawn: all, or of very large runs a sample."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mirs_core.hash_space import samples

FIRST_POINTS, MOST_POINTS = 100_000, 1_000_000
"""The most tiles that are drawn at first, and on request.

Of larger runs these are a random sample, the query and its results.
"""


@dataclass(frozen=True, slots=True)
class Drawn:
    """The tiles that are drawn: (n,) rows of the first model; the first ``steady`` ascending.

    Those after them belong to the query.
    """

    rows: NDArray[np.int64]
    steady: int
    of: int

    @property
    def whole(self) -> bool:
        """Whether every tile is drawn."""
        return self.steady == self.of

    def points_of(self, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """The point (n,) of each of some rows; -1 for rows that are not drawn."""
        if self.whole:
            return rows
        order = np.argsort(self.rows, kind="stable")
        places = np.searchsorted(self.rows[order], rows).clip(max=len(order) - 1)
        points = order[places]
        return np.where(self.rows[points] == rows, points, -1)


def numbers(count: int) -> tuple[int, ...]:
    """How many of ``count`` tiles may be drawn, the first of them at first."""
    return tuple(dict.fromkeys(min(count, most) for most in (FIRST_POINTS, MOST_POINTS)))


def choose(count: int, most: int, of_query: Sequence[int | None]) -> Drawn:
    """The tiles to draw.

    Args:
        most: their number, without those of the query.
        of_query: rows that have to be among them.
    """
    if count <= most:
        return Drawn(np.arange(count, dtype=np.int64), count, count)
    steady = samples.rows_of(count, most)
    further = sorted({row for row in of_query if row is not None and row < count})
    added = np.setdiff1d(np.array(further, dtype=np.int64), steady)
    return Drawn(np.concatenate([steady, added]), len(steady), count)
