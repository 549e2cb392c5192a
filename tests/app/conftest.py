"""Fixtures of the app: a home folder with the small demo, and the app on it."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import streamlit as st
from browser import chromium_page
from streamlit.testing.v1 import AppTest

from benchmarks.server import serving
from mirs_core.jobs import workers
from mirs_core.workspace.home import Home

ROOT = Path(__file__).resolve().parents[2]
Start = Callable[..., AppTest]


@pytest.fixture
def home(small_demo: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    """A copy of the small demo's home folder that the app works on."""
    path = shutil.copytree(small_demo, tmp_path / "home")
    monkeypatch.setenv("MIRS_HOME", str(path))
    return Home(path)


@pytest.fixture
def no_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Jobs are queued, and no process is started that would run them."""
    monkeypatch.setattr(workers, "_start", lambda home, lane: None)


@pytest.fixture
def nothing_cached() -> None:
    """The app has read nothing yet."""
    st.cache_data.clear()


@pytest.fixture
def start() -> Start:
    """Starts the app as a new session, with the parameters of a link."""

    def run(**link: str) -> AppTest:
        app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
        for name, value in link.items():
            app.query_params[name] = value
        return app.run()

    return run


@pytest.fixture(scope="module")
def server(small_demo: Home, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a real server on a copy of the small demo."""
    home = shutil.copytree(small_demo, tmp_path_factory.mktemp("server") / "home")
    with serving(Home(home)) as address:
        yield address


@pytest.fixture
def page(server: str) -> Iterator[Any]:
    """A page of a real Chromium on the app, with the errors of its console in ``page.errors``."""
    with chromium_page() as page:
        page.goto(server)
        page.wait_for_selector("section h2", timeout=60_000)
        # What is opened while the first run draws the rest of the page would be closed by it.
        page.wait_for_selector("[data-test-script-state=notRunning]", timeout=60_000)
        yield page
