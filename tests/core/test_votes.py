"""Votes of the nearest labelled tiles against all orders that ties can fall in."""

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from mirs_core.votes import Weighting, chance_of_counting, decide, tally

CLASSES = 3
TILES = st.lists(st.tuples(st.integers(0, 3), st.integers(0, CLASSES - 1)), min_size=1, max_size=5)


def slow_shares(tiles: list[tuple[int, int]], k: int, weighting: Weighting) -> list[float]:
    """Mean shares of plain votes over every order in which the tiles can be ranked."""
    reach = sorted(distance for distance, _ in tiles)[: min(k, len(tiles))][-1] or 1
    total, orders = [0.0] * CLASSES, list(permutations(tiles))
    for order in orders:
        nearest = sorted(order, key=lambda tile: tile[0])[:k]
        weights = [1.0 if weighting == "equal" else 1 / (1 + d / reach) for d, _ in nearest]
        for weight, (_, label) in zip(weights, nearest, strict=True):
            total[label] += weight / sum(weights) / len(orders)
    return total


def arrays(tiles: list[tuple[int, int]]) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    ranked = sorted(tiles, key=lambda tile: tile[0])
    return (
        np.array([[distance for distance, _ in ranked]], dtype=np.float64),
        np.array([[label for _, label in ranked]]),
    )


@settings(max_examples=80, deadline=None)
@given(TILES, st.integers(1, 6), st.sampled_from(["equal", "near"]))
def test_shares_are_the_mean_over_all_orders_of_ties(
    tiles: list[tuple[int, int]], k: int, weighting: Weighting
) -> None:
    found = tally(*arrays(tiles), CLASSES, k, weighting)
    slow = slow_shares(tiles, k, weighting)
    np.testing.assert_allclose(found.shares[0], slow, atol=1e-8)
    first, second = sorted(slow, reverse=True)[:2]
    assert found.share[0] == pytest.approx(first, abs=1e-8)
    assert found.margin[0] == pytest.approx(first - second, abs=1e-8)
    assert slow[found.winner[0]] == pytest.approx(first, abs=1e-8)
    assert (found.runner_up[0] == -1) == (second < 1e-9)


@settings(max_examples=80, deadline=None)
@given(TILES, st.integers(1, 6), st.randoms(use_true_random=False))
def test_the_order_of_the_rows_and_what_is_farther_change_nothing(
    tiles: list[tuple[int, int]], k: int, chance: object
) -> None:
    found = tally(*arrays(tiles), CLASSES, k)
    shuffled = list(tiles)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    distances, labels = arrays(shuffled)
    distances = np.pad(distances, ((0, 0), (0, 2)), constant_values=np.inf)
    again = tally(distances, np.pad(labels, ((0, 0), (0, 2))), CLASSES, k)
    np.testing.assert_array_equal(found.shares, again.shares)
    assert found.winner[0] == again.winner[0] and found.runner_up[0] == again.runner_up[0]


def test_tiles_as_far_as_the_last_voter_share_the_votes_that_are_left() -> None:
    chance = chance_of_counting(np.array([[0.0, 1, 2, 2, 2, 5], [3, 3, 3, 3, 3, 3]]), 3)
    np.testing.assert_allclose(chance, [[1, 1, 1 / 3, 1 / 3, 1 / 3, 0], [0.5] * 6])


def test_fewer_tiles_than_voters_all_vote() -> None:
    found = tally(np.array([[1.0, 4.0, np.inf]]), np.array([[2, 1, 0]]), 3, 15)
    assert found.shares.tolist() == [[0, 0.5, 0.5]]


def test_of_equal_shares_the_lower_column_wins_without_a_margin() -> None:
    found = decide(np.array([[0.0, 0.5, 0.5], [0.2, 0.2, 0.6]]))
    assert (found.winner.tolist(), found.runner_up.tolist()) == ([1, 2], [2, 0])
    np.testing.assert_allclose(found.margin, [0, 0.4])


def test_nothing_that_votes_gives_no_winner() -> None:
    found = tally(np.full((2, 3), np.inf), np.zeros((2, 3), dtype=np.int64), 2, 5)
    assert found.winner.tolist() == [-1, -1] and not found.share.any() and not found.margin.any()
    assert (
        tally(np.empty((2, 0)), np.empty((2, 0), dtype=np.int64), 2, 5).winner.tolist() == [-1] * 2
    )
    assert tally(np.empty((0, 3)), np.empty((0, 3), dtype=np.int64), 2, 5).shares.shape == (0, 2)


def test_one_class_has_every_vote_and_no_runner_up() -> None:
    found = tally(np.array([[1.0, 2.0]]), np.array([[0, 0]]), 1, 2)
    assert (found.winner[0], found.runner_up[0], found.margin[0]) == (0, -1, 1.0)


def test_near_tiles_count_more_where_that_is_asked_for() -> None:
    distances, labels = np.array([[1.0, 8.0, 10.0]]), np.array([[0, 1, 1]])
    assert tally(distances, labels, 2, 3).winner[0] == 1
    equal, near = (tally(distances, labels, 2, 3, how).shares[0, 0] for how in ("equal", "near"))  # type: ignore[arg-type]
    assert near > equal
    scaled = tally(distances * 100, labels, 2, 3, "near")
    assert scaled.shares[0, 0] == pytest.approx(near)


def test_a_vote_of_nobody_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one"):
        tally(np.zeros((1, 1)), np.zeros((1, 1), dtype=np.int64), 1, 0)
