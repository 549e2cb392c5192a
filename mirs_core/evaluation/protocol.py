"""Evaluation: mAP@k of queries against an archive, with its ties, interval and exclusions.

The protocol is that of the MIRS method: a tile is relevant if it has the query's label; copies of
a query are removed from the archive by content; queries without a relevant archive tile are skipped
and counted; distractors are neither queried nor relevant; the archive's row order breaks ties.
"""

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mirs_core.errors import RunError
from mirs_core.evaluation.ranked_archive import RankedArchive
from mirs_core.evaluation.tile_columns import ArchivedFacts, TileColumns, strip_mode
from mirs_core.ranking import metrics
from mirs_core.ranking.archive import FloatArchive, HashArchive, Rows

if TYPE_CHECKING:
    import pandas as pd

K = 64
_CHUNK = 128
# Whole rankings of so many queries are held at a time that they take about a gigabyte at most.
_MOST_DISTANCES = 1 << 26


@dataclass(frozen=True, slots=True, eq=False)
class Ranking:
    """The archive ranked for one query, nearest first, without copies of the query.

    ``query`` is its row among the queries; ``distances``, ``rows`` of the archive and ``relevant``
    are parallel, of shape (<= N,); at least one result is relevant.
    """

    query: int
    label: str
    distances: NDArray[Any]
    rows: NDArray[np.int64]
    relevant: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class QueryResult:
    """AP@k of one query with either divisor, and its range over all orders of tied results."""

    id: str
    label: str
    min_r_k: float
    hits: float
    best: float
    expected: float
    worst: float
    hits_expected: float


@dataclass(frozen=True, slots=True)
class Report:
    """The evaluation of one model on one archive. ``skipped`` counts queries by reason."""

    k: int
    n_archive: int
    archive_bytes: int
    strip: str
    results: tuple[QueryResult, ...]
    skipped: dict[str, int]

    def values(self, name: str) -> NDArray[np.float64]:
        """The per-query column ``name`` of the results, shape (queries,)."""
        return np.array([getattr(result, name) for result in self.results], dtype=np.float64)

    @property
    def map_at_k(self) -> metrics.Interval:
        """mAP@k with the divisor min(R, k) and its 95 % bootstrap interval over queries."""
        return metrics.bootstrap_interval(self.values("min_r_k"))

    @property
    def map_at_k_hits(self) -> metrics.Interval:
        """mAP@k with the divisor of 2021, the hits within the top k, and its 95 % interval."""
        return metrics.bootstrap_interval(self.values("hits"))

    def to_frame(self) -> "pd.DataFrame":
        """One row per query, indexed by tile id: its label and its AP@k values."""
        import pandas as pd

        columns = list(QueryResult.__dataclass_fields__)
        rows = [[getattr(result, name) for name in columns] for result in self.results]
        return pd.DataFrame(rows, columns=columns).set_index("id")

    def to_json(self) -> dict[str, Any]:
        """The figures of the report; means over queries, 95 % bootstrap intervals."""
        labels = [result.label for result in self.results]
        per_class = metrics.per_class(self.values("min_r_k"), labels)
        return {
            "k": self.k,
            "n_queries": len(self.results),
            "n_skipped": sum(self.skipped.values()),
            "skipped": self.skipped,
            "n_archive": self.n_archive,
            "strip": self.strip,
            "map_at_64" if self.k == K else f"map_at_{self.k}": {
                divisor: _interval(self.values(divisor)) for divisor in ("min_r_k", "hits")
            },
            "ties": {name: _mean(self.values(name)) for name in ("best", "expected", "worst")},
            "ties_hits": {"expected": _mean(self.values("hits_expected"))},
            "per_class": {
                label: {"n": n, "min_r_k": round(value, 6)}
                for label, (n, value) in per_class.items()
            },
            "archive_bytes": self.archive_bytes,
        }

    def per_query_json(self) -> dict[str, dict[str, Any]]:
        """Label and AP of each query by tile id, for paired comparisons."""
        return {
            result.id: {"label": result.label, "min_r_k": result.min_r_k, "hits": result.hits}
            for result in self.results
        }


def _interval(values: NDArray[np.float64]) -> dict[str, float | None]:
    if not len(values):
        return {"value": None, "low": None, "high": None}
    return {**metrics.bootstrap_interval(values).to_json()}


def _mean(values: NDArray[np.float64]) -> float | None:
    return round(float(values.mean()), 6) if len(values) else None


