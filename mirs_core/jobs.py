"""Background jobs: a command of this package as a process of its own, watched through files.

The app never computes in its own process. ``launch`` starts ``python -m mirs_core ...`` in a
session of its own, so that it outlives the page; the process writes its progress into the job's
folder, and whoever wants to know reads it there.
"""

import json
import os
import secrets
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from mirs_core.errors import MirsError, RunError
from mirs_core.files import is_safe_name, read_json, write_json
from mirs_core.processes import identity, is_alive, locked

_FOLDER = "MIRS_JOB"
_EVERY = 0.2


@dataclass(frozen=True, slots=True)
class Job:
    """A job as its files tell it. ``result`` is what the command printed with ``--json``."""

    id: str
    key: str
    title: str
    state: str
    stage: str
    done: int
    total: int
    seconds: float
    error: str | None
    result: Any


def launch(home: Path, args: Sequence[str], title: str, key: str = "") -> str:
    """Starts ``python -m mirs_core ARGS --json`` in the background and returns the job's id."""
    job_id = f"job-{datetime.now(UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(3)}"
    path = home / "jobs" / job_id
    about = {"title": title, "key": key, "args": list(args), "started": time.time()}
    write_json(path / "job.json", about)
    environment = {**os.environ, "MIRS_HOME": str(home), _FOLDER: str(path)}
    source = str(Path(__file__).resolve().parent.parent)
    search_path = [source, *filter(None, [os.environ.get("PYTHONPATH")])]
    environment["PYTHONPATH"] = os.pathsep.join(search_path)
    with (path / "result.json").open("wb") as out, (path / "log.txt").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "mirs_core", *args, "--json"],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=log,
            env=environment,
            start_new_session=True,
        )
    write_json(path / "process.json", identity(process.pid))
    return job_id


def launch_once(home: Path, key: str, args: Sequence[str], title: str) -> str:
    """The id of the running job with ``key``, or of a new one: many pages may ask at once."""
    with locked(home / "jobs" / f"{key}.lock"):
        for job in list_jobs(home):
            if job.key == key and job.state == "running":
                return job.id
        return launch(home, args, title, key)


def read(home: Path, job_id: str) -> Job:
    """The job as it stands now.

    Raises:
        RunError: there is no such job.
    """
    path = home / "jobs" / job_id
    if not is_safe_name(job_id) or not (path / "job.json").is_file():
        raise RunError(f"There is no job {job_id!r}.")
    about, progress, exit_code = read_json(path / "job.json"), _optional(path, "progress"), None
    ended = _optional(path, "ended")
    if ended:
        exit_code = ended.get("code")
    alive = is_alive(_optional(path, "process"))
    fresh = not (path / "process.json").exists() and time.time() - about["started"] < 10
    state = "done" if exit_code == 0 else "running" if not ended and (alive or fresh) else "failed"
    return Job(
        id=job_id,
        key=about.get("key", ""),
        title=about["title"],
        state=state,
        stage=progress.get("stage", "Starting"),
        done=progress.get("done", 0),
        total=progress.get("total", 0),
        seconds=(ended or {}).get("time", time.time()) - about["started"],
        error=(ended or {}).get("error") or log_tail(home, job_id, 1)
        if state == "failed"
        else None,
        result=_result(path) if state == "done" else None,
    )


def _optional(path: Path, name: str) -> dict[str, Any]:
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


def log_tail(home: Path, job_id: str, lines: int = 20) -> str:
    """The last lines of what the job's process wrote to standard error."""
    path = home / "jobs" / job_id / "log.txt"
    if not is_safe_name(job_id) or not path.is_file():
        return ""
    with path.open("rb") as handle:
        handle.seek(max(0, path.stat().st_size - 64_000))
        text = handle.read().decode("utf-8", errors="replace")
    return "\n".join(text.replace("\r", "\n").strip().splitlines()[-lines:])


def list_jobs(home: Path) -> list[Job]:
    """All jobs, newest first."""
    names = sorted((path.name for path in (home / "jobs").glob("job-*")), reverse=True)
    return [read(home, name) for name in names if (home / "jobs" / name / "job.json").is_file()]


class Reporter:
    """The other side: a process that was launched as a job tells how far it is.

    Outside a job (no folder in the environment) every call does nothing.
    """

    def __init__(self) -> None:
        folder = os.environ.get(_FOLDER)
        self._path = Path(folder) if folder and Path(folder, "job.json").is_file() else None
        self._last = 0.0
        self._stage = ""

    def progress(self, stage: str, done: int, total: int) -> None:
        """Writes the progress, five times a second at most."""
        now = time.monotonic()
        due = stage != self._stage or done >= total or now - self._last >= _EVERY
        if self._path is None or not due:
            return
        self._last, self._stage = now, stage
        value = {"stage": stage, "done": done, "total": total}
        write_json(self._path / "progress.json", value)

    def end(self, code: int, error: str | None = None) -> None:
        """Writes how the process ended."""
        if self._path is not None:
            value = {"code": code, "error": error, "time": time.time()}
            write_json(self._path / "ended.json", value)
