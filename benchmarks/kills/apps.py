"""The app killed: the process that submits a job at a random moment, and whole servers."""

import json
import os
import random
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from benchmarks.kills import checks
from benchmarks.kills.ground import Ground, until
from benchmarks.kills.tally import Tally
from mirs_core import jobs
from mirs_core.progress import Progress, silent
from mirs_core.workspace import runs

_ROOT = Path(__file__).resolve().parents[2]
_SERVERS = 3
# So long after the job is queued the process may still be killed.
_AFTER = 0.2


def start_actor(ground: Ground, count: int = 0) -> "subprocess.Popen[str]":
    """A process that waits for a line to submit (see ``actor``), ready to do so."""
    actor = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.kills.actor", ground.home, ground.data, str(count)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=_ROOT,
        start_new_session=True,
    )
    assert actor.stdout is not None
    actor.stdout.readline()
    return actor


def begin(actor: "subprocess.Popen[str]") -> None:
    """Lets an actor submit."""
    assert actor.stdin is not None
    actor.stdin.write("\n")
    actor.stdin.flush()


def kill_apps(
    ground: Ground, count: int, moments: random.Random, progress: Progress = silent
) -> Tally:
    """Kills ``count`` processes that submit a training, and a server with some of them.

    The moments are spread evenly from the beginning of the submission till just after it. A run
    whose job is missing is no fault: it is queued, and can be trained or deleted.
    """
    life = _life_of_a_submission(ground)
    tally, known, orphans = Tally("kill -9 of the app"), _jobs_of(ground), 0
    for done in range(count):
        progress("Killing apps", done, count)
        serve = done * _SERVERS // count != (done - 1) * _SERVERS // count
        with _server(ground, wanted=serve):
            actor = start_actor(ground)
            begin(actor)
            time.sleep(moments.uniform(0, life))
            _kill_group(actor)
        tally.tried += 1
        new, queued = _jobs_of(ground) - known, _adopt(ground, tally)
        orphans += queued - len(new)
        tally.count("corrupt_files", checks.corrupt_files(ground.home))
        known |= new
        # An app that starts looks after the queue.
        jobs.tend(ground.home)
    ground.finish(tally, sorted(known))
    tally.count("queue_stuck", _differences_after_a_restart(ground))
    tally.note = (
        f"{count} processes that submit as the app does, {min(count, _SERVERS)} of them beside a"
        f" Streamlit server that dies with them; {orphans} left a queued run without a job"
    )
    return tally


def _life_of_a_submission(ground: Ground) -> float:
    actor = start_actor(ground)
    started = time.monotonic()
    begin(actor)
    actor.communicate()
    _adopt(ground, Tally(""))
    return time.monotonic() - started + _AFTER


def _jobs_of(ground: Ground) -> set[str]:
    return {job.id for job in jobs.list_jobs(ground.home)}


def _adopt(ground: Ground, tally: Tally) -> int:
    """Counts listed runs that are new, and expects them from now on; half ones are lost."""
    listed = runs.list_runs(ground.home)
    tally.count("lost_runs", [run.id for run in listed if not run.preset])
    new = {run.id for run in listed} - ground.made
    ground.made |= new
    return len(new)


def _differences_after_a_restart(ground: Ground) -> list[str]:
    """Whether a new process sees the same queue and a new server answers; what is wrong if not."""
    done = subprocess.run(
        [sys.executable, "-m", "mirs_core", "jobs", "list", "--json"],
        env={**os.environ, "MIRS_HOME": str(ground.home)},
        cwd=_ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    seen = [job["job"] for job in json.loads(done.stdout)]
    wrong = ["queue"] * (seen != [job.id for job in jobs.list_jobs(ground.home)])
    with _server(ground, wanted=True) as answers:
        return wrong if answers else [*wrong, "a new server does not answer"]


@contextmanager
def _server(ground: Ground, wanted: bool) -> Iterator[bool]:
    """A server of the app for the block, killed at its end; yields whether it answers."""
    if not wanted:
        yield False
        return
    with socket.socket() as free:
        free.bind(("localhost", 0))
        port = free.getsockname()[1]
    server = subprocess.Popen(
        [sys.executable, "-m", "streamlit", "run", "app.py", f"--server.port={port}"],
        env={**os.environ, "MIRS_HOME": str(ground.home)},
        cwd=_ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        yield until(lambda: _answers(port))
    finally:
        _kill_group(server)


def _answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://localhost:{port}/_stcore/health", timeout=5) as page:
            return bool(page.status == 200)
    except OSError:
        return False


def _kill_group(process: "subprocess.Popen[str] | subprocess.Popen[bytes]") -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