def evaluate(
    archive: RankedArchive,
    archived: TileColumns,
    query_codes: NDArray[Any],
    queries: TileColumns,
    *,
    distractors: Collection[str] = (),
    k: int = K,
    exclude_strip: bool = False,
) -> Report:
    """The report of ``queries`` against the whole of ``archive``.

    Args:
        archive: packed codes, features or other vectors of the evaluation archive; its row order
            breaks ties.
        archived: metadata of the archive's rows.
        query_codes: (Q, bits/8) uint8 or (Q, D) float32, parallel to ``queries``.
        queries: of the queries; those without a label are skipped.
        distractors: labels that are never queried and never relevant.
        exclude_strip: leave the tiles of a query's own strip out of its archive.

    Raises:
        RunError: the columns and the codes differ in length.
    """
    _check_lengths(archive, archived, query_codes, queries)
    results, skipped = [], Counter[str]()
    facts = ArchivedFacts(archived)
    measured: list[int] = []
    excluded: list[Rows] = []
    for query, label in enumerate(queries.labels):
        own = facts.excluded(queries, query, exclude_strip)
        reason = _why_skipped(label, distractors, facts.counts)
        if reason or not facts.relevant(label, own):
            skipped[reason or "no relevant tile in the archive"] += 1
        else:
            measured.append(query)
            excluded.append(own)
    lists = _nearest(archive, query_codes, measured, excluded, k)
    for query, own, (distances, rows) in zip(measured, excluded, lists, strict=True):
        label = queries.labels[query]
        relevant = facts.labels.codes.take(rows) == facts.labels.place_of[label]
        total = facts.relevant(label, own)
        results.append(_score(queries.ids[query], str(label), distances, relevant, total, k))
    return Report(
        k=k,
        n_archive=len(archive),
        archive_bytes=archive.nbytes,
        strip=strip_mode(archived, queries, exclude_strip),
        # Sorted by id, so that the bootstrap does not depend on the order of the queries.
        results=tuple(sorted(results, key=lambda result: result.id)),
        skipped=dict(skipped),
    )


def rankings(
    archive: HashArchive | FloatArchive,
    archived: TileColumns,
    query_codes: NDArray[Any],
    queries: TileColumns,
    *,
    distractors: Collection[str] = (),
    exclude_strip: bool = False,
) -> Iterator[Ranking | str]:
    """The whole of ``archive`` ranked for each query, in the order of the queries.

    The arguments are those of ``evaluate``. A skipped query yields the reason instead.

    Raises:
        RunError: the columns and the codes differ in length.
    """
    _check_lengths(archive, archived, query_codes, queries)
    labels = np.array([label or "" for label in archived.labels], dtype=object)
    contents = np.array(archived.contents, dtype=object)
    strips = np.array([strip or "" for strip in archived.strips], dtype=object)
    present = Counter(label for label in archived.labels if label)
    for query, distances, order in _orders(archive, query_codes):
        label, strip = queries.labels[query], queries.strips[query]
        reason = _why_skipped(label, distractors, present)
        if reason or label is None:
            yield reason or "without a label"
            continue
        allowed = contents[order] != queries.contents[query]
        if exclude_strip and strip:
            allowed &= strips[order] != strip
        relevant = (labels[order] == label)[allowed]
        if relevant.any():
            yield Ranking(query, label, distances[allowed], order[allowed], relevant)
        else:
            yield "no relevant tile in the archive"


def _check_lengths(
    archive: RankedArchive,
    archived: TileColumns,
    query_codes: NDArray[Any],
    queries: TileColumns,
) -> None:
    if len(archive) != len(archived.ids) or len(query_codes) != len(queries.ids):
        raise RunError("The archive has different numbers of codes and of items. Train again.")


def _nearest(
    archive: RankedArchive,
    codes: NDArray[Any],
    queries: Sequence[int],
    excluded: Sequence[Rows],
    k: int,
) -> Iterator[tuple[NDArray[Any], Rows]]:
    """The k nearest of each query and all that tie with the last of them, nearest first.

    Distances and rows, without the excluded rows of each query; floats yield the whole archive.
    """
    if isinstance(archive, HashArchive):
        for query, own in zip(queries, excluded, strict=True):
            yield archive.nearest_with_ties(codes[query : query + 1], k, own)
        return
    orders = _orders(archive, codes[np.array(queries, dtype=np.int64)])
    for own, (_, distances, order) in zip(excluded, orders, strict=True):
        present = ~np.isin(order, own)
        yield distances[present], order[present]


def _orders(
    archive: RankedArchive, codes: NDArray[Any]
) -> Iterator[tuple[int, NDArray[Any], NDArray[np.int64]]]:
    """Each query's row with the distances and rows of the whole archive, nearest first."""
    step = max(1, min(_CHUNK, _MOST_DISTANCES // max(1, len(archive))))
    for start in range(0, len(codes), step):
        distances, rows = archive.search(codes[start : start + step], len(archive))
        for offset in range(len(rows)):
            yield start + offset, distances[offset], rows[offset]


def _why_skipped(
    label: str | None, distractors: Collection[str], present: Counter[str]
) -> str | None:
    if label is None:
        return "without a label"
    if label in distractors:
        return "distractor"
    return None if present[label] else "class not in the archive"


def _score(
    tile: str,
    label: str,
    distances: NDArray[Any],
    relevant: NDArray[np.bool_],
    n_relevant: int,
    k: int,
) -> QueryResult:
    total, top = np.array([n_relevant]), relevant[None, :k]
    ties = metrics.tie_bounds(distances, relevant, k, n_relevant)
    rng = np.random.default_rng(0)
    return QueryResult(
        id=tile,
        label=label,
        min_r_k=float(metrics.average_precision(top, total, k, "min_r_k")[0]),
        hits=float(metrics.average_precision(top, total, k, "hits")[0]),
        best=ties.best,
        expected=ties.expected,
        worst=ties.worst,
        hits_expected=metrics.hits_over_ties(
            distances, relevant, k, rng=rng, n_relevant=n_relevant
        ),
    )
