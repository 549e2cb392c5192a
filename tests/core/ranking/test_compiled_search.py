"""The compiled scan against brute force on (distance, place among ties, row), and its loading."""

import itertools
import sys
import threading
from typing import Any
from unittest import mock

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from mirs_core.columns.blocks import Blocks, Layout
from mirs_core.columns.ties import Ties
from mirs_core.ranking import blockwise, compiled, compiled_search
from mirs_core.ranking.archive import HashArchive
from mirs_core.ranking.compiled import Loader


@pytest.fixture(scope="module")
def loaded() -> Loader:
    loader = Loader()
    loader.load()
    return loader


def blocks_of(rng: np.random.Generator, n: int, width: int, levels: int) -> Blocks:
    """Codes with many ties, in blocks of random sizes of which some rows are removed."""
    cuts = np.unique(rng.integers(0, n + 1, rng.integers(0, 7)))
    sizes = np.diff([0, *cuts, n])
    removed = [np.flatnonzero(rng.random(size) < rng.choice([0, 0.2])) for size in sizes]
    codes = rng.integers(0, levels, (n, width)).astype(np.uint8)
    codes[:, 2:] *= rng.random() < 0.5
    edges = np.cumsum([0, *sizes])
    layout = Layout(tuple(sizes.tolist()), tuple(removed))
    return Blocks([codes[a:b] for a, b in itertools.pairwise(edges)], layout)


def expected(
    differing: NDArray[Any], ties: Ties | None, allowed: NDArray[np.bool_], k: int
) -> list[int]:
    """The slow twin: rows by distance, place among ties and row."""
    rows = np.flatnonzero(allowed)
    places = rows if ties is None else ties.take(rows)
    return rows[np.lexsort((rows, places, differing[rows]))][:k].tolist()


@settings(deadline=None, max_examples=150)
@given(
    n=st.integers(200, 5000),
    width=st.sampled_from([8, 16, 24, 32]),
    queries=st.integers(1, 24),
    k=st.integers(1, 200),
    levels=st.integers(2, 4),
    share=st.sampled_from([0.06, 0.5, 1.0]),
    lost=st.sampled_from([0, 1, 100]),
    grown=st.booleans(),
    threads=st.integers(1, 2),
    seed=st.integers(0, 10**6),
)
def test_the_compiled_scan_agrees_with_brute_force(
    loaded: Loader, n: int, width: int, queries: int, k: int, levels: int, share: float,
    lost: int, grown: bool, threads: int, seed: int,
) -> None:  # fmt: skip
    rng = np.random.default_rng(seed)
    blocks = blocks_of(rng, n, width, levels)
    layout = blocks.layout
    places = [np.sort(rng.integers(0, 20, size) / 20) for size in layout.sizes]
    ties = Ties(places, layout) if grown else None
    allowed = rng.random(len(layout)) < share if share < 1 or rng.random() < 0.5 else None
    excluded = np.sort(rng.permutation(len(layout))[:lost])
    present = np.ones(len(layout), dtype=bool) if allowed is None else allowed.copy()
    present[excluded] = False
    k = min(k, int(present.sum()))
    asked = rng.integers(0, levels, (queries, width)).astype(np.uint8)
    sought = (blocks, ties, asked, k, allowed, excluded)
    with mock.patch("faiss.omp_get_max_threads", lambda: threads):
        distances, rows = compiled_search.search(loaded.load(), *sought)
        by_faiss = blockwise.search(*sought)
    assert distances.dtype == np.int32 and rows.dtype == np.int64
    assert np.array_equal(distances, by_faiss[0]) and np.array_equal(rows, by_faiss[1])
    for query in range(queries):
        differing = np.bitwise_count(asked[query] ^ blocks.whole()).sum(1, dtype=int)
        order = expected(differing, ties, present, k)
        assert rows[query].tolist() == order
        assert distances[query].tolist() == differing[order].tolist()


@pytest.mark.parametrize("threads", [1, 2])
def test_many_queries_are_divided_among_threads(
    loaded: Loader, monkeypatch: pytest.MonkeyPatch, threads: int
) -> None:
    monkeypatch.setattr("faiss.omp_get_max_threads", lambda: threads)
    rng = np.random.default_rng(0)
    blocks = Blocks.of(rng.integers(0, 4, (3000, 16)).astype(np.uint8))
    asked = rng.integers(0, 4, (1200, 16)).astype(np.uint8)
    scanning = set()

    def scan(*arguments: Any) -> None:
        scanning.add(threading.get_ident())
        loaded.load()(*arguments)

    none = np.empty(0, dtype=np.int64)
    distances, rows = compiled_search.search(scan, blocks, None, asked, 9, None, none)
    expected_distances, expected_rows = blockwise.search(blocks, None, asked, 9, None, none)
    assert np.array_equal(distances, expected_distances) and np.array_equal(rows, expected_rows)
    assert 1 <= len(scanning) <= threads


@pytest.mark.parametrize("case", ["few allowed", "odd width", "long list"])
def test_faiss_searches_where_the_scan_does_not_suit(
    case: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compiled_search, "_CACHED", 1000)
    rng = np.random.default_rng(1)
    codes = Blocks.of(rng.integers(0, 4, (1000, 12 if case == "odd width" else 16), np.uint8))
    k, allowed = 500 if case == "long list" else 5, 49 if case == "few allowed" else 1000
    assert not compiled_search.suits(codes, k, allowed)
    assert case == "odd width" or compiled_search.suits(codes, 5, 50)
    monkeypatch.setattr(compiled_search, "_CACHED", 1001)
    assert compiled_search.suits(codes, k, allowed) == (case == "few allowed")


def test_numba_is_loaded_when_it_pays_and_small_searches_do_not_wait(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(compiled, "PAYS", 10_000)
    monkeypatch.setitem(sys.modules, "mirs_core.ranking.kernels", None)
    loader = Loader()
    assert loader.scan_for(4000) is None and loader.scan_for(4000) is None

    def load() -> None:
        started.set()

    started = threading.Event()
    monkeypatch.setattr(loader, "load", load)
    assert loader.scan_for(4000) is None and started.wait(10)
    started.clear()
    assert loader.scan_for(4000) is None and not started.is_set()


def test_a_search_that_is_large_by_itself_waits_for_numba(
    loaded: Loader, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = np.random.default_rng(2)
    codes = rng.integers(0, 4, (2000, 16)).astype(np.uint8)
    monkeypatch.setattr("mirs_core.ranking.archive.LOADER", Loader())
    searches = []

    def search(*arguments: Any) -> Any:
        searches.append(arguments)
        return compiled_search_search(*arguments)

    compiled_search_search = compiled_search.search
    monkeypatch.setattr(compiled_search, "search", search)
    archive = HashArchive(codes)
    by_faiss = archive.search(codes[:10], 4)
    assert not searches
    monkeypatch.setattr(compiled, "PAYS", 20_000)
    compiled_lists = archive.search(codes[:10], 4)
    assert len(searches) == 1
    assert all(np.array_equal(a, b) for a, b in zip(by_faiss, compiled_lists, strict=True))
