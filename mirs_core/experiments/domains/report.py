"""The report on two data sets: made, kept in ``$MIRS_HOME/domains/``, and read again."""

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
"""The presets that are compared where none are named."""
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
    """What whitening does between the data set that is learnt from and the one that is searched.

    The statistics read no label and are taken from the halving of seed 0; mAP@64 is measured in
    both directions. What is measured is kept, so that an interrupted report goes on where it
    stopped; the finished one is kept too, for ``find``.

    Args:
        data: source: what a head learns from.
        other: target: what is archived and queried.
        seeds: how many, from 0.
        encoder: empty takes the default.

    Raises:
        MirsError: a folder that is no data set, the same one twice, or an unknown preset.
    """
    name = encoder or EncoderConfig().name
    wanted = _checked(presets, seeds)
    learnt, searched = (scanning.scan_cached(home, root, progress) for root in (data, other))
    if learnt.root == searched.root:
        raise DataError(f"{learnt.root} is named twice; whitening needs a second domain.")
    found = _measured(home, learnt, searched, name, progress)
    ways = [across.Way(learnt, searched), across.Way(searched, learnt)]
    cells = home.domains / "cells"
    report = {
        "schema": SCHEMA,
        "source": _described(learnt),
        "target": _described(searched),
        "encoder": name,
        "seeds": seeds,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "statistics": found.summary,
        "across": across.measure(home, ways, wanted, seeds, name, cells, progress),
    }
    path = path_of(home, learnt.root, searched.root, name)
    # The report comes last: it is never beside the pictures of an older one.
    path.unlink(missing_ok=True)
    write_array(path.with_suffix(".npy"), found.covariances)
    write_json(path, report)
    return report


def path_of(home: Home, data: Path, other: Path, encoder: str = "") -> Path:
    """Where the report on two data sets stands, whether it was made or not."""
    roots = [str(root.expanduser().resolve()) for root in (data, other)]
    text = "\n".join([*roots, encoder or EncoderConfig().name])
    mark = hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:12]
    return home.domains / f"{slug(data.name)}-to-{slug(other.name)}-{mark}.json"


def find(home: Home, data: Path, other: Path, encoder: str = "") -> dict[str, Any] | None:
    """The report on two data sets; None where there is none yet.

    Raises:
        RunError: it is damaged, or of another version.
    """
    path = path_of(home, data, other, encoder)
    if not path.is_file():
        return None
    report = read_json(path)
    if not isinstance(report, dict) or report.get("schema") != SCHEMA:
        raise RunError(f"{path} is no report that this version knows. Make it again.")
    return report


def covariances(home: Home, data: Path, other: Path, encoder: str = "") -> NDArray[np.float32]:
    """The covariances of the report, as ``statistics.Found`` describes them.

    Raises:
        RunError: they are missing or damaged.
    """
    path = path_of(home, data, other, encoder).with_suffix(".npy")
    array = read_array(path)
    if array.ndim != 6 or array.dtype != np.float32 or not np.isfinite(array).all():
        raise RunError(f"{path} is damaged. Make the report again.")
    return array


def _checked(presets: Sequence[str], seeds: int) -> list[str]:
    wanted = list(dict.fromkeys(presets))
    if not wanted:
        raise ConfigError(f"No preset is named; choose some of {', '.join(PRESETS)}.")
    if seeds < 1:
        raise ConfigError(f"--seeds is {seeds}; give at least 1.")
    for preset in wanted:
        from_preset(preset, data="")
    return wanted


def _measured(
    home: Home, learnt: Manifest, searched: Manifest, encoder: str, progress: Progress
) -> Found:
    found = run_encoder.encoder_for(home, from_preset("baseline", data="", encoder=encoder))
    source, target = (
        (items, encoding.extract_items(home, manifest, items, found, progress))
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
