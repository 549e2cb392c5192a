"""The page Runs, without a browser."""

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import unquote_plus

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from mirs_core.exchange import exported_runs
from mirs_core.workspace import annotations, bin, runs
from mirs_core.workspace.home import Home
from pages.parts import first_run
from pages.runs import runs_table
from pages.shared import access, state

PAGE = "pages/runs/runs.py"
EVIL = "<script>alert(1)</script> ![i](http://x) **b**"
Open = Callable[..., AppTest]


@pytest.fixture
def opened(start: Any) -> Open:
    """Opens the page as a new session, with runs picked by its link."""

    def run(*picked: str) -> AppTest:
        app = start()
        if picked:
            app.query_params["runs"] = ",".join(picked)
        return app.switch_page(PAGE).run()

    return run


def messages(app: AppTest) -> str:
    return " ".join(item.value for item in [*app.error, *app.warning, *app.info])


def html(app: AppTest) -> str:
    return " ".join(item.proto.body for item in app.get("html"))


def charts(app: AppTest) -> int:
    return len(app.get("plotly_chart"))


def press(app: AppTest, label: str) -> AppTest:
    (button,) = [one for one in app.button if one.label == label]
    return button.click().run()


def links(app: AppTest) -> dict[str, dict[str, str]]:
    """The parameters of every link on the page, by its label."""
    found = {}
    for link in app.get("page_link"):
        pairs = (pair.split("=", 1) for pair in link.proto.query_string.split("&") if pair)
        found[link.proto.label] = {name: unquote_plus(value) for name, value in pairs}
    return found


def change(path: Path, **values: object) -> None:
    path.write_text(json.dumps({**json.loads(path.read_text()), **values}))


def test_the_page_lists_all_runs_and_says_what_to_do(home: Home, opened: Open) -> None:
    app = opened()
    assert not app.exception and not messages(app)
    (table,) = app.dataframe
    assert len(table.value) == 3
    assert list(table.value["State"]).count("default model") == 1
    assert "Select a run" in html(app) and "3 finished, 3 in total" in html(app)
    assert charts(app) == 0


def test_words_in_any_column_filter_the_list(home: Home, opened: Open) -> None:
    annotations.change(home, "demo-mirs", tags=["Poster"])
    app = opened()
    box = app.text_input(key="mirs.r.filter")
    assert len(box.set_value("poster DEFAULT").run().dataframe[0].value) == 1
    assert len(box.set_value("dwt").run().dataframe[0].value) == 1
    app = box.set_value("no such word").run()
    assert not app.dataframe and "all of these words" in messages(app)


def test_one_run_shows_facts_curves_and_acts(home: Home, opened: Open) -> None:
    app = opened("demo-mirs")
    assert not app.exception and not messages(app)
    page = html(app)
    assert "<dd>default model</dd>" in page and "synthetic, not real imagery" in page
    assert "15 against" in page and "epoch" in page and charts(app) >= 4
    assert links(app)["Search with it"]["models"] == "demo-mirs"
    assert app.query_params["runs"] in ("demo-mirs", ["demo-mirs"])
    disabled = {button.label: button.disabled for button in app.button}
    assert disabled["Default model"] and disabled["Delete"] and not disabled["Model card"]


def test_a_baseline_has_no_curves(home: Home, opened: Open) -> None:
    app = opened("demo-baseline")
    assert not app.exception and charts(app) == 0 and "No training curves" in html(app)


def test_only_the_button_changes_the_default_model(home: Home, opened: Open) -> None:
    app = opened("demo-mirs-dwt")
    assert runs.served_run(home) == "demo-mirs"
    app = press(app, "Make default model")
    assert not app.exception and runs.served_run(home) == "demo-mirs-dwt"
    assert "<dd>default model</dd>" in html(app)


