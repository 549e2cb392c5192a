"""Odd tiles, found by looking at each tile by itself."""

from collections import Counter

import numpy as np
from hypothesis import given, settings
from test_search import archives, distance, searcher_of

from mirs_core import neighbourhoods
from mirs_core.items import Items


@given(archives())
@settings(max_examples=40, deadline=None)
def test_neighbourhoods_agree_with_looking_at_each_pair(
    archive: tuple[np.ndarray, Items],
) -> None:
    codes, items = archive
    found = searcher_of(codes, items).retriever
    near = neighbourhoods.look(found)
    for row in range(len(codes)):
        others = [o for o in range(len(codes)) if items.contents[o] != items.contents[row]]
        expected = sorted(others, key=lambda o: (distance(codes[row], codes[o]), o))[:10]
        own = [int(o) for o in near.rows[row] if o >= 0]
        away = [distance(codes[row], codes[o]) for o in expected]
        assert np.allclose(near.distances[row][: len(own)], away, atol=1e-3)
        if codes.dtype == np.uint8:
            assert own == expected
            labels = [items.labels[o] for o in expected if items.labels[o]]
            if items.labels[row] and labels:
                share = sum(label == items.labels[row] for label in labels) / len(labels)
                assert near.purity[row] == share
            else:
                assert np.isnan(near.purity[row])
        assert near.sharing[row] == sum((code == codes[row]).all() for code in codes)


def space(labels: list[str], values: list[int]) -> neighbourhoods.Retriever:
    codes = np.array([[value, 0] for value in values], np.uint8)
    names = tuple(f"{i}.png" for i in range(len(labels)))
    none = (None,) * len(labels)
    roles = ("archive",) * len(labels)
    return searcher_of(codes, Items(names, tuple(labels), roles, none, names, none, none)).retriever


def test_a_wrong_label_is_suspected_and_only_that() -> None:
    found = space(["a"] * 12 + ["b"] * 12 + ["b"], [0] * 12 + [255] * 12 + [0])
    near = neighbourhoods.look(found)
    (one,) = neighbourhoods.suspects(found, near)
    assert (one.row, one.label, one.says, one.agree, one.same) == (24, "b", "a", 10, 0)
    assert one.away == 0


def test_a_tile_in_the_midst_of_all_is_a_hub() -> None:
    values = [1 << place for place in range(8)] + [0]
    found = space(["a"] * 9, values)
    near = neighbourhoods.look(found)
    counted = Counter(near.rows[near.rows >= 0].tolist())
    listed = neighbourhoods.hubs(near)
    assert all(hub.count == counted[hub.row] for hub in listed)
    usual = sum(counted.values()) / 9
    assert {hub.row for hub in listed} == {row for row, n in counted.items() if n > 3 * usual}


def test_codes_of_several_tiles_are_listed_by_size() -> None:
    found = space(["a", "a", "b", "b", "b", "c"], [1, 1, 1, 2, 2, 3])
    listed = neighbourhoods.shared_codes(found)
    assert [one.rows for one in listed] == [(0, 1, 2), (3, 4)]
    assert [(one.label, one.same) for one in listed] == [("a", 2), ("b", 2)]
