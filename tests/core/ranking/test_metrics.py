"""Figures of a ranking against loops, enumeration of every order of ties, and cases by hand."""

import math

import numpy as np
import pytest
import reference
from hypothesis import given, settings
from hypothesis import strategies as st

from mirs_core.ranking.metrics import (
    Divisor,
    Interval,
    average_precision,
    bootstrap_interval,
    hits_over_ties,
    not_worse,
    paired_interval,
    per_class,
    tie_bounds,
)


def ap(relevant: list[int], n_relevant: int, k: int, divisor: Divisor) -> float:
    rows = np.array([relevant], bool)
    return float(average_precision(rows, np.array([n_relevant]), k, divisor)[0])


@st.composite
def tied_rankings(draw: st.DrawFn) -> tuple[list[int], list[bool]]:
    """Up to 7 results at ascending distances with many ties."""
    size = draw(st.integers(1, 7))
    distances = sorted(draw(st.lists(st.integers(0, 3), min_size=size, max_size=size)))
    relevant = draw(st.lists(st.booleans(), min_size=size, max_size=size))
    return distances, relevant


@pytest.mark.parametrize(
    ("relevant", "n_relevant", "k", "divisor", "expected"),
    [
        ([1, 0, 0, 0], 5, 4, "hits", 1.0),
        ([1, 0, 0, 0], 5, 4, "min_r_k", 1 / 4),
        ([1, 0, 0, 0], 2, 4, "min_r_k", 1 / 2),
        ([0, 0, 0, 1], 1, 4, "hits", 1 / 4),
        ([0, 0, 0, 1], 1, 3, "hits", 0.0),
        ([0, 0, 0, 1], 1, 3, "min_r_k", 0.0),
        ([1, 0, 1, 0, 1], 3, 5, "min_r_k", (1 + 2 / 3 + 3 / 5) / 3),
        ([1, 0, 1, 0, 1], 3, 3, "min_r_k", (1 + 2 / 3) / 3),
        ([1, 0, 1, 0, 1], 3, 3, "hits", (1 + 2 / 3) / 2),
        ([1, 1], 2, 64, "min_r_k", 1.0),
        ([1, 1, 1], 9, 3, "min_r_k", 1.0),
    ],
)
def test_average_precision_by_hand(
    relevant: list[int], n_relevant: int, k: int, divisor: Divisor, expected: float
) -> None:
    assert ap(relevant, n_relevant, k, divisor) == pytest.approx(expected)


@pytest.mark.parametrize("divisor", ["min_r_k", "hits"])
def test_a_query_without_an_answer_has_no_figure(divisor: Divisor) -> None:
    assert math.isnan(ap([0, 0, 0], 0, 3, divisor))


@given(
    relevant=st.lists(st.lists(st.booleans(), min_size=6, max_size=6), min_size=1, max_size=4),
    k=st.integers(1, 9),
    unseen=st.integers(0, 3),
    divisor=st.sampled_from(["min_r_k", "hits"]),
)
def test_average_precision_is_the_loop(
    relevant: list[list[bool]], k: int, unseen: int, divisor: Divisor
) -> None:
    totals = [sum(row) + unseen for row in relevant]
    found = average_precision(np.array(relevant), np.array(totals), k, divisor)
    expected = [
        reference.average_precision(row, total, k, divisor)
        for row, total in zip(relevant, totals, strict=True)
    ]
    np.testing.assert_allclose(found, expected)
    kept = found[~np.isnan(found)]
    assert ((kept >= 0) & (kept <= 1 + 1e-12)).all()


@settings(deadline=None)
@given(ranking=tied_rankings(), k=st.integers(1, 8))
def test_tie_bounds_are_those_of_every_order(ranking: tuple[list[int], list[bool]], k: int) -> None:
    distances, relevant = ranking
    bounds = tie_bounds(np.array(distances), np.array(relevant), k)
    if not any(relevant):
        assert all(math.isnan(v) for v in (bounds.best, bounds.expected, bounds.worst))
        return
    values = reference.average_precisions_over_ties(distances, relevant, k, "min_r_k")
    assert bounds.best == pytest.approx(max(values))
    assert bounds.worst == pytest.approx(min(values))
    assert bounds.expected == pytest.approx(sum(values) / len(values))


