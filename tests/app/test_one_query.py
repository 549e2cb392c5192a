"""The query is one and the same on every page that searches or evaluates, and in its link."""

from io import BytesIO
from typing import Any

import numpy as np
import pytest
import streamlit as st
from PIL import Image
from streamlit.testing.v1 import AppTest

from mirs_core.datasets.descriptions import Description
from mirs_core.system.specs import specs_in
from mirs_core.workspace import annotations
from mirs_core.workspace.home import Home
from pages.parts import model_results
from pages.shared import state
from pages.shared.query_source import QueryKind

PAGES = {
    "compare": "pages/search/search.py",
    "space": "pages/space/space.py",
    "map": "pages/map/map.py",
    "evaluate": "pages/evaluate/evaluate.py",
}
SHARED = (
    state.MODELS, state.K, state.PLUS, state.MINUS, state.CLASSES, state.BAND, state.STRIP,
    state.REGION,
)  # fmt: skip


def png(seed: int) -> bytes:
    out = BytesIO()
    pixels = np.random.default_rng(seed).integers(0, 255, (64, 64), np.uint8)
    Image.fromarray(pixels).save(out, "PNG")
    return out.getvalue()


SOURCES: dict[str, state.QuerySource] = {
    "tile": state.Tile("test/cra/cra_000.jpg"),
    "image": state.Upload("mine.png", png(1)),
    "describe": state.Described(Description("crater", size=500, sun=270, seed=3)),
}


