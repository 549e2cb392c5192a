"""The results of each model for the query of this session."""

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from mirs_core.errors import MirsError
from mirs_core.retrieval.filters import Filters
from mirs_core.retrieval.hits import Hit, QueryScore
from mirs_core.retrieval.query import Query
from mirs_core.retrieval.search import Searcher
from mirs_core.retrieval.ties import search_with_ties
from pages.parts import filter_panel
from pages.shared import lineup, loaders, state


@dataclass(frozen=True, slots=True)
class ModelResults:
    """The results of one model.

    Attributes:
        tied: see ``ties.TiedHits``.
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
    filters = filter_panel.selected(searcher)
    results = search_with_ties(searcher, query, st.session_state[state.K], filters)
    return ModelResults(
        title=lineup.title_of(searcher.summary),
        searcher=searcher,
        query=query,
        hits=results.hits,
        tied=results.tied,
        seconds=results.seconds,
        score=searcher.average_precision(query, exclude_strip=filters.exclude_strip),
        filters=filters,
    )


def session_query(searcher: Searcher, upload: state.Upload | None) -> Query:
    """The query tile or the user's image, with the examples that are in this archive."""
    if upload is not None:
        query = loaders.image_query(searcher.summary.id, upload.data, upload.name)
    else:
        query = searcher.query_by_id(state.tile() or "")
    more, less = (
        [tile for tile in st.session_state.get(key) or () if searcher.items.has(tile)]
        for key in (state.PLUS, state.MINUS)
    )
    return searcher.refined(query, more, less) if more or less else query
