"""Scans of packed codes by FAISS: the nearest of one array, with ties in row order."""

import contextlib
import threading
from collections.abc import Iterator

import faiss
import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.int64]

# Few queries are faster on one thread, and spinning OpenMP threads slow down other processes.
FEW_QUERIES = 8
# Lists longer than this share of a block are sorted instead of gathered in a heap.
LONG = 1 / 16
_threads = threading.Lock()


def nearest(
    queries: NDArray[np.uint8], codes: NDArray[np.uint8], k: int
) -> tuple[NDArray[np.int32], Rows]:
    """The k nearest of ``codes`` for each query, by (distance, row)."""
    if k <= LONG * len(codes) or k == 1:
        distances, rows = faiss.knn_hamming(queries, codes, k, variant="hc")
        return distances, rows
    shape = (len(queries), k)
    distances, rows = np.empty(shape, dtype=np.int32), np.empty(shape, dtype=np.int64)
    for number in range(len(queries)):
        (away,) = hamming(queries[number : number + 1], codes)
        # Small integers are sorted by radix, which is stable: equal distances stay in row order.
        rows[number] = np.argsort(away.astype(np.uint16), kind="stable")[:k]
        distances[number] = away[rows[number]]
    return distances, rows


def hamming(queries: NDArray[np.uint8], codes: NDArray[np.uint8]) -> NDArray[np.int32]:
    """Distances (Q, n) in bits, by FAISS."""
    distances = np.empty((len(queries), len(codes)), dtype=np.int32)
    pointers = (faiss.swig_ptr(array) for array in (queries, codes))
    sizes = len(queries), len(codes), codes.shape[1]
    faiss.hammings(*pointers, *sizes, faiss.swig_ptr(distances))  # type: ignore[attr-defined]
    return distances


def gathered(codes: NDArray[np.uint8], rows: Rows) -> NDArray[np.uint8]:
    """``codes[rows]``; rows are taken as one value each, which is several times faster."""
    width = codes.shape[1]
    return np.take(codes.view(f"V{width}").ravel(), rows).view(np.uint8).reshape(-1, width)


@contextlib.contextmanager
def threads_for(queries: int) -> Iterator[None]:
    """One thread for few queries, all of them for many."""
    if queries > FEW_QUERIES:
        yield
        return
    with _threads:
        before = faiss.omp_get_max_threads()
        faiss.omp_set_num_threads(1)
        try:
            yield
        finally:
            faiss.omp_set_num_threads(before)
