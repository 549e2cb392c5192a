"""Clusters of a hash space: k-means on the codes, and the contents of each cluster.

For bits, squared Euclidean distance equals Hamming distance, so k-means with real-valued centres is
k-means in Hamming space; a centre is the share of ones of each bit. Float features are clustered in
the metric of the baseline. All tiles of a run are included, because this serves to find mistakes.
"""

import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from mirs_core.errors import DataError
from mirs_core.hash_space import groups
from mirs_core.hashing.baseline import FloatModel
from mirs_core.hashing.interclass_groups import interclass_groups
from mirs_core.retrieval.retriever import Retriever

if TYPE_CHECKING:
    from sklearn.cluster import KMeans

LEAST, MOST = 2, 60
FITTED = 20_000
"""The most tiles that centres are fitted to, drawn at random; every tile gets a cluster."""
_ALONE = 20
_BLOCK = 65_536


@dataclass(frozen=True, slots=True, eq=False)
class Cluster:
    """One cluster.

    Attributes:
        rows: (n,) its tiles, least typical first (by the mean distance to all of its tiles).
        label: the most frequent label, of ``same`` tiles; None if no tile has one.
        purity: their share among the labelled tiles; NaN if no tile has a label.
        strip: the most frequent strip, of ``of_strip`` tiles; None if no strip is known.
        spread: mean distance between its tiles, in bits (baselines: mean distance to the centre).
    """

    rows: NDArray[np.int64]
    label: str | None
    same: int
    purity: float
    strip: str | None
    of_strip: int
    spread: float


@dataclass(frozen=True, slots=True, eq=False)
class Clustering:
    """``numbers`` (N,) int64 is the cluster of each tile, an index into ``clusters``."""

    numbers: NDArray[np.int64]
    clusters: tuple[Cluster, ...]


def default_count(retriever: Retriever) -> int:
    """The default number of clusters: two per class, or twenty without labels."""
    classes = len(groups.names_of(retriever.items.labels))
    return int(np.clip(2 * classes if classes else _ALONE, LEAST, MOST))


def cluster(retriever: Retriever, count: int, seed: int = 0) -> Clustering:
    """At most ``count`` clusters of a run's codes, largest first; seeded.

    Raises:
        DataError: ``count`` is not in ``LEAST`` to ``MOST``, or exceeds the number of tiles.
    """
    tiles = len(retriever.items)
    if not LEAST <= count <= min(MOST, tiles):
        raise DataError(
            f"{count} clusters of {tiles} tiles: choose {LEAST} to {MOST},"
            " and not more than there are tiles."
        )
    drawn = np.sort(np.random.default_rng(seed).permutation(tiles)[:FITTED])
    model = _fitted(points_of(retriever, drawn), count, seed)
    numbers = np.concatenate(
        [model.predict(points_of(retriever, rows)) for rows in _blocks(np.arange(tiles))]
    )
    present, sizes = np.unique(numbers, return_counts=True)
    order = present[np.argsort(-sizes, kind="stable")]
    rank = np.full(count, -1)
    rank[order] = np.arange(len(order))
    numbers = rank[numbers].astype(np.int64)
    by_number = np.argsort(numbers, kind="stable")
    members = np.split(by_number, np.cumsum(np.sort(sizes)[::-1])[:-1])
    return Clustering(numbers, tuple(_clusters(retriever, members)))


def points_of(retriever: Retriever, rows: NDArray[np.int64] | None = None) -> NDArray[np.float32]:
    """The codes (N, D) as points of a Euclidean space: bits as 0 and 1, features as compared.

    Args:
        rows: (N,) of the tiles; all by default.
    """
    codes = np.asarray(retriever.codes) if rows is None else retriever.codes[rows]
    if not isinstance(retriever.model, FloatModel):
        return np.unpackbits(codes, axis=1).astype(np.float32)
    values: NDArray[np.float32] = codes.astype(np.float32)
    if retriever.model.distance == "cosine":
        lengths = np.linalg.norm(values, axis=1, keepdims=True)
        values /= np.where(lengths > 0, lengths, np.float32(1))
    return values


def groups_across_classes(
    retriever: Retriever, count: int = 10, seed: int = 0
) -> NDArray[np.int64]:
    """(N,) the group of each labelled tile, -1 for others: similarity across classes.

    The groups of inter-class triplets (see ``clusters``), of the codes instead of the features.

    Raises:
        DataError: fewer than three classes, or too few tiles.
    """
    _, labels = groups.of_labels(retriever.items)
    labelled = np.flatnonzero(labels >= 0)
    numbers = np.full(len(labels), -1, dtype=np.int64)
    points = points_of(retriever, labelled)
    numbers[labelled] = interclass_groups(points, labels[labelled], count, seed)
    return numbers


def _fitted(points: NDArray[np.float32], count: int, seed: int) -> "KMeans":
    from sklearn.cluster import KMeans

    with warnings.catch_warnings():
        # With fewer distinct codes than clusters some stay empty; they are dropped.
        warnings.filterwarnings("ignore", message="Number of distinct clusters")
        return KMeans(count, n_init=2, random_state=seed).fit(points)


def _clusters(retriever: Retriever, members: list[NDArray[np.int64]]) -> Iterator[Cluster]:
    """The clusters with these rows, each ascending."""
    classes, labels = groups.of_labels(retriever.items)
    strips, strip_of = groups.numbered(retriever.items.strips)
    for rows in members:
        away = _mean_distances(retriever, rows)
        same, of_strip = (numbers[rows] for numbers in (labels, strip_of))
        same, of_strip = same[same >= 0], of_strip[of_strip >= 0]
        label, sames = groups.most_common(same)
        strip, of_strips = groups.most_common(of_strip)
        yield Cluster(
            rows=rows[np.argsort(-away, kind="stable")],
            label=classes[label] if sames else None,
            same=sames,
            purity=sames / len(same) if sames else float("nan"),
            strip=strips[strip] if of_strips else None,
            of_strip=of_strips,
            spread=round(float(away.mean()), 3),
        )


def _mean_distances(retriever: Retriever, rows: NDArray[np.int64]) -> NDArray[np.float64]:
    """The mean distance (n,) of tiles to one another; of float features, to their centre."""
    total = sum(
        points_of(retriever, block).sum(axis=0, dtype=np.float64) for block in _blocks(rows)
    )
    centre = np.asarray(total) / len(rows)
    away = np.empty(len(rows))
    for start, block in zip(range(0, len(rows), _BLOCK), _blocks(rows), strict=True):
        inside = points_of(retriever, block).astype(np.float64)
        if isinstance(retriever.model, FloatModel):
            values = np.linalg.norm(inside - centre, axis=1)
        else:
            # Of Hamming distances the share of ones of each bit tells the mean to all members.
            values = (inside * (1 - centre) + (1 - inside) * centre).sum(axis=1)
        away[start : start + len(block)] = values
    return away


def _blocks(rows: NDArray[np.int64]) -> Iterator[NDArray[np.int64]]:
    return (rows[start : start + _BLOCK] for start in range(0, len(rows), _BLOCK))
