"""Clusters of a hash space: k-means on the codes, and the contents of each cluster.

For bits, squared Euclidean distance equals Hamming distance, so k-means with real-valued centres is
k-means in Hamming space; a centre is the share of ones of each bit. Float features are clustered in
the metric of the baseline. All tiles of a run are included, because this serves to find mistakes.
"""

import warnings
from collections import Counter
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mirs_core.errors import DataError
from mirs_core.hashing.baseline import FloatModel
from mirs_core.hashing.interclass_groups import interclass_groups
from mirs_core.retrieval.retriever import Retriever

LEAST, MOST = 2, 60
_FITTED = 20_000
_ALONE = 20


@dataclass(frozen=True, slots=True)
class Cluster:
    """One cluster.

    Attributes:
        rows: its tiles, least typical first (by the mean distance to all of its tiles).
        label: the most frequent label, of ``same`` tiles; None if no tile has one.
        purity: their share among the labelled tiles; NaN if no tile has a label.
        strip: the most frequent strip, of ``of_strip`` tiles; None if no strip is known.
        spread: mean distance between its tiles, in bits (baselines: mean distance to the centre).
    """

    rows: tuple[int, ...]
    label: str | None
    same: int
    purity: float
    strip: str | None
    of_strip: int
    spread: float


@dataclass(frozen=True, slots=True)
class Clustering:
    """``numbers`` (N,) int64 is the cluster of each tile, an index into ``clusters``."""

    numbers: NDArray[np.int64]
    clusters: tuple[Cluster, ...]


def default_count(retriever: Retriever) -> int:
    """The default number of clusters: two per class, or twenty without labels."""
    classes = len({label for label in retriever.items.labels if label})
    return int(np.clip(2 * classes if classes else _ALONE, LEAST, MOST))


def cluster(retriever: Retriever, count: int, seed: int = 0) -> Clustering:
    """At most ``count`` clusters of a run's codes, largest first; seeded.

    Raises:
        DataError: ``count`` is not in ``LEAST`` to ``MOST``, or exceeds the number of tiles.
    """
    if not LEAST <= count <= min(MOST, len(retriever.items)):
        raise DataError(
            f"{count} clusters of {len(retriever.items)} tiles: choose {LEAST} to {MOST},"
            " and not more than there are tiles."
        )
    vectors = points_of(retriever)
    drawn = np.random.default_rng(seed).permutation(len(vectors))[:_FITTED]
    numbers = _fitted(vectors, np.sort(drawn), count, seed)
    present, sizes = np.unique(numbers, return_counts=True)
    order = present[np.argsort(-sizes, kind="stable")]
    rank = np.full(count, -1)
    rank[order] = np.arange(len(order))
    numbers = rank[numbers].astype(np.int64)
    is_float = isinstance(retriever.model, FloatModel)
    clusters = tuple(
        _cluster(retriever, vectors, numbers == number, is_float) for number in range(len(order))
    )
    return Clustering(numbers, clusters)


def points_of(retriever: Retriever) -> NDArray[np.float32]:
    """The codes (N, D) as points of a Euclidean space: bits as 0 and 1, features as compared."""
    if not isinstance(retriever.model, FloatModel):
        return np.unpackbits(retriever.codes, axis=1).astype(np.float32)
    values: NDArray[np.float32] = retriever.codes.astype(np.float32)
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
    labels = retriever.items.labels
    labelled = np.array([row for row, label in enumerate(labels) if label], dtype=np.int64)
    numbers = np.full(len(labels), -1, dtype=np.int64)
    _, classes = np.unique([labels[row] or "" for row in labelled], return_inverse=True)
    codes = classes.astype(np.int64)
    numbers[labelled] = interclass_groups(points_of(retriever)[labelled], codes, count, seed)
    return numbers


def _fitted(
    vectors: NDArray[np.float32], rows: NDArray[np.int64], count: int, seed: int
) -> NDArray[np.int64]:
    from sklearn.cluster import KMeans

    with warnings.catch_warnings():
        # With fewer distinct codes than clusters some stay empty; they are dropped.
        warnings.filterwarnings("ignore", message="Number of distinct clusters")
        model = KMeans(count, n_init=2, random_state=seed).fit(vectors[rows])
    return np.asarray(model.predict(vectors)).astype(np.int64)


def _cluster(
    retriever: Retriever, vectors: NDArray[np.float32], member: NDArray[np.bool_], is_float: bool
) -> Cluster:
    rows = np.flatnonzero(member)
    inside = vectors[rows].astype(np.float64)
    centre = inside.mean(axis=0)
    if is_float:
        away = np.linalg.norm(inside - centre, axis=1)
    else:
        # The mean Hamming distance to all members, from the share of ones of each bit alone.
        away = (inside * (1 - centre) + (1 - inside) * centre).sum(axis=1)
    order = np.argsort(-away, kind="stable")
    labels = Counter(label for row in rows if (label := retriever.items.labels[row]))
    strips = Counter(strip for row in rows if (strip := retriever.items.strips[row]))
    label, same = labels.most_common(1)[0] if labels else (None, 0)
    strip, of_strip = strips.most_common(1)[0] if strips else (None, 0)
    return Cluster(
        rows=tuple(int(row) for row in rows[order]),
        label=label,
        same=same,
        purity=same / labels.total() if labels else float("nan"),
        strip=strip,
        of_strip=of_strip,
        spread=round(float(away.mean()), 3),
    )
