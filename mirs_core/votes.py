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


def chance_of_counting(distances: NDArray[Any], k: int) -> NDArray[np.float64]:
    """The probability (Q, n) of each tile to be among the ``k`` nearest, where ties fall by chance.

    Args:
        distances: (Q, n) ascending in each row. They have to reach beyond the ties of the k-th
            nearest; infinite where there are fewer tiles.

    Rows sum to k, or to the number of tiles where there are fewer than k.

    Raises:
        ValueError: ``k`` is below 1.
    """
    if k < 1:
        raise ValueError(f"k is {k}; at least one tile has to vote")
    there = np.isfinite(distances)
    if not distances.shape[1]:
        return np.zeros(distances.shape)
    place = np.minimum(k, np.maximum(there.sum(axis=1), 1)) - 1
    last = np.take_along_axis(distances, place[:, None], axis=1)
    nearer, tied = there & (distances < last), there & (distances == last)
    left = place[:, None] + 1 - nearer.sum(axis=1, keepdims=True)
    chance: NDArray[np.float64] = nearer + tied * (left / np.maximum(tied.sum(1, keepdims=True), 1))
    return chance


def tally(
    distances: NDArray[Any],
    labels: NDArray[np.int64],
    classes: int,
    k: int,
    weighting: Weighting = "equal",
) -> Votes:
    """The votes of the ``k`` nearest labelled tiles of each of Q tiles.

    Args:
        distances: (Q, n) as ``chance_of_counting`` takes them; at least 0.
        labels: (Q, n) class of each of them, 0 to ``classes`` - 1; not read where the distance is
            infinite.

    Raises:
        ValueError: ``k`` is below 1.
    """
    weights = chance_of_counting(distances, k)
    if weighting == "near":
        weights *= _nearness(distances, weights)
    there = weights > 0
    cells = np.nonzero(there)[0] * classes + labels[there]
    total = np.bincount(cells, weights[there], len(distances) * classes)
    votes = total.reshape(len(distances), classes)
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