@pytest.fixture
def searches(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the queries that pages searched with."""
    names: list[str] = []
    search = model_results.session_query

    def session_query(*args: Any) -> Any:
        query = search(*args)
        names.append(query.name)
        return query

    monkeypatch.setattr(model_results, "session_query", session_query)
    return names


def shared(app: AppTest) -> dict[str, Any]:
    query = _value(app, "mirs.query") or state.Tile(_value(app, state.TILE))
    return {"query": query, **{key: _value(app, key) for key in SHARED}}


def _value(app: AppTest, key: str) -> Any:
    return app.session_state[key] if key in app.session_state else None  # noqa: SIM401


def go(app: AppTest, script: str) -> AppTest:
    """To another page by its link in the sidebar, whose parameters are those of the address."""
    return app.switch_page(script).run()


def test_every_kind_of_query_is_tested() -> None:
    assert set(SOURCES) == set(specs_in("pages.shared.query_kinds", QueryKind))


@pytest.mark.parametrize("kind", SOURCES)
def test_the_whole_search_is_the_same_everywhere_and_in_the_link(
    home: Home, start: Any, searches: list[str], kind: str
) -> None:
    app = start(models="demo-baseline,demo-mirs", k="12", strip="1", classes="cra,rid")
    ids = _ids(home)
    source = state.Tile(ids[0]) if kind == "tile" else SOURCES[kind]
    app.session_state["mirs.query"] = None if kind == "tile" else source
    app.session_state[state.TILE] = ids[0]
    app.session_state[state.PLUS], app.session_state[state.MINUS] = [ids[5]], [ids[9]]
    app.run()
    expected = shared(app)
    assert expected["query"] == source and not app.exception
    for name, script in PAGES.items():
        searches.clear()
        go(app, script)
        assert not app.exception, name
        assert shared(app) == expected, name
        if name in ("map", "compare"):
            assert set(searches) == {source.name}, name
        link = {key: _last(app.query_params[key]) for key in app.query_params if key != "part"}
        fresh = start(**link)
        assert shared(fresh) == expected and not fresh.warning, name


def test_a_page_that_was_left_still_has_the_image_and_removing_it_is_final(
    home: Home, start: Any
) -> None:
    app = start()
    app.segmented_control(key=state.VIEW).set_value(state.OWN).run()
    app.file_uploader(key="mirs.file").set_value(("own.png", png(2), "image/png")).run()
    for script in (PAGES["map"], PAGES["compare"]):
        go(app, script)
    assert app.session_state["mirs.query"] == state.Upload("own.png", png(2))
    for view in (state.COMPARE, state.BROWSE, state.OWN):
        app.segmented_control(key=state.VIEW).set_value(view).run()
        assert not app.exception and "own.png" in _text(app), view
    next(button for button in app.button if button.label == "Remove image").click().run()
    assert app.session_state["mirs.query"] is None and "own.png" not in _text(app)


def test_back_returns_to_an_image(home: Home, start: Any) -> None:
    app = start()
    app.segmented_control(key=state.VIEW).set_value(state.OWN).run()
    app.file_uploader(key="mirs.file").set_value(("own.png", png(3), "image/png")).run()
    app.segmented_control(key=state.VIEW).set_value(state.BROWSE).run()
    next(button for button in app.button if button.label == "Random tile").click().run()
    assert app.session_state["mirs.query"] is None
    next(button for button in app.button if button.label == "Back").click().run()
    assert not app.exception and "own.png" in _text(app)


def test_a_link_with_an_image_of_another_server_says_so(home: Home, start: Any) -> None:
    app = start(image="0" * 64)
    assert not app.exception and "upload it again" in app.warning[0].value
    assert app.session_state[state.TILE]


def test_an_evaluation_link_of_earlier_versions_keeps_the_search(home: Home, start: Any) -> None:
    app = start(models="demo-mirs", k="12")
    expected = shared(app)
    for name in list(app.query_params):
        del app.query_params[name]
    app.query_params["models"], app.query_params["part"] = "demo-mirs", "ranking"
    go(app, PAGES["evaluate"])
    assert shared(app) == expected


def _last(value: Any) -> str:
    return str(value[-1] if isinstance(value, list) else value)


def _ids(home: Home) -> Any:
    from mirs_core.retrieval.search import Searcher

    return Searcher.open(home, "demo-mirs").items.ids


def _text(app: AppTest) -> str:
    return " ".join([one.proto.body for one in app.get("html")] + [m.value for m in app.markdown])


def test_the_name_of_a_run_is_on_every_page(home: Home, start: Any) -> None:
    annotations.change(home, "demo-mirs", name="Gullies v2")
    app = start(models="demo-baseline,demo-mirs")
    for name, script in PAGES.items():
        go(app, script)
        chooser = app.multiselect(key=state.MODELS)
        assert any(option.startswith("Gullies v2") for option in chooser.options), name
        shown = str([one.proto for one in app.get("bidi_component")])
        assert name in ("space", "map") or "Gullies v2" in _text(app) + shown, name


def test_links_to_other_pages_hold_an_image_as_soon_as_it_is_chosen(home: Home, start: Any) -> None:
    app = start()
    app.segmented_control(key=state.VIEW).set_value(state.OWN).run()
    app.file_uploader(key="mirs.file").set_value(("own.png", png(4), "image/png")).run()
    digest = state.Upload("own.png", png(4)).digest
    links = {one.proto.label: one.proto.query_string for one in app.get("page_link")}
    assert links["Hash space"]
    for title in ("Search and compare", "Hash space", "Map of Mars", "Evaluate"):
        assert f"image={digest}" in links[title], title


def test_values_of_widgets_outlive_what_streamlit_forgets(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A browser loses them at each change of the page, and where a run interrupts another."""
    session: dict[str, Any] = {key: f"value of {key}" for key in state._WIDGETS}
    session[state.BAND] = (-30, 30)
    values = {key: session[key] for key in state._WIDGETS}
    monkeypatch.setattr(st, "session_state", session)
    state.copy()
    for key in state._WIDGETS:
        del session[key]
    state.keep()
    assert {key: session[key] for key in state._WIDGETS} == values
    # What is forgotten on purpose stays so, and a new value counts.
    state.forget_query()
    session[state.K] = 6
    gone = [key for key in state._WIDGETS if key not in session]
    assert state.MODELS in gone and state.CLASSES in gone
    state.keep()
    assert session[state.K] == 6 and not any(key in session for key in gone)
