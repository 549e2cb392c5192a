"""The demo: synthetic Mars, archived by the baseline, MIRS and MIRS with domain whitening."""

from pathlib import Path

from mirs_core.config import presets
from mirs_core.datasets.synthetic import generate
from mirs_core.errors import MirsError
from mirs_core.pipeline import train as pipeline
from mirs_core.progress import Progress, silent
from mirs_core.system.processes import locked
from mirs_core.workspace import runs
from mirs_core.workspace.home import Home

DATA = "synthetic-mars"
PER_CLASS = 80
DEMO_RUNS = {"baseline": "demo-baseline", "mirs": "demo-mirs", "mirs-dwt": "demo-mirs-dwt"}
# One view a tile instead of eight: the demo is for looking at, and should be there in minutes.
_FAST = ("training.views=1",)
NAMES = {preset: presets.title_of(preset) for preset in DEMO_RUNS}


def data_folder(home: Home) -> Path:
    """Where the synthetic data set stands."""
    return home.data / DATA


def is_complete(home: Home) -> bool:
    """Whether the data set and all three runs are there and finished."""
    done = {run.id for run in runs.list_runs(home) if run.state == "done"}
    return data_folder(home).is_dir() and done.issuperset(DEMO_RUNS.values())


def is_half_built(home: Home) -> bool:
    """Whether a build began and never came to its end, which is to serve a run."""
    begun = data_folder(home).is_dir() or any(
        (home.runs / run_id).is_dir() for run_id in DEMO_RUNS.values()
    )
    return begun and runs.served_run(home) is None and not is_complete(home)


def build(home: Home, per_class: int = PER_CLASS, progress: Progress = silent) -> list[str]:
    """Builds what is missing of the demo and returns the ids of its runs; MIRS is served.

    Raises:
        MirsError: a step failed; what was finished stays, the next call goes on from there.
    """
    with locked(home.locks / "demo"):
        return _build(home, per_class, progress)


def _build(home: Home, per_class: int, progress: Progress) -> list[str]:
    folder = data_folder(home)
    if not folder.is_dir():
        generate(folder, per_class=per_class, progress=progress)
    for preset, run_id in DEMO_RUNS.items():
        if not _is_done(home, run_id):
            settings = presets.from_preset(preset, data=str(folder), changes=_FAST)
            run = pipeline.prepare(home, settings, run_id=run_id, name=NAMES[preset])
            pipeline.train(home, run, _named(NAMES[preset], progress))
    if runs.served_run(home) is None:
        runs.serve(home, DEMO_RUNS["mirs"])
    return list(DEMO_RUNS.values())


def _is_done(home: Home, run_id: str) -> bool:
    """Whether a run is done; what an interrupted build left under its id is removed."""
    try:
        run = runs.folder(home, run_id)
    except MirsError:
        return False
    if run.status()["state"] == "done":
        return True
    runs.delete(home, run_id)
    return False


def _named(name: str, progress: Progress) -> Progress:
    return lambda stage, done, total: progress(f"{name}: {stage}", done, total)
