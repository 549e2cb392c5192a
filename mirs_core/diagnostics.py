"""What stands behind the mAP of a run: ranks, confusions, distances, bits and codes.

The test queries of a run are ranked against its evaluation archive by the protocol of
``evaluation``: distractors are never queried and never relevant, copies of a query are left out,
and the archive's row order breaks ties.
"""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mirs_core.archive import FloatArchive
from mirs_core.baseline import FloatModel
from mirs_core.codes import unpack
from mirs_core.evaluation import K, Ranking, rankings
from mirs_core.items import Items
from mirs_core.retriever import Retriever

Floats = NDArray[np.float64]

RECALLS = 101
"""Points of the precision-recall curve: recall 0.00, 0.01 .. 1.00."""
BROWSABLE = 20
"""Classes with fewer tiles say nothing about how a class spreads over codes."""
_FLOAT_BINS = 64
_LARGEST = 10
_RESAMPLES = 2000


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """Means over queries with the ends of a 95 % bootstrap band, all of the shape of ``x`` (P,)."""

    x: Floats
    mean: Floats
    low: Floats
    high: Floats


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


@dataclass(frozen=True, slots=True, eq=False)
class Bits:
    """What the K bits of the archive's codes do.

    ``balance`` (K,) is the mean of each bit, 0.5 at best. ``correlation`` (K, K) is nan for bits
    that are the same in all codes; ``dead`` counts those. ``effective`` is the number of
    independent bits that would spread as much, 0 (all dead) to K.
    """

    balance: Floats
    correlation: Floats
    dead: int
    effective: float


@dataclass(frozen=True, slots=True)
class Collision:
    """Tiles that share one code: how many, of which classes (most first), and their ids."""

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
        """Codes per tile, in (0, 1]; near 0 the tiles of the class cannot be told apart."""
        return self.distinct / self.tiles


@dataclass(frozen=True, slots=True)
class CodeUse:
    """How the archive's tiles spread over codes.

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
        """Codes per tile, in (0, 1]."""
        return self.distinct / self.tiles


@dataclass(frozen=True, slots=True, eq=False)
class Diagnostics:
    """Everything about one run; the first four are None where no query can be measured.

    ``bits`` and ``use`` are None for float features, and where the archive is empty.
    """

    k: int
    unit: str
    precision: Curve | None
    recall: Curve | None
    confusion: Confusion | None
    distances: Distances | None
    bits: Bits | None
    use: CodeUse | None

    def to_json(self) -> dict[str, Any]:
        """The same as plain JSON values; nan becomes None."""
        return {name: _plain(value) for name, value in asdict(self).items()}


def diagnose(retriever: Retriever, k: int = K) -> Diagnostics:
    """The diagnostics of a run's test queries against its evaluation archive.

    Args:
        retriever: of the finished run.
        k: length of the precision curve and of the lists whose confusion is counted.
    """
    found = list(_measured(retriever))
    rows = retriever.items.rows(["archive"])
    labels = [retriever.items.labels[row] for row in rows]
    floats = isinstance(retriever.model, FloatModel)
    bits = use = None
    if not floats and len(rows):
        unpacked = unpack(retriever.codes[rows], retriever.codes.shape[1] * 8)
        bits = bit_statistics(unpacked)
        use = code_use(retriever.codes[rows], labels, [retriever.items.ids[row] for row in rows])
    width = None if floats else retriever.codes.shape[1] * 8
    return Diagnostics(
        k=k,
        unit=retriever.model.distance if isinstance(retriever.model, FloatModel) else "bits",
        precision=precision_curve(found, k) if found else None,
        recall=recall_curve(found) if found else None,
        confusion=confusion(found, labels, k) if found else None,
        distances=distances(found, labels, width) if found else None,
        bits=bits,
        use=use,
    )


def _measured(retriever: Retriever) -> list[Ranking]:
    items, facts = retriever.items, retriever.facts()
    archive, test = items.rows(["archive"]), items.rows(["test"])
    if not len(archive) or not len(test):
        return []
    found = rankings(
        retriever.archive(archive),
        facts.take(archive),
        retriever.codes[test],
        facts.take(test),
        distractors=retriever.distractors,
    )
    return [ranking for ranking in found if not isinstance(ranking, str)]


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


def bit_statistics(bits: NDArray[np.uint8]) -> Bits:
    """Balance and correlation of bits {0, 1} (N, K), N at least 1.

    The effective number is the participation ratio of the eigenvalues of the correlation matrix
    of the live bits, their squared sum over the sum of their squares (Gao et al. 2017,
    doi 10.1101/214262): K for independent bits, 1 where all bits say the same.
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


