"""Outliers of a hash space: suspected label errors and hubs.

All tiles of a run are included, training tiles too: this serves to find mistakes, not to evaluate
the model.

Many tiles may be at the same distance, and their order in a list is arbitrary (the archive uses the
row order). Counts are therefore expected values: each tile tied with the tenth nearest counts with
the probability that it would be among the ten.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mirs_core.hash_space import groups
from mirs_core.progress import Progress, silent
from mirs_core.ranking.archive import FloatArchive, HashArchive
from mirs_core.ranking.codes import hamming
from mirs_core.retrieval.retriever import Retriever

NEAR = 10
"""The number of nearest neighbours considered for each tile."""
_BLOCK, _ROWS, _TIED = 256, 512, 54
_HUB, _SURE = 3.0, 0.6


@dataclass(frozen=True, slots=True)
class Suspect:
    """A tile with a suspected label: nearly all of its neighbours have another one.

    Attributes:
        neighbour_label: the most frequent label of the neighbours.
        neighbour_count: the expected number of neighbours with that label.
        own_count: the expected number of neighbours with the tile's own label.
        mean_distance: to the neighbours, in the unit of the run.
    """

    row: int
    label: str
    neighbour_label: str
    neighbour_count: float
    own_count: float
    mean_distance: float


@dataclass(frozen=True, slots=True)
class Hub:
    """A tile among the nearest neighbours of many others; ``count`` is how many are expected."""

    row: int
    count: float


@dataclass(frozen=True, slots=True)
class Neighbourhoods:
    """The ``NEAR`` nearest neighbours of every tile, without copies of the tile.

    Attributes:
        rows: (N, k) int64, nearest first, ties in row order; -1 where there are fewer.
        mean_distances: (N,) to the neighbours, in the unit of the run; NaN without any.
        classes: the labels, in the order of the columns of ``votes``.
        votes: (N, C) how many of them are expected to be of each class.
        reach: (N,) of how many tiles a tile is expected to be a nearest neighbour.
        sharing: (N,) how many tiles have the same code, including the tile itself.
    """

    rows: NDArray[np.int64]
    mean_distances: NDArray[np.float64]
    classes: tuple[str, ...]
    votes: NDArray[np.float64]
    reach: NDArray[np.float64]
    sharing: NDArray[np.int64]

    def purity(self, labels: Sequence[str | None]) -> NDArray[np.float64]:
        """(N,) expected share of a tile's labelled neighbours with its own label; NaN without."""
        place = {label: i for i, label in enumerate(self.classes)}
        own = np.array([place.get(label or "", -1) for label in labels], dtype=np.int64)
        total = self.votes.sum(axis=1)
        defined = (own >= 0) & (total > 0)
        result = np.full(len(own), np.nan)
        result[defined] = self.votes[defined, own[defined]] / total[defined]
        return result


def look(retriever: Retriever, progress: Progress = silent) -> Neighbourhoods:
    """The neighbourhoods of a run's tiles. Every tile is compared with every other."""
    count = len(retriever.items)
    classes, labels = groups.of_labels(retriever.items)
    contents = groups.of_contents(retriever.items)
    near = min(NEAR, count)
    numbers, sizes = groups.of_codes(retriever)
    result = Neighbourhoods(
        rows=np.full((count, near), -1, dtype=np.int64),
        mean_distances=np.full(count, np.nan),
        classes=classes,
        votes=np.zeros((count, len(classes))),
        reach=np.zeros(count),
        sharing=sizes[numbers],
    )
    archive = retriever.archive()
    # Copies of a tile stand before its neighbours, and what is tied with the last behind them.
    depth = min(near + int(np.bincount(contents).max()) + _TIED, count)
    beyond, lasts = [], []
    for start in range(0, count, _BLOCK):
        progress("Comparing tiles", start, count)
        block = np.arange(start, min(start + _BLOCK, count))
        away, places = archive.search(retriever.codes[block], depth)
        distances = away.astype(np.float64)
        distances[contents[places] == contents[block, None]] = np.inf
        last = _fill_nearest(result, block, distances, places)
        goes_on = (away[:, -1:] <= last)[:, 0] & (depth < count)
        listed = (distances[~goes_on], places[~goes_on])
        _fill_votes(result, block[~goes_on], listed, contents, labels)
        beyond.append(block[goes_on])
        lasts.append(last[goes_on])
    rows, ends = np.concatenate(beyond), np.concatenate(lasts)
    for start in range(0, len(rows), _ROWS):
        block, last = rows[start : start + _ROWS], ends[start : start + _ROWS]
        _fill_votes(result, block, _tied(archive, block, last), contents, labels)
    return result


def _fill_nearest(
    result: Neighbourhoods,
    block: NDArray[np.int64],
    distances: NDArray[np.float64],
    places: NDArray[np.int64],
) -> NDArray[np.float64]:
    """Fills in the rows and mean distances of a block; returns the last distance (Q, 1) of each."""
    order = np.argsort(distances, axis=1, kind="stable")[:, : result.rows.shape[1]]
    nearest = np.take_along_axis(distances, order, axis=1)
    there = np.isfinite(nearest)
    result.rows[block] = np.where(there, np.take_along_axis(places, order, axis=1), -1)
    some = there.any(axis=1)
    filled = np.where(there, nearest, 0.0).sum(axis=1)
    result.mean_distances[block[some]] = filled[some] / there[some].sum(axis=1)
    return nearest[:, -1:]


