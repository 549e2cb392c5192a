"""The results of each model for the query of this session."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import streamlit as st

from mirs_core.errors import DataError, MirsError
from mirs_core.retrieval.filters import Filters
from mirs_core.retrieval.hits import Hit, QueryScore
from mirs_core.retrieval.query import Query
from mirs_core.retrieval.ranked_by import RankedBy, ranked_by
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

    @property
    def ranked_by(self) -> RankedBy:
        """What the values of the hits are."""
        return ranked_by(self.searcher.unit, self.query)


def search_all(
    models: Sequence[str], source: state.QuerySource | None = None
) -> list[ModelResults | str]:
    """The results of each model, or its error message.

    Args:
        source: the query; None takes that of the session.
    """
    results: list[ModelResults | str] = []
    for run_id in models:
        try:
            results.append(_search(loaders.searcher(run_id), source))
        except MirsError as error:
            results.append(str(error))
    opened = [result.searcher.summary for result in results if isinstance(result, ModelResults)]
    titles = lineup.titles(opened)
    return [
        result
        if isinstance(result, str)
        else replace(result, title=titles[result.searcher.summary.id])
        for result in results
    ]


def _search(searcher: Searcher, source: state.QuerySource | None) -> ModelResults:
    query = session_query(searcher, source)
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


def session_query(searcher: Searcher, source: state.QuerySource | None = None) -> Query:
    """The query of the session, or ``source``, with the examples that are in this archive.

    Raises:
        MirsError: the archive lacks the tile, or the image cannot be encoded.
    """
    source = source or state.query()
    if source is None:
        raise DataError("Choose a tile or an image to search with.")
    query = source.query(searcher)
    more, less = (
        [tile for tile in st.session_state.get(key) or () if searcher.items.has(tile)]
        for key in (state.PLUS, state.MINUS)
    )
    return searcher.refined(query, more, less) if more or less else query
