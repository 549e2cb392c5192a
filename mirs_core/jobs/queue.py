"""The queue: submit, stop and resume jobs, and claim the next one."""

import secrets
import shutil
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from typing import Any

from mirs_core.errors import RunError
from mirs_core.files import read_json, replace_file, write_json
from mirs_core.jobs.folder import Job, folder_of, list_jobs, read
from mirs_core.jobs.kind import Command, JobSpec
from mirs_core.jobs.reporter import write_ended
from mirs_core.jobs.specs import kind_of, to_json
from mirs_core.jobs.workers import ring, tend
from mirs_core.system.devices import ALL_GPUS, CPU, is_part_of_all
from mirs_core.system.processes import locked, this_process
from mirs_core.workspace import runs
from mirs_core.workspace.home import Home

_MOST_OVER = 200


def submit(
    home: Home,
    spec: JobSpec,
    title: str = "",
    *,
    key: str = "",
    lane: str = "",
    replaces: bool = False,
) -> str:
    """Puts a job into the queue of a lane; returns its id.

    Args:
        title: shown in the list of jobs; by default the one of its kind.
        key: names the purpose, for ``submit_once`` and ``replaces``; by default the one of its
            kind, as the lane is.
        replaces: stops jobs with the same key first.

    Raises:
        RunError: the home folder cannot be written; nothing is queued then.
    """
    entry = _entry(spec, title, key, lane)
    with _queue(home):
        if replaces:
            for job in list_jobs(home):
                if job.key == entry["key"] and job.active:
                    _ask_to_stop(home, job.id)
        job_id = _add(home, entry)
        _sweep(home)
    tend(home, entry["lane"])
    return job_id


def submit_once(
    home: Home, spec: JobSpec, title: str = "", *, key: str = "", lane: str = ""
) -> str:
    """The id of the job with the same key that is not over, or of a new one.

    Many sessions may call it at once. ``title``, ``key`` and ``lane`` are those of ``submit``.

    Raises:
        RunError: the home folder cannot be written; nothing is queued then.
    """
    entry = _entry(spec, title, key, lane)
    with _queue(home):
        job = next((j for j in list_jobs(home) if j.key == entry["key"] and j.active), None)
        job_id = job.id if job else _add(home, entry)
    tend(home, job.lane if job else entry["lane"])
    return job_id


def stop(home: Home, job_id: str) -> None:
    """Asks a job to stop: a queued one never starts, a training keeps its best epoch.

    Raises:
        RunError: there is no such job, or it is over.
    """
    with _queue(home):
        if not read(home, job_id).active:
            raise RunError(f"Job {job_id} is over; there is nothing to stop.")
        _ask_to_stop(home, job_id)
    ring(home)


def resume(home: Home, job_id: str) -> None:
    """Queues a failed or stopped job again; it continues from what it has finished.

    Raises:
        RunError: there is no such job, or it is not over, or it is done.
    """
    _again(home, job_id, lambda job: None)


def start_over(home: Home, job_id: str) -> None:
    """Queues a failed or stopped job again; its run starts from the first epoch.

    Raises:
        RunError: there is no such job, or it is not over, or it is done.
    """

    def forget(job: Job) -> None:
        if job.run:
            runs.folder(home, job.run).checkpoint.unlink(missing_ok=True)

    _again(home, job_id, forget)


def dismiss(home: Home, job_id: str) -> None:
    """Puts a job that is over away: the app no longer shows it.

    Raises:
        RunError: there is no such job, or it is not over.
    """
    if read(home, job_id).active:
        raise RunError(f"Job {job_id} is not over; stop it first.")
    replace_file(folder_of(home, job_id) / "dismissed", lambda handle: None)


def run_first(home: Home, job_id: str) -> None:
    """Moves a queued job to the front of its lane.

    Raises:
        RunError: there is no such job, or it is not queued.
    """
    with _queue(home):
        if read(home, job_id).state != "queued":
            raise RunError(f"Job {job_id} is not queued.")
        places = [job.place for job in list_jobs(home) if job.state == "queued"]
        _change(home, job_id, place=min(places) - 1)
    ring(home)


