"""Lists of tiles to browse, compared with a loop over all of them."""

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings

from mirs_core.datasets.items import Items
from mirs_core.retrieval import tile_list
from mirs_core.retrieval.tile_list import Choice

LABELS = ("cra", "rid", None)
ROLES = ("archive", "test", "train")
STRIPS = ("P01", "P02", None)


@st.composite
def archives(draw: st.DrawFn) -> Items:
    names = st.text("aBcÄ/.x", min_size=1, max_size=5)
    ids = draw(st.lists(names, min_size=1, max_size=30, unique=True))
    row = st.tuples(
        st.sampled_from(LABELS),
        st.sampled_from(ROLES),
        st.sampled_from(STRIPS),
        st.none() | st.floats(-90, 90),
    )
    labels, roles, strips, places = zip(
        *draw(st.lists(row, min_size=len(ids), max_size=len(ids))), strict=True
    )
    contents = [f"{number:064x}" for number in range(len(ids))]
    return Items(ids, labels, roles, strips, contents, places, places)


CHOICES = st.builds(
    Choice,
    st.none() | st.lists(st.sampled_from(LABELS)).map(tuple),
    st.lists(st.sampled_from(ROLES)).map(tuple),
    st.lists(st.sampled_from(("P01", "P02", "P03"))).map(tuple),
    st.none() | st.just((-30.0, 40.0)),
    st.sampled_from(("", "a", "BC", "/", "ä", "%")),
)


def passes(items: Items, row: int, choice: Choice) -> bool:
    latitude = items.latitudes[row]
    low, high = choice.latitudes or (-90, 90)
    return (
        (choice.labels is None or items.labels[row] in choice.labels)
        and (not choice.roles or items.roles[row] in choice.roles)
        and (not choice.strips or items.strips[row] in choice.strips)
        and (choice.latitudes is None or (latitude is not None and low <= latitude <= high))
        and choice.text.lower() in items.ids[row].lower()
    )


@settings(deadline=None)
@given(items=archives(), choice=CHOICES)
def test_a_list_is_what_a_loop_finds(items: Items, choice: Choice) -> None:
    twin = [row for row in range(len(items)) if passes(items, row, choice)]
    listed = tile_list.rows(items, choice)
    assert list(listed) == sorted(twin, key=lambda row: items.ids[row])


def test_long_lists_are_in_the_order_of_the_archive(monkeypatch: pytest.MonkeyPatch) -> None:
    ids = ["c", "b", "a", "d"]
    none, numbers = [None] * 4, [f"{n:064x}" for n in range(4)]
    items = Items(ids, none, ["archive"] * 3 + ["test"], none, numbers, none, none)
    monkeypatch.setattr(tile_list, "MOST_SORTED", 2)
    assert list(tile_list.rows(items, Choice())) == [0, 1, 2, 3]
    assert list(tile_list.rows(items, Choice(roles=("archive",)))) == [0, 1, 2]
    assert list(tile_list.rows(items, Choice(roles=("test",)))) == [3]
    assert not tile_list.is_sorted(3) and tile_list.is_sorted(2)


@settings(deadline=None)
@given(items=archives())
def test_the_first_query_is_a_test_tile_and_a_crater_if_there_is_one(items: Items) -> None:
    rows = [row for row in range(len(items)) if items.roles[row] == "test"] or range(len(items))
    twin = min((items.ids[row] for row in rows), key=lambda name: ("/cra/" not in name, name))
    assert tile_list.first_query(items) == twin


def test_craters_come_first() -> None:
    ids, none = ["test/rid/a", "test/cra/c", "test/cra/b"], [None] * 3
    items = Items(ids, none, ["test"] * 3, none, [f"{n:064x}" for n in range(3)], none, none)
    assert tile_list.first_query(items) == "test/cra/b"


def test_values_are_found_in_any_form_of_unicode() -> None:
    ids = ["\u00e9.jpg", "e\u0301.jpg", "e.jpg"]
    none = [None] * 3
    items = Items(ids, none, ["test"] * 3, none, [f"{n:064x}" for n in range(3)], none, none)
    np.testing.assert_array_equal(items.ids.composed("e\u0301.jpg"), [0, 1])
    np.testing.assert_array_equal(items.ids.composed("o.jpg"), [])