@pytest.mark.parametrize("k", [1, 2, 3, 4, 5, 6])
def test_a_block_of_ties_may_cross_k(k: int) -> None:
    distances, relevant = [0, 1, 1, 1, 1, 2], [False, True, False, True, False, True]
    bounds = tie_bounds(np.array(distances), np.array(relevant), k)
    values = reference.average_precisions_over_ties(distances, relevant, k, "min_r_k")
    assert bounds.best == pytest.approx(max(values))
    assert bounds.worst == pytest.approx(min(values))
    assert bounds.expected == pytest.approx(sum(values) / len(values))


def test_tie_bounds_by_hand() -> None:
    # One relevant among two ties, k = 1: it comes first in half of the orders.
    bounds = tie_bounds(np.array([3, 3]), np.array([False, True]), 1)
    assert (bounds.best, bounds.expected, bounds.worst) == (1.0, 0.5, 0.0)


def test_without_ties_the_bounds_are_the_headline() -> None:
    relevant = np.array([True, False, True, True, False])
    bounds = tie_bounds(np.array([0.1, 0.2, 0.3, 0.4, 0.5]), relevant, 4)
    headline = ap([1, 0, 1, 1, 0], 3, 4, "min_r_k")
    assert bounds.best == pytest.approx(headline)
    assert bounds.expected == pytest.approx(headline)
    assert bounds.worst == pytest.approx(headline)


@given(seed=st.integers(0, 10_000), k=st.integers(1, 70))
def test_the_headline_of_any_row_order_lies_within_the_bounds(seed: int, k: int) -> None:
    rng = np.random.default_rng(seed)
    distances = np.sort(rng.integers(0, 6, 60))
    relevant = rng.random(60) < 0.3
    relevant[rng.integers(60)] = True
    bounds = tie_bounds(distances, relevant, k)
    assert bounds.worst <= bounds.expected + 1e-12
    assert bounds.expected <= bounds.best + 1e-12
    order = np.lexsort((rng.random(60), distances))
    headline = average_precision(relevant[None, order], np.array([relevant.sum()]), k, "min_r_k")
    assert bounds.worst - 1e-12 <= headline[0] <= bounds.best + 1e-12


@settings(deadline=None, max_examples=40)
@given(ranking=tied_rankings(), k=st.integers(1, 8))
def test_hits_over_ties_is_near_the_mean_of_every_order(
    ranking: tuple[list[int], list[bool]], k: int
) -> None:
    distances, relevant = ranking
    found = hits_over_ties(np.array(distances), np.array(relevant), k, permutations=4000)
    if not any(relevant):
        assert math.isnan(found)
        return
    values = reference.average_precisions_over_ties(distances, relevant, k, "hits")
    # Five standard errors of the mean of 4,000 orders.
    allowed = 5 * float(np.std(values)) / math.sqrt(4000) + 1e-9
    assert found == pytest.approx(np.mean(values), abs=allowed)


def test_hits_over_ties_sees_what_waits_behind_rank_k() -> None:
    # The one relevant result is stored last of ten ties; at k = 1 it comes first in one of ten.
    relevant = np.zeros(10, bool)
    relevant[-1] = True
    assert hits_over_ties(np.zeros(10), relevant, 1, 20_000) == pytest.approx(0.1, abs=0.02)


def test_hits_over_ties_without_ties_is_exact() -> None:
    relevant = np.array([False, True, True, False])
    assert hits_over_ties(np.arange(4), relevant, 3) == pytest.approx((1 / 2 + 2 / 3) / 2)


