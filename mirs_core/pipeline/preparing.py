"""A data set made ready for the app: encoded once, its models trained, MIRS served.

Runs are found again by preset and by what the data set holds, so a second call does what is
missing, and one that was interrupted goes on where it stopped.
"""

import hashlib
from pathlib import Path

from mirs_core.config import presets
from mirs_core.config import settings as configs
from mirs_core.datasets.manifest import Manifest
from mirs_core.datasets.scanning import scan_cached
from mirs_core.errors import MirsError, RunError, StoppedError
from mirs_core.files import slug
from mirs_core.pipeline import train as pipeline
from mirs_core.progress import Progress, ShouldStop, never, silent, stoppable
from mirs_core.system.processes import locked
from mirs_core.workspace import runs
from mirs_core.workspace.home import Home

NAMES = {"baseline": "Baseline", "mirs": "MIRS", "mirs-dwt": "MIRS + DWT"}
"""Presets that are trained where there are labels, and what people call them."""

NAMES_UNLABELLED = {
    "baseline": "Baseline",
    "baseline-centred": "Baseline, centred",
    "mirs-unsupervised": "MIRS, unsupervised",
}
"""Presets for data sets without labels: what they need is pixels alone."""

_SERVED = ("mirs", "mirs-unsupervised")


def prepare(
    home: Home, folder: Path, progress: Progress = silent, should_stop: ShouldStop = never
) -> list[str]:
    """Trains what is missing for the data set in ``folder``; returns the ids of its runs.

    With labels to learn from these are the models of ``NAMES``, without those of
    ``NAMES_UNLABELLED``. The MIRS run is served where a run was trained or none was served before.

    Raises:
        StoppedError: it was asked to stop; the next call goes on from there.
        MirsError: a step failed; what was finished stays.
    """
    folder = folder.expanduser().resolve()
    manifest = scan_cached(home, folder, stoppable(progress, should_stop))
    names = _names(manifest)
    ids = {preset: _run_id(manifest, preset) for preset in names}
    key = hashlib.sha256(str(folder).encode()).hexdigest()[:16]
    with locked(home.locks / f"prepare-{key}"):
        trained = [
            _trained(home, folder, preset, names[preset], run_id, progress, should_stop)
            for preset, run_id in ids.items()
        ]
        if any(trained) or runs.served_run(home) is None:
            runs.serve(home, next(ids[preset] for preset in _SERVED if preset in ids))
    return list(ids.values())


def _names(manifest: Manifest) -> dict[str, str]:
    taught = any(tile.label is not None and tile.split == "train" for tile in manifest.tiles)
    return NAMES if taught else NAMES_UNLABELLED


def _run_id(manifest: Manifest, preset: str) -> str:
    """Names a run after its data: other folders and other tiles give other runs."""
    root = hashlib.sha256(f"{manifest.root}\n{manifest.digest}".encode()).hexdigest()[:8]
    return f"{slug(manifest.card.name)}-{preset}-{root}"


def _trained(
    home: Home,
    folder: Path,
    preset: str,
    name: str,
    run_id: str,
    progress: Progress,
    should_stop: ShouldStop,
) -> bool:
    """Makes sure of one run; False where it was done already."""
    run = _existing(home, run_id)
    state = run.status()["state"] if run is not None else None
    if state == "done":
        return False
    if state == "running":
        raise RunError(f"Run {run_id} is being trained by another process; wait for its end.")
    named = _named(name, progress)
    if run is None:
        settings = _settings(folder, preset)
        run = pipeline.prepare(home, settings, run_id=run_id, name=name, progress=named)
    if pipeline.train(home, run, named, should_stop).stopped:
        raise StoppedError("Stopped as asked; the same command goes on from here.")
    return True


def _existing(home: Home, run_id: str) -> runs.RunFolder | None:
    try:
        return runs.folder(home, run_id)
    except MirsError:
        return None


def _settings(folder: Path, preset: str) -> configs.RunConfig:
    return presets.from_preset(preset, data=str(folder))


def _named(name: str, progress: Progress) -> Progress:
    return lambda stage, done, total: progress(f"{name}: {stage}", done, total)
