"""The results of each model for the query of this session."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from mirs_core.errors import MirsError
from mirs_core.retrieval.filters import Filters
from mirs_core.retrieval.hits import Hit, QueryScore
from mirs_core.retrieval.query import Query
from mirs_core.retrieval.search import Searcher
from pages.parts import filter_panel
from pages.shared import lineup, loaders, state

# How many ranks beyond the last one are checked for ties.
MOST_TIED = 64


@dataclass(frozen=True, slots=True)
class ModelResults:
    """The results of one model.

    Attributes:
        tied: number of further tiles at the distance of the last result, at most ``MOST_TIED``.
        seconds: of the search alone, without encoding the query.
    """

    title: str
    searcher: Searcher
    query: Query
    hits: list[Hit]
    tied: int
    seconds: float
    score: QueryScore | None
    filters: Filters


def search_all(models: Sequence[str], upload: state.Upload | None) -> list[ModelResults | str]:
    """The results of each model, or its error message."""
    results: list[ModelResults | str] = []
    for run_id in models:
        try:
            results.append(_search(loaders.searcher(run_id), upload))
        except MirsError as error:
            results.append(str(error))
    return results


def _search(searcher: Searcher, upload: state.Upload | None) -> ModelResults:
    query = session_query(searcher, upload)
    filters, k = filter_panel.selected(searcher), st.session_state[state.K]
    started = time.perf_counter()
    ranked = searcher.search(query, k + MOST_TIED, filters)
    seconds = time.perf_counter() - started
    hits, behind = ranked[:k], ranked[k:]
    tied = sum(hit.distance == hits[-1].distance for hit in behind) if hits else 0
    score = searcher.average_precision(query, exclude_strip=filters.exclude_strip)
    title = lineup.title_of(searcher.summary)
    return ModelResults(title, searcher, query, hits, tied, seconds, score, filters)


def session_query(searcher: Searcher, upload: state.Upload | None) -> Query:
    """The query tile or the user's image, with the examples that are in this archive."""
    if upload is not None:
        query = loaders.image_query(searcher.summary.id, upload.data, upload.name)
    else:
        query = searcher.query_by_id(state.tile() or "")
    archived = set(searcher.items.ids)
    more, less = (
        [tile for tile in st.session_state.get(key) or () if tile in archived]
        for key in (state.PLUS, state.MINUS)
    )
    return searcher.refined(query, more, less) if more or less else query
