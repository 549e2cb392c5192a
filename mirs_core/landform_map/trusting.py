"""How far an estimate is to be trusted: the same vote on tiles whose class is known."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from mirs_core.landform_map.asking import (
    MIN_MARGIN,
    SURE,
    VOTERS,
    K,
    apart,
    ask,
    check_settings,
    classes_of,
    reach_of,
    states_of,
    voting,
)
from mirs_core.landform_map.votes import Weighting
from mirs_core.ranking import metrics
from mirs_core.retrieval.search import Searcher

_BINS = (0.0, 0.25, 0.5, 0.75, 1.0)
_ROUNDED = 1e-8


@dataclass(frozen=True, slots=True)
class Bin:
    """Test tiles with a margin from ``low`` to below ``high``, of which a share is ``right``.

    The last bin, from 1 to 1, holds those whose voters all agree.
    """

    low: float
    high: float
    tiles: int
    right: float


@dataclass(frozen=True, slots=True)
class Trust:
    """How the same vote does on the labelled run's own test tiles, which chose nothing.

    Attributes:
        tiles: test tiles with a label.
        coverage: share of them that the vote is sure of.
        accuracy: share of right ones among those, with a 95 % bootstrap interval; nan without any.
        of_all: share of right ones if nothing were left open.
        bins: right ones by margin; bins without a tile are left out.
        known_strips: share of the test tiles whose strip has voters too; None where strips are not
            known. Tiles of a new strip may be harder.
        synthetic: whether these tiles were painted by a program, and say little of real ground.
    """

    tiles: int
    coverage: float
    accuracy: metrics.Interval
    of_all: float
    bins: tuple[Bin, ...]
    known_strips: float | None
    synthetic: bool = False


def trust(
    labelled: Searcher,
    k: int = K,
    min_margin: float = MIN_MARGIN,
    role: str = "test",
    weighting: Weighting = "equal",
) -> Trust | None:
    """How far the vote of a run's labelled tiles is to be trusted; None without test tiles.

    Args:
        role: of the tiles that are asked about. Those of "val" are not among the voters then, but
            have chosen the rules: what they say is no measure of them.

    Raises:
        ConfigError: ``k`` or ``min_margin`` is out of its range.
    """
    check_settings(k, min_margin)
    items, classes = labelled.items, classes_of(labelled)
    asked = voting(labelled, (role,))
    voters = apart(labelled, [one for one in VOTERS if one != role], asked)
    if not len(asked) or not len(voters):
        return None
    codes = labelled.retriever.codes[asked]
    found, near = ask(labelled, voters, classes, codes, k, weighting)
    states = np.array(states_of(found, near, min_margin, reach_of(labelled)))
    right = np.array(
        [
            best >= 0 and items.labels[row] == classes[best]
            for row, best in zip(asked, found.winner, strict=True)
        ]
    )
    sure = states == SURE
    return Trust(
        tiles=len(asked),
        coverage=float(sure.mean()),
        accuracy=metrics.bootstrap_interval(right[sure].astype(np.float64)),
        of_all=float(right.mean()),
        bins=_bins(found.margin, right),
        known_strips=_known_strips(labelled, asked, voters),
        synthetic=labelled.card.synthetic,
    )


def trusted(found: Trust | None) -> str:
    """How far to trust an estimate, in one sentence."""
    if found is None:
        return "How far to trust it is not known: the labelled run has no test tiles of its own."
    if not found.coverage:
        return f"Of {found.tiles} test tiles of the labelled set it is sure of none."
    value = found.accuracy
    said = (
        f"On {found.tiles} test tiles of the labelled set it is sure of {found.coverage:.0%}, and"
        f" {value.value:.0%} of these are right (95 % interval {value.low:.0%} to {value.high:.0%})"
    )
    if found.known_strips:
        said += f"; {found.known_strips:.0%} of them are of strips that vote too"
    if found.synthetic:
        return said + ". These tiles are synthetic: of real ground that says little."
    return said + ". Other ground may be harder."


def _bins(margin: NDArray[np.float64], right: NDArray[np.bool_]) -> tuple[Bin, ...]:
    listed = []
    for low, high in pairwise((*_BINS, _BINS[-1])):
        inside = (margin >= low - _ROUNDED) & ((margin < high - _ROUNDED) | (low == high))
        if inside.any():
            listed.append(Bin(low, high, int(inside.sum()), float(right[inside].mean())))
    return tuple(listed)


def _known_strips(
    labelled: Searcher, asked: NDArray[np.int64], voters: NDArray[np.int64]
) -> float | None:
    strips = labelled.items.strips
    voting = {strips[row] for row in voters}
    known = [strips[row] in voting for row in asked if strips[row] is not None]
    return sum(known) / len(known) if known else None
