"""``bench kills``: runs and the queue, while processes die, disks fill up, clocks jump."""

import random
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.kills.apps import kill_apps
from benchmarks.kills.disk import fill_disk
from benchmarks.kills.ground import Ground
from benchmarks.kills.rest import jump_clock, reuse_pid, submit_together
from benchmarks.kills.rounds import kill_jobs
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
    """Does its worst to a home folder of its own and counts what went wrong; all are to be 0.

    Args:
        data: a small data set to train on; None paints a synthetic one.
        jobs: how many times the worker of a job is killed.
        apps: how many times a process is killed that submits a job as the app does.
        seed: of the moments.
    """
    moments = random.Random(seed)
    with tempfile.TemporaryDirectory(prefix="mirs-kills-") as folder, _ground(folder, data) as it:
        tallies = [
            kill_jobs(it, jobs, moments, progress),
            kill_apps(it, apps, moments, progress),
            fill_disk(it, Path(folder) / "disk", progress),
            submit_together(it, progress),
            jump_clock(it, Path(folder) / "clock", progress),
            reuse_pid(it, progress),
        ]
        life = {name: round(seconds, 1) for name, seconds in it.life.items()}
    return {
        "bench": "kills",
        "seed": seed,
        "seconds_of_a_run": life,
        "faults": sum(tally.faults for tally in tallies),
        "parts": [tally.to_json() for tally in tallies],
    }


@contextmanager
def _ground(folder: str, data: Path | None) -> Iterator[Ground]:
    from mirs_core.datasets.synthetic import generate

    if data is None:
        data = generate(Path(folder) / "tiles", _PER_CLASS, workers=1)
    with Ground(Home(Path(folder) / "home"), data) as ground:
        yield ground


def text(answer: dict[str, Any]) -> str:
    """The table of an answer, and what is to be said of its parts."""
    rows = [[_cell(part[name]) for name in COLUMNS] for part in answer["parts"]]
    notes = [f"{part['part']}: {part['note']}" for part in answer["parts"] if part["note"]]
    return "\n".join([markdown(list(COLUMNS.values()), rows), "", *notes])


def _cell(value: Any) -> str:
    return "-" if value is None else str(value)
