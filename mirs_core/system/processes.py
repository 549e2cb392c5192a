"""Identities of processes, whether they are alive, and file locks."""

import contextlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TextIO

from mirs_core.files import make_folder


def identity(pid: int) -> dict[str, int]:
    """Identity of a process: its id and, where available, its start time."""
    return {"pid": pid, "started": _start_time(pid)}


def this_process() -> dict[str, int]:
    """Identity of the calling process."""
    return identity(os.getpid())


def is_alive(process: Any) -> bool:
    """Whether the process that ``identity`` described still runs (process ids are reused)."""
    if not isinstance(process, dict) or not isinstance(process.get("pid"), int):
        return False
    pid = process["pid"]
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        pass
    return _start_time(pid) == process.get("started") and not _is_zombie(pid)


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Runs the block in one process at a time; others wait. ``path`` is the lock file.

    On systems without such locks (Windows) nobody waits.
    """
    try:
        import fcntl
    except ImportError:
        yield
        return
    make_folder(path.parent)
    with path.open("a") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


@contextlib.contextmanager
def lock_if_free(path: Path) -> Iterator[Callable[[], None] | None]:
    """Acquires a free lock for the block and yields a function that releases it early, else None.

    The system releases the lock of a process that dies. On systems without such locks (Windows)
    every lock is free.
    """
    make_folder(path.parent)
    with path.open("a") as handle:
        yield handle.close if _flock(handle) else None


def is_locked(path: Path) -> bool:
    """Whether a live process holds a lock of ``lock_if_free``."""
    with lock_if_free(path) as free:
        return free is None


def _flock(handle: TextIO) -> bool:
    try:
        import fcntl
    except ImportError:
        return True
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _stat_fields(pid: int) -> list[str]:
    # The command name is in parentheses and may contain anything; the fields start after it.
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


def _start_time(pid: int) -> int:
    fields = _stat_fields(pid)
    return int(fields[19]) if len(fields) > 19 else 0


def _is_zombie(pid: int) -> bool:
    return _stat_fields(pid)[:1] == ["Z"]
