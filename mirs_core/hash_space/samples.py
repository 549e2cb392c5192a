"""Samples of large runs, for what compares every tile with every other."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mirs_core.retrieval.retriever import Retriever

LIMIT, SIZE = 20_000, 10_000
"""The most tiles that are compared with one another, and the size of samples of larger runs."""


@dataclass(frozen=True, slots=True)
class Sample:
    """A run, or a random sample of it.

    Attributes:
        retriever: of the sample, whose rows count within it.
        rows: (n,) the rows in the run, ascending.
        of: the number of tiles of the run.
    """

    retriever: Retriever
    rows: NDArray[np.int64]
    of: int

    @property
    def whole(self) -> bool:
        """Whether it is the whole run."""
        return len(self.rows) == self.of


def rows_of(count: int, most: int | None = None, seed: int = 0) -> NDArray[np.int64]:
    """The rows (n,), ascending, of a uniform sample of ``count`` tiles; seeded.

    Args:
        most: the size of the sample; all rows if there are not more. By default ``SIZE`` if there
            are more than ``LIMIT``.
    """
    if count <= (LIMIT if most is None else most):
        return np.arange(count)
    size = SIZE if most is None else most
    return np.sort(np.random.default_rng(seed).choice(count, size, replace=False))


def spread(values: NDArray[np.float64], rows: NDArray[np.int64], count: int) -> NDArray[np.float64]:
    """Values (n,) of some rows as values (``count``,) of all; NaN for the others."""
    result = np.full(count, np.nan)
    result[rows] = values
    return result


def sample(retriever: Retriever, most: int | None = None, seed: int = 0) -> Sample:
    """The run itself if it is small, else a sample of it, see ``rows_of``."""
    count = len(retriever.items)
    rows = rows_of(count, most, seed)
    if len(rows) == count:
        return Sample(retriever, rows, count)
    part = Retriever(
        retriever.model, retriever.codes[rows], retriever.items.take(rows), retriever.distractors
    )
    return Sample(part, rows, count)
