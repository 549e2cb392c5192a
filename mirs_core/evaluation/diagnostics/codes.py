"""Diagnostics of hash codes: balance and correlation of bits, and how many tiles share a code."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mirs_core.columns.categories import Categories, categories
from mirs_core.columns.column import Column
from mirs_core.ranking.codes import equal_codes

Floats = NDArray[np.float64]

BROWSABLE = 20
"""Classes with fewer tiles are too small to tell how a class spreads over codes."""
_LARGEST = 10


@dataclass(frozen=True, slots=True, eq=False)
class Bits:
    """Statistics of the K bits of the archive's codes.

    ``balance`` (K,) is the mean of each bit, ideally 0.5. ``correlation`` (K, K) is nan for bits
    that are constant over all codes; ``dead`` counts those. ``effective`` is the equivalent number
    of independent bits, from 0 (all constant) to K.
    """

    balance: Floats
    correlation: Floats
    dead: int
    effective: float


def bit_statistics(bits: NDArray[np.uint8]) -> Bits:
    """Balance and correlation of bits {0, 1} (N, K), N at least 1.

    The effective number is the participation ratio of the eigenvalues of the correlation matrix
    of the live bits, their squared sum over the sum of their squares (Gao et al. 2017,
    doi 10.1101/214262): K for independent bits, 1 if all bits are equal.
    """
    balance = bits.mean(axis=0, dtype=np.float64)
    live = np.flatnonzero((balance > 0) & (balance < 1))
    correlation = np.full((bits.shape[1], bits.shape[1]), np.nan)
    effective = 0.0
    if len(live):
        spread = np.sqrt(balance[live] * (1 - balance[live]))
        standard = (bits[:, live] - balance[live]) / spread
        among = np.clip(standard.T @ standard / len(bits), -1, 1)
        np.fill_diagonal(among, 1)
        correlation[np.ix_(live, live)] = among
        effective = float(len(live) ** 2 / (among**2).sum())
    return Bits(balance, correlation, bits.shape[1] - len(live), effective)


@dataclass(frozen=True, slots=True)
class Collision:
    """Tiles with the same code: how many, their classes (most frequent first), and their ids."""

    size: int
    classes: tuple[tuple[str | None, int], ...]
    ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ClassUse:
    """How many of a class's tiles have how many codes."""

    label: str
    tiles: int
    distinct: int

    @property
    def share(self) -> float:
        """Distinct codes per tile, in (0, 1]; near 0 the tiles cannot be told apart."""
        return self.distinct / self.tiles


@dataclass(frozen=True, slots=True)
class CodeUse:
    """How the archive's tiles are distributed over codes.

    ``collisions`` are the largest groups, ``classes`` those with at least ``BROWSABLE`` tiles;
    ``ones`` is the mean number of ones in a code, ``ones_sd`` its standard deviation.
    """

    tiles: int
    distinct: int
    collisions: tuple[Collision, ...]
    classes: tuple[ClassUse, ...]
    ones: float
    ones_sd: float

    @property
    def share(self) -> float:
        """Distinct codes per tile, in (0, 1]."""
        return self.distinct / self.tiles


def code_use(
    codes: NDArray[np.uint8],
    labels: Sequence[str | None],
    ids: Sequence[str],
    rows: NDArray[np.int64] | None = None,
) -> CodeUse:
    """The use of packed ``codes`` (N, B), N at least 1; ``labels`` are parallel.

    Args:
        rows: (N,) where the tiles are among ``ids``; by default these are parallel, too.
    """
    rows = np.arange(len(codes)) if rows is None else rows
    group, sizes = equal_codes(codes)
    order = np.argsort(-sizes, kind="stable")
    largest = [int(code) for code in order[:_LARGEST] if sizes[code] > 1]
    ones = np.bitwise_count(codes).sum(axis=1)
    column = categories(labels)
    counts = column.counts()
    browsable = sorted(name for name in counts if name and counts[name] >= BROWSABLE)
    return CodeUse(
        tiles=len(codes),
        distinct=len(sizes),
        collisions=tuple(
            _collision(np.flatnonzero(group == code), column, ids, rows) for code in largest
        ),
        classes=tuple(
            ClassUse(label, counts[label], len(np.unique(group[column.mask([label])])))
            for label in browsable
        ),
        ones=float(ones.mean()),
        ones_sd=float(ones.std()),
    )


def _collision(
    places: NDArray[np.int64], labels: Categories, ids: Sequence[str], rows: NDArray[np.int64]
) -> Collision:
    counted = Counter(label or None for label in labels.take(places))
    classes = sorted(counted.items(), key=lambda pair: (-pair[1], pair[0] or ""))
    return Collision(len(places), tuple(classes), _at(ids, rows[places]))


def _at(ids: Sequence[str], rows: NDArray[np.int64]) -> tuple[str, ...]:
    if isinstance(ids, Column):
        return tuple(ids.values_at(rows))
    return tuple(ids[row] for row in rows)
