"""Votes of the nearest labelled tiles: the most likely class of a tile, and how sure it is.

The order of equally distant tiles is arbitrary, since an archive ranks them by row, so no vote may
depend on it: each tile at the distance of the k-th nearest counts with the probability that it
would be among the k.
"""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

_BATCH = 1 << 16

Weighting = Literal["equal", "near"]
"""``equal``: each of the k nearest has one vote. ``near``: it has 1 / (1 + distance / reach) votes,
where the reach is the distance of the k-th nearest, so that the unit does not matter."""


@dataclass(frozen=True, slots=True)
class Votes:
    """The votes of the nearest labelled tiles on each of Q tiles.

    Attributes:
        shares: (Q, C) share of the votes for each class; a row sums to 1, or to 0 where no tile
            could vote.
        winner: (Q,) column of the largest share, the lowest column of equal ones; -1 without
            votes.
        runner_up: (Q,) column of the second largest share; -1 where one class has every vote.
        share: (Q,) share of the winner, 0 to 1.
        margin: (Q,) share of the winner minus that of the runner-up, 0 to 1.
    """

    shares: NDArray[np.float64]
    winner: NDArray[np.int64]
    runner_up: NDArray[np.int64]
    share: NDArray[np.float64]
    margin: NDArray[np.float64]


def last_voter(sizes: NDArray[np.int64], k: int) -> NDArray[np.int64]:
    """The position (Q,) of the ``k``-th tile in rows of ``sizes`` (Q, n) tiles each.

    The last position with tiles where there are fewer than ``k``.
    """
    cumulative = np.cumsum(sizes, axis=1)
    target = np.minimum(k, cumulative[:, -1:])
    position: NDArray[np.int64] = (cumulative < target).sum(axis=1)
    return position


def chance_of_counting(
    distances: NDArray[Any], sizes: NDArray[np.int64], k: int
) -> NDArray[np.float64]:
    """The probability (Q, n) of being among the ``k`` nearest tiles if ties are broken at random.

    Args:
        distances: (Q, n) ascending in each row, long enough to include every tie of the k-th tile.
        sizes: (Q, n) number of tiles at each position; 0 for padding.

    The tiles' probabilities sum to k, or to the number of tiles where there are fewer.

    Raises:
        ValueError: ``k`` is below 1.
    """
    if k < 1:
        raise ValueError(f"k is {k}; at least one tile has to vote")
    if not distances.shape[1]:
        return np.zeros(distances.shape)
    last = np.take_along_axis(distances, last_voter(sizes, k)[:, None], axis=1)
    nearer, tied = distances < last, distances == last
    remaining = np.minimum(k, sizes.sum(axis=1)) - (sizes * nearer).sum(axis=1)
    share = remaining / np.maximum((sizes * tied).sum(axis=1), 1)
    chance: NDArray[np.float64] = (nearer + tied * share[:, None]) * (sizes > 0)
    return chance


def tally(
    distances: NDArray[Any],
    counts: NDArray[np.int64],
    k: int,
    weighting: Weighting = "equal",
) -> Votes:
    """The votes of the ``k`` nearest labelled tiles of each of Q tiles.

    Args:
        distances: (Q, n) as for ``chance_of_counting``; at least 0.
        counts: (Q, n, C) number of tiles of each class at each position: tiles that share a code
            share a position.

    Raises:
        ValueError: ``k`` is below 1.
    """
    weights = chance_of_counting(distances, counts.sum(axis=2), k)
    if weighting == "near":
        weights *= _nearness(distances, weights)
    votes = np.einsum("qn,qnc->qc", weights, counts)
    cast = votes.sum(axis=1, keepdims=True)
    # Sums of fractions differ in the last digits with the order of the rows; shares must not.
    return decide(np.round(votes / np.where(cast > 0, cast, 1.0), 9))


def decide(shares: NDArray[np.float64]) -> Votes:
    """Winner, runner-up and margin of shares (Q, C)."""
    rows, classes = shares.shape
    leaders, best = np.empty((rows, 2), dtype=np.int64), np.empty((rows, 2))
    for start in range(0, rows, _BATCH):
        block = shares[start : start + _BATCH]
        padded = np.concatenate([block, np.zeros((len(block), max(0, 2 - classes)))], axis=1)
        order = np.argsort(-padded, axis=1, kind="stable")[:, :2]
        highest = np.take_along_axis(padded, order, axis=1)
        best[start : start + _BATCH] = highest
        leaders[start : start + _BATCH] = np.where(highest > 0, order, -1)
    return Votes(shares, leaders[:, 0], leaders[:, 1], best[:, 0], best[:, 0] - best[:, 1])


def _nearness(distances: NDArray[Any], weights: NDArray[np.float64]) -> NDArray[np.float64]:
    far = np.where(weights > 0, distances, 0.0)
    reach = far.max(axis=1, keepdims=True, initial=0.0)
    return 1.0 / (1.0 + far / np.where(reach > 0, reach, 1.0))
