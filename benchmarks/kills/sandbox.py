"""The home folder of ``bench kills``, its short training, and what all parts share."""

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
from mirs_core.jobs.kinds.train import Train
from mirs_core.pipeline import training
from mirs_core.system.processes import is_locked
from mirs_core.workspace import runs
from mirs_core.workspace.home import Home

# Long enough for a busy machine; whatever waits longer is stuck.
PATIENCE = 180.0
_SETTINGS = ("training.views=1", "training.epochs=80")
_LOOK = 0.02
STARTS = ("cold", "late", "warm")
"""What a job starts from: no features and no worker; no worker; a standby."""


def configuration(data: Path) -> RunConfig:
    """The configuration of every run: a head trained in seconds, with checkpoints."""
    return from_preset("mirs", data=str(data), changes=_SETTINGS)


def until(condition: Callable[[], bool], seconds: float = PATIENCE) -> bool:
    """Whether the condition came true in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(_LOOK)
    return True


class Sandbox:
    """A home folder whose workers are killed at the end of the block.

    Attributes:
        model: the bytes of the model file of an undisturbed run.
        life: seconds from submission to the end, for each of ``STARTS``.
        run_ids: the runs that must exist.
    """

    def __init__(self, home: Home, data: Path, model: bytes = b"") -> None:
        self.home, self.data, self.model = home, data, model
        self.life: dict[str, float] = {}
        self.run_ids: set[str] = set()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.clear()

    def clear(self) -> None:
        """Kills every worker; one that is just starting appears a moment later."""
        quiet = 0
        while quiet < 5:
            pids = checks.worker_processes(self.home)
            for pid in pids:
                kill(pid)
            quiet = 0 if pids else quiet + 1
            time.sleep(0.1)

    def prepare(self) -> str:
        """A new run that is not queued yet."""
        run = training.prepare(self.home, configuration(self.data))
        self.run_ids.add(run.id)
        return run.id

    def queue(self, run: str) -> str:
        """Queues the training of a run; returns the id of the job."""
        return jobs.submit(self.home, Train(run=run), "Train")

    def submit(self) -> str:
        """Queues a new training as the app does; returns the id of the job."""
        return self.queue(self.prepare())

    def measure(self) -> None:
        """Trains undisturbed from each start; stores the seconds and the model."""
        for start in STARTS:
            run = self.prepare()
            self.set_up(start)
            started = time.monotonic()
            job = self.queue(run)
            self.wait(job)
            self.life[start] = time.monotonic() - started
            self.model = self.model_of(job)

    def set_up(self, start: str) -> None:
        """Prepares ``start``, one of ``STARTS``, for the next job."""
        if start == "warm":
            self.warm_up()
            return
        self.clear()
        if start == "cold":
            shutil.rmtree(self.home.feature_cache, ignore_errors=True)

    def warm_up(self) -> None:
        """Waits for an idle worker that has done its imports and holds the queue."""
        jobs.tend(self.home)
        until(lambda: is_locked(workers.lane_lock(self.home, jobs.CPU)))

    def wait(self, job_id: str) -> bool:
        """Whether a job ended in time."""
        return until(lambda: not jobs.read(self.home, job_id).active)

    def holder(self, job_id: str) -> int | None:
        """The process that works on a job, or None."""
        if jobs.read(self.home, job_id).state not in {"running", "stopping"}:
            return None
        return int(optional(self.home.jobs / job_id, "process")["pid"])

    def model_of(self, job_id: str) -> bytes:
        """The model file of a job's run; empty if there is none."""
        path = runs.RunFolder(self.home.runs / jobs.read(self.home, job_id).run).model
        return path.read_bytes() if path.is_file() else b""

    def finish(self, tally: Tally, job_ids: list[str]) -> None:
        """Waits for the jobs, resumes those that failed, and counts the faults."""
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
        tally.count("lost_runs", checks.lost_runs(self.home, self.run_ids))
        tally.count("corrupt_files", checks.corrupt_files(self.home))
        wrong = [job_id for job_id in job_ids if self.model_of(job_id) != self.model]
        tally.count("differing_models", wrong)

    def check_dead(self, tally: Tally) -> None:
        """Counts what is still shown as running two seconds after its process died."""
        until(lambda: not checks.dead_shown_running(self.home), 2.0)
        tally.count("dead_shown_running", checks.dead_shown_running(self.home))


def kill(pid: int) -> None:
    """Kills a worker with its process group, which it leads."""
    with suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)
