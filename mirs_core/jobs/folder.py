"""The folder of a job and its files.

``job.json`` holds the spec; ``process.json`` the process that runs it; ``progress.json`` its
progress; ``stop`` exists once it is to stop; ``ended.json`` holds how it ended; ``dismissed``
exists once it has been put away; ``result.json`` its answer; ``log.txt`` what it wrote to standard
error. A job without ``process.json`` is queued. One whose process is gone without ``ended.json``
has failed: that needs no file to be written, so a kill cannot be missed.
"""

import contextlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mirs_core.errors import MirsError, RunError
from mirs_core.files import is_safe_name, read_json
from mirs_core.jobs import stages
from mirs_core.jobs.kind import JobSpec
from mirs_core.jobs.specs import from_json, words_of
from mirs_core.jobs.stages import Stage
from mirs_core.system.processes import is_alive
from mirs_core.workspace.home import Home

ACTIVE = ("queued", "running", "stopping")
"""States in which a job is not over."""


@dataclass(frozen=True, slots=True)
class Job:
    """A job, as its files describe it.

    Attributes:
        key: shared by jobs of one purpose; empty for none.
        lane: its queue; each device has one.
        state: queued, running, stopping, done, failed or stopped.
        run: the id of the run that it trains; empty for none.
        place: its place in the queue; smaller comes first.
        done, total: progress within the current stage.
        seconds: time worked so far.
        left: estimated seconds left in the current stage; None while unknown.
        stages: those that it went through, with the present one.
        error: why it failed or stopped.
        repeats: whether it would fail again with the same input.
        is_dismissed: whether somebody has put it away.
        ended: when it ended, in seconds since 1970; None while it is active or unknown.
        result: its answer, a JSON value.
        spec: what it does.
    """

    id: str
    key: str
    title: str
    lane: str
    state: str
    run: str
    place: int
    created: str
    attempt: int
    stage: str
    done: int
    total: int
    seconds: float
    left: float | None
    stages: tuple[Stage, ...]
    error: str | None
    repeats: bool
    is_dismissed: bool
    ended: float | None
    result: Any
    spec: JobSpec

    @property
    def active(self) -> bool:
        """Whether it is queued or at work."""
        return self.state in ACTIVE

    @property
    def args(self) -> tuple[str, ...]:
        """The command line that does the same, without the program's name."""
        return tuple(words_of(self.spec))


def folder_of(home: Home, job_id: str) -> Path:
    """The folder of an existing job.

    Raises:
        RunError: there is no such job.
    """
    path = home.jobs / job_id
    if not is_safe_name(job_id) or not (path / "job.json").is_file():
        raise RunError(f"There is no job {job_id!r}; look it up in the list of jobs.")
    return path


def read(home: Home, job_id: str) -> Job:
    """The job as it stands now.

    Raises:
        RunError: there is no such job, or its folder is damaged.
    """
    path = folder_of(home, job_id)
    about = read_json(path / "job.json")
    # The process is read before the end: a job that ends in between reads as ended.
    alive = is_alive(optional(path, "process"))
    was_claimed = (path / "process.json").is_file()
    ended, progress = optional(path, "ended"), optional(path, "progress")
    state = _state(path, was_claimed, alive, ended)
    try:
        return Job(
            id=job_id,
            key=str(about["key"]),
            title=str(about["title"]),
            lane=str(about["lane"]),
            state=state,
            run=str(about["run"]),
            place=int(about["place"]),
            created=str(about["created"]),
            attempt=int(about["attempt"]),
            stage=str(progress.get("stage", "Starting")),
            done=int(progress.get("done", 0)),
            total=int(progress.get("total", 0)),
            seconds=float(ended.get("seconds") or progress.get("seconds") or 0.0),
            left=progress.get("left") if state == "running" else None,
            stages=stages.of_rows(ended.get("stages") or progress.get("stages") or ()),
            error=_error(home, job_id, state, ended),
            repeats=state == "failed" and ended.get("repeats") is True,
            is_dismissed=(path / "dismissed").is_file(),
            ended=_modified(path, "ended.json", "stop") if state not in ACTIVE else None,
            result=_result(path) if state in {"done", "stopped"} else None,
            spec=from_json(about),
        )
    except (AttributeError, KeyError, TypeError, ValueError):
        raise RunError(f"{path / 'job.json'} is damaged. Delete its folder.") from None


def _modified(path: Path, *names: str) -> float | None:
    """When the first of these files that is there was written."""
    for name in names:
        with contextlib.suppress(OSError):
            return (path / name).stat().st_mtime
    return None


def _state(path: Path, was_claimed: bool, alive: bool, ended: dict[str, Any]) -> str:
    if ended:
        return str(ended.get("state", "failed"))
    is_to_stop = (path / "stop").is_file()
    if alive:
        return "stopping" if is_to_stop else "running"
    if was_claimed:
        return "failed"
    return "stopped" if is_to_stop else "queued"


def _error(home: Home, job_id: str, state: str, ended: dict[str, Any]) -> str | None:
    if state not in {"failed", "stopped"}:
        return None
    if ended:
        return str(ended.get("error") or log_tail(home, job_id, 1)) or None
    if state == "stopped":
        return "Stopped before it started."
    return (
        "The process ended with no error message: it was killed, the disk was full, or the computer"
        " was switched off."
    )


def optional(path: Path, name: str) -> dict[str, Any]:
    """The JSON object in a file of a job's folder; empty if there is none."""
    try:
        value = read_json(path / f"{name}.json")
    except MirsError:
        return {}
    return value if isinstance(value, dict) else {}


def _result(path: Path) -> Any:
    try:
        return json.loads((path / "result.json").read_text(encoding="utf-8").splitlines()[-1])
    except (OSError, ValueError, IndexError, RecursionError):
        return None


def log_tail(home: Home, job_id: str, lines: int = 20) -> str:
    """The last lines that the job's process wrote to standard error."""
    path = home.jobs / job_id / "log.txt"
    if not is_safe_name(job_id) or not path.is_file():
        return ""
    with path.open("rb") as handle:
        handle.seek(max(0, path.stat().st_size - 64_000))
        text = handle.read().decode("utf-8", errors="replace")
    return "\n".join(text.replace("\r", "\n").strip().splitlines()[-lines:])


def list_jobs(home: Home) -> list[Job]:
    """All readable jobs, newest first; unfinished ones in the order of their queue."""
    jobs = []
    for path in home.jobs.glob("job-*/job.json"):
        try:
            jobs.append(read(home, path.parent.name))
        except MirsError:
            continue
    return sorted(jobs, key=lambda job: job.place, reverse=True)