def test_name_tags_and_notes_are_saved_and_shown_as_text(home: Home, opened: Open) -> None:
    app = opened("demo-mirs")
    name, tags = (box for box in app.text_input if box.label in ("Name", "Tags"))
    name.set_value(EVIL)
    tags.set_value("good, for poster,")
    app.text_area[0].set_value("line\nline")
    app = press(app, "Save")
    assert not app.exception
    said = annotations.read(home, "demo-mirs")
    assert said == annotations.Annotation(EVIL, ("good", "for poster"), "line\nline")
    assert "<script>" not in html(app) and "&lt;script&gt;" in html(app)
    app = opened("demo-mirs", "demo-mirs-dwt")
    assert not app.exception and "<script>" not in html(app) and "&lt;script&gt;" in html(app)


def test_a_name_that_cannot_be_is_refused(home: Home, opened: Open) -> None:
    app = opened("demo-mirs")
    name = next(box for box in app.text_input if box.label == "Name")
    name.set_value("bell\a")
    app = press(app, "Save")
    assert "control character" in messages(app)
    assert annotations.read(home, "demo-mirs").name == ""


def test_the_card_opens_and_is_no_markup(home: Home, opened: Open) -> None:
    annotations.change(home, "demo-mirs", name=EVIL)
    app = press(opened("demo-mirs"), "Model card")
    assert not app.exception
    text = next(one.value for one in app.markdown if "## Results" in one.value)
    assert "\\<script\\>" in text and "\\!\\[i" in text


def test_deleting_asks_first_and_the_bin_gives_back(home: Home, opened: Open) -> None:
    app = press(opened("demo-mirs-dwt"), "Delete")
    assert (home.path / "runs" / "demo-mirs-dwt").exists()
    app = press(app, "Move to the bin")
    assert not app.exception and [one.id for one in bin.discarded(home)] == ["demo-mirs-dwt"]
    assert app.session_state[state.RUNS] == [] and len(app.dataframe[0].value) == 2
    app.segmented_control(key="mirs.r.view").set_value("bin").run()
    assert list(app.dataframe[0].value["Id"]) == ["demo-mirs-dwt"]
    app.session_state["mirs.r.bin"] = {"selection": {"rows": [0], "columns": [], "cells": []}}
    app = press(app.run(), "Restore")
    assert not app.exception and bin.discarded(home) == []
    assert (home.path / "runs" / "demo-mirs-dwt").exists()
    assert "bin is empty" in messages(app)


def test_the_bin_is_emptied_after_a_question(home: Home, opened: Open) -> None:
    bin.discard(home, "demo-mirs-dwt")
    app = opened()
    app.segmented_control(key="mirs.r.view").set_value("bin").run()
    app = press(app, "Empty the bin")
    assert len(bin.discarded(home)) == 1
    app = press(app, "Delete permanently")
    assert not app.exception and bin.discarded(home) == []


def test_runs_are_compared_against_the_first_that_was_picked(home: Home, opened: Open) -> None:
    app = opened("demo-mirs", "demo-mirs-dwt", "demo-baseline")
    assert not app.exception and not messages(app)
    page = html(app)
    assert "reference" in page and "Difference to " in page
    assert "whitening.enabled" in page and charts(app) >= 4
    link = links(app)["Search with all of them"]
    assert link["models"] == "demo-mirs,demo-mirs-dwt,demo-baseline" and link["data"]


def test_other_archives_and_data_sets_are_called_so(home: Home, opened: Open) -> None:
    path = home.path / "runs" / "demo-mirs-dwt" / "provenance.json"
    change(path, archive_id="another", manifest="0123456789")
    app = opened("demo-mirs", "demo-mirs-dwt")
    assert not app.exception and "not comparable" in messages(app)
    assert "other archive" in html(app) and "same data set can be" in html(app)
    assert "Search with all of them" not in links(app)


def test_more_than_five_are_cut_to_the_first_five(home: Home, opened: Open) -> None:
    ids = ["demo-mirs", *(f"copy-{n}" for n in range(5))]
    for run_id in ids[1:]:
        shutil.copytree(home.path / "runs" / "demo-mirs", home.path / "runs" / run_id)
    app = opened(*ids)
    assert not app.exception and "first 5 are compared" in messages(app)
    link = links(app)["Search with all of them"]
    assert link["models"] == "demo-mirs,copy-0,copy-1,copy-2,copy-3"
    assert "have the same settings" in html(app)


