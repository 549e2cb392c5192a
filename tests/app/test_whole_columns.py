"""No page goes through all tiles of an archive in Python, which takes minutes for a million."""

import sys
from collections.abc import Iterator
from typing import Any

import pytest
import streamlit as st
from conftest import Start
from streamlit.testing.v1 import AppTest

from mirs_core.columns import column, lookup
from mirs_core.columns.column import Column
from mirs_core.datasets import first_look
from mirs_core.evaluation.diagnostics import sampling
from mirs_core.retrieval.search import Searcher
from mirs_core.workspace import collections, runs
from mirs_core.workspace.collections import CollectedTile
from mirs_core.workspace.home import Home
from pages.parts import strip_choice
from pages.shared import state

LONG, FEWER = 128, 40
"""Columns above this refuse; a search looks at 88 tiles, the small demo has 180. Sampled tiles."""


class WholeColumnError(AssertionError):
    """A page looked at each value of a long column."""


@pytest.fixture(autouse=True)
def long_columns(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Columns of more than a page of tiles refuse to be iterated over; small limits apply."""
    iterate, some = Column.__iter__, Column.__getitem__

    def guarded(self: Column[Any]) -> Iterator[Any]:
        if len(self) > LONG:
            raise WholeColumnError(f"{type(self).__name__} of {len(self)}")
        return iterate(self)

    def sliced(self: Column[Any], key: Any) -> Any:
        if isinstance(key, slice) and len(range(*key.indices(len(self)))) > LONG:
            raise WholeColumnError(f"{type(self).__name__} of {len(self)}")
        return some(self, key)

    for module in (column, lookup):
        monkeypatch.setattr(module, "FEW", 0)
    monkeypatch.setattr(Column, "__iter__", guarded)
    monkeypatch.setattr(Column, "__getitem__", sliced)
    for name, value in {"MOST_PAIRS": 1, "TILES": FEWER, "_MOST": 10, "_FEWEST": 10}.items():
        monkeypatch.setattr(sampling, name, value)
    monkeypatch.setattr(strip_choice, "_MOST_LISTED", 2)
    monkeypatch.setattr(first_look.look_into, "__defaults__", (5,))
    st.cache_resource.clear()
    st.cache_data.clear()
    yield
    st.cache_resource.clear()
    st.cache_data.clear()


def no_exception(app: AppTest) -> None:
    assert not app.exception, [(one.message, one.stack_trace) for one in app.exception]


def first_model(home: Home) -> Searcher:
    (run,) = [run for run in runs.list_runs(home) if run.served]
    return Searcher.open(home, run.id)


def test_the_guard_refuses_long_columns(home: Home) -> None:
    items = first_model(home).items
    assert len(items) > LONG
    with pytest.raises(WholeColumnError):
        list(items.ids)
    with pytest.raises(WholeColumnError):
        set(items.labels)


@pytest.mark.parametrize(
    "view", [state.COMPARE, state.BROWSE, state.OWN, state.KEPT], ids=str.lower
)
@pytest.mark.parametrize("filtered", [False, True])
def test_search(home: Home, start: Start, view: str, filtered: bool) -> None:
    items = first_model(home).items
    tile, other, third = (items.ids[row] for row in (3, 5, 7))
    data = start().session_state[state.DATA]
    kept = collections.create(home, "Kept", data, "Demo", True)
    collections.add(home, kept.id, [CollectedTile(tile, items.contents[3])])
    link = {"tile": tile, "plus": other, "minus": third}
    if filtered:
        strips = sorted(items.strips.counts(), key=str)
        link |= {"strips": str(strips[-1]), "classes": "cra", "latitudes": "-60..60"}
        link |= {"roles": "archive,test", "strip": "1", "near": "1"}
    app = start(**link)
    no_exception(app)
    app.session_state[state.VIEW] = view
    if filtered:
        app.session_state["mirs.b.text"] = "CX"
        app.session_state["mirs.b.classes"] = ["cra"]
    no_exception(app.run())


def test_a_tile_of_another_form_of_unicode_is_looked_up(home: Home, start: Start) -> None:
    no_exception(start(tile="database/é.jpg", strips="é"))


@pytest.mark.parametrize(
    "page", ["evaluate/evaluate", "runs/runs", "train/train", "data/data"], ids=str
)
def test_other_pages(home: Home, start: Start, page: str) -> None:
    app = start()
    no_exception(app.switch_page(f"pages/{page}.py").run())


@pytest.mark.parametrize("part", ["scores", "ranking", "codes"])
def test_parts_of_the_evaluation(
    home: Home, start: Start, part: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = start()
    monkeypatch.setattr(sys.modules[__name__], "LONG", 60)
    app.session_state[state.PART] = part
    no_exception(app.switch_page("pages/evaluate/evaluate.py").run())
    if part != "scores":
        said = " ".join(caption.value for caption in app.caption)
        assert "10 of 15 test tiles" in said and f"over {FEWER} of 67" in said
