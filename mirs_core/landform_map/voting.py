"""The vote itself: which labelled tiles vote, how far a vote reaches, and when it is sure."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mirs_core.errors import ConfigError
from mirs_core.landform_map.votes import Votes, Weighting, decide, last_voter, tally
from mirs_core.ranking.archive import FloatArchive, HashArchive
from mirs_core.retrieval.search import Searcher

K, MIN_MARGIN = 15, 0.5
VOTERS = ("archive", "train", "val")
"""The splits whose labelled tiles vote."""
SURE, CLOSE, FAR = "sure", "close call", "out of reach"

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
    rows = labelled_rows(labelled, VOTERS)
    return tuple(sorted({str(labelled.items.labels[row]) for row in rows}))


def labelled_rows(labelled: Searcher, roles: Sequence[str]) -> NDArray[np.int64]:
    """The rows of the labelled tiles in one of the splits ``roles``."""
    labels = labelled.items.labels
    rows = [row for row in labelled.items.rows(roles) if labels[row] is not None]
    return np.array(rows, dtype=np.int64)


def voters_without_copies(
    labelled: Searcher, roles: Sequence[str], queries: NDArray[np.int64]
) -> NDArray[np.int64]:
    """The labelled rows in ``roles`` whose images are not among the images of ``queries``."""
    contents = labelled.items.contents
    query_contents = {contents[row] for row in queries}
    rows = [row for row in labelled_rows(labelled, roles) if contents[row] not in query_contents]
    return np.array(rows, dtype=np.int64)


def vote(
    labelled: Searcher,
    voters: NDArray[np.int64],
    classes: tuple[str, ...],
    codes: NDArray[Any],
    k: int,
    weighting: Weighting = "equal",
) -> tuple[Votes, NDArray[np.float64]]:
    """The votes on tiles with ``codes`` (Q, B), and the distances (Q,) of their nearest voters.

    Many tiles may share a code; each distinct code is searched for once.
    """
    queries, query_of = np.unique(codes, axis=0, return_inverse=True)
    _, first, group = np.unique(
        labelled.retriever.codes[voters], axis=0, return_index=True, return_inverse=True
    )
    column_of = {label: column for column, label in enumerate(classes)}
    counts = np.zeros((len(first), len(classes)), dtype=np.int64)
    columns = np.array([column_of[str(labelled.items.labels[row])] for row in voters])
    np.add.at(counts, (group.ravel(), columns), 1)
    archive = labelled.retriever.archive(voters[first])
    shares, nearest = _vote_by_code(archive, counts, queries, k, weighting)
    return decide(shares[query_of.ravel()]), nearest[query_of.ravel()]


def _vote_by_code(
    archive: HashArchive | FloatArchive,
    counts: NDArray[np.int64],
    codes: NDArray[Any],
    k: int,
    weighting: Weighting,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Shares (Q, C) and nearest distances (Q,), given the tiles of each class per archive code."""
    shares, nearest = np.zeros((len(codes), counts.shape[1])), np.zeros(len(codes))
    remaining, depth = np.arange(len(codes)), min(len(archive), _FIRST_DEPTH * k)
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
) -> list[str]:
    """SURE, CLOSE or FAR for each of Q votes with their nearest voters at ``nearest`` (Q,)."""
    is_far = nearest > (np.inf if reach is None else reach)
    # Shares are rounded to nine digits, so a margin of exactly the smallest may lie just below it.
    is_close = votes.margin < min_margin - 1e-8
    return [
        FAR if far else CLOSE if close else SURE
        for far, close in zip(is_far, is_close, strict=True)
    ]
