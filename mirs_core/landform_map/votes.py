"""Votes of the nearest labelled tiles: what a tile probably is, and how sure that is.

Which of several equally far tiles come first in a list is chance, since an archive ranks them by
row. So no vote depends on it: of the tiles that are as far as the k-th nearest, each counts with
the probability that it would be among the k.
"""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Weighting = Literal["equal", "near"]
"""``equal``: each of the k nearest has one vote. ``near``: 1 / (1 + distance / reach) of one, where
the reach is the distance of the k-th nearest, so that the unit of the distance does not matter."""


@dataclass(frozen=True, slots=True)
class Votes:
    """What the labelled tiles near each of Q tiles say.

    Attributes:
        shares: (Q, C) share of the votes of each class; a row sums to 1, or to 0 where nothing
            could vote.
        winner: (Q,) column of the largest share; of equal shares the lowest column; -1 without
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
    """The place (Q,) where the ``k``-th tile stands in rows of ``sizes`` (Q, n) tiles each.

    The last place with tiles where there are fewer than ``k``.
    """
    reached = np.cumsum(sizes, axis=1)
    wanted = np.minimum(k, reached[:, -1:])
    found: NDArray[np.int64] = (reached < wanted).sum(axis=1)
    return found


def chance_of_counting(
    distances: NDArray[Any], sizes: NDArray[np.int64], k: int
) -> NDArray[np.float64]:
    """The probability (Q, n) to be among the ``k`` nearest tiles, where ties fall by chance.

    Args:
        distances: (Q, n) ascending in each row, and far enough to hold every tie of the k-th tile.
        sizes: (Q, n) how many tiles stand at each place; 0 for places that are only padding.

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
    left = np.minimum(k, sizes.sum(axis=1)) - (sizes * nearer).sum(axis=1)
    share = left / np.maximum((sizes * tied).sum(axis=1), 1)
    chance: NDArray[np.float64] = (nearer + tied * share[:, None]) * (sizes > 0)
    return chance


def tally(
    distances: NDArray[Any],
    held: NDArray[np.int64],
    k: int,
    weighting: Weighting = "equal",
) -> Votes:
    """The votes of the ``k`` nearest labelled tiles of each of Q tiles.

    Args:
        distances: (Q, n) as ``chance_of_counting`` takes them; at least 0.
        held: (Q, n, C) how many tiles of each class stand at each place: tiles that share a code
            are one place.

    Raises:
        ValueError: ``k`` is below 1.
    """
    weights = chance_of_counting(distances, held.sum(axis=2), k)
    if weighting == "near":
        weights *= _nearness(distances, weights)
    votes = np.einsum("qn,qnc->qc", weights, held)
    cast = votes.sum(axis=1, keepdims=True)
    # Sums of fractions differ in their last digits with the order of the rows; shares must not.
    return decide(np.round(votes / np.where(cast > 0, cast, 1.0), 9))


def decide(shares: NDArray[np.float64]) -> Votes:
    """Winner, runner-up and margin of shares (Q, C)."""
    rows, classes = shares.shape
    padded = np.concatenate([shares, np.zeros((rows, max(0, 2 - classes)))], axis=1)
    order = np.argsort(-padded, axis=1, kind="stable")[:, :2]
    best = np.take_along_axis(padded, order, axis=1)
    found = np.where(best > 0, order, -1)
    return Votes(shares, found[:, 0], found[:, 1], best[:, 0], best[:, 0] - best[:, 1])


def _nearness(distances: NDArray[Any], weights: NDArray[np.float64]) -> NDArray[np.float64]:
    far = np.where(weights > 0, distances, 0.0)
    reach = far.max(axis=1, keepdims=True, initial=0.0)
    return 1.0 / (1.0 + far / np.where(reach > 0, reach, 1.0))