def test_hits_over_ties_is_repeatable() -> None:
    distances, relevant = np.repeat([1, 2], 8), np.arange(16) % 3 == 0
    first = hits_over_ties(distances, relevant, 6)
    assert first == hits_over_ties(distances, relevant, 6)
    other = hits_over_ties(distances, relevant, 6, rng=np.random.default_rng(1))
    assert first != other
    assert first == pytest.approx(other, abs=0.05)


def test_the_bootstrap_leaves_out_what_has_no_figure() -> None:
    values = np.array([0.2, np.nan, 0.4, np.nan, 0.9])
    assert bootstrap_interval(values) == bootstrap_interval(np.array([0.2, 0.4, 0.9]))
    assert bootstrap_interval(values).value == pytest.approx(0.5)


@pytest.mark.parametrize("values", [[], [np.nan, np.nan]])
def test_the_bootstrap_of_nothing_is_nan(values: list[float]) -> None:
    found = bootstrap_interval(np.array(values, float))
    assert np.isnan([found.value, found.low, found.high]).all()


def test_equal_values_leave_no_doubt() -> None:
    assert bootstrap_interval(np.full(20, 0.625)) == Interval(0.625, 0.625, 0.625)


def test_the_bootstrap_is_the_percentile_of_resampled_means() -> None:
    values = np.random.default_rng(3).random(30)
    rng = np.random.default_rng(7)
    means = sorted(
        sum(values[i] for i in rng.integers(0, 30, (1, 30))[0]) / 30 for _ in range(2000)
    )
    found = bootstrap_interval(values, seed=9)
    # Another seed: the same up to the noise of 2,000 resamples.
    assert found.low == pytest.approx(means[50], abs=0.015)
    assert found.high == pytest.approx(means[1949], abs=0.015)
    assert found.value == pytest.approx(values.mean())
    assert found == bootstrap_interval(values, seed=9)
    assert found != bootstrap_interval(values, seed=10)


def test_a_wider_level_gives_a_wider_interval() -> None:
    values = np.random.default_rng(0).random(40)
    narrow, wide = (bootstrap_interval(values, level=level) for level in (0.5, 0.99))
    assert wide.low < narrow.low < narrow.high < wide.high


def test_the_interval_covers_the_truth_about_as_often_as_it_says() -> None:
    rng = np.random.default_rng(1)
    intervals = [bootstrap_interval(rng.beta(2, 1, 60), 400, seed=i) for i in range(300)]
    covered = np.mean([interval.low <= 2 / 3 <= interval.high for interval in intervals])
    assert 0.90 <= covered <= 0.985


def test_a_paired_difference_is_sharper_than_its_parts() -> None:
    rng = np.random.default_rng(2)
    a = rng.random(100)
    b = a - 0.05 + rng.normal(0, 0.01, 100)
    paired = paired_interval(a, b)
    assert paired.value == pytest.approx(0.05, abs=0.005)
    assert paired.high - paired.low < 0.01
    assert paired.low > 0
    alone = bootstrap_interval(a)
    assert alone.high - alone.low > 10 * (paired.high - paired.low)


def test_a_paired_difference_uses_only_shared_queries() -> None:
    a = np.array([0.5, np.nan, 0.75, 1.0])
    b = np.array([0.25, 0.5, np.nan, 0.75])
    assert paired_interval(a, b) == Interval(0.25, 0.25, 0.25)
    assert paired_interval(b, a) == Interval(-0.25, -0.25, -0.25)


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (-0.2, -0.1, False),
        (-0.2, 0.0, True),
        (-0.2, 0.1, True),
        (0.1, 0.2, True),
        (math.nan, math.nan, False),
    ],
)
def test_not_worse_means_not_wholly_below_zero(low: float, high: float, expected: bool) -> None:
    assert not_worse(Interval((low + high) / 2, low, high)) is expected


def test_per_class_counts_and_averages_what_has_a_figure() -> None:
    values = np.array([0.5, 1.0, np.nan, 0.25, np.nan])
    found = per_class(values, ["b", "a", "b", "b", "c"])
    assert found == {"a": (1, 1.0), "b": (2, 0.375)}
    assert list(found) == ["a", "b"]
