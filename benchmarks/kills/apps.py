"""Kills of the app: of a process that submits a job, at a random moment, and of whole servers."""

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
from benchmarks.kills.sandbox import Sandbox, until
from benchmarks.kills.tally import Tally
from mirs_core import jobs
from mirs_core.progress import Progress, silent
from mirs_core.workspace import runs

_ROOT = Path(__file__).resolve().parents[2]
_SERVERS = 3
# Seconds after the job is queued during which the process may still be killed.
_AFTER = 0.2


def start_actor(sandbox: Sandbox, count: int = 0) -> "subprocess.Popen[str]":
    """A process that submits as soon as it reads a line (see ``actor``), with its imports done."""
    actor = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.kills.actor", sandbox.home, sandbox.data, str(count)],
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
    sandbox: Sandbox, count: int, moments: random.Random, progress: Progress = silent
) -> Tally:
    """Kills ``count`` processes that submit a training, and a server with some of them.

    The moments are spread evenly from the start of the submission to just after it. A run without a
    job is not a fault: it is queued, and can be trained or deleted.
    """
    life = _life_of_a_submission(sandbox)
    tally, job_ids, orphans = Tally("kill -9 of the app"), _jobs_of(sandbox), 0
    for done in range(count):
        progress("Killing apps", done, count)
        serve = done * _SERVERS // count != (done - 1) * _SERVERS // count
        with _server(sandbox, start=serve):
            actor = start_actor(sandbox)
            begin(actor)
            time.sleep(moments.uniform(0, life))
            _kill_group(actor)
        tally.tried += 1
        new, queued = _jobs_of(sandbox) - job_ids, _adopt(sandbox, tally)
        orphans += queued - len(new)
        tally.count("corrupt_files", checks.corrupt_files(sandbox.home))
        job_ids |= new
        # An app tends the queue when it starts.
        jobs.tend(sandbox.home)
    sandbox.finish(tally, sorted(job_ids))
    tally.count("queue_stuck", _differences_after_a_restart(sandbox))
    tally.note = (
        f"{count} processes that submit as the app does, {min(count, _SERVERS)} of them beside a"
        f" Streamlit server that is killed with them; {orphans} left a queued run without a job"
    )
    return tally


def _life_of_a_submission(sandbox: Sandbox) -> float:
    actor = start_actor(sandbox)
    started = time.monotonic()
    begin(actor)
    actor.communicate()
    _adopt(sandbox, Tally(""))
    return time.monotonic() - started + _AFTER


def _jobs_of(sandbox: Sandbox) -> set[str]:
    return {job.id for job in jobs.list_jobs(sandbox.home)}


def _adopt(sandbox: Sandbox, tally: Tally) -> int:
    """Counts new runs in the list and expects them from now on; incomplete ones are lost."""
    listed = runs.list_runs(sandbox.home)
    tally.count("lost_runs", [run.id for run in listed if not run.preset])
    new = {run.id for run in listed} - sandbox.run_ids
    sandbox.run_ids |= new
    return len(new)


def _differences_after_a_restart(sandbox: Sandbox) -> list[str]:
    """Faults after a restart: a new process sees another queue, or a new server does not answer."""
    done = subprocess.run(
        [sys.executable, "-m", "mirs_core", "jobs", "list", "--json"],
        env={**os.environ, "MIRS_HOME": str(sandbox.home)},
        cwd=_ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    listed = [job["job"] for job in json.loads(done.stdout)]
    wrong = ["queue"] * (listed != [job.id for job in jobs.list_jobs(sandbox.home)])
    with _server(sandbox, start=True) as answers:
        return wrong if answers else [*wrong, "a new server does not answer"]


@contextmanager
def _server(sandbox: Sandbox, start: bool) -> Iterator[bool]:
    """A server of the app for the block, killed at its end; yields whether it answers."""
    if not start:
        yield False
        return
    with socket.socket() as free:
        free.bind(("localhost", 0))
        port = free.getsockname()[1]
    server = subprocess.Popen(
        [sys.executable, "-m", "streamlit", "run", "app.py", f"--server.port={port}"],
        env={**os.environ, "MIRS_HOME": str(sandbox.home)},
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
