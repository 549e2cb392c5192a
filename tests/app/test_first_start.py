"""The first start: the demo, and beside it real tiles by one click and folders of one's own."""

import json
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import streamlit as st
from published import Published, domars, published
from streamlit.testing.v1 import AppTest

from mirs_core import jobs
from mirs_core.datasets import download
from mirs_core.jobs import Work, workers
from mirs_core.jobs.kinds import data_prepare
from mirs_core.jobs.kinds.data_prepare import Prepare
from mirs_core.pipeline import preparing as preparing_models
from mirs_core.workspace import runs
from mirs_core.workspace.home import Home
from pages.parts import real_mars, record_lookup
from pages.shared import access, state


@pytest.fixture(autouse=True)
def no_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "_start", lambda home, lane: None)
    monkeypatch.setattr(record_lookup, "_lookups", {})
    st.cache_data.clear()


@pytest.fixture
def new_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    """A home folder with nothing in it, which does not exist yet."""
    monkeypatch.setenv("MIRS_HOME", str(tmp_path / "new"))
    return Home(tmp_path / "new")


@pytest.fixture
def record(monkeypatch: pytest.MonkeyPatch) -> Iterator[Published]:
    with published() as here:
        here.body = domars(per_class=6)
        monkeypatch.setitem(download.DATA_SETS, "domars16k", here.source())
        yield here


def html(app: AppTest) -> str:
    return " ".join(item.proto.body for item in app.get("html"))


def labels(app: AppTest) -> list[str]:
    return [button.label for button in app.button]


def start_button(app: AppTest) -> Any:
    return next(button for button in app.button if button.label == "Download and open")


def preparing(home: Home) -> list[jobs.Job]:
    return [job for job in jobs.list_jobs(home) if isinstance(job.spec, Prepare)]


def ended(home: Home, job: jobs.Job, state: str, result: Any = None, error: str = "") -> None:
    folder = home.jobs / job.id
    (folder / "process.json").write_text(json.dumps({"pid": 1, "started": 0}))
    (folder / "ended.json").write_text(json.dumps({"state": state, "seconds": 2.0, "error": error}))
    if result is not None:
        (folder / "result.json").write_text(json.dumps(result))


def test_size_licence_and_time_are_told_beside_the_demo_and_nothing_is_downloaded(
    new_home: Home, record: Published, start: Any
) -> None:
    app = start()
    assert not app.exception and not app.warning
    said = html(app)
    assert "synthetic Mars" in said and "DoMars16k" in said and "CC-BY-4.0" in said
    assert "MB to download" in said and "GB free" in said and "ten minutes" in said
    sections = [link.proto.query_string for link in app.get("page_link")]
    assert "section=folder" in sections and "section=strip" in sections
    assert record.asked == [] and preparing(new_home) == []
    assert [job.args for job in jobs.list_jobs(new_home)] == [("demo",)], "the demo goes on"


