"""Two processes that submit at once, a clock that jumps, and a reused process id."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.kills import checks
from benchmarks.kills.apps import begin, start_actor
from benchmarks.kills.sandbox import Sandbox, until
from benchmarks.kills.tally import Tally
from mirs_core import jobs
from mirs_core.files import write_json
from mirs_core.progress import Progress, silent
from mirs_core.system.processes import this_process
from mirs_core.workspace import runs
from mirs_core.workspace.home import Home

_EACH = 10
_YEARS = 10 * 365 * 86400
# Python runs sitecustomize at every start. The kernel's own clock, which dates files, is unchanged;
# nothing tested here may depend on it.
_CLOCK = """
import datetime, pathlib, time
_file = pathlib.Path(__file__).with_name("shift")
_time, _datetime = time.time, datetime.datetime
def _shift():
    return float(_file.read_text() or 0)
class Shifted(_datetime):
    @classmethod
    def now(cls, tz=None):
        return _datetime.now(tz) + datetime.timedelta(seconds=_shift())
time.time = lambda: _time() + _shift()
datetime.datetime = Shifted
"""


def submit_together(sandbox: Sandbox, progress: Progress = silent, each: int = _EACH) -> Tally:
    """Two processes queue ``each`` short jobs at once: each must run once, one after another."""
    tally = Tally("two apps on one home folder")
    actors = [start_actor(sandbox, each) for _ in range(2)]
    for actor in actors:
        begin(actor)
    job_ids = [job for actor in actors for job in actor.communicate()[0].split()]
    tally.tried = len(job_ids)
    for done, job in enumerate(job_ids):
        progress("Two at once", done, len(job_ids))
        if not sandbox.wait(job):
            tally.count("queue_stuck", [job])
    tally.count("lost_runs", checks.not_done(sandbox.home, job_ids))
    tally.count("lost_runs", [f"{2 * each - len(job_ids)} jobs"] * (len(job_ids) != 2 * each))
    tally.count("corrupt_files", checks.corrupt_files(sandbox.home))
    folders = [sandbox.home.jobs / job for job in job_ids]
    times = [_times(path) for path in folders]
    often = sum(_executions(path) != 1 for path in folders)
    together = checks.overlaps(times)
    tally.count("queue_stuck", ["two at a time"] * together + ["not once"] * often)
    tally.note = (
        f"{len(job_ids)} jobs; {often} not carried out exactly once, {together} at one time"
    )
    return tally


def _executions(path: Path) -> int:
    log = path / "log.txt"
    return len(log.read_text(encoding="utf-8").splitlines()) if log.is_file() else 0


def _times(path: Path) -> tuple[float, float]:
    """When a job started and ended, by the kernel's clock."""
    started = (path / "process.json").stat().st_mtime
    ended = path / "ended.json"
    return started, ended.stat().st_mtime if ended.is_file() else float("inf")


def jump_clock(sandbox: Sandbox, folder: Path, progress: Progress = silent) -> Tally:
    """Jobs submitted and run while the clock jumps ten years back and twenty forward."""
    progress("Jumping clock", 0, 1)
    tally, order = Tally("a clock that jumps", tried=3), []
    with Sandbox(
        Home(sandbox.home.path.with_name("jumping")), sandbox.data, sandbox.model
    ) as second:
        with _clock(folder) as shift:
            for years in (0, -_YEARS, _YEARS):
                shift.write_text(str(years))
                actor = start_actor(second)
                begin(actor)
                order += actor.communicate()[0].split()
            until(lambda: jobs.read(second.home, order[0]).stage == "Training")
            shift.write_text(str(-_YEARS))
            listed = [job.id for job in reversed(jobs.list_jobs(second.home))]
            tally.count("queue_stuck", ["the order"] * (listed != order))
            # Workers that start later have this clock as well.
            second.run_ids = {run.id for run in runs.list_runs(second.home)}
            second.finish(tally, order)
        starts = [_times(second.home.jobs / job)[0] for job in order]
        spent = [jobs.read(second.home, job).seconds for job in order]
    tally.count("queue_stuck", ["run in a different order"] * (starts != sorted(starts)))
    tally.count("queue_stuck", ["impossible seconds"] * (not all(0 < s < 3600 for s in spent)))
    tally.note = (
        "time.time and datetime.now of every process; back, forward, and back while it trains"
    )
    return tally


@contextmanager
def _clock(folder: Path) -> Iterator[Path]:
    """Shifts the clock of processes started in the block by the seconds in the yielded file."""
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(_CLOCK, encoding="utf-8")
    before = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [str(folder), before]))
    shift = folder / "shift"
    shift.write_text("0")
    try:
        yield shift
    finally:
        if before is None:
            del os.environ["PYTHONPATH"]
        else:
            os.environ["PYTHONPATH"] = before


def reuse_pid(sandbox: Sandbox, progress: Progress = silent) -> Tally:
    """A job and its run whose process id now belongs to another living process."""
    progress("A reused process id", 0, 1)
    tally = Tally("a reused process id", tried=1)
    job = sandbox.submit()
    sandbox.wait(job)
    dead = {**this_process(), "started": this_process()["started"] - 100}
    # As a killed worker would have left them.
    path = sandbox.home.jobs / job
    (path / "ended.json").unlink()
    write_json(path / "process.json", dead)
    status = sandbox.home.runs / jobs.read(sandbox.home, job).run / "status.json"
    write_json(status, {"state": "running", "error": None, "process": dead, "updated": ""})
    tally.count("dead_shown_running", checks.dead_shown_running(sandbox.home))
    started = time.monotonic()
    jobs.resume(sandbox.home, job)
    sandbox.finish(tally, [job])
    tally.note = f"read as failed at once, done {time.monotonic() - started:.0f} s after resume"
    return tally
