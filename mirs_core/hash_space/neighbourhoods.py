"""Outliers of a hash space: suspected label errors, hubs, and codes that many tiles share.

All tiles of a run are included, training tiles too: this serves to find mistakes, not to evaluate
the model.

Many tiles may be at the same distance, and their order in a list is arbitrary (the archive uses the
row order). Counts are therefore expected values: each tile tied with the tenth nearest counts with
the probability that it would be among the ten.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mirs_core.hashing.baseline import FloatModel
from mirs_core.ranking.codes import hamming
from mirs_core.retrieval.retriever import Retriever

NEAR = 10
"""The number of nearest neighbours considered for each tile."""
_BLOCK = 256
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
class SharedCode:
    """Tiles with the same code; ``label`` is the most frequent label, of ``same`` tiles."""

    rows: tuple[int, ...]
    label: str | None
    same: int


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
        total = self.votes.sum(axis=1)
        own = [
            self.votes[row, place[label]] if label else np.nan for row, label in enumerate(labels)
        ]
        with np.errstate(invalid="ignore", divide="ignore"):
            result: NDArray[np.float64] = np.where(total > 0, np.array(own) / total, np.nan)
        return result


def look(retriever: Retriever) -> Neighbourhoods:
    """The neighbourhoods of a run's tiles."""
    items, count = retriever.items, len(retriever.items)
    classes = tuple(sorted({label for label in items.labels if label}))
    member = np.zeros((count, len(classes)))
    for row, label in enumerate(items.labels):
        if label:
            member[row, classes.index(label)] = 1
    _, same_content = np.unique(np.array(items.contents), return_inverse=True)
    near = min(NEAR, count)
    rows = np.full((count, near), -1, dtype=np.int64)
    mean_distances = np.full(count, np.nan)
    votes, reach = np.zeros((count, len(classes))), np.zeros(count)
    for start in range(0, count, _BLOCK):
        block = slice(start, min(start + _BLOCK, count))
        distances = _distances(retriever, block)
        distances[same_content[block, None] == same_content[None]] = np.inf
        chance = _chance(distances, near)
        votes[block] = chance @ member
        reach += chance.sum(axis=0)
        order = np.argsort(distances, axis=1, kind="stable")[:, :near]
        nearest = np.take_along_axis(distances, order, axis=1)
        there = np.isfinite(nearest)
        rows[block] = np.where(there, order, -1)
        filled = np.where(there, nearest, 0.0).sum(axis=1)
        mean_distances[block] = np.where(
            there.any(axis=1), filled / there.sum(axis=1).clip(min=1), np.nan
        )
    _, inverse, sizes = np.unique(retriever.codes, axis=0, return_inverse=True, return_counts=True)
    sharing = sizes[inverse.ravel()].astype(np.int64)
    return Neighbourhoods(rows, mean_distances, classes, votes, reach, sharing)


def _distances(retriever: Retriever, block: slice) -> NDArray[np.float64]:
    """Distances (b, N) from a block of tiles to all tiles."""
    if not isinstance(retriever.model, FloatModel):
        return hamming(retriever.codes[block], retriever.codes).astype(np.float64)
    archive = retriever.archive()
    away, places = archive.search(retriever.codes[block], len(retriever.codes))
    distances = np.empty(away.shape)
    np.put_along_axis(distances, places, away.astype(np.float64), axis=1)
    return distances


def _chance(distances: NDArray[np.float64], near: int) -> NDArray[np.float64]:
    """The probability (b, N) that a tile is among the nearest if ties are broken at random."""
    last = np.partition(distances, near - 1, axis=1)[:, near - 1 : near]
    nearer = distances < last
    tied = (distances == last) & np.isfinite(distances)
    remaining = near - nearer.sum(axis=1, keepdims=True)
    share = remaining / tied.sum(axis=1, keepdims=True).clip(min=1)
    return nearer + tied * share.clip(max=1.0)


def top_k_error_rates(retriever: Retriever, k: int) -> NDArray[np.float64]:
    """(N,) the top-k error rate: share of other classes among the k nearest archive tiles.

    Ties in row order, as in a search, without the tile itself and copies of it. NaN for tiles
    without a label, and where none of the k has one.
    """
    items, rows = retriever.items, retriever.items.rows(["archive"])
    wrong = np.full(len(items), np.nan)
    if not len(rows):
        return wrong
    labels = np.array([label or "" for label in items.labels], dtype=object)
    contents = np.array(items.contents, dtype=object)
    archive = retriever.archive(rows)
    most = int(np.unique(contents[rows], return_counts=True)[1].max())
    for start in range(0, len(items), _BLOCK):
        block = np.arange(start, min(start + _BLOCK, len(items)))
        _, places = archive.search(retriever.codes[block], k + most)
        near = rows[places]
        other = contents[near] != contents[block, None]
        counted = other & (other.cumsum(axis=1) <= k) & (labels[near] != "")
        differs = counted & (labels[near] != labels[block, None])
        with np.errstate(invalid="ignore"):
            share = differs.sum(axis=1) / counted.sum(axis=1)
        wrong[block] = np.where(labels[block] != "", share, np.nan)
    return wrong


def suspects(retriever: Retriever, near: Neighbourhoods, most: int = 50) -> list[Suspect]:
    """Labelled tiles with at most one neighbour of their own label and most of one other.

    Most suspicious first: those whose neighbours agree most, then those with the nearest ones.
    """
    place, listed = {label: i for i, label in enumerate(near.classes)}, []
    for row, label in enumerate(retriever.items.labels):
        votes = near.votes[row]
        if label is None or votes.sum() < NEAR - 1e-9:
            continue
        best, own_count = int(votes.argmax()), float(votes[place[label]])
        count = float(votes[best])
        if own_count <= 1 and count >= _SURE * NEAR:
            listed.append(
                Suspect(
                    row,
                    label,
                    neighbour_label=near.classes[best],
                    neighbour_count=round(count, 1),
                    own_count=round(own_count, 1),
                    mean_distance=round(float(near.mean_distances[row]), 3),
                )
            )
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


def shared_codes(retriever: Retriever, most: int = 50) -> list[SharedCode]:
    """Codes shared by several different tiles, the most shared first."""
    groups: dict[bytes, list[int]] = {}
    for row, code in enumerate(retriever.codes):
        groups.setdefault(code.tobytes(), []).append(row)
    listed = []
    for rows in groups.values():
        if len({retriever.items.contents[row] for row in rows}) < 2:
            continue
        label, same = Counter(retriever.items.labels[row] for row in rows).most_common(1)[0]
        listed.append(SharedCode(tuple(rows), label, same))
    return sorted(listed, key=lambda code: (-len(code.rows), code.rows))[:most]
