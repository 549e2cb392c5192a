"""``bench kills``: what runs and the queue lose to killed processes, full disks and clock jumps."""

import random
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.kills.apps import kill_apps
from benchmarks.kills.disk import fill_disk
from benchmarks.kills.rest import jump_clock, reuse_pid, submit_together
from benchmarks.kills.rounds import kill_jobs
from benchmarks.kills.sandbox import Sandbox
from benchmarks.kills.tally import COLUMNS
from mirs_core.progress import Progress, silent
from mirs_core.system.tables import markdown
from mirs_core.workspace.home import Home

_PER_CLASS = 6


def run(
    data: Path | None = None,
    jobs: int = 50,
    apps: int = 20,
    seed: int = 0,
    progress: Progress = silent,
) -> dict[str, Any]:
    """Disturbs a temporary home folder in six ways and counts the faults; all must be 0.

    Args:
        data: a small data set to train on; None generates a synthetic one.
        jobs: how many times to kill the worker of a job.
        apps: how many times to kill a process that submits a job as the app does.
        seed: seed of the random moments.
    """
    moments = random.Random(seed)
    with (
        tempfile.TemporaryDirectory(prefix="mirs-kills-") as folder,
        _sandbox(folder, data) as sandbox,
    ):
        tallies = [
            kill_jobs(sandbox, jobs, moments, progress),
            kill_apps(sandbox, apps, moments, progress),
            fill_disk(sandbox, Path(folder) / "disk", progress),
            submit_together(sandbox, progress),
            jump_clock(sandbox, Path(folder) / "clock", progress),
            reuse_pid(sandbox, progress),
        ]
        life = {name: round(seconds, 1) for name, seconds in sandbox.life.items()}
    return {
        "bench": "kills",
        "seed": seed,
        "seconds_of_a_run": life,
        "faults": sum(tally.faults for tally in tallies),
        "parts": [tally.to_json() for tally in tallies],
    }


@contextmanager
def _sandbox(folder: str, data: Path | None) -> Iterator[Sandbox]:
    from mirs_core.datasets.synthetic import generate

    if data is None:
        data = generate(Path(folder) / "tiles", _PER_CLASS, workers=1)
    with Sandbox(Home(Path(folder) / "home"), data) as sandbox:
        yield sandbox


def text(answer: dict[str, Any]) -> str:
    """The table of an answer, with notes on its parts."""
    rows = [[_cell(part[name]) for name in COLUMNS] for part in answer["parts"]]
    notes = [f"{part['part']}: {part['note']}" for part in answer["parts"] if part["note"]]
    return "\n".join([markdown(list(COLUMNS.values()), rows), "", *notes])


def _cell(value: Any) -> str:
    return "-" if value is None else str(value)
