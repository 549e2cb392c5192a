"""What each model answers to the query of this session."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from mirs_core.errors import MirsError
from mirs_core.retrieval.filters import Filters
from mirs_core.retrieval.search import Hit, Query, QueryScore, Searcher
from pages.parts import filters as filters_part
from pages.shared import lineup, loaders, state

# So many places behind the last one are looked at for results at the same distance.
MOST_TIED = 64


@dataclass(frozen=True, slots=True)
class Answer:
    """A model with its results.

    Attributes:
        tied: how many more tiles are as far away as the last result.
        seconds: of the search; a stored code or an encoded image is not counted.
    """

    title: str
    searcher: Searcher
    query: Query
    hits: list[Hit]
    tied: int
    seconds: float
    score: QueryScore | None
    filters: Filters


def ask(models: Sequence[str], upload: state.Upload | None) -> list[Answer | str]:
    """The answer of each model, or why it has none."""
    found: list[Answer | str] = []
    for run_id in models:
        try:
            found.append(_ask(loaders.searcher(run_id), upload))
        except MirsError as error:
            found.append(str(error))
    return found


def _ask(searcher: Searcher, upload: state.Upload | None) -> Answer:
    query = query_of(searcher, upload)
    filters, k = filters_part.wanted(searcher), st.session_state[state.K]
    started = time.perf_counter()
    ranked = searcher.search(query, k + MOST_TIED, filters)
    seconds = time.perf_counter() - started
    hits, behind = ranked[:k], ranked[k:]
    tied = sum(hit.distance == hits[-1].distance for hit in behind) if hits else 0
    score = searcher.average_precision(query, exclude_strip=filters.exclude_strip)
    title = lineup.title_of(searcher.summary)
    return Answer(title, searcher, query, hits, tied, seconds, score, filters)


def query_of(searcher: Searcher, upload: state.Upload | None) -> Query:
    """The query tile or the own image, with the examples that this archive knows."""
    if upload is not None:
        query = loaders.image_query(searcher.summary.id, upload.data, upload.name)
    else:
        query = searcher.query_by_id(state.tile() or "")
    known = set(searcher.items.ids)
    more, less = (
        [tile for tile in st.session_state.get(key) or () if tile in known]
        for key in (state.PLUS, state.MINUS)
    )
    return searcher.refined(query, more, less) if more or less else query
