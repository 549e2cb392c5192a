"""Groups of tiles as numbers, and samples, against counting tile by tile."""

from collections import Counter
from typing import get_args

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from searchers import archives, searcher_of, space

from mirs_core.columns.categories import Categories
from mirs_core.datasets.items import Items
from mirs_core.hash_space import (
    code_bits,
    code_clusters,
    groups,
    neighbourhoods,
    samples,
    tile_values,
)
from mirs_core.hash_space.tile_values import Measure
from mirs_core.ranking.codes import equal_codes


@given(st.integers(1, 20), st.integers(0, 60), st.integers(0, 99))
def test_equal_codes_are_those_of_sorting_whole_codes(width: int, count: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    codes = rng.integers(0, 256, (5, width), dtype=np.uint8)[rng.integers(0, 5, count)]
    numbers, sizes = equal_codes(codes)
    distinct = sorted({code.tobytes() for code in codes})
    assert numbers.tolist() == [distinct.index(code.tobytes()) for code in codes]
    counted = Counter(code.tobytes() for code in codes)
    assert sizes.tolist() == [counted[code] for code in distinct]


@given(archives())
@settings(max_examples=40, deadline=None)
def test_groups_are_those_of_the_words(archive: tuple[np.ndarray, Items]) -> None:
    codes, items = archive
    classes, labels = groups.of_labels(items)
    assert classes == tuple(sorted({label for label in items.labels if label}))
    assert [classes[n] if n >= 0 else None for n in labels] == list(items.labels)
    contents = groups.of_contents(items)
    same = [[a == b for a in items.contents] for b in items.contents]
    assert (contents[:, None] == contents).tolist() == same
    numbers, sizes = groups.of_codes(searcher_of(codes, items).retriever)
    same = [[bool((a == b).all()) for a in codes] for b in codes]
    assert (numbers[:, None] == numbers).tolist() == same
    assert sizes[numbers].tolist() == [sum(row) for row in same]


def test_contents_that_are_hashes_are_compared_whole() -> None:
    contents = [f"{number:064x}" for number in (7, 8, 7, 1 << 200)]
    none = [None] * 4
    items = Items(list("abcd"), none, ["test"] * 4, none, contents, none, none)
    numbers = groups.of_contents(items)
    assert numbers[0] == numbers[2] and len(set(numbers.tolist())) == 3


def test_an_empty_word_is_no_class_and_names_without_tiles_are_none() -> None:
    column = Categories.of(["b", "", None, "a", "b"]).take(np.array([0, 1, 2, 4]))
    names, numbers = groups.numbered(column)
    assert names == ("b",) and numbers.tolist() == [0, -1, -1, 0]


@given(st.lists(st.integers(-1, 4), max_size=20))
def test_the_most_common_is_that_of_a_counter(values: list[int]) -> None:
    expected = Counter(values).most_common(1)[0] if values else (-1, 0)
    assert groups.most_common(np.array(values, dtype=np.int64)) == expected


def test_a_small_run_is_its_own_sample_and_a_large_one_is_drawn_by_seed() -> None:
    rng = np.random.default_rng(0)
    run = space(rng.integers(0, 256, (50, 2), dtype=np.uint8), ["a", "b"] * 25)
    whole = samples.sample(run, 50)
    assert whole.whole and whole.retriever is run and whole.of == 50
    part = samples.sample(run, 20, seed=3)
    assert not part.whole and part.of == 50 and len(part.rows) == len(set(part.rows.tolist())) == 20
    assert (part.rows == samples.sample(run, 20, seed=3).rows).all()
    assert (part.rows != samples.sample(run, 20, seed=4).rows).any()
    assert [part.retriever.items.ids[n] for n in range(20)] == [run.items.ids[r] for r in part.rows]
    assert (part.retriever.codes == run.codes[part.rows]).all()
    spread = samples.spread(np.arange(20.0), part.rows, 50)
    assert spread[part.rows].tolist() == list(range(20)) and np.isnan(spread).sum() == 30


def test_values_of_a_large_run_are_those_of_its_sample(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(5)
    run = space(rng.integers(0, 256, (60, 2), dtype=np.uint8), ["a", "b"] * 30)
    every = {measure: tile_values.values(measure, run) for measure in get_args(Measure)}
    monkeypatch.setattr(samples, "LIMIT", 30)
    monkeypatch.setattr(samples, "SIZE", 25)
    monkeypatch.setattr(tile_values, "_COMPARISONS", 600)
    part = samples.sample(run)
    for measure in get_args(Measure):
        values = tile_values.values(measure, run)
        present = np.isfinite(values).sum()
        assert present == tile_values.sampled(measure, 60) or measure == "latitude"
        if measure in ("shared code", "latitude", "top-k error rate"):
            there = np.isfinite(values)
            assert (values[there] == every[measure][there]).all()
            continue
        assert (np.flatnonzero(np.isfinite(values)) == part.rows).all()
        near = neighbourhoods.look(part.retriever)
        expected = near.mean_distances
        if measure == "purity":
            expected = near.purity(part.retriever.items.labels)
        assert np.array_equal(values[part.rows], expected)
    assert [tile_values.sampled(m, 60) for m in ("shared code", "purity", "top-k error rate")] == [
        60,
        25,
        10,
    ]


def test_error_rates_of_some_tiles_are_those_of_all() -> None:
    rng = np.random.default_rng(1)
    run = space(rng.integers(0, 256, (60, 2), dtype=np.uint8), ["a", "b", None] * 20)
    every = neighbourhoods.top_k_error_rates(run, 5)
    rows = np.array([3, 7, 8, 40])
    some = neighbourhoods.top_k_error_rates(run, 5, rows)
    assert np.array_equal(some[rows], every[rows], equal_nan=True)
    assert np.isnan(np.delete(some, rows)).all()


def test_blocks_do_not_change_bits_and_clusters(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(2)
    run = space(rng.integers(0, 256, (70, 2), dtype=np.uint8), (["a", "b", None] * 24)[:70])
    before = (code_bits.report(run), code_bits.ends(run, 3, 9), code_clusters.cluster(run, 5))
    monkeypatch.setattr(code_clusters, "_BLOCK", 16)
    after = (code_bits.report(run), code_bits.ends(run, 3, 9), code_clusters.cluster(run, 5))
    assert (before[0].means == after[0].means).all() and before[1] == after[1]
    assert (before[2].numbers == after[2].numbers).all()
    for mine, theirs in zip(before[2].clusters, after[2].clusters, strict=True):
        assert mine.rows.tolist() == theirs.rows.tolist() and mine.spread == theirs.spread
