"""The report on two data sets: measured, stored in ``$MIRS_HOME/domains/``, and read."""

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mirs_core.config.encoder import EncoderConfig
from mirs_core.config.presets import PRESETS, from_preset
from mirs_core.datasets import scanning
from mirs_core.datasets.manifest import Manifest
from mirs_core.encoders import run_encoder
from mirs_core.errors import ConfigError, DataError, RunError
from mirs_core.experiments.domains import across, statistics
from mirs_core.experiments.domains.statistics import Domain, Found
from mirs_core.files import read_array, read_json, slug, write_array, write_json
from mirs_core.pipeline import encoding
from mirs_core.progress import Progress, silent
from mirs_core.workspace.home import Home

SCHEMA = 1
USUAL = ("baseline", "baseline-centred", "mirs", "mirs-dwt")
"""The presets that are compared by default."""
_HALVING = 0


def make(
    home: Home,
    data: Path,
    other: Path,
    *,
    seeds: int = 5,
    presets: Sequence[str] = USUAL,
    encoder: str = "",
    progress: Progress = silent,
) -> dict[str, Any]:
    """Measures the effect of whitening between a training data set and a searched one.

    The statistics read no label and are taken from the halving of seed 0; mAP@64 is measured in
    both directions. Measurements are stored, so that an interrupted report resumes where it
    stopped; so is the finished report, for ``find``.

    Args:
        data: source: the data set that heads are trained on.
        other: target: the data set that is archived and queried.
        seeds: number of seeds, counted from 0.
        encoder: empty for the default.

    Raises:
        MirsError: a folder that is not a data set, the same one twice, or an unknown preset.
    """
    name = encoder or EncoderConfig().name
    presets = _checked(presets, seeds)
    learnt, searched = (scanning.scan_cached(home, root, progress) for root in (data, other))
    if learnt.root == searched.root:
        raise DataError(f"{learnt.root} is both source and target; choose two different data sets.")
    whitening = _measured(home, learnt, searched, name, progress)
    ways = [across.Way(learnt, searched), across.Way(searched, learnt)]
    cells = home.domains / "cells"
    report = {
        "schema": SCHEMA,
        "source": _described(learnt),
        "target": _described(searched),
        "encoder": name,
        "seeds": seeds,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "statistics": whitening.summary,
        "across": across.measure(home, ways, presets, seeds, name, cells, progress),
    }
    path = path_of(home, learnt.root, searched.root, name)
    # The report is written last, so that it never stands beside covariances of an older one.
    path.unlink(missing_ok=True)
    write_array(path.with_suffix(".npy"), whitening.covariances)
    write_json(path, report)
    return report


def path_of(home: Home, data: Path, other: Path, encoder: str = "") -> Path:
    """The path of the report on two data sets, whether it exists or not."""
    roots = [str(root.expanduser().resolve()) for root in (data, other)]
    text = "\n".join([*roots, encoder or EncoderConfig().name])
    mark = hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:12]
    return home.domains / f"{slug(data.name)}-to-{slug(other.name)}-{mark}.json"


def find(home: Home, data: Path, other: Path, encoder: str = "") -> dict[str, Any] | None:
    """The report on two data sets; None if there is none yet.

    Raises:
        RunError: it is damaged, or of another version.
    """
    path = path_of(home, data, other, encoder)
    if not path.is_file():
        return None
    report = read_json(path)
    if not isinstance(report, dict) or report.get("schema") != SCHEMA:
        raise RunError(f"{path} is not a report that this version can read. Measure it again.")
    return report


def covariances(home: Home, data: Path, other: Path, encoder: str = "") -> NDArray[np.float32]:
    """The covariances of the report, as ``statistics.Found`` describes them.

    Raises:
        RunError: they are missing or damaged.
    """
    path = path_of(home, data, other, encoder).with_suffix(".npy")
    array = read_array(path)
    if array.ndim != 6 or array.dtype != np.float32 or not np.isfinite(array).all():
        raise RunError(f"{path} is damaged. Measure the report again.")
    return array


def _checked(presets: Sequence[str], seeds: int) -> list[str]:
    names = list(dict.fromkeys(presets))
    if not names:
        raise ConfigError(f"There are no presets to compare; choose some of {', '.join(PRESETS)}.")
    if seeds < 1:
        raise ConfigError(f"The number of seeds is {seeds}; it must be at least 1.")
    for preset in names:
        from_preset(preset, data="")
    return names


def _measured(
    home: Home, learnt: Manifest, searched: Manifest, encoder: str, progress: Progress
) -> Found:
    network = run_encoder.encoder_for(home, from_preset("baseline", data="", encoder=encoder))
    source, target = (
        (items, encoding.extract_items(home, manifest, items, network, progress))
        for manifest, items in (
            (manifest, scanning.order_tiles(manifest, _HALVING, by_strip=False))
            for manifest in (learnt, searched)
        )
    )
    progress("Covariances", 0, 1)
    measured = statistics.measure(Domain.source(*source), Domain.target(*target))
    progress("Covariances", 1, 1)
    return measured


def _described(manifest: Manifest) -> dict[str, Any]:
    return {
        "name": manifest.card.name,
        "title": manifest.card.title,
        "root": str(manifest.root),
        "manifest": manifest.digest,
        "synthetic": manifest.card.synthetic,
        "tiles": len(manifest.tiles),
    }
