"""FAISS against brute force on (distance, row), with as many ties as possible."""

import itertools
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from mirs_core.columns.blocks import Blocks, Layout
from mirs_core.columns.ties import Ties
from mirs_core.ranking.archive import FloatArchive, HashArchive
from mirs_core.ranking.scan import gathered

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


def segments(rng: np.random.Generator, n: int) -> Layout:
    """Blocks of random sizes of which some rows are removed, with ``n`` stored rows."""
    cuts = np.unique(rng.integers(0, n + 1, rng.integers(0, 5)))
    sizes = np.diff([0, *cuts, n])
    removed = [np.flatnonzero(rng.random(size) < 0.2) for size in sizes]
    return Layout(tuple(sizes.tolist()), tuple(removed))


def places_of(layout: Layout, rng: np.random.Generator) -> list[NDArray[np.float64]]:
    """Places among ties, ascending within a block, so coarse that some are equal."""
    return [np.sort(rng.integers(0, 20, size) / 20) for size in layout.sizes]


def expected_order(
    distances: NDArray[Any], places: NDArray[np.float64], allowed: NDArray[np.bool_], k: int
) -> list[int]:
    """The slow twin: rows by distance, place among ties and row."""
    rows = [row for row in range(len(distances)) if allowed[row]]
    return sorted(rows, key=lambda row: (distances[row], places[row], row))[:k]


@settings(deadline=None, max_examples=200)
@given(
    **{**SHAPES, "k": st.one_of(st.integers(1, 5), SHAPES["k"])},
    share=st.sampled_from([0.0, 0.02, 0.5, 1.0]),
    lost=st.sampled_from([0, 3, 100]),
    grown=st.booleans(),
)
def test_segments_masks_and_exclusions_agree_with_brute_force(
    n: int, q: int, k: int, seed: int, levels: int, share: float, lost: int, grown: bool
) -> None:
    rng = np.random.default_rng(seed)
    layout = segments(rng, n)
    stored = rng.integers(0, levels, (n, 4)).astype(np.uint8)
    edges = np.cumsum([0, *layout.sizes])
    blocks = Blocks([stored[a:b] for a, b in itertools.pairwise(edges)], layout)
    ties = Ties(places_of(layout, rng), layout) if grown else None
    rows = np.arange(len(layout))
    places = ties.take(rows) if ties is not None else rows.astype(float)
    allowed = rng.random(len(layout)) < share if share < 1 or rng.random() < 0.5 else None
    excluded = np.sort(rng.permutation(len(layout))[:lost])
    left = np.ones(len(layout), dtype=bool) if allowed is None else allowed.copy()
    left[excluded] = False
    asked = rng.integers(0, levels, (q, 4)).astype(np.uint8)
    codes = blocks.whole()
    differing = np.unpackbits(asked[:, None] ^ codes[None], axis=2).sum(2)
    archive = HashArchive(blocks, ties)
    distances, found = archive.search(asked, k, allowed, excluded if lost else None)
    for query in range(q):
        order = expected_order(differing[query], places, left, k)
        assert found[query].tolist() == order
        assert distances[query].tolist() == differing[query][order].tolist()
    assert np.array_equal(archive.distances(asked[:1]), differing[0])
    present = np.ones(len(layout), dtype=bool)
    present[excluded] = False
    order = expected_order(differing[0], places, present, n)
    last = differing[0][order[min(k, len(order)) - 1]] if order else -1
    near = [row for row in order if differing[0][row] <= last]
    distances, found = archive.nearest_with_ties(asked[:1], k, excluded)
    assert found.tolist() == near and distances.tolist() == differing[0][near].tolist()
    floats = FloatArchive(codes.astype(np.float32), "euclidean", ties)
    distances, found = floats.search(asked.astype(np.float32), k, allowed, excluded)
    away = ((asked[:, None].astype(float) - codes[None]) ** 2).sum(2)
    for query in range(q):
        assert found[query].tolist() == expected_order(away[query], places, left, k)
    assert np.allclose(floats.distances(asked[:1].astype(np.float32)), np.sqrt(away[0]))


@pytest.mark.parametrize("near_are_allowed", [True, False])
def test_a_filter_that_leaves_much_scans_or_gathers(
    monkeypatch: pytest.MonkeyPatch, near_are_allowed: bool
) -> None:
    rng = np.random.default_rng(0)
    codes = rng.integers(0, 256, (4096, 4)).astype(np.uint8)
    asked = codes[:2] ^ 1
    differing = np.unpackbits(asked[:, None] ^ codes[None], axis=2).sum(2).astype(float)
    near = differing.min(axis=0) < 14
    allowed = near if near_are_allowed else ~near
    archive, gathers = HashArchive(codes), 0

    def counted(*arguments: Any) -> NDArray[np.uint8]:
        nonlocal gathers
        gathers += 1
        return gathered(*arguments)

    monkeypatch.setattr("mirs_core.ranking.blockwise.gathered", counted)
    distances, rows = archive.search(asked, 5, allowed, np.array([3, 9]))
    hidden = np.where(allowed, differing, 99.0)
    hidden[:, [3, 9]] = 99
    expected, order = ranked(hidden, 5)
    assert np.array_equal(distances, expected) and np.array_equal(rows, order)
    assert gathers == (0 if near_are_allowed else 1)


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
