"""Searches that also count the ties behind the last result."""

import time
from dataclasses import dataclass

from mirs_core.retrieval.filters import EVERYTHING, Filters
from mirs_core.retrieval.hits import Hit
from mirs_core.retrieval.query import Query
from mirs_core.retrieval.search import Searcher

MOST_TIED = 64
"""The most tiles after the last result that are checked for ties."""


@dataclass(frozen=True, slots=True)
class TiedHits:
    """The results of a search, and how arbitrary the cut after the last one is.

    Attributes:
        hits: at most ``k``, nearest first.
        tied: number of further tiles at the distance of the last result, at most ``MOST_TIED``.
        seconds: of the search alone, without encoding the query.
    """

    hits: list[Hit]
    tied: int
    seconds: float


def search_with_ties(
    searcher: Searcher, query: Query, k: int = 64, filters: Filters = EVERYTHING
) -> TiedHits:
    """The results of ``searcher.search``, and the number of tiles tied with the last of them."""
    started = time.perf_counter()
    ranked = searcher.search(query, k + MOST_TIED, filters)
    seconds = time.perf_counter() - started
    hits, behind = ranked[:k], ranked[k:]
    tied = sum(hit.distance == hits[-1].distance for hit in behind) if hits else 0
    return TiedHits(hits, tied, seconds)
