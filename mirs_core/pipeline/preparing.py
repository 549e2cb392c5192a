"""Getting a data set ready to search: its tiles encoded, its models trained, MIRS the default.

Runs are identified by preset and by the contents of the data set, so a second call trains only what
is missing, and an interrupted one continues where it stopped.
"""

import hashlib
from pathlib import Path

from mirs_core.config.presets import from_preset, title_of
from mirs_core.datasets.manifest import Manifest
from mirs_core.datasets.scanning import scan_cached
from mirs_core.errors import MirsError, RunError, StoppedError
from mirs_core.files import slug
from mirs_core.pipeline import training
from mirs_core.progress import Progress, ShouldStop, never, silent, stoppable
from mirs_core.system.processes import locked
from mirs_core.workspace import runs
from mirs_core.workspace.home import Home

_SUPERVISED = ("baseline", "mirs", "mirs-dwt")
_UNSUPERVISED = ("baseline", "baseline-centred", "mirs-unsupervised")
_DEFAULTS = ("mirs", "mirs-unsupervised")


def prepare(
    home: Home, folder: Path, progress: Progress = silent, should_stop: ShouldStop = never
) -> list[str]:
    """Trains the models that are missing for the data set in ``folder``; returns their run ids.

    With labelled training tiles these are Baseline, MIRS and MIRS + DWT; without labels the two
    baselines and unsupervised MIRS. The MIRS run becomes the default model if any run was trained
    or there was no default model.

    Raises:
        StoppedError: it was asked to stop; the next call continues from there.
        MirsError: a step failed; finished runs are kept.
    """
    folder = folder.expanduser().resolve()
    manifest = scan_cached(home, folder, stoppable(progress, should_stop))
    ids = {preset: _run_id(manifest, preset) for preset in _presets_for(manifest)}
    key = hashlib.sha256(str(folder).encode()).hexdigest()[:16]
    with locked(home.locks / f"prepare-{key}"):
        trained = [
            _ensure_trained(home, folder, preset, run_id, progress, should_stop)
            for preset, run_id in ids.items()
        ]
        if any(trained) or runs.served_run(home) is None:
            runs.serve(home, next(ids[preset] for preset in _DEFAULTS if preset in ids))
    return list(ids.values())


def _presets_for(manifest: Manifest) -> tuple[str, ...]:
    labelled = any(tile.label is not None and tile.split == "train" for tile in manifest.tiles)
    return _SUPERVISED if labelled else _UNSUPERVISED


def _run_id(manifest: Manifest, preset: str) -> str:
    """A run id that depends on folder and contents: other tiles give another run."""
    root = hashlib.sha256(f"{manifest.root}\n{manifest.digest}".encode()).hexdigest()[:8]
    return f"{slug(manifest.card.name)}-{preset}-{root}"


def _ensure_trained(
    home: Home,
    folder: Path,
    preset: str,
    run_id: str,
    progress: Progress,
    should_stop: ShouldStop,
) -> bool:
    """Trains one run unless it is done; returns whether it had to be trained."""
    run = _existing(home, run_id)
    state = run.status()["state"] if run is not None else None
    if state == "done":
        return False
    if state == "running":
        raise RunError(
            f"Run {run_id} is already being trained by another process; wait until it ends."
        )
    title = title_of(preset)
    titled = _titled(title, progress)
    if run is None:
        config = from_preset(preset, data=str(folder))
        run = training.prepare(home, config, run_id=run_id, name=title, progress=titled)
    if training.train(home, run, titled, should_stop).stopped:
        raise StoppedError("Stopped as requested; prepare the data set again to continue.")
    return True


def _existing(home: Home, run_id: str) -> runs.RunFolder | None:
    try:
        return runs.folder(home, run_id)
    except MirsError:
        return None


def _titled(title: str, progress: Progress) -> Progress:
    return lambda stage, done, total: progress(f"{title}: {stage}", done, total)
