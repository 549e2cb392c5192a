"""Samples of large runs, for what compares every tile with every other."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mirs_core.retrieval.retriever import Retriever

LIMIT = 20_000
"""The most tiles that are compared with one another; larger runs are sampled."""


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

    def spread(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Values (n,) of the sample as values of the run's tiles; NaN for those outside."""
        if self.whole:
            return values
        result = np.full(self.of, np.nan)
        result[self.rows] = values
        return result


def sample(retriever: Retriever, most: int = LIMIT, seed: int = 0) -> Sample:
    """The run itself, if it has at most ``most`` tiles, else a uniform sample of them; seeded."""
    count = len(retriever.items)
    if count <= most:
        return Sample(retriever, np.arange(count), count)
    rows = np.sort(np.random.default_rng(seed).choice(count, most, replace=False))
    part = Retriever(
        retriever.model, retriever.codes[rows], retriever.items.take(rows), retriever.distractors
    )
    return Sample(part, rows, count)
