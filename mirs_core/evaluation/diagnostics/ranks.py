"""Diagnostics of rankings: curves, confusion matrix, distances within and between classes."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mirs_core.columns.categories import categories
from mirs_core.evaluation.protocol import K, Ranking

Floats = NDArray[np.float64]

RECALLS = 101
"""Points of the precision-recall curve: recall 0.00, 0.01 .. 1.00."""
_FLOAT_BINS = 64
_RESAMPLES = 2000


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """Means over queries with the limits of a 95 % bootstrap band; all of shape (P,)."""

    x: Floats
    mean: Floats
    low: Floats
    high: Floats


def precision_curve(rankings: Sequence[Ranking], k: int = K) -> Curve:
    """Precision at ranks 1..k; ranks beyond the end of a short archive count as misses."""
    hits = np.zeros((len(rankings), k))
    for row, ranking in enumerate(rankings):
        top = ranking.relevant[:k]
        hits[row, : len(top)] = top
    ranks = np.arange(1, k + 1)
    return _curve(ranks.astype(np.float64), np.cumsum(hits, axis=1) / ranks)


def recall_curve(rankings: Sequence[Ranking]) -> Curve:
    """The precision-recall curve: interpolated precision at ``RECALLS`` levels, whole rankings.

    The interpolated precision at a recall is the highest precision at that or a higher recall.
    """
    levels = np.arange(RECALLS)
    values = np.empty((len(rankings), RECALLS))
    for row, ranking in enumerate(rankings):
        ranks = np.flatnonzero(ranking.relevant) + 1
        total = len(ranks)
        precision = np.arange(1, total + 1) / ranks
        best = np.maximum.accumulate(precision[::-1])[::-1]
        # In integers: the first hit whose recall reaches the level.
        first = np.maximum(-(-levels * total // (RECALLS - 1)), 1)
        values[row] = best[first - 1]
    return _curve(levels / (RECALLS - 1), values)


def _curve(x: Floats, values: Floats) -> Curve:
    low, high = bootstrap_band(values)
    return Curve(x, values.mean(axis=0), low, high)


def bootstrap_band(
    values: Floats, resamples: int = _RESAMPLES, level: float = 0.95, seed: int = 0
) -> tuple[Floats, Floats]:
    """Limits (P,) of the percentile interval of the mean of each column of ``values`` (Q, P).

    Queries are resampled once for all columns, as in ``metrics.bootstrap_interval``: at each point
    the band is that interval.
    """
    queries = len(values)
    drawn = np.random.default_rng(seed).integers(0, queries, (resamples, queries))
    counts = np.zeros((resamples, queries))
    np.add.at(counts, (np.arange(resamples)[:, None], drawn), 1)
    tail = 50 * (1 - level)
    low, high = np.percentile(counts @ values / queries, [tail, 100 - tail], axis=0)
    return low, high


@dataclass(frozen=True, slots=True, eq=False)
class Confusion:
    """The confusion matrix of retrieval: ``shares`` (queries, results); each row sums to 1.

    ``n`` (queries,) is the number of queries. Columns are all classes of the archive, including
    distractors; a last column None stands for tiles without a label.
    """

    queries: tuple[str, ...]
    results: tuple[str | None, ...]
    shares: Floats
    n: tuple[int, ...]


def confusion(
    rankings: Sequence[Ranking],
    labels: Sequence[str | None],
    k: int = K,
    totals: Sequence[int] | None = None,
) -> Confusion:
    """The class shares of the first min(R, k) results, averaged over the queries of each class.

    R is the number of relevant tiles, so that a perfect ranking gives a diagonal matrix.

    Args:
        labels: of the archive's rows.
        totals: R of each ranking; by default what is relevant in it.
    """
    column = categories(labels)
    present = {name or None for name in column.counts()}
    results: tuple[str | None, ...] = tuple(sorted(name for name in present if name))
    if None in present:
        results = (*results, None)
    place = {label: number for number, label in enumerate(results)}
    # The last entry is that of tiles without a label, whose code is -1.
    places = np.array([place.get(name or None, -1) for name in (*column.names, None)])
    counted: dict[str, list[Floats]] = defaultdict(list)
    for number, ranking in enumerate(rankings):
        length = min(totals[number] if totals else int(ranking.relevant.sum()), k)
        top = np.bincount(places[column.codes.take(ranking.rows[:length])], minlength=len(results))
        counted[ranking.label].append(top / top.sum())
    queries = tuple(sorted(counted))
    shares = np.array([np.mean(counted[label], axis=0) for label in queries])
    return Confusion(queries, results, shares, tuple(len(counted[label]) for label in queries))


def largest_confusions(table: Confusion, count: int) -> list[tuple[str, str | None, float]]:
    """The largest off-diagonal shares, as (query class, result class, share)."""
    pairs = [
        (query, result, float(share))
        for query, row in zip(table.queries, table.shares, strict=True)
        for result, share in zip(table.results, row, strict=True)
        if query != result and share > 0
    ]
    return sorted(pairs, key=lambda pair: -pair[2])[:count]


@dataclass(frozen=True, slots=True, eq=False)
class Distances:
    """Histograms of the distances to tiles of the query's own class and of the other classes.

    ``within`` and ``between`` (B,) sum to 1 over the bins ``edges`` (B + 1,), one bin per bit for
    hash codes. ``overlap`` is the probability that a same-class pair is nearer than a
    different-class pair, ties counted half (the AUC): 1 is fully separated, 0.5 not at all; nan
    without pairs of different classes.
    """

    edges: Floats
    within: Floats
    between: Floats
    overlap: float


def distances(
    rankings: Sequence[Ranking], labels: Sequence[str | None], bits: int | None = None
) -> Distances:
    """Distances from queries to archive tiles, within their class and between classes.

    Args:
        labels: of the archive's rows; tiles without a label do not count.
        bits: length of the codes, for one bin per bit; None for float features.
    """
    labelled = np.array([bool(label) for label in labels])
    within = np.concatenate([r.distances[r.relevant] for r in rankings])
    between = np.concatenate([r.distances[~r.relevant & labelled[r.rows]] for r in rankings])
    if bits is None:
        farthest = max(within.max(initial=0), between.max(initial=0))
        edges = np.linspace(0, farthest or 1, _FLOAT_BINS + 1)
    else:
        edges = np.arange(bits + 2) - 0.5
    return Distances(edges, _shares(within, edges), _shares(between, edges), auc(within, between))


def _shares(values: NDArray[Any], edges: Floats) -> Floats:
    counts = np.histogram(values.astype(np.float64), edges)[0].astype(np.float64)
    return counts / max(counts.sum(), 1)


def auc(within: NDArray[Any], between: NDArray[Any]) -> float:
    """Probability that ``within`` is less than ``between``, ties half; nan if one is empty."""
    if not len(within) or not len(between):
        return float("nan")
    ordered = np.sort(between)
    farther = len(ordered) - np.searchsorted(ordered, within, "right").astype(np.float64)
    not_nearer = len(ordered) - np.searchsorted(ordered, within, "left").astype(np.float64)
    return float((farther + not_nearer).mean() / 2 / len(ordered))
