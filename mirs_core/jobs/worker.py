"""``python -m mirs_core.jobs.worker LANE`` runs the jobs of a lane; see ``workers``."""

import contextlib
import importlib
import json
import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

from mirs_core import jobs
from mirs_core.errors import MirsError
from mirs_core.files import is_safe_name
from mirs_core.jobs import cluster, workers
from mirs_core.jobs.folder import Job, folder_of, optional
from mirs_core.jobs.kind import PREVIEW, Command, JobSpec, Work, print_note
from mirs_core.jobs.queue import claim, must_make_way
from mirs_core.jobs.reporter import FOLDER, Reporter
from mirs_core.jobs.specs import kind_of
from mirs_core.progress import Progress
from mirs_core.system.devices import single_lanes
from mirs_core.system.processes import lock_if_free, locked
from mirs_core.workspace.home import Home

_POLL, _LOOK = 0.05, 2.0
_IDLE = 900.0
_GRACE = 20.0
# A preview's worker is used again: the pause until its successor has imported torch would be seen.
_USED = {PREVIEW: 100}
_NICE = 5


def main(lane: str) -> int:
    """Waits for the lane, then for a job; runs it and leaves the lane to the standby."""
    home = Home.current()
    signal.signal(signal.SIGTERM, _interrupt)
    with lock_if_free(workers.standby_lock(home, lane)) as no_longer_standby:
        if no_longer_standby is None:
            return 0
        os.nice(_NICE)
        if not lane.startswith(cluster.PREFIX):
            _preload()
        with _lane(home, lane):
            no_longer_standby()
            for _ in range(_USED.get(lane, 1)):
                job = _next_job(home, lane)
                if job is None:
                    break
                if not lane.startswith(cluster.PREFIX):
                    workers.tend(home, lane)
                with _others(home, lane):
                    carry_out(home, job)
                if not (home.jobs / job.id / "ended.json").is_file():
                    # Its end could not be written (a full disk): that it is over shows by this
                    # process being gone.
                    break
    return 0


@contextlib.contextmanager
def _lane(home: Home, lane: str) -> Iterator[None]:
    """Holds the lane for the block, as soon as nobody else does."""
    watchdog = _Watchdog(home, lane)
    while True:
        with lock_if_free(workers.lane_lock(home, lane)) as held:
            if held is not None:
                yield
                return
        watchdog()
        time.sleep(_POLL)


@contextlib.contextmanager
def _others(home: Home, lane: str) -> Iterator[None]:
    """Holds the lanes of all single devices for a job that needs them together."""
    lanes = single_lanes(lane)
    with contextlib.ExitStack() as held:
        for other in lanes:
            held.enter_context(locked(workers.lane_lock(home, other)))
        yield
    for other in lanes:
        workers.tend(home, other)


def _next_job(home: Home, lane: str) -> Job | None:
    """The next job of the lane; None after a quarter of an hour without one, or to make way.

    The queue is read when the bell rings, and every two seconds in case that was missed.
    """
    rung, looked, awake = -1, 0.0, time.monotonic()
    while True:
        now, mark = time.monotonic(), _mark(workers.bell(home))
        if mark != rung:
            awake = now
        if mark != rung or now - looked > _LOOK:
            rung, looked = mark, now
            if must_make_way(home, lane):
                return None
            if job := claim(home, lane):
                return job
        if now - awake > _IDLE:
            return None
        time.sleep(_POLL)


def carry_out(home: Home, job: Job) -> None:
    """Runs a claimed job in this process; its answer and its log go into the job's folder."""
    path = folder_of(home, job.id)
    os.environ[FOLDER] = str(path)
    with (path / "result.json").open("wb") as out, (path / "log.txt").open("ab") as log:
        os.dup2(out.fileno(), 1)
        os.dup2(log.fileno(), 2)
        try:
            if job.lane.startswith(cluster.PREFIX):
                cluster.follow(home, job)
            elif isinstance(job.spec, Command):
                importlib.import_module("mirs_core.cli").main([*job.spec.words, "--json"])
            else:
                run_spec(home, job.spec)
        except SystemExit:
            # Words that the command line does not know; it wrote what is wrong with them.
            Reporter().end("failed", jobs.log_tail(home, job.id, 1))
        except MirsError as error:
            Reporter().end("failed", str(error), repeats=error.repeats)
        except BaseException:
            import traceback

            traceback.print_exc()
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            del os.environ[FOLDER]


def run_spec(home: Home, spec: JobSpec) -> None:
    """Runs a spec as the job of this process and prints its answer on one line.

    Raises:
        Exception: an unexpected failure, once the job's folder says that it failed.
    """
    reporter = Reporter()
    try:
        work = Work(_printed(reporter.progress), reporter.should_stop)
        answer = kind_of(spec).run(home, spec, work)
    except MirsError as error:
        print_note(f"mirs: {reporter.fail(error)}")
    except KeyboardInterrupt:
        reporter.end("stopped", "Interrupted; what was finished is kept.")
    except Exception as error:
        reporter.end("failed", f"{type(error).__name__}: {error}")
        raise
    else:
        text = json.dumps(answer, ensure_ascii=False, allow_nan=False)
        sys.stdout.write(f"{text}\n")
        sys.stdout.flush()
        reporter.finish(answer)


def _printed(progress: Progress) -> Progress:
    """``progress`` that also writes the name of each stage to the log."""
    stage = ""

    def report(name: str, done: int, total: int) -> None:
        nonlocal stage
        progress(name, done, total)
        if name != stage:
            print_note(name)
        stage = name

    return report


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _preload() -> None:
    """Imports what every training needs, so that a job starts at once."""
    import faiss
    import torch

    importlib.import_module("mirs_core.cli")
    importlib.import_module("mirs_core.hashing.training")
    faiss.omp_set_num_threads(1)
    # The first step of an optimiser imports more of torch than torch itself does.
    layer = torch.nn.Linear(2, 2)
    layer(torch.zeros(1, 2)).sum().backward()
    torch.optim.Adam(layer.parameters()).step()


class _Watchdog:
    """Ends a job that was asked to stop and does not: with SIGTERM first."""

    def __init__(self, home: Home, lane: str) -> None:
        self.home, self.lane = home, lane
        self.seen: dict[str, float] = {}
        self.next = 0.0

    def __call__(self) -> None:
        now = time.monotonic()
        if now < self.next:
            return
        self.next = now + 1.0
        for job in jobs.list_jobs(self.home):
            if job.lane != self.lane or job.state != "stopping":
                continue
            waited = now - self.seen.setdefault(job.id, now)
            if waited > _GRACE:
                self._end(job, signal.SIGKILL if waited > 2 * _GRACE else signal.SIGTERM)

    def _end(self, job: Job, number: signal.Signals) -> None:
        process = optional(folder_of(self.home, job.id), "process")
        try:
            os.killpg(int(process["pid"]), number)
        except (KeyError, ProcessLookupError, PermissionError):
            return


def _mark(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0


if __name__ == "__main__":
    if len(sys.argv) != 2 or not is_safe_name(sys.argv[1]):
        sys.exit("usage: python -m mirs_core.jobs.worker LANE")
    sys.exit(main(sys.argv[1]))
