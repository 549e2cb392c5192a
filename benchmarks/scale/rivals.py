"""The same search by other means: plain NumPy, FAISS as it comes, HNSW by usearch."""

import importlib.util
from pathlib import Path
from typing import Any

import faiss
import numpy as np
from numpy.typing import NDArray

from benchmarks.scale.measuring import K
from benchmarks.scale.timing import best, memory, once, words
from mirs_core.columns.reading import open_archive
from mirs_core.workspace import runs
from mirs_core.workspace.home import Home

MOST_BY_NUMPY = 1_000_000
MOST_BY_USEARCH = 100_000
_QUERIES = 100


def measure(folder: Path, run_id: str) -> dict[str, Any]:
    """Seconds of a query by each rival; None where it was left out.

    The recall of usearch is the share of its results that are not farther than the exact k-th
    nearest, over 100 codes of the archive.
    """
    stored = open_archive(runs.folder(Home(folder), run_id).archive)
    codes = np.concatenate(list(stored.codes.pieces()))
    queries = codes[np.random.default_rng(1).integers(0, len(codes), _QUERIES)]
    row: dict[str, Any] = dict.fromkeys(
        ("numpy_s", "usearch_s", "usearch_build_s", "usearch_recall")
    )
    row |= by_faiss(codes, queries)
    if len(codes) <= MOST_BY_NUMPY:
        (row["numpy_s"],) = best(lambda: by_numpy(codes, queries[0]))
    if len(codes) <= MOST_BY_USEARCH and importlib.util.find_spec("usearch"):
        row |= by_usearch(codes, queries)
    return row


def by_numpy(codes: NDArray[np.uint8], query: NDArray[np.uint8]) -> NDArray[np.int64]:
    """The rows of the k nearest, by (distance, row)."""
    distances = np.bitwise_count(words(codes) ^ words(query[None]))
    total = distances.sum(axis=1, dtype=np.uint16)
    return np.argsort(total, kind="stable")[:K]


def by_faiss(codes: NDArray[np.uint8], queries: NDArray[np.uint8]) -> dict[str, Any]:
    """IndexBinaryFlat with the threads that it takes, and with one."""
    index = faiss.IndexBinaryFlat(codes.shape[1] * 8)
    built = once(lambda: index.add(codes))
    (several,) = best(lambda: index.search(queries[:64], K), budget=1.0)
    (as_it_comes,) = best(lambda: index.search(queries[:1], K))
    before = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(1)
    (alone,) = best(lambda: index.search(queries[:1], K))
    faiss.omp_set_num_threads(before)
    return {
        "faiss_build_s": built,
        "faiss_s": as_it_comes,
        "faiss_one_thread_s": alone,
        "faiss_64_s": several,
        "faiss_rss_gb": memory()[0],
    }


def by_usearch(codes: NDArray[np.uint8], queries: NDArray[np.uint8]) -> dict[str, Any]:
    """HNSW with the defaults of usearch."""
    from usearch.index import Index

    index = Index(ndim=codes.shape[1] * 8, metric="hamming", dtype="b1")
    built = once(lambda: index.add(np.arange(len(codes)), codes))
    (seconds,) = best(lambda: index.search(queries[0], K), budget=1.0)
    exact = faiss.knn_hamming(queries, codes, K)[0][:, -1]
    shares = [
        np.mean(np.asarray(index.search(query, K).distances) <= last)
        for query, last in zip(queries, exact, strict=True)
    ]
    return {
        "usearch_build_s": built,
        "usearch_s": seconds,
        "usearch_recall": float(np.mean(shares)),
    }
