"""The home folder of ``bench kills``, its short training, and what all parts do to it."""

import os
import shutil
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Self

from benchmarks.kills import checks
from benchmarks.kills.tally import Tally
from mirs_core import jobs
from mirs_core.config.presets import from_preset
from mirs_core.config.settings import RunConfig
from mirs_core.jobs import workers
from mirs_core.jobs.folder import optional
from mirs_core.pipeline import train as pipeline
from mirs_core.system.processes import is_locked
from mirs_core.workspace import runs
from mirs_core.workspace.home import Home

# Long enough for a machine that others use too; nothing waits so long unless it is stuck.
PATIENCE = 180.0
_SETTINGS = ("training.views=1", "training.epochs=80")
_LOOK = 0.02
STARTS = ("cold", "late", "warm")
"""What a job finds: nothing cached and no worker; no worker; a worker that waits for it."""


def training(data: Path) -> RunConfig:
    """The configuration that every run has: a head in seconds, with checkpoints on the way."""
    return from_preset("mirs", data=str(data), changes=_SETTINGS)


def until(condition: Callable[[], bool], seconds: float = PATIENCE) -> bool:
    """Whether the condition came true in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(_LOOK)
    return True


class Ground:
    """A home folder with workers of its own, which end with the block.

    Attributes:
        model: what the model file of an undisturbed run holds.
        life: seconds from submission to the end by start, one of ``STARTS``.
        made: the runs that are to be there.
    """

    def __init__(self, home: Home, data: Path, model: bytes = b"") -> None:
        self.home, self.data, self.model = home, data, model
        self.life: dict[str, float] = {}
        self.made: set[str] = set()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.clear()

    def clear(self) -> None:
        """Kills every worker; one that is just being started shows a moment later."""
        quiet = 0
        while quiet < 5:
            found = checks.worker_processes(self.home)
            for pid in found:
                kill(pid)
            quiet = 0 if found else quiet + 1
            time.sleep(0.1)

    def prepare(self) -> str:
        """A new run, queued nowhere yet."""
        run = pipeline.prepare(self.home, training(self.data))
        self.made.add(run.id)
        return run.id

    def queue(self, run: str) -> str:
        """Queues the training of a run; returns the job."""
        return jobs.submit(self.home, ["train", "--run", run], "Train", run=run)

    def submit(self) -> str:
        """Queues a new training as the app does; returns the job."""
        return self.queue(self.prepare())

    def measure(self) -> None:
        """Trains undisturbed from each start; keeps the seconds and the model."""
        for start in STARTS:
            run = self.prepare()
            self.set_up(start)
            started = time.monotonic()
            job = self.queue(run)
            self.wait(job)
            self.life[start] = time.monotonic() - started
            self.model = self.model_of(job)

    def set_up(self, start: str) -> None:
        """Makes a job find what ``start``, one of ``STARTS``, says."""
        if start == "warm":
            self.warm_up()
            return
        self.clear()
        if start == "cold":
            shutil.rmtree(self.home.feature_cache, ignore_errors=True)

    def warm_up(self) -> None:
        """Waits for a worker that has imported all it needs: it holds the lane, idle."""
        jobs.tend(self.home)
        until(lambda: is_locked(workers.lane_lock(self.home, jobs.CPU)))

    def wait(self, job_id: str) -> bool:
        """Whether a job came to an end in time."""
        return until(lambda: not jobs.read(self.home, job_id).active)

    def holder(self, job_id: str) -> int | None:
        """The process that works on a job now."""
        if jobs.read(self.home, job_id).state not in {"running", "stopping"}:
            return None
        return int(optional(self.home.jobs / job_id, "process")["pid"])

    def model_of(self, job_id: str) -> bytes:
        """The model file of a job's run; empty where there is none."""
        path = runs.RunFolder(self.home.runs / jobs.read(self.home, job_id).run).model
        return path.read_bytes() if path.is_file() else b""

    def finish(self, tally: Tally, job_ids: list[str]) -> None:
        """Waits for the jobs, resumes those that broke off, and counts what is wrong then."""
        for job_id in job_ids:
            if not self.wait(job_id):
                tally.count("queue_stuck", [job_id])
                jobs.tend(self.home)
        for job_id in job_ids:
            if jobs.read(self.home, job_id).state == "failed":
                jobs.resume(self.home, job_id)
        for job_id in job_ids:
            self.wait(job_id)
        tally.count("lost_runs", checks.not_done(self.home, job_ids))
        tally.count("lost_runs", checks.lost_runs(self.home, self.made))
        tally.count("corrupt_files", checks.corrupt_files(self.home))
        wrong = [job_id for job_id in job_ids if self.model_of(job_id) != self.model]
        tally.count("differing_models", wrong)

    def check_dead(self, tally: Tally) -> None:
        """Counts what still reads as running two seconds after its process has died."""
        until(lambda: not checks.dead_shown_running(self.home), 2.0)
        tally.count("dead_shown_running", checks.dead_shown_running(self.home))


def kill(pid: int) -> None:
    """Kills the session of a worker: it leads its process group."""
    with suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)
