"""Ties behind the last result, counted one by one."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from searchers import archives, items_of, searcher_of

from mirs_core.datasets.items import Items
from mirs_core.retrieval.filters import Filters
from mirs_core.retrieval.ties import MOST_TIED, search_with_ties


@given(archives(), st.integers(1, 8))
@settings(max_examples=40, deadline=None)
def test_ties_agree_with_counting_all_tiles(archive: tuple[np.ndarray, Items], k: int) -> None:
    codes, items = archive
    searcher = searcher_of(codes, items)
    query = searcher.query_by_id(items.ids[0])
    result = search_with_ties(searcher, query, k)
    everything = searcher.search(query, len(items))
    assert result.hits == everything[:k]
    last = result.hits[-1].distance if result.hits else None
    assert result.tied == [hit.distance for hit in everything[k:]].count(last)
    assert result.seconds >= 0


def test_filters_apply_to_ties_too_and_their_number_is_limited() -> None:
    count = MOST_TIED + 40
    codes = np.zeros((count, 1), dtype=np.uint8)
    searcher = searcher_of(codes, items_of(["a"] * 10 + ["b"] * (count - 10)))
    query = searcher.query_by_id("0.png")
    assert search_with_ties(searcher, query, 4).tied == MOST_TIED
    assert search_with_ties(searcher, query, 4, Filters(labels=("a",))).tied == 5
