"""Describing what one looks for: the sliders, the tile, and the query they make."""

from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from mirs_core.datasets.descriptions import FORMS, Description, parse
from mirs_core.datasets.descriptions.measured import AP_AT_64, quality
from mirs_core.mars.landforms import LANDFORMS
from mirs_core.retrieval import describing
from mirs_core.workspace.home import Home
from pages.shared import state

FORM = "mirs.describe.form"


def described(app: AppTest) -> Description:
    source = app.session_state["mirs.query"]
    assert isinstance(source, state.Described)
    return source.description


def html(app: AppTest) -> str:
    return " ".join(item.proto.body for item in app.get("html"))


def link(app: AppTest, name: str) -> str:
    value = app.query_params[name]
    return value if isinstance(value, str) else value[0]


@pytest.fixture
def panel(home: Home, start: Any) -> AppTest:
    app = start(models="demo-mirs", k="12")
    return app.segmented_control(key=state.VIEW).set_value(state.DESCRIBE).run()


def test_sliders_make_the_query_which_is_marked_and_linked(panel: AppTest) -> None:
    assert not panel.exception and "Synthetic</span>" in html(panel)
    before = described(panel)
    assert before == parse("crater size=700 sun=W")
    assert link(panel, "describe") == str(before) and "tile" not in panel.query_params
    panel.slider(key="mirs.describe.crater.size").set_value(300.0).run()
    assert not panel.exception
    assert described(panel) == parse("crater size=300 sun=W")
    assert "crater size=300m sun=270" in html(panel)
    next(button for button in panel.button if button.label == "Another example").click().run()
    assert described(panel).seed != before.seed and described(panel).size == 300


def test_another_landform_has_its_own_sliders(panel: AppTest) -> None:
    panel.selectbox(key=FORM).set_value("ripples").run()
    assert not panel.exception and described(panel).values() == {}
    panel.button_group(key="mirs.describe.ripples.said").set_value(["wavelength"]).run()
    assert {slider.label for slider in panel.slider} >= {"Distance between ripples"}
    assert described(panel).wavelength is not None
    panel.selectbox(key=FORM).set_value("crater").run()
    assert not panel.exception and described(panel).form == "crater"


def test_a_description_stays_between_views_and_back_returns_to_the_tile(panel: AppTest) -> None:
    first = described(panel)
    for view in (state.COMPARE, state.BROWSE, state.DESCRIBE):
        panel.segmented_control(key=state.VIEW).set_value(view).run()
        assert not panel.exception and described(panel) == first, view
    next(button for button in panel.button if button.label == "Back").click().run()
    assert not panel.exception and panel.session_state["mirs.query"] is None


def test_a_link_with_a_description_opens_with_its_results(home: Home, start: Any) -> None:
    app = start(describe="crater size=500m sun=270 seed=4", models="demo-mirs")
    assert not app.exception and not app.warning
    assert described(app) == Description("crater", size=500, sun=270, seed=4)
    app.segmented_control(key=state.VIEW).set_value(state.DESCRIBE).run()
    assert app.slider(key="mirs.describe.crater.size").value == 500
    assert described(app).seed == 4


@pytest.mark.parametrize("text", ["volcano", "crater size=9000", "<b>x</b>", "crater " * 200])
def test_a_link_that_describes_nothing_says_so(home: Home, start: Any, text: str) -> None:
    app = start(describe=text, models="demo-mirs")
    assert not app.exception
    assert "description of this link" in " ".join(item.value for item in app.warning)
    assert "<b>x</b>" not in html(app)


def test_every_landform_has_a_measured_quality() -> None:
    assert set(AP_AT_64) == {landform.code for landform in LANDFORMS}
    assert {quality(form.landform) for form in FORMS} <= {"well", "fairly well", "poorly"}
    assert quality("cra") == "well" and quality("rid") == "poorly"


def test_a_tile_is_described_by_what_comes_nearest_and_can_then_be_changed(
    home: Home, start: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(describing, "PER_FORM", 1)
    app = start(models="demo-mirs", k="12")
    tile = app.session_state[state.TILE]
    next(button for button in app.button if button.label == "Describe").click().run()
    assert not app.exception and app.segmented_control(key=state.VIEW).value == state.DESCRIBE
    nearest = described(app)
    assert len(nearest.values()) >= 2
    assert "comes nearest" in " ".join(item.value for item in app.caption)
    for name, value in nearest.values().items():
        assert app.slider(key=f"mirs.describe.{nearest.form}.{name}").value == value
    app.slider(key=f"mirs.describe.{nearest.form}.sun").set_value(90.0).run()
    assert not app.exception and described(app) == nearest.with_value("sun", 90.0)
    next(button for button in app.button if button.label == "Back").click().run()
    assert app.session_state[state.TILE] == tile and app.session_state["mirs.query"] is None