def test_one_click_downloads_trains_and_opens(
    new_home: Home, record: Published, start: Any, small_demo: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    def trained(home: Home, folder: Path, *_: Any) -> list[str]:
        """A model that is there already, in place of a training."""
        assert len(list(folder.rglob("*.jpg"))) == 72
        shutil.copytree(small_demo.runs / "demo-mirs", home.runs / "domars16k-mirs-1")
        runs.serve(home, "domars16k-mirs-1")
        return ["domars16k-mirs-1"]

    monkeypatch.setattr(preparing_models, "prepare", trained)
    app = start_button(start()).click().run()
    assert not app.exception and "Download and open" not in labels(app)
    (job,) = preparing(new_home)
    folder = str(new_home.data / "domars16k")
    assert job.args == ("data", "prepare", "domars16k", folder, "--yes")
    assert job.lane != "cpu", "it does not wait for the demo"
    again = start_button_or_none(app)
    assert again is None and len(preparing(new_home)) == 1
    assert isinstance(job.spec, Prepare)
    answer = data_prepare.run(new_home, job.spec, Work())
    ended(new_home, job, "done", answer)
    app.run()
    assert not app.exception and "Setting up a demo of Mars" not in html(app)
    assert app.multiselect(key=state.MODELS).value == ["domars16k-mirs-1"]
    assert "are ready" not in html(app), "it is open"


def start_button_or_none(app: AppTest) -> Any:
    return next((button for button in app.button if button.label == "Download and open"), None)


def test_who_is_on_another_page_is_told_when_it_is_ready(
    home: Home, record: Published, start: Any
) -> None:
    app = start(models="demo-baseline")
    spec = Prepare(name="domars16k", folder=home.data / "domars16k", yes=True)
    job = jobs.read(home, jobs.submit_once(home, spec, "Prepare DoMars16k", lane=real_mars.LANE))
    app.session_state[real_mars._JOB] = job.id
    app.run()
    assert "Prepare DoMars16k" in html(app) and "are ready" not in html(app)
    ended(home, job, "done", {"runs": ["demo-mirs", "gone"]})
    app.run()
    assert "Real tiles of Mars are ready" in html(app)
    (link,) = [link.proto for link in app.get("page_link") if link.proto.label == "Open"]
    assert link.query_string == "models=demo-mirs"
    next(button for button in app.button if button.label == "Hide").click().run()
    assert not app.exception and "are ready" not in html(app)


def test_a_failure_is_told_and_can_be_tried_again(
    new_home: Home, record: Published, start: Any
) -> None:
    app = start_button(start()).click().run()
    (job,) = preparing(new_home)
    ended(new_home, job, "failed", error="The checksum is wrong.")
    app.run()
    told = [error.value.replace("\\", "") for error in app.error]
    assert told == ["The checksum is wrong."] and start_button(app).disabled is False
    start_button(app).click().run()
    assert len(preparing(new_home)) == 2


def test_offline_it_says_so_at_once(
    new_home: Home, monkeypatch: pytest.MonkeyPatch, start: Any
) -> None:
    with published() as here:
        source = here.source()
    # Nothing listens there any more.
    monkeypatch.setitem(download.DATA_SETS, "domars16k", source)
    app = start()
    (warning,) = [w.value for w in app.warning]
    assert "No connection" in warning and "works offline" in warning
    assert "Gave up" not in warning, "nobody has waited yet"
    assert start_button_or_none(app) is None and "Setting up a demo of Mars" in html(app)
    assert [job.args for job in jobs.list_jobs(new_home)] == [("demo",)]


def test_a_server_that_does_not_answer_is_not_waited_for(
    new_home: Home, monkeypatch: pytest.MonkeyPatch, start: Any
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        here = Published(address=f"http://127.0.0.1:{silent.getsockname()[1]}")
        source = here.source()
        monkeypatch.setitem(download.DATA_SETS, "domars16k", source)
        app = start()
        assert "Asking for its size" in html(app) and "Setting up a demo of Mars" in html(app)
        lookup = record_lookup._lookups[source.record]
        assert not lookup.ended.is_set(), "the page was drawn before there was an answer"
        lookup.started -= 60
        app.run()
        assert "does not answer" in app.warning[0].value and "Try again" in labels(app)


def test_a_full_disk_is_seen_before_the_download(
    new_home: Home, record: Published, monkeypatch: pytest.MonkeyPatch, start: Any
) -> None:
    monkeypatch.setattr(real_mars, "needed_space", lambda file: 10**18)
    app = start()
    assert "Not enough free space" in app.error[0].value and start_button(app).disabled


def test_strangers_are_offered_nothing(
    new_home: Home, record: Published, monkeypatch: pytest.MonkeyPatch, start: Any
) -> None:
    monkeypatch.setattr(access, "is_private", lambda: False)
    app = start()
    assert start_button_or_none(app) is None and "DoMars16k" not in html(app)
    assert record_lookup._lookups == {}
