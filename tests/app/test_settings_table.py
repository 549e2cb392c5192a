"""The settings that differ from those of the default model, without a browser."""

import re
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from mirs_core.config.presets import PRESETS, changes_of
from mirs_core.workspace import runs
from mirs_core.workspace.home import Home


def panel(preset: str, data: str, changes: list[str]) -> None:
    from mirs_core.config.presets import from_preset
    from pages.train import settings_table

    settings_table.draw(from_preset(preset, data=data, changes=changes))


def drawn(preset: str, data: str, *changes: str) -> Any:
    app = AppTest.from_function(panel, args=(preset, data, list(changes)), default_timeout=60)
    app.run()
    assert not app.exception
    return app


def page_of(app: AppTest) -> str:
    return " ".join(item.proto.body for item in app.get("html"))


@pytest.fixture
def served(home: Home) -> str:
    """The data set of the default model, which has the preset mirs."""
    runs.serve(home, "demo-mirs")
    return runs.folder(home, "demo-mirs").config().data


def own_changes(home: Home) -> list[str]:
    """The settings of the default model that differ from its preset."""
    return changes_of(runs.folder(home, "demo-mirs").config())


def test_equal_settings_are_said_to_be_equal(home: Home, served: str) -> None:
    app = drawn("mirs", served, *own_changes(home))
    assert not page_of(app) and "settings of the default model" in app.caption[0].value


def test_what_differs_is_seen_without_a_click(home: Home, served: str) -> None:
    app = drawn("mirs", served, *own_changes(home), "loss.push_weight=0.5")
    page = page_of(app)
    assert (
        "Differs from the default model in 1 setting<" in page
        and not app.expander
        and "<details>" not in page
    )
    assert re.search(r"Push weight \(lambda1\)</th><td>0.001</td><td>0.5</td>", page)


def test_many_differences_fold_after_the_first(home: Home, served: str) -> None:
    shown, _, folded = page_of(drawn("mirs-2021", served)).partition("<details>")
    assert shown.count("<tr><th>") == 7 and "Setting</th>" in shown
    more = folded.count("<tr><th>")
    assert f"and {more} more" in folded and more > 1
    assert f"Differs from the default model in {6 + more} settings" in shown


def test_what_does_nothing_in_either_is_no_difference(home: Home, served: str) -> None:
    page = page_of(drawn("mirs", served, *own_changes(home), "whitening.group_size=16"))
    assert "Group size" not in page


@pytest.mark.parametrize("preset", PRESETS)
def test_every_preset_can_be_compared(home: Home, served: str, preset: str) -> None:
    drawn(preset, served)


def test_hostile_names_are_text(home: Home, served: str) -> None:
    hostile = "/tiles/<img src=x onerror=alert(1)>"
    page = page_of(drawn("mirs", hostile, "encoder.name=<script>alert(1)</script>"))
    assert "<img" not in page and "<script" not in page and "&lt;script&gt;" in page


def test_without_a_default_model_it_says_so(home: Home) -> None:
    (home.path / "served.json").unlink(missing_ok=True)
    app = drawn("mirs", "x")
    assert "no default model to compare" in app.caption[0].value
