"""Votes of the nearest labelled tiles against all orders that ties can fall in."""

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from mirs_core.landform_map.votes import Weighting, chance_of_counting, decide, last_voter, tally

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
        np.eye(CLASSES, dtype=np.int64)[[[label for _, label in ranked]]],
    )


def grouped(tiles: list[tuple[int, int]]) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """The same with one place for all tiles at a distance."""
    distances = sorted({distance for distance, _ in tiles})
    held = [[tiles.count((d, label)) for label in range(CLASSES)] for d in distances]
    return np.array([distances], dtype=np.float64), np.array([held])


@settings(max_examples=80, deadline=None)
@given(TILES, st.integers(1, 6), st.sampled_from(["equal", "near"]))
def test_shares_are_the_mean_over_all_orders_of_ties(
    tiles: list[tuple[int, int]], k: int, weighting: Weighting
) -> None:
    found = tally(*arrays(tiles), k, weighting)
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
    found = tally(*arrays(tiles), k)
    np.testing.assert_array_equal(found.shares, tally(*grouped(tiles), k).shares)
    shuffled = list(tiles)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    distances, held = arrays(shuffled)
    distances = np.pad(distances, ((0, 0), (0, 2)), constant_values=9.0)
    again = tally(distances, np.pad(held, ((0, 0), (0, 2), (0, 0))), k)
    np.testing.assert_array_equal(found.shares, again.shares)
    assert found.winner[0] == again.winner[0] and found.runner_up[0] == again.runner_up[0]


def test_tiles_as_far_as_the_last_voter_share_the_votes_that_are_left() -> None:
    distances = np.array([[0.0, 1, 2, 2, 2, 5], [3, 3, 3, 3, 3, 3]])
    chance = chance_of_counting(distances, np.ones((2, 6), dtype=np.int64), 3)
    np.testing.assert_allclose(chance, [[1, 1, 1 / 3, 1 / 3, 1 / 3, 0], [0.5] * 6])


def test_tiles_that_share_a_code_are_one_place() -> None:
    sizes = np.array([[2, 0, 4, 1]])
    assert [last_voter(sizes, k)[0] for k in (1, 2, 3, 6, 7, 99)] == [0, 0, 2, 2, 3, 3]
    chance = chance_of_counting(np.array([[0, 1, 2, 3]]), sizes, 3)
    np.testing.assert_allclose(chance, [[1, 0, 0.25, 0]])


def test_fewer_tiles_than_voters_all_vote() -> None:
    found = tally(np.array([[1.0, 4.0, 4.0]]), np.array([[[0, 0, 1], [0, 1, 0], [0, 0, 0]]]), 15)
    assert found.shares.tolist() == [[0, 0.5, 0.5]]


def test_of_equal_shares_the_lower_column_wins_without_a_margin() -> None:
    found = decide(np.array([[0.0, 0.5, 0.5], [0.2, 0.2, 0.6]]))
    assert (found.winner.tolist(), found.runner_up.tolist()) == ([1, 2], [2, 0])
    np.testing.assert_allclose(found.margin, [0, 0.4])


def test_nothing_that_votes_gives_no_winner() -> None:
    found = tally(np.zeros((2, 3)), np.zeros((2, 3, 2), dtype=np.int64), 5)
    assert found.winner.tolist() == [-1, -1] and not found.share.any() and not found.margin.any()
    for shape in ((2, 0, 2), (0, 3, 2)):
        empty = tally(np.zeros(shape[:2]), np.zeros(shape, dtype=np.int64), 5)
        assert empty.winner.tolist() == [-1] * shape[0] and empty.shares.shape == (shape[0], 2)


def test_one_class_has_every_vote_and_no_runner_up() -> None:
    found = tally(np.array([[1.0, 2.0]]), np.array([[[1], [1]]]), 2)
    assert (found.winner[0], found.runner_up[0], found.margin[0]) == (0, -1, 1.0)


def test_near_tiles_count_more_where_that_is_asked_for() -> None:
    distances, held = arrays([(1, 0), (8, 1), (10, 1)])
    equal, near = tally(distances, held, 3), tally(distances, held, 3, "near")
    assert equal.winner[0] == 1 and near.shares[0, 0] > equal.shares[0, 0]
    assert tally(distances * 100, held, 3, "near").shares[0, 0] == near.shares[0, 0]


def test_a_vote_of_nobody_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one"):
        tally(np.zeros((1, 1)), np.ones((1, 1, 1), dtype=np.int64), 0)
