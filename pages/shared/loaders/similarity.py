"""Similarity maps, computed once for each query."""

from typing import Any

import streamlit as st

from mirs_core.landform_map.similarity import SimilarityMap, Statistic, similarity_map
from mirs_core.landform_map.strip_similarity import strip_similarity_map
from mirs_core.retrieval.filters import Filters
from mirs_core.retrieval.query import Query
from mirs_core.retrieval.search import Searcher
from pages.shared.loaders.runs import changed_at


def similarity(
    opened: Searcher,
    query: Query,
    filters: Filters,
    cells: tuple[float, Statistic],
    strip: str = "",
) -> SimilarityMap:
    """The similarity map of the planet, or of a strip; see ``landform_map.similarity``.

    Args:
        cells: side in degrees, and what of the distances in a cell counts; for the planet.

    Raises:
        MirsError: the strip has no footprints, or cells are too many.
    """
    run = opened.summary.id
    codes = [query.code, query.positives, query.negatives]
    compared = tuple(b"" if code is None else code.tobytes() for code in codes)
    key = (str(opened.home), run, changed_at(opened.home, run), query.name, *compared)
    return _similarity(key, query.content, filters, cells, strip, opened, query)


@st.cache_resource(max_entries=6, show_spinner=False)
def _similarity(
    key: tuple[Any, ...],
    content: str,
    filters: Filters,
    cells: tuple[float, Statistic],
    strip: str,
    _opened: Searcher,
    _query: Query,
) -> SimilarityMap:
    if strip:
        return strip_similarity_map(_opened, _query, strip, filters)
    return similarity_map(_opened, _query, *cells, filters)
