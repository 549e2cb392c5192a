"""Two that submit at once, a clock that jumps, and a process id that is used again."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.kills import checks
from benchmarks.kills.apps import begin, start_actor
from benchmarks.kills.ground import Ground, until
from benchmarks.kills.tally import Tally
from mirs_core import jobs
from mirs_core.files import write_json
from mirs_core.progress import Progress, silent
from mirs_core.system.processes import this_process
from mirs_core.workspace import runs
from mirs_core.workspace.home import Home

_EACH = 10
_YEARS = 10 * 365 * 86400
# Python runs a module of this name at every start. The kernel's own clock is left alone: it dates
# files, and nothing that is tested here may rest on that.
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


def submit_together(ground: Ground, progress: Progress = silent, each: int = _EACH) -> Tally:
    """Two processes queue ``each`` short jobs at once: every one is carried out once, in turn."""
    tally = Tally("two apps on one home folder")
    actors = [start_actor(ground, each) for _ in range(2)]
    for actor in actors:
        begin(actor)
    made = [job for actor in actors for job in actor.communicate()[0].split()]
    tally.tried = len(made)
    for done, job in enumerate(made):
        progress("Two at once", done, len(made))
        if not ground.wait(job):
            tally.count("queue_stuck", [job])
    tally.count("lost_runs", checks.not_done(ground.home, made))
    tally.count("lost_runs", [f"{2 * each - len(made)} jobs"] * (len(made) != 2 * each))
    tally.count("corrupt_files", checks.corrupt_files(ground.home))
    folders = [ground.home.jobs / job for job in made]
    times = [_times(path) for path in folders]
    often = sum(_executions(path) != 1 for path in folders)
    together = checks.overlaps(times)
    tally.count("queue_stuck", ["two at a time"] * together + ["not once"] * often)
    tally.note = f"{len(made)} jobs; {often} not carried out exactly once, {together} at one time"
    return tally


def _executions(path: Path) -> int:
    log = path / "log.txt"
    return len(log.read_text(encoding="utf-8").splitlines()) if log.is_file() else 0


def _times(path: Path) -> tuple[float, float]:
    """When a job was taken and when it had ended, by the kernel's clock."""
    started = (path / "process.json").stat().st_mtime
    ended = path / "ended.json"
    return started, ended.stat().st_mtime if ended.is_file() else float("inf")


def jump_clock(ground: Ground, folder: Path, progress: Progress = silent) -> Tally:
    """Jobs submitted and carried out while the clock jumps ten years back and twenty forward."""
    progress("Jumping clock", 0, 1)
    tally, order = Tally("a clock that jumps", tried=3), []
    with Ground(Home(ground.home.path.with_name("jumping")), ground.data, ground.model) as other:
        with _clock(folder) as shift:
            for years in (0, -_YEARS, _YEARS):
                shift.write_text(str(years))
                actor = start_actor(other)
                begin(actor)
                order += actor.communicate()[0].split()
            until(lambda: jobs.read(other.home, order[0]).stage == "Training")
            shift.write_text(str(-_YEARS))
            listed = [job.id for job in reversed(jobs.list_jobs(other.home))]
            tally.count("queue_stuck", ["the order"] * (listed != order))
            # Workers that start later have this clock, too.
            other.made = {run.id for run in runs.list_runs(other.home)}
            other.finish(tally, order)
        starts = [_times(other.home.jobs / job)[0] for job in order]
        spent = [jobs.read(other.home, job).seconds for job in order]
    tally.count("queue_stuck", ["carried out in another order"] * (starts != sorted(starts)))
    tally.count("queue_stuck", ["seconds that cannot be"] * (not all(0 < s < 3600 for s in spent)))
    tally.note = (
        "time.time and datetime.now of every process; back, forward, and back while it trains"
    )
    return tally


@contextmanager
def _clock(folder: Path) -> Iterator[Path]:
    """Processes started in the block: their clock is off by the seconds in the yielded file."""
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


def reuse_pid(ground: Ground, progress: Progress = silent) -> Tally:
    """A job and its run whose process id belongs to another process now, which lives."""
    progress("A reused process id", 0, 1)
    tally = Tally("a reused process id", tried=1)
    job = ground.submit()
    ground.wait(job)
    dead = {**this_process(), "started": this_process()["started"] - 100}
    # As a killed worker would have left them.
    path = ground.home.jobs / job
    (path / "ended.json").unlink()
    write_json(path / "process.json", dead)
    status = ground.home.runs / jobs.read(ground.home, job).run / "status.json"
    write_json(status, {"state": "running", "error": None, "process": dead, "updated": ""})
    tally.count("dead_shown_running", checks.dead_shown_running(ground.home))
    started = time.monotonic()
    jobs.resume(ground.home, job)
    ground.finish(tally, [job])
    tally.note = f"read as failed at once, done {time.monotonic() - started:.0f} s after resume"
    return tally