def test_equal_names_are_told_apart(home: Home) -> None:
    annotations.change(home, "demo-mirs", name="one")
    annotations.change(home, "demo-mirs-dwt", name="one")
    names = runs_table.titles(runs.list_runs(home))
    assert names["demo-mirs-dwt"] == "one (rs-dwt)" and len(set(names.values())) == 3


def test_a_link_with_runs_that_are_gone_shows_the_others(home: Home, opened: Open) -> None:
    app = opened("gone", "demo-mirs", "../x")
    assert not app.exception and app.session_state[state.RUNS] == ["demo-mirs"]


def test_an_unfinished_and_a_damaged_run_say_what_is_wrong(home: Home, opened: Open) -> None:
    runs.folder(home, "demo-mirs-dwt").set_status("failed", "Out of *memory*.")
    (home.path / "runs" / "demo-baseline" / "config.json").write_text("{")
    app = opened("demo-mirs-dwt")
    assert not app.exception and "Out of \\*memory\\*" in messages(app)
    assert [one.label for one in app.get("download_button")] == ["runs.csv"]
    for picked in (["demo-baseline"], ["demo-mirs", "demo-baseline"]):
        app = opened(*picked)
        assert not app.exception and "config.json" in messages(app)


def test_a_run_is_imported_and_picked(home: Home, opened: Open, tmp_path: Path) -> None:
    path = exported_runs.save_run(home, "demo-mirs-dwt", tmp_path)
    shutil.rmtree(home.path / "runs" / "demo-mirs-dwt")
    app = opened()
    app.file_uploader[0].upload(path.name, path.read_bytes(), "application/zip")
    app = press(app, "Import")
    assert not app.exception and not messages(app)
    assert app.session_state[state.RUNS] == ["demo-mirs-dwt"]
    assert (home.path / "runs" / "demo-mirs-dwt" / "model.safetensors").exists()


def test_a_hostile_file_is_refused_in_words(home: Home, opened: Open) -> None:
    app = opened()
    app.file_uploader[0].upload("x.zip", b"PK no zip", "application/zip")
    app = press(app, "Import")
    assert not app.exception and "not an exported run, or it is damaged" in messages(app)
    assert len(runs.list_runs(home)) == 3


def test_picked_runs_stay_on_the_way_through_other_pages(home: Home, opened: Open) -> None:
    app = opened("demo-mirs", "demo-baseline")
    app.switch_page("pages/evaluate/evaluate.py").run()
    assert links(app)["Runs"]["runs"] == "demo-mirs,demo-baseline"


def test_without_any_run_the_page_is_the_first_screen(
    tmp_path: Path, start: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MIRS_HOME", str(tmp_path))
    monkeypatch.setattr(first_run, "draw", lambda: st.html("the first screen"))
    app = start().switch_page(PAGE).run()
    assert not app.exception and html(app).count("the first screen") == 1


def test_strangers_delete_and_take_in_nothing(
    opened: Open, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = "demo-mirs-dwt"
    monkeypatch.setattr(access, "_LOCAL", set())
    bin.discard(home, "demo-baseline")
    app = opened(run)
    buttons = {one.label: one for one in app.button}
    assert buttons["Delete"].disabled and buttons["Make default model"].disabled
    assert not any(one.label.startswith("Bin") for one in app.segmented_control)
    assert "Import" not in buttons and "bin" not in str(app.segmented_control[0].options).lower()


def test_the_column_of_names_is_as_wide_as_the_longest(home: Home) -> None:
    (run, *_) = runs.list_runs(home)
    widths = [
        runs_table._name_width([replace(run, name="x" * letters)]) for letters in (3, 30, 40, 500)
    ]
    assert widths == sorted(widths) and widths[0] == 120 and widths[1] > 220 and widths[-1] == 420
