"""Samples of large runs, whose diagnostics would take minutes on all tiles."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mirs_core.datasets.items import Items
from mirs_core.evaluation.protocol import Ranking
from mirs_core.hashing.baseline import FloatModel
from mirs_core.retrieval.retriever import Retriever

MOST_PAIRS = 1 << 27
"""The most distances between queries and archive tiles of a report on all of them."""
TILES, CODES = 10_000, 1 << 20
"""Archive tiles that are ranked as a whole in larger runs, and those whose codes are compared."""
_BITS = 1 << 16
_FEWEST, _MOST, _SEARCHED = 50, 500, 200_000_000

Rows = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Sampling:
    """How much of a run a report is based on.

    Attributes:
        queries: number of test tiles, of ``of_queries``.
        tiles: number of archive tiles behind recall and distances, of ``of_tiles``; the nearest
            ``k`` are always those of the whole archive.
        codes: number of archive tiles whose codes are counted.
        bits: number of archive tiles behind the statistics of bits.
    """

    queries: int
    of_queries: int
    tiles: int
    of_tiles: int
    codes: int
    bits: int

    @property
    def is_whole(self) -> bool:
        """Whether nothing is left out."""
        counted = {self.tiles, self.codes, self.bits}
        return self.queries == self.of_queries and counted == {self.of_tiles}


@dataclass(frozen=True, slots=True, eq=False)
class Parts:
    """Rows of a run behind the parts of a report; those of tests are ascending.

    ``archive`` is all of the evaluation archive, ``tiles``, ``codes`` and ``bits`` are samples of
    it, all in the order that breaks ties.
    """

    tests: Rows
    archive: Rows
    tiles: Rows
    codes: Rows
    bits: Rows
    sampling: Sampling

    @classmethod
    def of(cls, retriever: Retriever, seed: int = 0) -> "Parts":
        """The parts of a run: all of it, or of large runs seeded uniform samples."""
        items, rng = retriever.items, np.random.default_rng(seed)
        tests, archive = items.rows(["test"]), retriever.in_order(items.rows(["archive"]))
        all_tests, tiles = tests, archive
        if len(tests) * len(archive) > MOST_PAIRS:
            most = min(max(_SEARCHED // len(archive), _FEWEST), _MOST)
            tests, tiles = _some(tests, most, rng), _some(archive, TILES, rng)
        codes, bits = _some(archive, CODES, rng), _some(archive, _BITS, rng)
        counts = (len(tests), len(all_tests), len(tiles), len(archive), len(codes), len(bits))
        return cls(tests, archive, tiles, codes, bits, Sampling(*counts))


def _some(rows: Rows, most: int, rng: np.random.Generator) -> Rows:
    if len(rows) <= most:
        return rows
    return rows[np.sort(rng.choice(len(rows), most, replace=False))]


def sampled(retriever: Retriever) -> Retriever:
    """The run itself, or of a large one its sampled test tiles and archive tiles."""
    parts = Parts.of(retriever)
    if len(parts.tiles) == len(parts.archive) and len(parts.tests) == parts.sampling.of_queries:
        return retriever
    rows = np.concatenate([parts.tiles, parts.tests])
    items = retriever.items.take(rows)
    return Retriever(retriever.model, retriever.codes[rows], items, retriever.distractors)


def nearest(retriever: Retriever, parts: Parts, k: int) -> tuple[list[Ranking], list[int]]:
    """The nearest ``k`` of the whole archive to each sampled test tile that can be measured.

    Rows of the rankings count within ``parts.archive``; also the number of relevant tiles of each.
    """
    items = retriever.items
    archive, labels = retriever.archive(parts.archive), items.labels.take(parts.archive)
    counts, places = labels.counts(), _places(items, parts.archive)
    rankings, totals = [], []
    tests = items.take(parts.tests)
    for query, (label, content) in enumerate(zip(tests.labels, tests.contents, strict=True)):
        if label is None or label in retriever.distractors:
            continue
        own = places[items.rows_with_contents([content])]
        own = np.sort(own[own >= 0])
        total = counts.get(label, 0) - labels.take(own).count(label)
        if total <= 0:
            continue
        code = retriever.codes[parts.tests[query] : parts.tests[query] + 1]
        distances, rows = archive.search(code, k, excluded=own)
        relevant = labels.take(rows[0]).mask([label])
        rankings.append(Ranking(query, label, distances[0], rows[0], relevant))
        totals.append(total)
    return rankings, totals


def _places(items: Items, archive: Rows) -> Rows:
    """Where each row (N,) of the run is in its archive; -1 for other rows."""
    places = np.full(len(items), -1, dtype=np.int64)
    places[archive] = np.arange(len(archive))
    return places


def width_of(retriever: Retriever) -> int | None:
    """The number of bits of a run's codes; None for float features."""
    return None if isinstance(retriever.model, FloatModel) else retriever.codes.shape[1] * 8
