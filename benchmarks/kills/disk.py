"""A full disk: a training fails with a message about space, and resumes once there is room."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.kills import checks
from benchmarks.kills.sandbox import Sandbox, until
from benchmarks.kills.tally import Tally
from mirs_core import jobs
from mirs_core.progress import Progress, silent
from mirs_core.workspace.home import Home

_SIZE = "96m"
# Room for small files but not for a model, and no room at all.
_LEFT = (200_000, 0)
_BLOCK = 4096


def fill_disk(sandbox: Sandbox, folder: Path, progress: Progress = silent) -> Tally:
    """Trains on a separate disk that fills up meanwhile: nearly, then to the last byte."""
    tally = Tally("a full disk")
    with _disk(folder) as mounted:
        if not mounted:
            tally.note = "not tried: this user may not mount a small disk (tmpfs)"
            return tally
        shutil.copytree(sandbox.home.cache, folder / "cache")
        with Sandbox(Home(folder), sandbox.data, sandbox.model) as small:
            messages = [_fill(small, tally, left, progress) for left in _LEFT]
    tally.note = "; ".join(
        f"{left} bytes left: {m}" for left, m in zip(_LEFT, messages, strict=True)
    )
    return tally


def _fill(sandbox: Sandbox, tally: Tally, left: int, progress: Progress) -> str:
    """Fills the disk while a job trains; returns the error of the job."""
    progress("Filling a disk", _LEFT.index(left), len(_LEFT))
    job = sandbox.submit()
    until(lambda: jobs.read(sandbox.home, job).stage == "Training")
    filler = sandbox.home.path / "filler"
    _fill_up(filler, left)
    tally.tried += 1
    if not until(lambda: jobs.read(sandbox.home, job).state == "failed"):
        tally.count("dead_shown_running", [f"{job} does not fail on a full disk"])
    error = str(jobs.read(sandbox.home, job).error)
    sandbox.check_dead(tally)
    tally.count("corrupt_files", checks.corrupt_files(sandbox.home))
    filler.unlink()
    sandbox.finish(tally, [job])
    return error.replace(str(sandbox.home), "HOME")


def _fill_up(path: Path, left: int) -> None:
    """Writes a file that leaves ``left`` bytes free on the disk."""
    with path.open("wb", buffering=0) as handle:
        while (free := shutil.disk_usage(path).free - left) >= _BLOCK:
            try:
                handle.write(b"\0" * min(free, 1 << 20))
            except OSError:
                return


@contextmanager
def _disk(folder: Path) -> Iterator[bool]:
    """A small file system in memory at ``folder``; yields whether this user may mount one."""
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={_SIZE}", "tmpfs", str(folder)]
    try:
        mounted = os.name == "posix" and not subprocess.run(command, capture_output=True).returncode
    except OSError:
        mounted = False
    try:
        yield mounted
    finally:
        if mounted:
            subprocess.run(["umount", str(folder)], capture_output=True, check=True)