def claim(home: Home, lane: str) -> Job | None:
    """Claims the next job of a lane for this process; None if none is queued."""
    with _queue(home):
        waiting = [job for job in list_jobs(home) if job.lane == lane and job.state == "queued"]
        if not waiting:
            return None
        chosen = min(waiting, key=lambda job: job.place)
        write_json(folder_of(home, chosen.id) / "process.json", this_process())
        return chosen


def must_make_way(home: Home, lane: str) -> bool:
    """Whether the next job of the machine needs all GPUs, of which this lane has one."""
    if not is_part_of_all(lane):
        return False
    waiting = [job for job in list_jobs(home) if job.state == "queued"]
    own = [job.place for job in waiting if job.lane == lane]
    return any(
        job.lane == ALL_GPUS and job.place < min(own, default=job.place + 1) for job in waiting
    )


def _queue(home: Home) -> AbstractContextManager[None]:
    """One process at a time changes the queue."""
    return locked(home.jobs / "queue.lock")


def _entry(spec: JobSpec, title: str, key: str, lane: str) -> dict[str, Any]:
    """The content of job.json for a new job, without its place and time."""
    if isinstance(spec, Command):
        entry = {"title": " ".join(spec.words), "key": "", "lane": CPU, "run": ""}
    else:
        kind = kind_of(spec)
        entry = {
            "title": kind.title(spec),
            "key": kind.key(spec),
            "lane": kind.lane,
            "run": kind.trains(spec),
        }
    chosen = {"title": title, "key": key, "lane": lane}
    return {**entry, **{name: text for name, text in chosen.items() if text}, **to_json(spec)}


def _add(home: Home, entry: dict[str, Any]) -> str:
    now = datetime.now(UTC)
    job_id = f"job-{now:%Y%m%d-%H%M%S}-{secrets.token_hex(3)}"
    about = {
        **entry,
        "place": _last_place(home) + 1,
        "created": now.isoformat(timespec="seconds"),
        "attempt": 1,
    }
    # The folder is whole when it gets its name, so no worker sees half a job.
    new = home.jobs / f".new-{job_id}"
    try:
        write_json(new / "job.json", about)
        new.replace(home.jobs / job_id)
    except OSError as error:
        raise RunError(f"{new} cannot be written ({error.strerror}); free some space.") from None
    finally:
        shutil.rmtree(new, ignore_errors=True)
    return job_id


def _last_place(home: Home) -> int:
    return max((job.place for job in list_jobs(home)), default=0)


def _change(home: Home, job_id: str, **values: Any) -> None:
    path = folder_of(home, job_id) / "job.json"
    write_json(path, {**read_json(path), **values})


def _ask_to_stop(home: Home, job_id: str) -> None:
    replace_file(folder_of(home, job_id) / "stop", lambda handle: None)


def _again(home: Home, job_id: str, prepare: Callable[[Job], None]) -> None:
    with _queue(home):
        job = read(home, job_id)
        if job.state not in {"failed", "stopped"}:
            raise RunError(
                f"Job {job_id} is {job.state}; only a failed or stopped job can continue."
            )
        if job.run:
            run = runs.folder(home, job.run)
            state = run.status()["state"]
            if state == "done":
                # It was killed after its last file was written: nothing is left to do.
                (folder_of(home, job_id) / "stop").unlink(missing_ok=True)
                write_ended(folder_of(home, job_id), "done", None, job.seconds)
                return
            if state != "running":
                run.set_status("queued")
        prepare(job)
        _change(home, job_id, place=_last_place(home) + 1, attempt=job.attempt + 1)
        path = folder_of(home, job_id)
        # process.json goes last: until then the job reads as failed, never as queued twice.
        for name in ("progress.json", "stop", "dismissed", "ended.json", "process.json"):
            (path / name).unlink(missing_ok=True)
    tend(home, job.lane)


def _sweep(home: Home) -> None:
    """Removes the oldest jobs that are over."""
    over = [job for job in list_jobs(home) if not job.active]
    for job in over[_MOST_OVER:]:
        shutil.rmtree(home.jobs / job.id, ignore_errors=True)
