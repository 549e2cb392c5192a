"""Workers: processes that run the jobs of a lane, one after the other.

A lane stands for a device. The process that holds its lock works; a second one, the standby, has
imported torch already and waits for the lock. The system frees a lock when its holder dies, however
it dies, so the standby takes over at once: nothing has to be supervised. A worker that starts a job
starts the next standby. Only where both are killed at once does the lane wait, until ``tend`` is
called for it.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mirs_core.files import make_folder
from mirs_core.jobs.folder import list_jobs
from mirs_core.jobs.kind import PREVIEW
from mirs_core.system import devices
from mirs_core.system.devices import CPU
from mirs_core.system.processes import is_locked
from mirs_core.workspace.home import Home


def lane_lock(home: Home, lane: str) -> Path:
    """The lock of the process that works on a lane."""
    return home.jobs / f"lane-{lane}.lock"


def standby_lock(home: Home, lane: str) -> Path:
    """The lock of the process that is next."""
    return home.jobs / f"lane-{lane}.standby.lock"


def bell(home: Home) -> Path:
    """The file that is touched when there is something new to do."""
    return home.jobs / "bell"


def ring(home: Home) -> None:
    """Wakes idle workers, and keeps them from exiting when idle."""
    make_folder(home.jobs)
    bell(home).touch()


def tend(home: Home, lane: str = CPU) -> None:
    """Starts a worker for a lane that has none for the next job; calling it again is cheap.

    Raises:
        RunError: the home folder cannot be written.
    """
    ring(home)
    if is_locked(standby_lock(home, lane)):
        return
    busy = any(job.lane == lane and job.state in {"running", "stopping"} for job in list_jobs(home))
    if not busy and is_locked(lane_lock(home, lane)):
        return
    _start(home, lane)


def threads_of(lane: str) -> int:
    """How many threads a lane's worker may use: one core stays free for the app."""
    return 1 if lane == PREVIEW else max(1, (os.cpu_count() or 1) - 1)


def _start(home: Home, lane: str) -> None:
    source = str(Path(__file__).resolve().parents[2])
    search_path = [source, *filter(None, [os.environ.get("PYTHONPATH")])]
    environment = {
        **os.environ,
        "MIRS_HOME": str(home),
        "PYTHONPATH": os.pathsep.join(search_path),
        "OMP_NUM_THREADS": str(threads_of(lane)),
        # Threads that spin while they wait take the core that is left to the others.
        "OMP_WAIT_POLICY": "passive",
        **devices.visible(lane),
    }
    with _log(home, lane) as log:
        subprocess.Popen(
            [sys.executable, "-m", "mirs_core.jobs.worker", lane],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env=environment,
            start_new_session=True,
        )


@contextmanager
def _log(home: Home, lane: str) -> Iterator[int]:
    path = make_folder(home.jobs) / f"lane-{lane}.log"
    with path.open("wb") as handle:
        yield handle.fileno()
