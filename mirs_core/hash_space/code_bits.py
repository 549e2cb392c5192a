"""Single bits of a run's codes: how they relate to the classes, and the most typical tiles of each.

Balance and correlation of bits are in ``evaluation.diagnostics``.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mirs_core.errors import DataError
from mirs_core.hash_space import groups
from mirs_core.ranking.codes import Packed
from mirs_core.retrieval.retriever import Retriever

# The bits of each value of a byte, the highest first.
_VALUES = np.unpackbits(np.arange(256, dtype=np.uint8)[:, None], axis=1).astype(np.int64)


@dataclass(frozen=True, slots=True)
class BitReport:
    """How the bits of a run's codes relate to classes. Bit 0 is the highest of the first byte.

    Attributes:
        classes: labels with at least one tile, sorted.
        means: (C, B) share of ones of each bit by class.
        explained: (B,) share of a bit's variance that lies between classes, 0..1 (the correlation
            ratio); 0 for bits that never change, and without labels.
    """

    classes: tuple[str, ...]
    means: NDArray[np.float64]
    explained: NDArray[np.float64]

    def sides(self, bit: int) -> tuple[list[str], list[str]]:
        """The classes in which a bit is mostly 0, and those in which it is mostly 1, purest first.

        Raises:
            DataError: there is no such bit.
        """
        if not 0 <= bit < self.means.shape[1]:
            raise DataError(f"There is no bit {bit}; choose 0 to {self.means.shape[1] - 1}.")
        share = self.means[:, bit]
        order = np.argsort(share, kind="stable")
        zeros = [self.classes[label] for label in order if share[label] < 0.5]
        return zeros, [self.classes[label] for label in order[::-1] if share[label] > 0.5]


def report(retriever: Retriever) -> BitReport:
    """How the bits relate to the classes, over all tiles of a run.

    Raises:
        DataError: the run compares float features and has no bits.
    """
    codes = _bits_of(retriever)
    classes, labels = groups.of_labels(retriever.items)
    ones = _ones_of(codes, labels, len(classes)).astype(np.float64)
    sizes = np.bincount(labels[labels >= 0], minlength=len(classes)).astype(np.float64)
    means = ones / sizes[:, None] if len(classes) else ones
    return BitReport(classes, means, _explained(means, sizes))


def ends(retriever: Retriever, bit: int, count: int) -> tuple[list[int], list[int]]:
    """Rows of the ``count`` most typical tiles of either value of a bit: 0 first, then 1.

    A bit has no degree, so tiles are ordered along the line from the mean code of the tiles with 0
    to the mean code of those with 1.

    Raises:
        DataError: the run has no bits, or there is no such bit.
    """
    codes = _bits_of(retriever)
    if not 0 <= bit < codes.shape[1] * 8:
        raise DataError(f"There is no bit {bit}; choose 0 to {codes.shape[1] * 8 - 1}.")
    ones = (codes[:, bit // 8] >> (7 - bit % 8)) & 1 == 1
    if ones.all() or not ones.any():
        rows = list(range(min(count, len(codes))))
        return ([], rows) if ones.all() else (rows, [])
    sums, sizes = _ones_of(codes, ones.astype(np.int64), 2), np.bincount(ones, minlength=2)
    direction = sums[1] / sizes[1] - sums[0] / sizes[0]
    # What each value of a byte adds, so that no bit has to be unpacked.
    steps = _VALUES @ direction.reshape(-1, 8).T
    along = np.zeros(len(codes))
    for byte, column in enumerate(steps.T):
        along += column[codes[:, byte]]
    zeros = _lowest(along, np.flatnonzero(~ones), count)
    # Of equal tiles the last comes first at this end.
    return zeros.tolist(), _lowest(-along, np.flatnonzero(ones)[::-1], count).tolist()


def _ones_of(codes: Packed, groups_of: NDArray[np.int64], count: int) -> NDArray[np.int64]:
    """(``count``, B) the number of tiles of each group that have a bit; those at -1 have none."""
    within = groups_of >= 0
    if not within.all():
        codes, groups_of = codes[within], groups_of[within]
    ones = np.zeros((count, codes.shape[1], 8), dtype=np.int64)
    for byte in range(codes.shape[1]):
        bins = np.bincount(groups_of * 256 + codes[:, byte], minlength=count * 256)
        ones[:, byte] = bins.reshape(count, 256) @ _VALUES
    return ones.reshape(count, 8 * codes.shape[1])


def _lowest(values: NDArray[np.float64], rows: NDArray[np.int64], count: int) -> NDArray[np.int64]:
    """The ``count`` of ``rows`` with the lowest values, the lowest first, ties in their order."""
    among = values[rows]
    if count < len(rows):
        last = np.partition(among, count - 1)[count - 1]
        rows = rows[among <= last]
        among = values[rows]
    return rows[np.argsort(among, kind="stable")][:count]


def _bits_of(retriever: Retriever) -> Packed:
    if retriever.codes.dtype != np.uint8:
        raise DataError("This run compares float features; only hash codes have bits.")
    return np.asarray(retriever.codes)


def _explained(means: NDArray[np.float64], sizes: NDArray[np.float64]) -> NDArray[np.float64]:
    if not len(sizes):
        return np.zeros(means.shape[1])
    shares = sizes / sizes.sum()
    middle = shares @ means
    between = shares @ (means - middle) ** 2
    whole = middle * (1 - middle)
    return np.divide(between, whole, out=np.zeros_like(between), where=whole > 0)
