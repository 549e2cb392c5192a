"""FAISS against brute force on (distance, row), with as many ties as possible."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from mirs_core.ranking.archive import FloatArchive, HashArchive

SHAPES = {
    "n": st.integers(1, 300),
    "q": st.integers(1, 24),
    "k": st.integers(1, 320),
    "seed": st.integers(0, 10**6),
    "levels": st.integers(1, 4),
}


def ranked(distances: NDArray[np.float64], k: int) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """The slow twin: a stable sort, which keeps equal distances in row order."""
    rows = np.argsort(distances, axis=1, kind="stable")[:, :k]
    return np.take_along_axis(distances, rows, axis=1), rows


@settings(deadline=None, max_examples=150)
@given(**SHAPES)
def test_hamming_agrees_with_brute_force(n: int, q: int, k: int, seed: int, levels: int) -> None:
    rng = np.random.default_rng(seed)
    codes = rng.integers(0, levels, (n, 4)).astype(np.uint8)
    asked = rng.integers(0, levels, (q, 4)).astype(np.uint8)
    differing = np.unpackbits(asked[:, None] ^ codes[None], axis=2).sum(2).astype(float)
    distances, rows = HashArchive(codes).search(asked, k)
    expected, order = ranked(differing, k)
    assert distances.dtype == np.int32 and rows.dtype == np.int64
    assert np.array_equal(distances, expected)
    assert np.array_equal(rows, order)


@settings(deadline=None, max_examples=150)
@given(**SHAPES)
def test_euclidean_agrees_with_brute_force(n: int, q: int, k: int, seed: int, levels: int) -> None:
    rng = np.random.default_rng(seed)
    stored = rng.integers(0, levels, (n, 7)).astype(np.float32)
    asked = rng.integers(0, levels, (q, 7)).astype(np.float32)
    squared = ((asked[:, None].astype(float) - stored[None]) ** 2).sum(2)
    distances, rows = FloatArchive(stored, "euclidean").search(asked, k)
    expected, order = ranked(squared, k)
    assert distances.dtype == np.float32
    assert np.allclose(distances, np.sqrt(expected))
    assert np.array_equal(rows, order)


@settings(deadline=None, max_examples=60)
@given(n=st.integers(1, 200), k=st.integers(1, 200), seed=st.integers(0, 10**6))
def test_cosine_agrees_with_brute_force(n: int, k: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    stored = rng.normal(size=(n, 9)).astype(np.float32)
    asked = rng.normal(size=(11, 9)).astype(np.float32)
    unit = [x / np.linalg.norm(x.astype(float), axis=1, keepdims=True) for x in (asked, stored)]
    slow = 1 - unit[0] @ unit[1].T
    distances, rows = FloatArchive(stored, "cosine").search(asked, k)
    assert np.allclose(distances, np.take_along_axis(slow, rows, axis=1), atol=1e-5)
    assert np.allclose(distances, ranked(slow, k)[0], atol=1e-5)


@pytest.mark.parametrize("metric", ["euclidean", "cosine"])
@pytest.mark.parametrize("queries", [1, 40])
def test_an_identical_vector_has_distance_zero(metric: str, queries: int) -> None:
    rng = np.random.default_rng(0)
    stored = (rng.random((200, 1280)) + 3).astype(np.float32)
    stored[100:] = stored[:100]
    distances, rows = FloatArchive(stored, metric).search(stored[:queries], 2)  # type: ignore[arg-type]
    assert (distances == 0).all()
    assert np.array_equal(rows, np.stack([np.arange(queries), np.arange(queries) + 100], axis=1))


def test_a_vector_of_length_zero_has_a_cosine_distance() -> None:
    stored = np.eye(3, dtype=np.float32)
    distances, _ = FloatArchive(stored, "cosine").search(np.zeros((1, 3), np.float32), 3)
    assert np.allclose(distances, 0.5)


def test_empty_archives_and_no_queries() -> None:
    empty = HashArchive(np.empty((0, 16), np.uint8))
    distances, rows = empty.search(np.zeros((3, 16), np.uint8), 5)
    assert distances.shape == rows.shape == (3, 0)
    assert distances.dtype == np.int32
    full = FloatArchive(np.ones((4, 2), np.float32), "euclidean")
    assert full.search(np.empty((0, 2), np.float32), 3)[0].shape == (0, 3)
    nothing = FloatArchive(np.empty((0, 2), np.float32), "euclidean")
    assert nothing.search(np.ones((1, 2), np.float32), 3)[1].shape == (1, 0)


def test_sizes() -> None:
    assert HashArchive(np.zeros((10, 16), np.uint8)).nbytes == 160
    assert FloatArchive(np.zeros((10, 16), np.float32), "euclidean").nbytes == 640
    assert len(HashArchive(np.zeros((10, 16), np.uint8))) == 10


def test_wrong_arrays_are_refused() -> None:
    wrong: list[NDArray[Any]] = [
        np.zeros(3, np.uint8),
        np.zeros((3, 2), np.int64),
        np.zeros((3, 0), np.uint8),
    ]
    for bad in wrong:
        with pytest.raises(ValueError, match="codes"):
            HashArchive(bad)
    with pytest.raises(ValueError, match="features"):
        FloatArchive(np.zeros((3, 2)), "euclidean")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="metric"):
        FloatArchive(np.zeros((3, 2), np.float32), "manhattan")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="queries"):
        HashArchive(np.zeros((3, 2), np.uint8)).search(np.zeros((1, 3), np.uint8), 1)
