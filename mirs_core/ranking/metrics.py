"""Retrieval metrics of rankings: AP@k, its bounds under ties, bootstrap intervals.

Definitions follow the MIRS method, evaluation. All functions work on plain numpy arrays.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Divisor = Literal["min_r_k", "hits"]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Interval:
    """A value and the limits of its interval; all nan if there was nothing to average."""

    value: float
    low: float
    high: float

    def to_json(self, digits: int = 6) -> dict[str, float]:
        """The three numbers, rounded."""
        return {name: round(getattr(self, name), digits) for name in ("value", "low", "high")}


@dataclass(frozen=True, slots=True)
class TieBounds:
    """AP@k (divisor min(R, k)) over all orders of tied results: best, mean and worst."""

    best: float
    expected: float
    worst: float


def average_precision(
    relevant: NDArray[np.bool_], n_relevant: NDArray[Any], k: int, divisor: Divisor
) -> Floats:
    """AP@k of each query, shape (Q,): sum of the precision at relevant ranks over a divisor.

    Args:
        relevant: (Q, <= k or more) whether the result at each rank is relevant, nearest first.
        n_relevant: (Q,) relevant tiles in the whole archive, R.
        k: number of ranks that count.
        divisor: "min_r_k" divides by min(R, k), the usual one; "hits" by the relevant results
            within the top k, as the published MIRS tables do (one hit at rank 1 is 1.0, none is 0).

    Returns:
        Values (Q,) in [0, 1]; nan if R is 0.
    """
    top = relevant[:, :k].astype(np.float64)
    precision = np.cumsum(top, axis=1) / np.arange(1, top.shape[1] + 1)
    total = (precision * top).sum(axis=1)
    totals = np.asarray(n_relevant)
    by = np.minimum(totals, k) if divisor == "min_r_k" else np.maximum(top.sum(axis=1), 1)
    return np.where(totals > 0, total / np.maximum(by, 1), np.nan)


def tie_bounds(
    distances: NDArray[Any], relevant: NDArray[np.bool_], k: int, n_relevant: int | None = None
) -> TieBounds:
    """The range of AP@k (divisor min(R, k)) over all orders of results at equal distance.

    Args:
        distances: (N,) ascending; at least the k nearest and all that tie with the last of them.
        relevant: (N,) parallel to them.
        n_relevant: relevant tiles in the whole archive; by default all are in ``relevant``.

    The expected value is in closed form: in a block of n ties with r relevant that starts after s
    ranks and h hits, rank s + j is relevant with probability r / n, and then has h + 1 +
    (j - 1)(r - 1)/(n - 1) hits at or before it. A block may cross k.
    """
    total = int(relevant.sum()) if n_relevant is None else n_relevant
    if total == 0:
        return TieBounds(np.nan, np.nan, np.nan)
    _, starts, sizes = np.unique(distances, return_index=True, return_counts=True)
    relevant_in_block = np.add.reduceat(relevant.astype(np.int64), starts)
    block = np.repeat(np.arange(len(starts)), sizes)[:k]
    rank = np.arange(1, len(block) + 1)
    n, r = sizes[block], relevant_in_block[block]
    hits = (np.cumsum(relevant_in_block) - relevant_in_block)[block]
    j = rank - starts[block]
    expected_hits = hits + 1 + (j - 1) * (r - 1) / np.maximum(n - 1, 1)
    expected = (r / n * expected_hits / rank).sum()
    best = np.where(j <= r, (hits + j) / rank, 0).sum()
    late = j - (n - r)
    worst = np.where(late > 0, (hits + late) / rank, 0).sum()
    by = min(total, k)
    return TieBounds(float(best / by), float(expected / by), float(worst / by))


def hits_over_ties(
    distances: NDArray[Any],
    relevant: NDArray[np.bool_],
    k: int,
    permutations: int = 1000,
    rng: np.random.Generator | None = None,
    n_relevant: int | None = None,
) -> float:
    """Mean AP@k with the divisor "hits" over random orders of tied results.

    Args:
        distances: (N,) ascending; at least the k nearest and all that tie with the last of them.
        relevant: (N,) parallel to them.
        n_relevant: relevant tiles in the whole archive; by default all are in ``relevant``.
    """
    total = int(relevant.sum()) if n_relevant is None else n_relevant
    if total == 0:
        return float("nan")
    rng = rng or np.random.default_rng(0)
    _, starts, sizes = np.unique(distances, return_index=True, return_counts=True)
    relevant_in_block = np.add.reduceat(relevant.astype(np.int64), starts)
    block = np.repeat(np.arange(len(starts)), sizes)[:k]
    draws = rng.random((permutations, len(block)))
    top = np.empty(draws.shape, dtype=bool)
    remaining = np.zeros(permutations, dtype=np.int64)
    # Rank by rank instead of drawing whole orders: the next of a block's tied results is relevant
    # with the fraction of relevant ones among the block's remaining results.
    for rank, here in enumerate(block):
        before = rank - starts[here]
        if before == 0:
            remaining = np.full(permutations, relevant_in_block[here])
        top[:, rank] = draws[:, rank] * (sizes[here] - before) < remaining
        remaining = remaining - top[:, rank]
    totals = np.full(permutations, total)
    return float(average_precision(top, totals, k, "hits").mean())


def _resampled_means(values: Floats, resamples: int, seed: int) -> Floats:
    rng = np.random.default_rng(seed)
    rows = rng.integers(0, len(values), (resamples, len(values)))
    return np.asarray(values[rows].mean(axis=1))


def bootstrap_interval(
    values: Floats, resamples: int = 2000, level: float = 0.95, seed: int = 0
) -> Interval:
    """Mean of ``values`` (Q,) with the percentile interval of a bootstrap over queries.

    nan values are ignored.
    """
    measured = values[~np.isnan(values)]
    if not len(measured):
        return Interval(np.nan, np.nan, np.nan)
    tail = 50 * (1 - level)
    low, high = np.percentile(_resampled_means(measured, resamples, seed), [tail, 100 - tail])
    return Interval(float(measured.mean()), float(low), float(high))


def paired_interval(
    a: Floats, b: Floats, resamples: int = 2000, level: float = 0.95, seed: int = 0
) -> Interval:
    """Mean of ``a - b`` on the same queries, with its bootstrap interval."""
    return bootstrap_interval(a - b, resamples, level, seed)


def not_worse(interval: Interval) -> bool:
    """Whether the interval of a difference reaches 0 or lies above it; False if it is nan."""
    return interval.high >= 0


def per_class(values: Floats, labels: Sequence[str]) -> dict[str, tuple[int, float]]:
    """Number of queries and mean value of each class, by label in sorted order."""
    names = np.array(labels, dtype=object)
    measured = ~np.isnan(values)
    return {
        label: (int(chosen.sum()), float(values[chosen].mean()))
        for label in sorted(set(labels))
        if (chosen := (names == label) & measured).any()
    }
