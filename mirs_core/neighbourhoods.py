"""What is odd about a hash space: suspected label errors, hubs, codes that many tiles share.

Everything here looks at all tiles of a run, training tiles among them: it serves to find mistakes,
not to measure the model.
"""

from collections import Counter
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mirs_core.retriever import Retriever

NEAR = 10
"""So many neighbours of each tile are looked at."""


@dataclass(frozen=True, slots=True)
class Suspect:
    """A tile whose neighbours nearly all say otherwise.

    Attributes:
        says: what most of them are; ``agree`` of the ``NEAR`` nearest are that.
        same: how many of them are of the tile's own class.
        away: mean distance to the neighbours, in the unit of the run.
    """

    row: int
    label: str
    says: str
    agree: int
    same: int
    away: float


@dataclass(frozen=True, slots=True)
class Hub:
    """A tile that appears among the nearest of many: ``count`` tiles have it among theirs."""

    row: int
    count: int


@dataclass(frozen=True, slots=True)
class SharedCode:
    """Tiles with one and the same code; ``label`` is that of most of them, of ``same`` tiles."""

    rows: tuple[int, ...]
    label: str | None
    same: int


@dataclass(frozen=True, slots=True)
class Neighbourhoods:
    """The nearest tiles of every tile (copies of its content left out).

    Attributes:
        rows: (N, k) int64, nearest first, ties in row order; -1 where there are fewer.
        distances: (N, k), in the unit of the run.
        purity: (N,) share of a tile's labelled neighbours with its own label; NaN without labels.
        sharing: (N,) how many tiles have the tile's very code, itself included.
    """

    rows: NDArray[np.int64]
    distances: NDArray[np.float64]
    purity: NDArray[np.float64]
    sharing: NDArray[np.int64]


def look(found: Retriever) -> Neighbourhoods:
    """The neighbourhoods of a run's tiles."""
    items, count = found.items, len(found.items)
    copies = Counter(items.contents)
    most = min(NEAR + max(copies.values(), default=1), count)
    distances, places = found.archive().search(found.codes, most)
    near = min(NEAR, count)
    rows = np.full((count, near), -1, dtype=np.int64)
    away = np.full((count, near), np.nan)
    purity = np.full(count, np.nan)
    for row in range(count):
        kept = [
            place
            for place, other in enumerate(places[row])
            if items.contents[other] != items.contents[row]
        ][:near]
        rows[row, : len(kept)] = places[row][kept]
        away[row, : len(kept)] = distances[row][kept]
        labels = [items.labels[other] for other in places[row][kept] if items.labels[other]]
        if items.labels[row] and labels:
            purity[row] = sum(label == items.labels[row] for label in labels) / len(labels)
    _, inverse, sizes = np.unique(found.codes, axis=0, return_inverse=True, return_counts=True)
    return Neighbourhoods(rows, away, purity, sizes[inverse.ravel()].astype(np.int64))


def suspects(found: Retriever, near: Neighbourhoods, most: int = 50) -> list[Suspect]:
    """Labelled tiles of which at most one neighbour shares the label while most agree on another.

    The surest first: those whose neighbours agree most, then those whose neighbours are nearest.
    """
    labels, listed = found.items.labels, []
    for row, label in enumerate(labels):
        known = [labels[other] for other in near.rows[row] if other >= 0 and labels[other]]
        if label is None or len(known) < NEAR:
            continue
        same = known.count(label)
        says, agree = Counter(known).most_common(1)[0]
        if same <= 1 and says is not None and says != label and agree > NEAR // 2:
            away = float(np.nanmean(near.distances[row]))
            listed.append(Suspect(row, label, says, agree, same, round(away, 3)))
    return sorted(listed, key=lambda one: (-one.agree, one.same, one.away, one.row))[:most]


def hubs(near: Neighbourhoods, most: int = 50) -> list[Hub]:
    """The tiles that most others have among their nearest; only those with three times the mean."""
    counts = np.bincount(near.rows[near.rows >= 0], minlength=len(near.rows))
    usual = float(counts.mean()) if len(counts) else 0.0
    order = np.argsort(-counts, kind="stable")[:most]
    return [Hub(int(row), int(counts[row])) for row in order if counts[row] > 3 * usual]


def shared_codes(found: Retriever, most: int = 50) -> list[SharedCode]:
    """Codes that several different tiles have, those of most tiles first."""
    groups: dict[bytes, list[int]] = {}
    for row, code in enumerate(found.codes):
        groups.setdefault(code.tobytes(), []).append(row)
    listed = []
    for rows in groups.values():
        if len({found.items.contents[row] for row in rows}) < 2:
            continue
        label, same = Counter(found.items.labels[row] for row in rows).most_common(1)[0]
        listed.append(SharedCode(tuple(rows), label, same))
    return sorted(listed, key=lambda one: (-len(one.rows), one.rows))[:most]
