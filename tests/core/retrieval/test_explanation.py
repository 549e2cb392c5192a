"""Why two tiles are called similar, counted one by one."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from searchers import archives, distance, searcher_of

from mirs_core.datasets.items import Items
from mirs_core.errors import DataError
from mirs_core.retrieval.explanation import distance_to, explain


@given(archives())
@settings(max_examples=50, deadline=None)
def test_it_agrees_with_counting(archive: tuple[np.ndarray, Items]) -> None:
    codes, items = archive
    searcher = searcher_of(codes, items)
    hashes = codes.dtype == np.uint8
    searcher.summary = dataclasses.replace(searcher.summary, bits=16 if hashes else None)
    query, tile = searcher.query_by_id(items.ids[0]), items.ids[-1]
    found = explain(searcher, query, tile)
    row = len(codes) - 1
    assert found.distance == pytest.approx(distance(codes[0], codes[row]), abs=1e-3)
    assert distance_to(searcher, query, row) == pytest.approx(found.distance, abs=1e-3)
    others = [i for i in range(len(codes)) if items.contents[i] != items.contents[0]]
    if not hashes:
        assert found.differing == ()
        return
    away = [distance(codes[0], codes[i]) for i in others]
    expected = np.mean([d > found.distance for d in away]) if away else 0
    assert found.share_farther == pytest.approx(float(expected))
    assert found.mean_distance == pytest.approx(float(np.mean(away)) if away else 0)
    assert len(found.differing) == found.distance
    bits = [f"{byte:08b}" for byte in codes[0]]
    assert "".join(map(str, found.query_bits)) == "".join(bits)
    assert found.shared_neighbours == len(
        nearest(codes, items, 0, row) & nearest(codes, items, row, 0)
    )


def nearest(codes: np.ndarray, items: Items, centre: int, partner: int) -> set[int]:
    """The ten tiles nearest to ``centre``, without both tiles and copies of the query, tile 0."""
    others = [i for i in range(len(codes)) if items.contents[i] != items.contents[0]]
    ranked = sorted(
        set(others) - {centre, partner}, key=lambda i: (distance(codes[centre], codes[i]), i)
    )
    return set(ranked[:10])


def test_neighbours_that_are_shared_are_counted() -> None:
    codes = np.arange(30, dtype=np.float32)[:, None].repeat(3, axis=1)
    names = tuple(f"{i}.png" for i in range(30))
    none = (None,) * 30
    items = Items(names, none, ("archive",) * 30, none, names, none, none)
    searcher = searcher_of(codes, items)
    searcher.summary = dataclasses.replace(searcher.summary, bits=None)
    near = explain(searcher, searcher.query_by_id("14.png"), "15.png")
    far = explain(searcher, searcher.query_by_id("0.png"), "29.png")
    assert near.shared_neighbours >= 8 and far.shared_neighbours == 0
    assert near.share_farther > 0.9 and far.share_farther == 0


def test_tiles_of_one_code_share_all_ten() -> None:
    codes = np.zeros((30, 2), np.uint8)
    codes[20:] = 255
    names = tuple(f"{i}.png" for i in range(30))
    none = (None,) * 30
    items = Items(names, none, ("archive",) * 30, none, names, none, none)
    searcher = searcher_of(codes, items)
    assert explain(searcher, searcher.query_by_id("0.png"), "1.png").shared_neighbours == 10
    # Ten tiles at the other end, of which each has only nine others.
    assert explain(searcher, searcher.query_by_id("20.png"), "21.png").shared_neighbours == 10


def test_unknown_tiles_are_refused() -> None:
    codes = np.zeros((1, 2), np.uint8)
    items = Items(("a",), (None,), ("archive",), (None,), ("c",), (None,), (None,))
    searcher = searcher_of(codes, items)
    with pytest.raises(DataError):
        explain(searcher, searcher.query_by_id("a"), "b")
