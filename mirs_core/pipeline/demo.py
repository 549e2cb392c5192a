"""The demo: a synthetic data set, archived by the baseline, MIRS and MIRS with whitening."""

from pathlib import Path

from mirs_core.config import presets
from mirs_core.errors import MirsError
from mirs_core.pipeline import training
from mirs_core.progress import Progress, silent
from mirs_core.system.processes import locked
from mirs_core.workspace import runs
from mirs_core.workspace.home import Home

DATA = "synthetic-mars"
PER_CLASS = 80
DEMO_RUNS = {"baseline": "demo-baseline", "mirs": "demo-mirs", "mirs-dwt": "demo-mirs-dwt"}
# One view per tile instead of eight, so that the demo is ready within minutes.
_FAST = ("training.views=1",)
NAMES = {preset: presets.title_of(preset) for preset in DEMO_RUNS}


def data_folder(home: Home) -> Path:
    """The folder of the synthetic data set."""
    return home.data / DATA


def is_complete(home: Home) -> bool:
    """Whether the data set exists and all three runs are done."""
    done = {run.id for run in runs.list_runs(home) if run.state == "done"}
    return data_folder(home).is_dir() and done.issuperset(DEMO_RUNS.values())


def is_half_built(home: Home) -> bool:
    """Whether a build was started and never finished, which includes setting a default model."""
    started = data_folder(home).is_dir() or any(
        (home.runs / run_id).is_dir() for run_id in DEMO_RUNS.values()
    )
    return started and runs.served_run(home) is None and not is_complete(home)


def build(home: Home, per_class: int = PER_CLASS, progress: Progress = silent) -> list[str]:
    """Builds the missing parts of the demo; returns its run ids. MIRS becomes the default model.

    Raises:
        MirsError: a step failed; finished parts are kept, and the next call continues from there.
    """
    with locked(home.locks / "demo"):
        return _build(home, per_class, progress)


def _build(home: Home, per_class: int, progress: Progress) -> list[str]:
    folder = data_folder(home)
    if not folder.is_dir():
        # It loads scipy, which nothing else in the app needs.
        from mirs_core.datasets import synthetic

        synthetic.generate(folder, per_class=per_class, progress=progress)
    for preset, run_id in DEMO_RUNS.items():
        if not _is_done(home, run_id):
            config = presets.from_preset(preset, data=str(folder), changes=_FAST)
            run = training.prepare(home, config, run_id=run_id, name=NAMES[preset])
            training.train(home, run, _titled(NAMES[preset], progress))
    if runs.served_run(home) is None:
        runs.serve(home, DEMO_RUNS["mirs"])
    return list(DEMO_RUNS.values())


def _is_done(home: Home, run_id: str) -> bool:
    """Whether a run is done; the remains of an interrupted build under its id are deleted."""
    try:
        run = runs.folder(home, run_id)
    except MirsError:
        return False
    if run.status()["state"] == "done":
        return True
    runs.delete(home, run_id)
    return False


def _titled(title: str, progress: Progress) -> Progress:
    return lambda stage, done, total: progress(f"{title}: {stage}", done, total)
