"""Archives: exact nearest neighbours over FAISS, ranked by (distance, row).

Ties are broken by the row order of an archive: of two items at equal distance the one with the
lower row comes first, also at the end of a list. An archive that has grown has an order of ties of
its own (see ``columns.ties``), which then takes the place of the rows.
"""

from typing import Any

import faiss
import numpy as np
from numpy.typing import NDArray

from mirs_core.columns.blocks import Blocks
from mirs_core.columns.ties import Ties
from mirs_core.ranking import blockwise, compiled_search
from mirs_core.ranking.blockwise import nothing
from mirs_core.ranking.compiled import LOADER
from mirs_core.ranking.distances import METRICS, Metric
from mirs_core.ranking.scan import hamming, threads_for

Rows = NDArray[np.int64]
Mask = NDArray[np.bool_]

# Distances of so many codes are counted while they are in the processor's cache.
_STEP = 1 << 15
# FAISS otherwise computes distances of many queries as |a|^2 + |b|^2 - 2ab, where a vector is not
# at distance 0 from itself, and cuts long lists by a method that ignores rows among equals.
faiss.cvar.distance_compute_blas_threshold = 1 << 30
faiss.cvar.distance_compute_min_k_reservoir = 1 << 30


class HashArchive:
    """Packed hash codes, compared by the number of differing bits; nothing is copied."""

    def __init__(self, codes: NDArray[np.uint8] | Blocks, ties: Ties | None = None) -> None:
        """``codes`` (N, B): B bytes of 8 bits each. Raises ValueError for anything else."""
        if codes.ndim != 2 or codes.dtype != np.uint8 or codes.shape[1] == 0:
            raise ValueError("codes must be uint8 of shape (N, B)")
        self._blocks = codes if isinstance(codes, Blocks) else Blocks.of(_contiguous(codes))
        self._ties = ties

    def __len__(self) -> int:
        return len(self._blocks)

    @property
    def codes(self) -> NDArray[np.uint8]:
        """All codes (N, B) as one array; copied if the archive has several segments."""
        return self._blocks.whole()

    @property
    def nbytes(self) -> int:
        """Bytes of the codes."""
        return self._blocks.nbytes

    def search(
        self,
        queries: NDArray[np.uint8],
        k: int,
        allowed: Mask | None = None,
        excluded: Rows | None = None,
    ) -> tuple[NDArray[np.int32], Rows]:
        """The k' nearest codes of each query; k' is k or the number of codes that are allowed.

        Args:
            queries: (Q, B) packed codes.
            allowed: (N,) which rows may be returned; all by default.
            excluded: rows (n,) that are not returned, ascending.

        Returns:
            Distances (Q, k') int32 in bits, 0..8B, and rows (Q, k') int64, by (distance, row).
        """
        queries = _checked(queries, np.uint8, self._blocks.shape[1])
        count = _count(len(self), allowed, excluded)
        k = min(k, count)
        if not len(queries) or k <= 0:
            return nothing(len(queries), k, np.int32)
        excluded = np.empty(0, dtype=np.int64) if excluded is None else excluded
        sought = (self._blocks, self._ties, queries, k, allowed, excluded)
        scan = None
        if compiled_search.suits(self._blocks, k, count):
            scan = LOADER.scan_for(len(queries) * len(self))
        if scan is not None:
            return compiled_search.search(scan, *sought)
        distances, rows = blockwise.search(*sought)
        return distances.astype(np.int32, copy=False), rows

    def nearest_with_ties(
        self, query: NDArray[np.uint8], k: int, excluded: Rows
    ) -> tuple[NDArray[np.int32], Rows]:
        """The k nearest of one query (1, B), and all others at the distance of the last of them.

        Args:
            excluded: rows (n,) that are not returned.

        Returns:
            Distances (n,) in bits and rows (n,), by (distance, row).
        """
        most = 8 * self._blocks.shape[1]
        distances, counts = self._counted(query)
        excluded = np.unique(excluded)
        counts -= np.bincount(distances[excluded], minlength=most + 1)
        distances[excluded] = most + 1
        nearer = np.cumsum(counts)
        last = int(np.searchsorted(nearer, min(k, nearer[-1])))
        rows = np.flatnonzero(distances <= last)
        places = rows if self._ties is None else self._ties.take(rows)
        order = np.lexsort((places, distances[rows]))
        return distances[rows[order]].astype(np.int32), rows[order]

    def _counted(self, query: NDArray[np.uint8]) -> tuple[NDArray[np.uint16], Rows]:
        """The distances (N,) to one query, and how many codes have each, from 0 to all bits."""
        most = 8 * self._blocks.shape[1]
        distances, counts = np.empty(len(self), np.uint16), np.zeros(most + 1, np.int64)
        row = 0
        for codes in self._blocks.pieces():
            for start in range(0, len(codes), _STEP):
                (away,) = hamming(query, codes[start : start + _STEP])
                distances[row : row + len(away)] = away
                counts += np.bincount(away, minlength=most + 1)
                row += len(away)
        return distances, counts

    def distances(self, query: NDArray[np.uint8]) -> NDArray[np.int32]:
        """The distance (N,) of every code to one query (1, B), in bits."""
        pieces = [hamming(query, codes)[0] for codes in self._blocks.pieces()]
        return np.concatenate(pieces)


