"""What ranked lists show: curves, confusions, distances within and between classes."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mirs_core.evaluation.protocol import K, Ranking

Floats = NDArray[np.float64]

RECALLS = 101
"""Points of the precision-recall curve: recall 0.00, 0.01 .. 1.00."""
_FLOAT_BINS = 64
_RESAMPLES = 2000


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """Means over queries with the ends of a 95 % bootstrap band, all of the shape of ``x`` (P,)."""

    x: Floats
    mean: Floats
    low: Floats
    high: Floats


def precision_curve(found: Sequence[Ranking], k: int = K) -> Curve:
    """Share of relevant results among the first 1..k; ranks beyond a short archive are misses."""
    hits = np.zeros((len(found), k))
    for row, ranking in enumerate(found):
        top = ranking.relevant[:k]
        hits[row, : len(top)] = top
    ranks = np.arange(1, k + 1)
    return _curve(ranks.astype(np.float64), np.cumsum(hits, axis=1) / ranks)


def recall_curve(found: Sequence[Ranking]) -> Curve:
    """Interpolated precision at ``RECALLS`` levels of recall, over whole rankings.

    The interpolated precision at a recall is the best precision at that recall or a higher one.
    """
    levels = np.arange(RECALLS)
    values = np.empty((len(found), RECALLS))
    for row, ranking in enumerate(found):
        ranks = np.flatnonzero(ranking.relevant) + 1
        total = len(ranks)
        precision = np.arange(1, total + 1) / ranks
        best = np.maximum.accumulate(precision[::-1])[::-1]
        # In whole numbers: the least hit whose recall reaches the level.
        first = np.maximum(-(-levels * total // (RECALLS - 1)), 1)
        values[row] = best[first - 1]
    return _curve(levels / (RECALLS - 1), values)


def _curve(x: Floats, values: Floats) -> Curve:
    low, high = bootstrap_band(values)
    return Curve(x, values.mean(axis=0), low, high)


def bootstrap_band(
    values: Floats, resamples: int = _RESAMPLES, level: float = 0.95, seed: int = 0
) -> tuple[Floats, Floats]:
    """Ends (P,) of the percentile interval of the mean of each column of ``values`` (Q, P).

    Queries are drawn once for all columns, and as ``metrics.bootstrap_interval`` draws them: at
    each point the band is that interval.
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
    """Of what classes the results are: ``shares`` (queries, results), every row sums to 1.

    ``n`` (queries,) counts queries. Columns are all classes of the archive, distractors too; None,
    the last one, stands for tiles without a label.
    """

    queries: tuple[str, ...]
    results: tuple[str | None, ...]
    shares: Floats
    n: tuple[int, ...]


def confusion(found: Sequence[Ranking], labels: Sequence[str | None], k: int = K) -> Confusion:
    """The classes of the first min(R, k) results, as shares, mean over the queries of each class.

    R is the number of relevant tiles, so that a perfect ranking has nothing off the diagonal.

    Args:
        labels: of the archive's rows.
    """
    results: tuple[str | None, ...] = tuple(sorted({label for label in labels if label}))
    if not all(labels):
        results = (*results, None)
    place = {label: column for column, label in enumerate(results)}
    columns = np.array([place[label or None] for label in labels])
    counted: dict[str, list[Floats]] = defaultdict(list)
    for ranking in found:
        length = min(int(ranking.relevant.sum()), k)
        top = np.bincount(columns[ranking.rows[:length]], minlength=len(results))
        counted[ranking.label].append(top / top.sum())
    queries = tuple(sorted(counted))
    shares = np.array([np.mean(counted[label], axis=0) for label in queries])
    return Confusion(queries, results, shares, tuple(len(counted[label]) for label in queries))


def largest_confusions(table: Confusion, count: int) -> list[tuple[str, str | None, float]]:
    """The pairs of unlike classes with the largest shares, as (query, result, share)."""
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

    ``within`` and ``between`` (B,) sum to 1 over the bins ``edges`` (B + 1,); a bin a bit for hash
    codes. ``overlap`` is the chance that a pair of one class is nearer than a pair of two, ties
    counted half: 1 is apart, 0.5 is mixed; nan without pairs of two classes.
    """

    edges: Floats
    within: Floats
    between: Floats
    overlap: float


def distances(
    found: Sequence[Ranking], labels: Sequence[str | None], bits: int | None = None
) -> Distances:
    """Distances of queries to the archive's tiles, within their class and between classes.

    Args:
        labels: of the archive's rows; tiles without a label are left out.
        bits: length of the codes, which gives a bin a bit; None for float features.
    """
    labelled = np.array([bool(label) for label in labels])
    within = np.concatenate([r.distances[r.relevant] for r in found])
    between = np.concatenate([r.distances[~r.relevant & labelled[r.rows]] for r in found])
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
    """Chance that one of ``within`` is less than one of ``between``, ties half; nan without any."""
    if not len(within) or not len(between):
        return float("nan")
    ordered = np.sort(between)
    farther = len(ordered) - np.searchsorted(ordered, within, "right").astype(np.float64)
    not_nearer = len(ordered) - np.searchsorted(ordered, within, "left").astype(np.float64)
    return float((farther + not_nearer).mean() / 2 / len(ordered))