def code_use(codes: NDArray[np.uint8], labels: Sequence[str | None], ids: Sequence[str]) -> CodeUse:
    """How packed ``codes`` (N, B), N at least 1, are used; ``labels`` and ``ids`` are parallel."""
    _, group = np.unique(codes, axis=0, return_inverse=True)
    group = group.reshape(-1)
    sizes = np.bincount(group)
    order = np.argsort(-sizes, kind="stable")
    largest = [int(code) for code in order[:_LARGEST] if sizes[code] > 1]
    ones = np.bitwise_count(codes).sum(axis=1)
    by_class: dict[str, list[int]] = defaultdict(list)
    for code, label in zip(group, labels, strict=True):
        if label:
            by_class[label].append(int(code))
    return CodeUse(
        tiles=len(codes),
        distinct=len(sizes),
        collisions=tuple(
            _collision(np.flatnonzero(group == code), labels, ids) for code in largest
        ),
        classes=tuple(
            ClassUse(label, len(used), len(set(used)))
            for label, used in sorted(by_class.items())
            if len(used) >= BROWSABLE
        ),
        ones=float(ones.mean()),
        ones_sd=float(ones.std()),
    )


def _collision(
    rows: NDArray[np.int64], labels: Sequence[str | None], ids: Sequence[str]
) -> Collision:
    counted = Counter(labels[row] or None for row in rows)
    classes = sorted(counted.items(), key=lambda pair: (-pair[1], pair[0] or ""))
    return Collision(len(rows), tuple(classes), tuple(ids[row] for row in rows))


def rank_agreement(retriever: Retriever, features: NDArray[np.float32]) -> dict[str, float | None]:
    """How far a model keeps the order that float features give within a class, by query id.

    Kendall's tau-b of the model's distances and of centred cosine distances, over the archive's
    tiles of the query's own class; None where one of the two has no order.

    Args:
        features: (N, D) of the encoder, parallel to the retriever's items. They are centred on the
            mean of the evaluation archive.
    """
    from scipy.stats import kendalltau

    items = retriever.items
    archive, test = items.rows(["archive"]), items.rows(["test"])
    found = _measured(retriever)
    if not found:
        return {}
    centred = FloatModel.fit("cosine", features[archive]).encode(features)
    taus: dict[str, float | None] = {}
    for ranking in found:
        own = ranking.rows[ranking.relevant]
        ours = ranking.distances[ranking.relevant]
        query = test[ranking.query]
        order = FloatArchive(centred[archive[own]], "cosine").search(
            centred[query : query + 1], len(own)
        )
        theirs = np.empty(len(own))
        theirs[order[1][0]] = order[0][0]
        tau = kendalltau(ours, theirs).statistic if len(own) > 1 else np.nan
        taus[items.ids[query]] = None if np.isnan(tau) else float(tau)
    return taus


def features_for(items: Items, baseline: Retriever) -> NDArray[np.float32]:
    """The float features of a baseline's run, parallel to the ``items`` of another one.

    Raises:
        DataError: the baseline lacks one of the tiles.
    """
    rows = [baseline.items.row(tile) for tile in items.ids]
    return np.ascontiguousarray(baseline.codes[rows], dtype=np.float32)


def _plain(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return _plain(value.tolist())
    if isinstance(value, dict):
        return {name: _plain(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    if isinstance(value, float) and np.isnan(value):
        return None
    return value
