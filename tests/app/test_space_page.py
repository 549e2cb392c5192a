"""The page Hash space, without a browser."""

from pathlib import Path
from typing import Any

import pytest
from fakes import write_job
from streamlit.testing.v1 import AppTest

from mirs_core import jobs, mapping
from mirs_core.files import write_json
from mirs_core.search import Searcher
from pages.ui import space_part, state

PAGE = "pages/explore/space.py"


@pytest.fixture
def mapped(home: Path) -> Path:
    """The home folder with a map of each of two runs, laid out at once."""
    for run in ("demo-mirs", "demo-baseline"):
        mapping.project(home, run)
    return home


@pytest.fixture
def opened(mapped: Path, start: Any) -> AppTest:
    app = start(models="demo-baseline,demo-mirs")
    app.switch_page(PAGE).run()
    return app


def captions(app: AppTest) -> str:
    return " ".join(one.value for one in app.caption)


def test_two_maps_stand_beside_each_other_with_their_fidelity(opened: AppTest) -> None:
    assert not opened.exception and not opened.error
    assert captions(opened).count("Trustworthiness") == 2
    assert "who is near whom" in captions(opened)


def test_every_colour_mode_draws(opened: AppTest) -> None:
    modes = opened.segmented_control(key="mirs.space.colour")
    assert {"Landform", "Group", "Role", "Purity", "Tiles with its code"} <= set(modes.options)
    for mode in modes.options:
        opened.segmented_control(key="mirs.space.colour").set_value(mode).run()
        assert not opened.exception, mode


def test_chosen_tiles_are_listed_and_become_examples(opened: AppTest, home: Path) -> None:
    opened.session_state[space_part.ROWS] = [3, 5, 8, 10**9]
    opened.run()
    said = " ".join(one.proto.body for one in opened.get("html"))
    assert not opened.exception and "3 chosen tiles" in said
    next(one for one in opened.button if one.label == "Use as positives").click().run()
    names = Searcher.open(home, "demo-mirs").items.ids
    assert opened.session_state[state.TILE] == names[3]
    assert opened.session_state[state.PLUS] == [names[5], names[8]]
    next(one for one in opened.button if one.label == "Choose none").click().run()
    assert opened.session_state[space_part.ROWS] == []


def test_each_list_of_what_is_odd_draws(opened: AppTest) -> None:
    for kind in ("Hubs", "Shared codes", "Suspected labels"):
        opened.segmented_control(key="mirs.space.odd").set_value(kind).run()
        assert not opened.exception


def test_a_map_that_is_not_there_is_asked_for_once(home: Path, start: Any) -> None:
    app = start(models="demo-mirs")
    app.switch_page(PAGE).run()
    app.run()
    assert not app.exception
    asked = [job for job in jobs.list_jobs(home) if job.key == "map-demo-mirs"]
    assert [job.args for job in asked] == [("project", "--run", "demo-mirs")]
    if asked[0].active:
        jobs.stop(home, asked[0].id)


def test_a_map_that_failed_is_not_tried_without_end(home: Path, start: Any) -> None:
    folder = home / "jobs" / "job-1"
    write_job(folder, key="map-demo-mirs")
    write_json(folder / "ended.json", {"state": "failed", "error": "No room.", "seconds": 1})
    for _ in range(2):
        app = start(models="demo-mirs")
        app.switch_page(PAGE).run()
        assert not app.exception and [one.value for one in app.error] == ["No room."]
    assert len(jobs.list_jobs(home)) == 1
    next(one for one in app.button if one.label == "Try again").click().run()
    assert len(jobs.list_jobs(home)) == 2
