"""The app as a separate process, for benchmarks that measure it from outside."""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from mirs_core.errors import RunError
from mirs_core.workspace.home import Home

_ROOT = Path(__file__).resolve().parents[1]
_PATIENCE = 120.0


@dataclass(frozen=True, slots=True)
class Server:
    """A running server: its address and the id of its process."""

    address: str
    process: int


@contextmanager
def serving(home: Home, script: str = "app.py") -> Iterator[str]:
    """Serves the app, or another script of the repository, for the block; gives its address.

    Raises:
        RunError: this is not a checkout of the repository, or the server does not start.
    """
    with started(home, script) as server:
        yield server.address


@contextmanager
def started(home: Home, script: str = "app.py") -> Iterator[Server]:
    """Like ``serving``; gives the server.

    Raises:
        RunError: this is not a checkout of the repository, or the server does not start.
    """
    if not (_ROOT / script).is_file():
        raise RunError(f"This benchmark needs a checkout of the repository, with {script}.")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    # The app has its own start command; other scripts are run by Streamlit.
    start = ["mirs_core", "app"] if script == "app.py" else ["streamlit", "run", script]
    process = subprocess.Popen(
        [sys.executable, "-m", *start, f"--server.port={port}", "--server.headless=true"],
        cwd=_ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        env={**os.environ, "MIRS_HOME": str(home), "OMP_WAIT_POLICY": "passive",
             "PYTHONPATH": str(_ROOT)},
    )  # fmt: skip
    try:
        deadline = time.monotonic() + _PATIENCE
        while not answers(f"http://localhost:{port}/_stcore/health"):
            if process.poll() is not None or time.monotonic() > deadline:
                raise RunError("The app did not start; try: make app")
            time.sleep(0.2)
        yield Server(f"http://localhost:{port}", process.pid)
    finally:
        process.terminate()
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:  # it is busy, and the answer of the benchmark counts
            process.kill()
            process.wait()


def answers(address: str) -> bool:
    """Whether a server at ``address`` reports that it is healthy."""
    try:
        with urllib.request.urlopen(address, timeout=2) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False
