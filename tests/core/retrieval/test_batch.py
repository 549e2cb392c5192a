"""Many queries at once against single searches: ties, copies, strips, overlaps, distances."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from searchers import archives, items_of, searcher_of

from mirs_core.errors import DataError
from mirs_core.mars.geography import Region
from mirs_core.retrieval.batch import BatchSearch, QueryBlock
from mirs_core.retrieval.filters import Filters
from mirs_core.retrieval.query import Query
from mirs_core.retrieval.search import Searcher


def block_of(searcher: Searcher, rows: list[int]) -> QueryBlock:
    """Archived tiles as queries, and behind them the same codes as images of one's own."""
    items, codes = searcher.items, searcher.retriever.codes
    names = [*(items.ids[row] for row in rows), *(f"own {row}" for row in rows)]
    contents = [*(items.contents[row] for row in rows), *("nowhere" for _ in rows)]
    return QueryBlock(
        names,
        np.concatenate([codes[rows], codes[rows]]),
        contents,
        np.array([*rows, *[-1] * len(rows)]),
    )


def check(searcher: Searcher, rows: list[int], k: int, filters: Filters) -> None:
    """Every query has the ranks, tiles and distances of a search of its own."""
    block = block_of(searcher, rows)
    hits = BatchSearch(searcher, k, filters).search(block)
    for place, row in enumerate(rows * 2):
        query = searcher.query_by_id(searcher.items.ids[row])
        if place >= len(rows):
            query = Query("own", query.code, "nowhere")
        part = hits.of(place)
        single = searcher.search(query, k, filters)
        assert hits.ranks[part].tolist() == [hit.rank for hit in single]
        assert [searcher.items.ids[r] for r in hits.rows[part]] == [hit.id for hit in single]
        assert hits.distances[part].tolist() == [hit.distance for hit in single]
    assert len(hits.rows) == len(hits.places) and (np.diff(hits.places) >= 0).all()


@settings(max_examples=60, deadline=None)
@given(archives(), st.data())
def test_many_searches_are_as_many_single_ones(
    archive: tuple[np.ndarray, object], data: st.DataObject
) -> None:
    searcher = searcher_of(archive[0], archive[1])  # type: ignore[arg-type]
    count = len(searcher.items)
    rows = data.draw(st.lists(st.integers(0, count - 1), min_size=1, max_size=8))
    filters = Filters(
        roles=data.draw(st.sampled_from([None, ("archive",), ("train", "val"), ()])),
        labels=data.draw(st.sampled_from([None, ("a",), ("b", "x")])),
        latitudes=data.draw(st.sampled_from([None, (-90, 0)])),
        within=data.draw(st.sampled_from([None, 0.0, 3.0])),
        exclude_strip=data.draw(st.booleans()),
        region=data.draw(st.sampled_from([None, Region(350, -90, 10, 90)])),
    )
    check(searcher, rows, data.draw(st.sampled_from([1, 3, 40])), filters)


@pytest.mark.parametrize("hashes", [True, False], ids=["hashes", "floats"])
def test_a_query_with_many_copies_is_searched_for_alone(hashes: bool) -> None:
    """More copies than are dropped from a longer list."""
    rng = np.random.default_rng(0)
    codes = rng.integers(0, 3, (300, 4)).astype(np.uint8 if hashes else np.float32)
    items = items_of([None] * 300)
    copies = tuple("copy" if row < 150 else f"content {row}" for row in range(300))
    searcher = searcher_of(codes, dataclasses.replace(items, contents=copies))
    check(searcher, [0, 5, 200, 299], 24, Filters())


def test_overlapping_footprints_are_left_out_of_each_query() -> None:
    names = [f"P03_000001_2005_XI_20N072W_CX{x}_CY{y}.png" for x in (0, 150, 900) for y in (0, 99)]
    items = items_of([None] * 6)
    items = dataclasses.replace(items, ids=tuple(names), strips=("P03_000001_2005_XI_20N072W",) * 6)
    codes = np.arange(6, dtype=np.uint8)[:, None].repeat(2, axis=1)
    searcher = searcher_of(codes, items)
    hits = BatchSearch(searcher, 9, Filters(exclude_near=True)).search(block_of(searcher, [0, 4]))
    assert set(hits.rows[hits.of(0)].tolist()) == {4, 5}
    check(searcher, [0, 1, 4, 5], 9, Filters(exclude_near=True))
    check(searcher, [0, 1, 4, 5], 9, Filters(exclude_near=True, exclude_strip=True))


def test_no_results_are_none() -> None:
    searcher = searcher_of(np.zeros((3, 2), np.uint8), items_of([None] * 3))
    hits = BatchSearch(searcher, 5, Filters(labels=("nothing",))).search(block_of(searcher, [1]))
    assert len(hits.rows) == len(hits.places) == len(hits.ranks) == len(hits.distances) == 0
    with pytest.raises(DataError, match="at least 1"):
        BatchSearch(searcher, 0)
