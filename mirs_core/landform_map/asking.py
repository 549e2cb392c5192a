"""Asking the labelled tiles: who votes, how far the vote reaches, when it is sure."""

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
"""The roles whose labelled tiles vote."""
SURE, CLOSE, FAR = "sure", "close call", "out of reach"

_WITHIN = 0.9
_DEPTH, _DEEPER, _CELLS = 2, 4, 250_000


def check_settings(k: int, min_margin: float) -> None:
    """Refuses settings that mean nothing. Raises ConfigError."""
    if k < 1:
        raise ConfigError(f"k is {k}; at least 1 tile has to vote.")
    if not 0 <= min_margin <= 1:
        raise ConfigError(f"The smallest margin is {min_margin}; it lies between 0 and 1.")


def classes_of(labelled: Searcher) -> tuple[str, ...]:
    """The classes that are voted for, in the order of the columns of all shares."""
    rows = voting(labelled, VOTERS)
    return tuple(sorted({str(labelled.items.labels[row]) for row in rows}))


def voting(labelled: Searcher, roles: Sequence[str]) -> NDArray[np.int64]:
    """The rows of the labelled tiles with one of ``roles``."""
    labels = labelled.items.labels
    rows = [row for row in labelled.items.rows(roles) if labels[row] is not None]
    return np.array(rows, dtype=np.int64)


def apart(labelled: Searcher, roles: Sequence[str], asked: NDArray[np.int64]) -> NDArray[np.int64]:
    """The voters that are no copies of the tiles that are asked about."""
    contents = labelled.items.contents
    own = {contents[row] for row in asked}
    rows = [row for row in voting(labelled, roles) if contents[row] not in own]
    return np.array(rows, dtype=np.int64)


def ask(
    labelled: Searcher,
    voters: NDArray[np.int64],
    classes: tuple[str, ...],
    codes: NDArray[Any],
    k: int,
    weighting: Weighting = "equal",
) -> tuple[Votes, NDArray[np.float64]]:
    """The votes on tiles with ``codes`` (Q, B), and the distances (Q,) of their nearest voters.

    Many tiles may have one code: each different one is asked and answers once.
    """
    asked, which = np.unique(codes, axis=0, return_inverse=True)
    _, first, group = np.unique(
        labelled.retriever.codes[voters], axis=0, return_index=True, return_inverse=True
    )
    place = {label: column for column, label in enumerate(classes)}
    held = np.zeros((len(first), len(classes)), dtype=np.int64)
    columns = np.array([place[str(labelled.items.labels[row])] for row in voters])
    np.add.at(held, (group.ravel(), columns), 1)
    archive = labelled.retriever.archive(voters[first])
    shares, near = _ask_each(archive, held, asked, k, weighting)
    return decide(shares[which.ravel()]), near[which.ravel()]


def _ask_each(
    archive: HashArchive | FloatArchive,
    held: NDArray[np.int64],
    codes: NDArray[Any],
    k: int,
    weighting: Weighting,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    shares, near = np.zeros((len(codes), held.shape[1])), np.zeros(len(codes))
    left, depth = np.arange(len(codes)), min(len(archive), _DEPTH * k)
    while len(left):
        deeper = []
        for block in np.array_split(left, -(-len(left) * depth // _CELLS)):
            distances, rows = archive.search(codes[block], depth)
            last = last_voter(held.sum(axis=1)[rows], k)
            here = np.arange(len(block))
            # What is as far as the k-th tile may go on beyond the end of the list.
            whole = (distances[here, last] < distances[:, -1]) | (depth == len(archive))
            found = tally(distances[whole], held[rows[whole]], k, weighting)
            shares[block[whole]], near[block] = found.shares, distances[:, 0]
            deeper.append(block[~whole])
        left, depth = np.concatenate(deeper), min(len(archive), _DEEPER * depth)
    return shares, near


def reach_of(labelled: Searcher) -> float | None:
    """How far the nearest labelled tile of nine in ten validation tiles is; None without any."""
    asked = voting(labelled, ("val",))
    voters = apart(labelled, ("archive", "train"), asked)
    if not len(asked) or not len(voters):
        return None
    codes = labelled.retriever.codes
    distances, _ = labelled.retriever.archive(voters).search(codes[asked], 1)
    return float(np.quantile(distances[:, 0], _WITHIN, method="higher"))


def states_of(
    found: Votes, near: NDArray[np.float64], min_margin: float, reach: float | None
) -> list[str]:
    """SURE, CLOSE or FAR for each of Q votes with their nearest voters at ``near`` (Q,)."""
    far = near > (np.inf if reach is None else reach)
    # Shares are rounded to nine digits, so a margin of exactly the smallest may lie just below it.
    close = found.margin < min_margin - 1e-8
    return [FAR if a else CLOSE if b else SURE for a, b in zip(far, close, strict=True)]
