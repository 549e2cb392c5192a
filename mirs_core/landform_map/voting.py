"""The vote itself: which labelled tiles vote, how far a vote reaches, and when it is sure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mirs_core.errors import ConfigError
from mirs_core.landform_map.votes import Votes, Weighting, decide, last_voter, tally
from mirs_core.progress import Progress, silent
from mirs_core.ranking.archive import FloatArchive, HashArchive
from mirs_core.retrieval.search import Searcher

K, MIN_MARGIN = 15, 0.5
VOTERS = ("archive", "train", "val")
"""The splits whose labelled tiles vote."""
SURE, CLOSE, FAR = "sure", "close call", "out of reach"
STATES = ("", SURE, CLOSE, FAR)
"""The states of a tile; the first is that of labelled ones."""

_REACH_QUANTILE = 0.9
_FIRST_DEPTH, _GROWTH, _MOST_CELLS = 2, 4, 250_000


def check_settings(k: int, min_margin: float) -> None:
    """Raises ConfigError if ``k`` or ``min_margin`` is out of range."""
    if k < 1:
        raise ConfigError(f"k is {k}; at least 1 tile has to vote.")
    if not 0 <= min_margin <= 1:
        raise ConfigError(f"The smallest margin is {min_margin}; it must be between 0 and 1.")


def classes_of(labelled: Searcher) -> tuple[str, ...]:
    """The classes that can be voted for, in the order of the columns of ``Votes.shares``."""
    labels = labelled.items.labels
    counts = labels.counts(labelled.items.roles.mask(VOTERS))
    return tuple(sorted(label for label in counts if label is not None))


def labelled_rows(labelled: Searcher, roles: Sequence[str]) -> NDArray[np.int64]:
    """The rows of the labelled tiles in one of the splits ``roles``."""
    items = labelled.items
    return np.flatnonzero(items.roles.mask(roles) & ~items.labels.mask([None]))


def voters_without_copies(
    labelled: Searcher, roles: Sequence[str], queries: NDArray[np.int64]
) -> NDArray[np.int64]:
    """The labelled rows in ``roles`` whose images are not among the images of ``queries``."""
    items = labelled.items
    rows = labelled_rows(labelled, roles)
    copies = items.rows_with_contents(items.contents.take(queries))
    return np.setdiff1d(rows, copies, assume_unique=True)


def columns_of(labelled: Searcher, classes: tuple[str, ...]) -> NDArray[np.int64]:
    """The place (N,) of each tile's label in ``classes``; -1 for tiles with none of them."""
    labels = labelled.items.labels
    place = {name: column for column, name in enumerate(classes)}
    # The last entry is that of tiles without a label.
    places = np.array([*(place.get(name, -1) for name in labels.names), -1], dtype=np.int64)
    return places[np.asarray(labels.codes)]


@dataclass(frozen=True, slots=True, eq=False)
class Voters:
    """Labelled tiles of a run that are ready to vote; build it once for many votes.

    Attributes:
        classes: the columns of ``Votes.shares``.
        tiles: number of tiles that may vote.
    """

    classes: tuple[str, ...]
    tiles: int
    _archive: HashArchive | FloatArchive
    _counts: NDArray[np.int64]

    @classmethod
    def of(cls, labelled: Searcher, rows: NDArray[np.int64], classes: tuple[str, ...]) -> "Voters":
        """The voters in ``rows`` of a run; tiles that share a code are counted together."""
        _, first, group = np.unique(
            labelled.retriever.codes[rows], axis=0, return_index=True, return_inverse=True
        )
        cells = group.ravel() * len(classes) + columns_of(labelled, classes)[rows]
        counts = np.bincount(cells, minlength=len(first) * len(classes)).reshape(len(first), -1)
        return cls(classes, len(rows), labelled.retriever.archive(rows[first]), counts)

    def vote(
        self,
        codes: NDArray[Any],
        k: int,
        weighting: Weighting = "equal",
        progress: Progress = silent,
    ) -> tuple[Votes, NDArray[np.float64]]:
        """The votes on tiles with ``codes`` (Q, B), and the distances (Q,) of their nearest voters.

        Many tiles may share a code; each distinct code is searched for once. Takes time with the
        number of queries times that of voters.
        """
        queries, query_of = np.unique(codes, axis=0, return_inverse=True)
        shares, nearest = _vote_by_code(
            self._archive, self._counts, queries, k, weighting, progress
        )
        return decide(shares[query_of.ravel()]), nearest[query_of.ravel()]


def vote(
    labelled: Searcher,
    voters: NDArray[np.int64],
    classes: tuple[str, ...],
    codes: NDArray[Any],
    k: int,
    weighting: Weighting = "equal",
    progress: Progress = silent,
) -> tuple[Votes, NDArray[np.float64]]:
    """As ``Voters.vote``, for the voters in the rows ``voters`` of a run."""
    return Voters.of(labelled, voters, classes).vote(codes, k, weighting, progress)


def _vote_by_code(
    archive: HashArchive | FloatArchive,
    counts: NDArray[np.int64],
    codes: NDArray[Any],
    k: int,
    weighting: Weighting,
    progress: Progress,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Shares (Q, C) and nearest distances (Q,), given the tiles of each class per archive code."""
    shares, nearest = np.zeros((len(codes), counts.shape[1])), np.zeros(len(codes))
    remaining, depth = np.arange(len(codes)), min(len(archive), _FIRST_DEPTH * k)
    finished = 0
    while len(remaining):
        unfinished = []
        for block in np.array_split(remaining, -(-len(remaining) * depth // _MOST_CELLS)):
            distances, rows = archive.search(codes[block], depth)
            last = last_voter(counts.sum(axis=1)[rows], k)
            # Codes as far away as the k-th tile may continue beyond the end of the list.
            complete = (distances[np.arange(len(block)), last] < distances[:, -1]) | (
                depth == len(archive)
            )
            votes = tally(distances[complete], counts[rows[complete]], k, weighting)
            shares[block[complete]], nearest[block] = votes.shares, distances[:, 0]
            unfinished.append(block[~complete])
            finished += int(complete.sum())
            progress("Collecting votes", finished, len(codes))
        remaining, depth = np.concatenate(unfinished), min(len(archive), _GROWTH * depth)
    return shares, nearest


def reach_of(labelled: Searcher) -> float | None:
    """The distance within which nine in ten validation tiles have a labelled tile.

    Copies of the validation tiles do not count. None without validation tiles.
    """
    queries = labelled_rows(labelled, ("val",))
    voters = voters_without_copies(labelled, ("archive", "train"), queries)
    if not len(queries) or not len(voters):
        return None
    codes = labelled.retriever.codes
    distances, _ = labelled.retriever.archive(voters).search(codes[queries], 1)
    return float(np.quantile(distances[:, 0], _REACH_QUANTILE, method="higher"))


def states_of(
    votes: Votes, nearest: NDArray[np.float64], min_margin: float, reach: float | None
) -> NDArray[np.int8]:
    """The state (Q,) of votes with their nearest voters at ``nearest`` (Q,), a place in STATES."""
    is_far = nearest > (np.inf if reach is None else reach)
    # Shares are rounded to nine digits, so a margin of exactly the smallest may lie just below it.
    is_close = votes.margin < min_margin - 1e-8
    places = [STATES.index(state) for state in (FAR, CLOSE, SURE)]
    return np.select([is_far, is_close], places[:2], places[2]).astype(np.int8)