def _fill_votes(
    result: Neighbourhoods,
    rows: NDArray[np.int64],
    candidates: tuple[NDArray[Any], NDArray[np.int64]],
    contents: NDArray[np.int64],
    labels: NDArray[np.int64],
) -> None:
    """Fills in the votes and the reach of tiles.

    A tile tied with the last of the nearest votes with the probability that it is among them if
    ties are broken at random.

    Args:
        candidates: distances (Q, k) and places of the nearest of each of the ``rows`` (Q,) and of
            all that are tied with them; distances of others are infinite.
    """
    if not len(rows):
        return
    away, places = candidates
    near, classes = result.rows.shape[1], len(result.classes)
    query, column = np.nonzero(np.isfinite(away))
    distances, voters = away[query, column], places[query, column]
    other = contents[voters] != contents[rows[query]]
    query, distances, voters = query[other], distances[other], voters[other]
    order = np.lexsort((distances, query))
    query, distances, voters = query[order], distances[order], voters[order]
    starts = np.searchsorted(query, np.arange(len(rows)))
    ends = np.searchsorted(query, np.arange(len(rows)), side="right")
    some = ends > starts
    last = np.full(len(rows), np.inf)
    last[some] = distances[np.minimum(starts + near, ends)[some] - 1]
    nearer = np.bincount(query[distances < last[query]], minlength=len(rows))
    tied = np.bincount(query[distances == last[query]], minlength=len(rows))
    share = ((near - nearer) / tied.clip(min=1)).clip(max=1.0)
    weights = np.where(distances < last[query], 1.0, share[query])
    weights[distances > last[query]] = 0
    result.reach[:] += np.bincount(voters, weights, minlength=len(labels))
    labelled = labels[voters] >= 0
    pairs = query[labelled] * classes + labels[voters[labelled]]
    votes = np.bincount(pairs, weights[labelled], minlength=len(rows) * classes)
    result.votes[rows] = votes.reshape(len(rows), classes)


def _tied(
    archive: HashArchive | FloatArchive,
    rows: NDArray[np.int64],
    last: NDArray[np.float64],
) -> tuple[NDArray[Any], NDArray[np.int64]]:
    """Candidates of ``_fill_votes``: all tiles no farther than ``last`` (Q, 1) from each row."""
    if isinstance(archive, HashArchive):
        distances = hamming(archive.codes[rows], archive.codes)
        query, voters = np.nonzero(distances <= last)
        away = distances[query, voters].astype(np.float64)
    else:
        every, places = archive.search(archive.features[rows], len(archive))
        query, column = np.nonzero(every <= last)
        voters, away = places[query, column], every[query, column].astype(np.float64)
    within = np.arange(len(query)) - np.searchsorted(query, query)
    width = int(within.max()) + 1
    result, of = np.full((len(rows), width), np.inf), np.zeros((len(rows), width), dtype=np.int64)
    result[query, within], of[query, within] = away, voters
    return result, of


def top_k_error_rates(
    retriever: Retriever, k: int, queries: NDArray[np.int64] | None = None
) -> NDArray[np.float64]:
    """(N,) the top-k error rate: share of other classes among the k nearest archive tiles.

    Ties in row order, as in a search, without the tile itself and copies of it. NaN for tiles
    without a label, where none of the k has one, and for tiles that are not among ``queries``.

    Args:
        queries: rows (q,) of the tiles to rank; all by default.
    """
    items, rows = retriever.items, retriever.items.rows(["archive"])
    wrong = np.full(len(items), np.nan)
    if not len(rows):
        return wrong
    _, labels = groups.of_labels(items)
    contents = groups.of_contents(items)
    archive = retriever.archive(rows)
    most = int(np.bincount(contents[rows]).max())
    queries = np.arange(len(items)) if queries is None else queries
    for start in range(0, len(queries), _BLOCK):
        block = queries[start : start + _BLOCK]
        _, places = archive.search(retriever.codes[block], k + most)
        near = rows[places]
        other = contents[near] != contents[block, None]
        counted = other & (other.cumsum(axis=1) <= k) & (labels[near] >= 0)
        differs = counted & (labels[near] != labels[block, None])
        with np.errstate(invalid="ignore"):
            share = differs.sum(axis=1) / counted.sum(axis=1)
        wrong[block] = np.where(labels[block] >= 0, share, np.nan)
    return wrong


def suspects(retriever: Retriever, near: Neighbourhoods, most: int = 50) -> list[Suspect]:
    """Labelled tiles with at most one neighbour of their own label and most of one other.

    Most suspicious first: those whose neighbours agree most, then those with the nearest ones.
    """
    if not near.classes:
        return []
    _, labels = groups.of_labels(retriever.items)
    own = near.votes[np.arange(len(labels)), labels.clip(min=0)]
    agree = near.votes.max(axis=1)
    enough = near.votes.sum(axis=1) >= NEAR - 1e-9
    listed = [
        Suspect(
            int(row),
            near.classes[labels[row]],
            neighbour_label=near.classes[int(near.votes[row].argmax())],
            neighbour_count=round(float(agree[row]), 1),
            own_count=round(float(own[row]), 1),
            mean_distance=round(float(near.mean_distances[row]), 3),
        )
        for row in np.flatnonzero((labels >= 0) & enough & (own <= 1) & (agree >= _SURE * NEAR))
    ]
    return sorted(listed, key=lambda s: (-s.neighbour_count, s.own_count, s.mean_distance, s.row))[
        :most
    ]


def hubs(near: Neighbourhoods, most: int = 50) -> list[Hub]:
    """The most frequent nearest neighbours: tiles above three times the mean, highest first."""
    mean = float(near.reach.mean()) if len(near.reach) else 0.0
    order = np.argsort(-near.reach, kind="stable")[:most]
    return [
        Hub(int(row), round(float(near.reach[row]), 1))
        for row in order
        if near.reach[row] > _HUB * mean
    ]
