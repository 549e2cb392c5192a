"""How accurate an estimate is: the same vote on test tiles, whose class is known."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from mirs_core.landform_map.votes import Weighting
from mirs_core.landform_map.voting import (
    MIN_MARGIN,
    STATES,
    SURE,
    VOTERS,
    K,
    check_settings,
    classes_of,
    columns_of,
    labelled_rows,
    reach_of,
    states_of,
    vote,
    voters_without_copies,
)
from mirs_core.progress import Progress, silent
from mirs_core.ranking import metrics
from mirs_core.retrieval.search import Searcher

_BIN_EDGES = (0.0, 0.25, 0.5, 0.75, 1.0)
_ROUNDING = 1e-8


@dataclass(frozen=True, slots=True)
class MarginBin:
    """Test tiles with a margin from ``low`` to below ``high``, and the share that is correct.

    The last bin, from 1 to 1, holds the tiles whose voters all agree.
    """

    low: float
    high: float
    tiles: int
    correct: float


@dataclass(frozen=True, slots=True)
class VoteAccuracy:
    """Accuracy of the vote on the labelled run's own test tiles, which no setting was chosen on.

    Attributes:
        tiles: number of labelled test tiles.
        coverage: share of them whose vote is sure.
        accuracy: share of correct votes among those, with a 95 % bootstrap interval; nan if none.
        of_all: share of correct votes among all test tiles, sure or not.
        bins: share of correct votes by margin; empty bins are left out.
        known_strips: share of the test tiles from strips that have voters too; None where strips
            are unknown. Tiles of other strips may be harder.
        synthetic: whether the tiles are synthetic, and so say little about real terrain.
    """

    tiles: int
    coverage: float
    accuracy: metrics.Interval
    of_all: float
    bins: tuple[MarginBin, ...]
    known_strips: float | None
    synthetic: bool = False


def measure_accuracy(
    labelled: Searcher,
    k: int = K,
    min_margin: float = MIN_MARGIN,
    role: str = "test",
    weighting: Weighting = "equal",
    progress: Progress = silent,
) -> VoteAccuracy | None:
    """Accuracy of the vote of a run's labelled tiles on its test tiles; None if it has none.

    Args:
        role: split of the tiles that are voted on. Tiles in "val" do not vote then, but the rules
            were chosen on them, so their accuracy is not an independent measure.

    Raises:
        ConfigError: ``k`` or ``min_margin`` is out of range.
    """
    check_settings(k, min_margin)
    classes = classes_of(labelled)
    queries = labelled_rows(labelled, (role,))
    voter_roles = [name for name in VOTERS if name != role]
    voters = voters_without_copies(labelled, voter_roles, queries)
    if not len(queries) or not len(voters):
        return None
    codes = labelled.retriever.codes[queries]
    votes, nearest = vote(labelled, voters, classes, codes, k, weighting, progress)
    states = states_of(votes, nearest, min_margin, reach_of(labelled))
    correct = (votes.winner >= 0) & (columns_of(labelled, classes)[queries] == votes.winner)
    sure = states == STATES.index(SURE)
    return VoteAccuracy(
        tiles=len(queries),
        coverage=float(sure.mean()),
        accuracy=metrics.bootstrap_interval(correct[sure].astype(np.float64)),
        of_all=float(correct.mean()),
        bins=_by_margin(votes.margin, correct),
        known_strips=_from_known_strips(labelled, queries, voters),
        synthetic=labelled.card.synthetic,
    )


def accuracy_in_words(measured: VoteAccuracy | None) -> str:
    """The accuracy of an estimate in one or two sentences."""
    if measured is None:
        return "Its accuracy is unknown: the labelled run has no test tiles."
    if not measured.coverage:
        return f"It is not sure of any of the {measured.tiles} test tiles of the labelled set."
    accuracy = measured.accuracy
    text = (
        f"It is sure of {measured.coverage:.0%} of the {measured.tiles} test tiles of the labelled"
        f" set, and {accuracy.value:.0%} of these are correct (95 % interval {accuracy.low:.0%} to"
        f" {accuracy.high:.0%})"
    )
    if measured.known_strips:
        text += f"; {measured.known_strips:.0%} of the test tiles are from strips that vote too"
    if measured.synthetic:
        return text + ". These tiles are synthetic, which says little about real terrain."
    return text + ". Other terrain may be harder."


def _by_margin(margin: NDArray[np.float64], correct: NDArray[np.bool_]) -> tuple[MarginBin, ...]:
    bins = []
    for low, high in pairwise((*_BIN_EDGES, _BIN_EDGES[-1])):
        inside = (margin >= low - _ROUNDING) & ((margin < high - _ROUNDING) | (low == high))
        if inside.any():
            bins.append(MarginBin(low, high, int(inside.sum()), float(correct[inside].mean())))
    return tuple(bins)


def _from_known_strips(
    labelled: Searcher, queries: NDArray[np.int64], voters: NDArray[np.int64]
) -> float | None:
    strips = labelled.items.strips.codes
    queried = strips.take(queries)
    queried = queried[queried >= 0]
    return float(np.isin(queried, strips.take(voters)).mean()) if len(queried) else None
