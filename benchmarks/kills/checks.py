"""Faults of a home folder, detected without the code under test."""

import json
import os
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from mirs_core import jobs
from mirs_core.errors import MirsError
from mirs_core.jobs.folder import optional
from mirs_core.workspace import runs
from mirs_core.workspace.home import Home


def worker_processes(home: Home) -> set[int]:
    """Process ids of the workers of this home folder, read from the system's process table."""
    pids = set()
    for path in Path("/proc").glob("[0-9]*"):
        try:
            is_worker = b"mirs_core.jobs.worker" in (path / "cmdline").read_bytes()
            words = (path / "environ").read_bytes().split(b"\0") if is_worker else []
        except OSError:
            continue
        if b"MIRS_HOME=" + os.fsencode(home) in words:
            pids.add(int(path.name))
    return pids


def corrupt_files(home: Home) -> list[str]:
    """Files that are incomplete or not in the format of their name; temporary files are ignored."""
    faults = []
    for path in sorted(home.path.rglob("*")):
        name = path.relative_to(home.path)
        if any(part.startswith(".") for part in name.parts) or not path.is_file():
            continue
        why = _damage(path)
        # A file may have been replaced or removed meanwhile, so it is checked twice.
        if why and path.is_file() and _damage(path):
            faults.append(f"{name}: {why}")
    return faults


def _damage(path: Path) -> str | None:
    try:
        if path.suffix == ".json":
            _check_json(path)
        elif path.suffix == ".jsonl":
            _check_lines(path)
        elif path.suffix == ".npy":
            np.load(path, allow_pickle=False)
        elif path.suffix == ".safetensors":
            _check_tensors(path)
    except FileNotFoundError:
        return None
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return None


def _check_json(path: Path) -> None:
    # The output of a command arrives in pieces; it must be complete once the job is done.
    if path.name == "result.json" and optional(path.parent, "ended").get("state") != "done":
        return
    if path.name == "result.json" and not path.stat().st_size:
        return
    json.loads(path.read_text(encoding="utf-8"))


def _check_lines(path: Path) -> None:
    """A last line without a newline is incomplete; readers skip it."""
    for line in path.read_text(encoding="utf-8").splitlines(keepends=True):
        if line.endswith("\n"):
            json.loads(line)


def _check_tensors(path: Path) -> None:
    from safetensors.numpy import load

    load(path.read_bytes())


def dead_shown_running(home: Home) -> list[str]:
    """Jobs and runs shown as running although no worker of this home has their process."""
    first = _shown_running(home)
    alive = worker_processes(home)
    suspects = {name for name, pid in first.items() if pid not in alive}
    # One that ended in between is no longer shown as running.
    return sorted(suspects & set(_shown_running(home)))


def _shown_running(home: Home) -> dict[str, int]:
    pids: dict[str, int] = {}
    for job in jobs.list_jobs(home):
        if job.state in {"running", "stopping"}:
            pids[job.id] = int(optional(home.jobs / job.id, "process").get("pid", 0))
    for run in runs.list_runs(home):
        if run.state == "running":
            status = optional(home.runs / run.id, "status")
            pids[run.id] = int((status.get("process") or {}).get("pid", 0))
    return pids


def lost_runs(home: Home, expected: Iterable[str]) -> list[str]:
    """Expected runs that are not listed or cannot be read, and listed ones that nothing created."""
    listed = {run.id: run for run in runs.list_runs(home)}
    run_ids = set(expected)
    missing = [run_id for run_id in run_ids if run_id not in listed or not listed[run_id].preset]
    return sorted([*missing, *(set(listed) - run_ids)])


def not_done(home: Home, job_ids: Iterable[str]) -> list[str]:
    """Jobs that are not done, or whose run is not, with their errors."""
    faults = []
    for job_id in job_ids:
        try:
            job = jobs.read(home, job_id)
            run = runs.folder(home, job.run).status()["state"] if job.run else "done"
        except MirsError as error:
            faults.append(f"{job_id}: {error}")
            continue
        if (job.state, run) != ("done", "done"):
            faults.append(f"{job_id}: job {job.state}, run {run} ({job.error})")
    return faults


def overlaps(times: Sequence[tuple[float, float]]) -> int:
    """The number of intervals that begin before an earlier one has ended."""
    ordered = sorted(times)
    ends = [max(end for _, end in ordered[:i]) for i in range(1, len(ordered))]
    return sum(start < end for (start, _), end in zip(ordered[1:], ends, strict=True))
