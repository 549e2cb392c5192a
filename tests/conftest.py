"""Shared fixtures: a tiny data set, a fake encoder, and the real tiles if there are any."""

import contextlib
import fcntl
import io
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import hypothesis
import pytest
from fakes import (
    FakeNetwork,
    MakeDataset,
    make_fake_encoder,
    worker_processes,
    write_dataset,
)

from mirs_core.workspace.home import Home

if TYPE_CHECKING:
    from mirs_core.encoders.base import Encoder

# Times are measured by benchmarks; a busy machine must not fail a property.
hypothesis.settings.register_profile("mirs", deadline=None)
hypothesis.settings.load_profile("mirs")

# Two test processes run side by side; spinning OpenMP threads would make both many times slower.
os.environ.setdefault("OMP_NUM_THREADS", "1")


@pytest.fixture(scope="session", autouse=True)
def workers_go_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Ends the workers that tests have started, which would wait for more."""
    yield
    base = tmp_path_factory.getbasetemp()
    for pid in worker_processes(base):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


@pytest.fixture(autouse=True)
def main_module_stays() -> Iterator[None]:
    """Puts ``__main__`` back: a page run by AppTest leaves its script there, and a process
    spawned by a later test would run that script first."""
    before = sys.modules["__main__"]
    yield
    sys.modules["__main__"] = before


@pytest.fixture
def make_dataset() -> MakeDataset:
    """``write_dataset``: procedural tiles in folders."""
    return write_dataset


@pytest.fixture
def fake_encoder() -> "Encoder":
    """A fast encoder of 48 features."""
    return make_fake_encoder()[0]


@pytest.fixture
def network(monkeypatch: pytest.MonkeyPatch) -> FakeNetwork:
    """The network in the encoder of every run, which counts the tiles that it sees."""
    from mirs_core.encoders import run_encoder

    encoder, network = make_fake_encoder()
    monkeypatch.setattr(run_encoder, "load_encoder", lambda name, home: encoder)
    return network


@pytest.fixture(scope="session")
def small_demo(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Home:
    """A home folder with a small demo, 12 tiles a landform; copy it before you write."""
    from mirs_core import cli

    shared = tmp_path_factory.getbasetemp()
    shared = shared if worker_id == "master" else shared.parent
    home = shared / "small-demo"
    with (shared / "small-demo.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(io.StringIO()):
            patch.setenv("MIRS_HOME", str(home))
            assert cli.main(["demo", "--per-class", "12", "--quiet"]) == 0
    return Home(home)


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real Mars tiles; tests that need it skip where there is none."""
    folder = os.environ.get("MIRS_TEST_DATA")
    if not folder:
        pytest.skip("MIRS_TEST_DATA is not set: no real tiles to test on")
    if not (Path(folder) / "ctx").is_dir():
        pytest.skip(f"MIRS_TEST_DATA={folder} has no ctx/")
    return Path(folder)
