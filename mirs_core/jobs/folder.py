"""The folder of a job, and what its files say.

``job.json`` what was asked; ``process.json`` who took it; ``progress.json`` how far it is;
``stop`` that it is to end; ``ended.json`` how it ended; ``result.json`` what the command printed;
``log.txt`` what it said. A job without ``process.json`` is queued. One whose process is gone
without ``ended.json`` has failed: no file has to be right for that, so a kill cannot be missed.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mirs_core.errors import MirsError, RunError
from mirs_core.files import is_safe_name, read_json
from mirs_core.system.processes import is_alive
from mirs_core.workspace.home import Home

ACTIVE = ("queued", "running", "stopping")
"""States of a job that will change by itself."""

DATA = "data"
"""What the keys of jobs begin with that bring data in or change archives."""


@dataclass(frozen=True, slots=True)
class Job:
    """A job as its files tell it.

    Attributes:
        key: jobs of one purpose share it; empty for none.
        lane: the queue that it stands in, one a device.
        state: queued, running, stopping, done, failed or stopped.
        run: the id of the run that it trains; empty for none.
        place: its place in the queue; smaller comes first.
        done, total: of the present stage.
        seconds: of work so far.
        left: seconds that the present stage still takes; None where that is not known.
        error: why it failed or stopped.
        result: what the command printed with ``--json``.
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
    error: str | None
    result: Any
    args: tuple[str, ...]

    @property
    def active(self) -> bool:
        """Whether it is still to end."""
        return self.state in ACTIVE


def folder_of(home: Home, job_id: str) -> Path:
    """The folder of an existing job.

    Raises:
        RunError: there is no such job.
    """
    path = home.jobs / job_id
    if not is_safe_name(job_id) or not (path / "job.json").is_file():
        raise RunError(f"There is no job {job_id!r}; see: python -m mirs_core jobs list")
    return path


def read(home: Home, job_id: str) -> Job:
    """The job as it stands now.

    Raises:
        RunError: there is no such job, or its folder is damaged.
    """
    path = folder_of(home, job_id)
    about = read_json(path / "job.json")
    # Who holds it is read before how it ended: a job that ends meanwhile reads as ended.
    alive = is_alive(optional(path, "process"))
    taken = (path / "process.json").is_file()
    ended, progress = optional(path, "ended"), optional(path, "progress")
    state = _state(path, taken, alive, ended)
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
            error=_error(home, job_id, state, ended),
            result=_result(path) if state in {"done", "stopped"} else None,
            args=tuple(str(word) for word in about["args"]),
        )
    except (KeyError, TypeError, ValueError):
        raise RunError(f"{path / 'job.json'} is damaged. Delete its folder.") from None


def _state(path: Path, taken: bool, alive: bool, ended: dict[str, Any]) -> str:
    if ended:
        return str(ended.get("state", "failed"))
    wanted = not (path / "stop").is_file()
    if alive:
        return "running" if wanted else "stopping"
    if taken:
        return "failed"
    return "queued" if wanted else "stopped"


def _error(home: Home, job_id: str, state: str, ended: dict[str, Any]) -> str | None:
    if state not in {"failed", "stopped"}:
        return None
    if ended:
        return str(ended.get("error") or log_tail(home, job_id, 1)) or None
    if state == "stopped":
        return "Stopped before it began."
    return (
        "The process ended without a word: it was killed, the disk was full to the last byte,"
        " or the computer was switched off."
    )


def optional(path: Path, name: str) -> dict[str, Any]:
    """The JSON object in a file of a job's folder; empty where there is none."""
    try:
        value = read_json(path / f"{name}.json")
    except MirsError:
        return {}
    return value if isinstance(value, dict) else {}


def _result(path: Path) -> Any:
    try:
        return json.loads((path / "result.json").read_text(encoding="utf-8").splitlines()[-1])
    except (OSError, ValueError, IndexError):
        return None


def log_tail(home: Home, job_id: str, lines: int = 20) -> str:
    """The last lines of what the job's process wrote to standard error."""
    path = home.jobs / job_id / "log.txt"
    if not is_safe_name(job_id) or not path.is_file():
        return ""
    with path.open("rb") as handle:
        handle.seek(max(0, path.stat().st_size - 64_000))
        text = handle.read().decode("utf-8", errors="replace")
    return "\n".join(text.replace("\r", "\n").strip().splitlines()[-lines:])


def list_jobs(home: Home) -> list[Job]:
    """All readable jobs, newest first; those that go on or wait stand in the order of the queue."""
    found = []
    for path in (home.jobs).glob("job-*/job.json"):
        try:
            found.append(read(home, path.parent.name))
        except MirsError:
            continue
    return sorted(found, key=lambda job: job.place, reverse=True)