class FloatArchive:
    """Float features, compared by Euclidean or cosine distance: the baselines."""

    def __init__(
        self, features: NDArray[np.float32], metric: Metric, ties: Ties | None = None
    ) -> None:
        """``features`` (N, D). Raises ValueError for another shape, type or metric."""
        if features.ndim != 2 or features.dtype != np.float32 or features.shape[1] == 0:
            raise ValueError("features must be float32 of shape (N, D)")
        if metric not in METRICS:
            raise ValueError(f"no metric {metric!r}")
        self.features = _contiguous(np.asarray(features))
        self.metric: Metric = metric
        self._vectors = self._comparable(self.features)
        self._order: Rows | None = None
        if ties is not None:
            self._order = np.argsort(ties.take(np.arange(len(features))), kind="stable")
        self._index = faiss.IndexFlatL2(features.shape[1])
        self._index.add(self._vectors if self._order is None else self._vectors[self._order])

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

    def search(
        self,
        queries: NDArray[np.float32],
        k: int,
        allowed: Mask | None = None,
        excluded: Rows | None = None,
    ) -> tuple[NDArray[np.float32], Rows]:
        """The k' nearest features of each query; k' is k or the number of those allowed.

        Args:
            queries: (Q, D).
            allowed: (N,) which rows may be returned; all by default.
            excluded: rows (n,) that are not returned, ascending.

        Returns:
            Distances (Q, k') float32 and rows (Q, k') int64, by (distance, row). Euclidean: the
            root of what IndexFlatL2 returns, from 0. Cosine: 1 - cos, 0..2; a vector of length 0
            is at 0.5 from all others. An identical vector has distance 0.
        """
        vectors = self._comparable(_checked(queries, np.float32, self.features.shape[1]))
        k = min(k, _count(len(self), allowed, excluded))
        if not len(vectors) or k <= 0:
            return nothing(len(vectors), k, np.float32)
        with threads_for(len(vectors)):
            squared, rows = self._index.search(vectors, k, params=self._only(allowed, excluded))
        if self._order is not None:
            rows = self._order[rows]
        if self.metric == "cosine":
            return (squared / 2).astype(np.float32, copy=False), rows
        distances: NDArray[np.float32] = np.sqrt(squared)
        return distances, rows

    def distances(self, query: NDArray[np.float32]) -> NDArray[np.float32]:
        """The distance (N,) of every feature to one query (1, D)."""
        ascending, rows = self.search(query, len(self))
        result = np.empty(len(self), dtype=np.float32)
        result[rows[0]] = ascending[0]
        return result

    def _only(self, allowed: Mask | None, excluded: Rows | None) -> Any:
        """What FAISS needs to pass over rows; None if it may return all of them."""
        if allowed is None and (excluded is None or not len(excluded)):
            return None
        mask = np.ones(len(self), dtype=bool) if allowed is None else allowed.copy()
        if excluded is not None:
            mask[excluded] = False
        bits = np.packbits(mask if self._order is None else mask[self._order], bitorder="little")
        only = faiss.IDSelectorBitmap(bits)  # type: ignore[call-arg, arg-type]
        return faiss.SearchParameters(sel=only)  # type: ignore[call-arg]

    def _comparable(self, vectors: NDArray[np.float32]) -> NDArray[np.float32]:
        """Normalised for cosine distance, which is half the squared distance of unit vectors."""
        if self.metric == "euclidean":
            return vectors
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        return np.ascontiguousarray(vectors / np.where(lengths > 0, lengths, np.float32(1)))


def _count(rows: int, allowed: Mask | None, excluded: Rows | None) -> int:
    """The number of rows that may be returned."""
    count = rows if allowed is None else int(np.count_nonzero(allowed))
    if excluded is None:
        return count
    return count - (len(excluded) if allowed is None else int(np.count_nonzero(allowed[excluded])))


def _contiguous(array: NDArray[Any]) -> NDArray[Any]:
    return np.ascontiguousarray(array)


def _checked(queries: NDArray[Any], dtype: Any, width: int) -> NDArray[Any]:
    if queries.ndim != 2 or queries.shape[1] != width or queries.dtype != dtype:
        raise ValueError(f"queries must be {np.dtype(dtype)} of shape (Q, {width})")
    return np.ascontiguousarray(queries)
