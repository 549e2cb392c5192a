"""Which tiles a person should look at first, so that each verdict on a label teaches most.

A verdict teaches most where the model and the label disagree (the label may be wrong) or where the
model has no opinion (uncertainty sampling by margin, Settles 2009), and more so for a tile that is
a neighbour of many others. Tiles with one code would teach the same, so the first of each code
comes before the others.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mirs_core.hash_space import groups
from mirs_core.hash_space.neighbourhoods import NEAR, Neighbourhoods
from mirs_core.retrieval.retriever import Retriever

LEARNING = ("train", "val")
"""The splits that are reviewed by default: the scores of test tiles then stay a fair measure."""
PROPOSED = 4
_DOUBT = 0.5


@dataclass(frozen=True, slots=True)
class Doubt:
    """A tile to look at.

    Attributes:
        row, tile: its row in the items of the retriever, and its id.
        label: its present label; None for none.
        votes: the labels that its neighbours have, most votes first, with the expected number of
            neighbours that have each; at most ``PROPOSED``.
        score: how much a verdict is expected to teach, 0 to 1.
    """

    row: int
    tile: str
    label: str | None
    votes: tuple[tuple[str, float], ...]
    score: float


@dataclass(frozen=True, slots=True)
class Review:
    """The tiles to look at, in their order: ``rows`` (n,) with their ``scores`` (n,)."""

    rows: NDArray[np.int64]
    scores: NDArray[np.float64]


def order(retriever: Retriever, near: Neighbourhoods, roles: Collection[str] = LEARNING) -> Review:
    """The tiles of ``roles`` whose label is in doubt, in the order in which they teach most.

    Args:
        near: of the same run, see ``neighbourhoods.look``.
    """
    items = retriever.items
    doubt = _doubt(near, groups.of_labels(items)[1])
    doubt[~items.roles.mask(tuple(roles))] = 0.0
    reach = np.log1p(near.reach)
    scores = doubt * (1.0 + reach / max(float(reach.max(initial=0.0)), 1.0)) / 2
    rows = np.flatnonzero(doubt >= _DOUBT)
    by_score = rows[np.lexsort((rows, -scores[rows]))]
    codes, _ = groups.of_codes(retriever)
    first = np.zeros(len(by_score), dtype=bool)
    first[np.unique(codes[by_score], return_index=True)[1]] = True
    ordered = np.concatenate([by_score[first], by_score[~first]])
    return Review(ordered, scores[ordered])


def doubts(
    retriever: Retriever,
    near: Neighbourhoods,
    review: Review,
    done: Collection[str] = (),
    most: int = 1,
) -> list[Doubt]:
    """The first tiles of a review that are not among the ids of ``done``."""
    listed: list[Doubt] = []
    for row, score in zip(review.rows.tolist(), review.scores.tolist(), strict=True):
        if len(listed) == most:
            break
        tile = retriever.items.ids[row]
        if tile not in done:
            label = retriever.items.labels[row]
            listed.append(Doubt(row, tile, label, _votes(near, row), round(score, 4)))
    return listed


def _doubt(near: Neighbourhoods, labels: NDArray[np.int64]) -> NDArray[np.float64]:
    """(N,) 0 where all neighbours have the tile's label, 1 where all have one other label.

    For a tile without a label it is 1 where the two labels with most votes have equally many.
    """
    count = len(labels)
    if not near.classes:
        return np.zeros(count)
    total = np.maximum(near.votes.sum(axis=1), 1.0)
    shares = near.votes / total[:, None]
    rows = np.arange(count)
    own = np.where(labels >= 0, shares[rows, labels.clip(min=0)], 0.0)
    others = shares.copy()
    others[rows[labels >= 0], labels[labels >= 0]] = 0.0
    ranked = np.sort(np.pad(others, ((0, 0), (1, 0))), axis=1)
    labelled = (ranked[:, -1] - own + 1.0) / 2
    unlabelled = 1.0 - (ranked[:, -1] - ranked[:, -2])
    enough = near.votes.sum(axis=1) >= NEAR / 2
    return np.where(enough, np.where(labels >= 0, labelled, unlabelled), 0.0)


def _votes(near: Neighbourhoods, row: int) -> tuple[tuple[str, float], ...]:
    votes: Sequence[float] = near.votes[row].tolist()
    ranked = sorted(range(len(votes)), key=lambda place: (-votes[place], near.classes[place]))
    return tuple(
        (near.classes[place], round(votes[place], 1))
        for place in ranked[:PROPOSED]
        if votes[place] > 0
    )
