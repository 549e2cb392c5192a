"""Archives: exact nearest neighbours over FAISS, ranked by (distance, row).

Ties are broken by the row order of an archive: of two items at equal distance the one with the
lower row comes first, also at the end of a list.
"""

import threading
from typing import Any

import faiss
import numpy as np
from numpy.typing import NDArray

from mirs_core.ranking.distances import METRICS, Metric

Rows = NDArray[np.int64]

# Few queries are faster on one thread, and spinning OpenMP threads slow down other processes.
_FEW_QUERIES = 8
_threads = threading.Lock()

# FAISS otherwise computes distances of many queries as |a|^2 + |b|^2 - 2ab, where a vector is not
# at distance 0 from itself, and cuts long lists by a method that ignores rows among equals.
faiss.cvar.distance_compute_blas_threshold = 1 << 30
faiss.cvar.distance_compute_min_k_reservoir = 1 << 30


class HashArchive:
    """Packed hash codes, compared by the number of differing bits."""

    def __init__(self, codes: NDArray[np.uint8]) -> None:
        """``codes`` (N, B): B bytes of 8 bits each. Raises ValueError for anything else."""
        if codes.ndim != 2 or codes.dtype != np.uint8 or codes.shape[1] == 0:
            raise ValueError("codes must be uint8 of shape (N, B)")
        self.codes = np.ascontiguousarray(codes)
        self._index = faiss.IndexBinaryFlat(codes.shape[1] * 8)
        self._index.add(self.codes)

    def __len__(self) -> int:
        return len(self.codes)

    @property
    def nbytes(self) -> int:
        """Bytes of the codes."""
        return self.codes.nbytes

    def search(self, queries: NDArray[np.uint8], k: int) -> tuple[NDArray[np.int32], Rows]:
        """The k' = min(k, N) nearest codes of each query.

        Args:
            queries: (Q, B) packed codes.

        Returns:
            Distances (Q, k') int32 in bits, 0..8B, and rows (Q, k') int64, by (distance, row).
        """
        distances, rows = _search(self._index, _checked(queries, self.codes), min(k, len(self)))
        return distances.astype(np.int32, copy=False), rows


class FloatArchive:
    """Float features, compared by Euclidean or cosine distance: the baselines."""

    def __init__(self, features: NDArray[np.float32], metric: Metric) -> None:
        """``features`` (N, D). Raises ValueError for another shape, type or metric."""
        if features.ndim != 2 or features.dtype != np.float32 or features.shape[1] == 0:
            raise ValueError("features must be float32 of shape (N, D)")
        if metric not in METRICS:
            raise ValueError(f"no metric {metric!r}")
        self.features = np.ascontiguousarray(features)
        self.metric: Metric = metric
        self._vectors = self._comparable(self.features)
        self._index = faiss.IndexFlatL2(features.shape[1])
        self._index.add(self._vectors)

    def __len__(self) -> int:
        return len(self.features)

    @property
    def nbytes(self) -> int:
        """Bytes of the features."""
        return self.features.nbytes

    @property
    def vectors(self) -> NDArray[np.float32]:
        """(N, D) the vectors that are compared: the features, normalised for cosine distance."""
        return self._vectors

    def search(self, queries: NDArray[np.float32], k: int) -> tuple[NDArray[np.float32], Rows]:
        """The k' = min(k, N) nearest features of each query.

        Args:
            queries: (Q, D).

        Returns:
            Distances (Q, k') float32 and rows (Q, k') int64, by (distance, row). Euclidean: the
            root of what IndexFlatL2 returns, from 0. Cosine: 1 - cos, 0..2; a vector of length 0
            is at 0.5 from all others. An identical vector has distance 0.
        """
        vectors = self._comparable(_checked(queries, self.features))
        squared, rows = _search(self._index, vectors, min(k, len(self)))
        if self.metric == "cosine":
            return (squared / 2).astype(np.float32, copy=False), rows
        distances: NDArray[np.float32] = np.sqrt(squared)
        return distances, rows

    def _comparable(self, vectors: NDArray[np.float32]) -> NDArray[np.float32]:
        """Normalised for cosine distance, which is half the squared distance of unit vectors."""
        if self.metric == "euclidean":
            return vectors
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        return np.ascontiguousarray(vectors / np.where(lengths > 0, lengths, np.float32(1)))


def _checked(queries: NDArray[Any], stored: NDArray[Any]) -> NDArray[Any]:
    if queries.ndim != 2 or queries.shape[1] != stored.shape[1] or queries.dtype != stored.dtype:
        raise ValueError(f"queries must be {stored.dtype} of shape (Q, {stored.shape[1]})")
    return np.ascontiguousarray(queries)


def _search(index: Any, queries: NDArray[Any], k: int) -> tuple[NDArray[Any], Rows]:
    if k <= 0 or not len(queries):
        empty = (len(queries), max(0, k))
        return np.empty(empty, np.float32), np.empty(empty, np.int64)
    if len(queries) > _FEW_QUERIES:
        distances, rows = index.search(queries, k)
        return distances, rows
    with _threads:
        before = faiss.omp_get_max_threads()
        faiss.omp_set_num_threads(1)
        try:
            distances, rows = index.search(queries, k)
        finally:
            faiss.omp_set_num_threads(before)
    return distances, rows
