"""Many queries at once: the results of single searches, in arrays, a block of queries at a time."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mirs_core.errors import DataError
from mirs_core.ranking.archive import Mask, Rows
from mirs_core.retrieval import near_duplicates
from mirs_core.retrieval.filters import EVERYTHING, Filters
from mirs_core.retrieval.search import Searcher

BLOCK = 64
"""Queries that are searched for at once: more are not faster, and each holds its results."""
SEARCHING = "Searching"
"""The stage that searches with many queries report."""
# Up to so many rows of its own that a query must not return are searched for in addition.
_FEW = 64


@dataclass(frozen=True, slots=True, eq=False)
class QueryBlock:
    """Some of many queries, as parallel columns.

    Attributes:
        names: what they are called: ids of archived tiles, or paths of images.
        codes: (Q, bits/8) packed codes, or (Q, D) floats of a baseline.
        contents: SHA-256 of their images; tiles of the same content are never among the results.
        rows: (Q,) rows of archived tiles, -1 for other images.
    """

    names: Sequence[str]
    codes: NDArray[Any]
    contents: Sequence[str]
    rows: Rows

    def __len__(self) -> int:
        return len(self.names)


@dataclass(frozen=True, slots=True, eq=False)
class HitBlock:
    """The results of a block of queries, one entry a (query, hit) pair, nearest first.

    Attributes:
        queries: the block that was searched for.
        places: (n,) place of each result's query in the block, ascending.
        ranks: (n,) from 1 for each query.
        rows: (n,) rows of the tiles.
        distances: (n,) in the run's unit.
    """

    queries: QueryBlock
    places: NDArray[np.int64]
    ranks: NDArray[np.int64]
    rows: Rows
    distances: NDArray[np.float64]

    def of(self, place: int) -> slice:
        """Where the results of one query stand."""
        first, end = np.searchsorted(self.places, [place, place + 1]).tolist()
        return slice(first, end)


class BatchSearch:
    """Searches with many queries under the same filters; its results are those of single searches.

    Ties, copies of the query's image and filters follow the rules of ``Searcher.search``.
    """

    def __init__(self, searcher: Searcher, k: int = 64, filters: Filters = EVERYTHING) -> None:
        """Raises DataError if ``k`` is below 1."""
        if k < 1:
            raise DataError(f"k is {k}; it must be at least 1.")
        self.searcher, self.k, self.filters = searcher, k, filters
        self._allowed: Mask | None = filters.mask(searcher.items)

    def search(self, queries: QueryBlock) -> HitBlock:
        """The results of a block of queries, at most ``k`` each."""
        excluded = self._excluded(queries)
        parts: list[tuple[int, Rows, NDArray[Any]]] = []
        for strip_rows, places in self._groups(queries):
            own = [np.setdiff1d(excluded[place], strip_rows) for place in places]
            few = [place for place, rows in zip(places, own, strict=True) if len(rows) <= _FEW]
            parts += self._search(queries, few, strip_rows, excluded)
            for place, rows in zip(places, own, strict=True):
                if len(rows) > _FEW:
                    both = np.union1d(rows, strip_rows)
                    parts += self._search(queries, [place], both, excluded)
        parts.sort(key=lambda part: part[0])
        counts = [len(rows) for _, rows, _ in parts]
        no_rows, no_distances = np.empty(0, np.int64), np.empty(0)
        return HitBlock(
            queries,
            places=np.repeat(np.array([place for place, _, _ in parts], np.int64), counts),
            ranks=np.concatenate([no_rows, *(np.arange(count) + 1 for count in counts)]),
            rows=np.concatenate([no_rows, *(rows for _, rows, _ in parts)]),
            distances=np.concatenate([no_distances, *(away for _, _, away in parts)]),
        )

    def _search(
        self, queries: QueryBlock, places: list[int], strip_rows: Rows, excluded: list[Rows]
    ) -> list[tuple[int, Rows, NDArray[Any]]]:
        """Place, rows and distances of the results of the queries at ``places``.

        None of ``strip_rows`` is returned, and of each query none of its own ``excluded`` rows: so
        many more are searched for, and those to leave out are dropped.
        """
        if not places:
            return []
        own = [np.setdiff1d(excluded[place], strip_rows) for place in places]
        width = self.k + max(len(rows) for rows in own)
        archive = self.searcher.full_archive()
        nearest, tiles = archive.search(queries.codes[places], width, self._allowed, strip_rows)
        results = []
        for place, rows, distances, out in zip(places, tiles, nearest, own, strict=True):
            stays = ~np.isin(rows, out)
            if self.filters.within is not None:
                stays &= distances <= self.filters.within
            results.append((place, rows[stays][: self.k], distances[stays][: self.k]))
        return results

    def _excluded(self, queries: QueryBlock) -> list[Rows]:
        """For each query, the rows of its copies and of tiles that overlap it, ascending."""
        items = self.searcher.items
        copies = items.rows_with_contents(queries.contents)
        by_content: dict[str, list[int]] = {}
        for row, content in zip(copies.tolist(), items.contents.take(copies), strict=True):
            by_content.setdefault(content, []).append(row)
        excluded = []
        for content, row in zip(queries.contents, queries.rows.tolist(), strict=True):
            rows = [*by_content.get(content, ())]
            if self.filters.exclude_near and row >= 0:
                rows += near_duplicates.by_name(items, row)
            excluded.append(np.unique(np.array(rows, dtype=np.int64)))
        return excluded

    def _groups(self, queries: QueryBlock) -> list[tuple[Rows, list[int]]]:
        """The places of queries that leave out the tiles of the same strip, with their rows."""
        if not self.filters.exclude_strip:
            return [(np.empty(0, np.int64), list(range(len(queries))))]
        strips = self.searcher.items.strips
        groups: dict[str | None, list[int]] = {}
        for place, row in enumerate(queries.rows.tolist()):
            strip = strips[row] if row >= 0 else None
            groups.setdefault(strip or None, []).append(place)
        nothing = np.empty(0, np.int64)
        return [
            (nothing if strip is None else np.unique(strips.rows_with(strip)), places)
            for strip, places in groups.items()
        ]
