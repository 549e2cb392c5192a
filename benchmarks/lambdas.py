"""``bench lambdas``: the effect of push weight (lambda1) and balance weight (lambda2) on codes."""

import itertools
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mirs_core.config.presets import from_preset
from mirs_core.encoders import run_encoder
from mirs_core.errors import RunError
from mirs_core.hashing.model import HashModel
from mirs_core.pipeline import encoding, fitting, learning_tiles, sources
from mirs_core.progress import Progress, silent
from mirs_core.workspace.home import Home

DECADES = (1e-4, 1e-3, 1e-2, 1e-1, 1.0, 10.0, 100.0)
_MOVED, _SHRUNK = 0.1, 0.5
_BINS = 20


def run(
    home: Home,
    data: Path,
    seed: int = 0,
    push_steps: int = 10,
    balance_epochs: int = 30,
    progress: Progress = silent,
) -> dict[str, Any]:
    """Trains a head for each weight over six decades, and checks that each weight has its effect.

    The push weight moves the mean distance of soft codes from 0.5 monotonically by at least 0.1;
    the balance weight at least halves the standard deviation of ones per code. Both are measured on
    the archive's tiles after the last epoch; their labels are not read. Push is measured after a
    few optimiser steps: after a hundred epochs the triplets alone have decided nearly every bit,
    and there is little left to push.

    Raises:
        RunError: a weight does not have its effect.
    """
    config = from_preset("mirs", data=str(data), seed=seed)
    gathered = sources.gather(home, config, progress)
    sources.check_trainable(config, gathered)
    manifest, items = gathered.learning, gathered.learning_items
    encoder = run_encoder.encoder_for(home, config)
    features = encoding.extract_items(home, manifest, items, encoder, progress)

    training_rows = len(learning_tiles.learning_rows(config, items))
    per_epoch = -(-training_rows // config.training.batch_size)
    push_epochs = -(-push_steps // per_epoch)

    def soft(name: str, weight: float, epochs: int) -> NDArray[np.float32]:
        changes = [
            f"loss.{name}={weight}",
            f"training.epochs={epochs}",
            "training.selection=last",
        ]
        changed = from_preset("mirs", data=str(data), seed=seed, changes=changes)
        tiles = learning_tiles.LearningTiles(features, items, distractors=manifest.card.distractors)
        model = fitting.fit(changed, tiles).model
        assert isinstance(model, HashModel)
        return model.soft(features[items.rows(["archive"])], "target")

    rows: dict[str, list[dict[str, Any]]] = {"push": [], "balance": []}
    for done, weight in enumerate(DECADES):
        progress("Training", done, len(DECADES))
        rows["push"].append(_figures(weight, soft("push_weight", weight, push_epochs)))
        rows["balance"].append(_figures(weight, soft("balance_weight", weight, balance_epochs)))
    progress("Training", len(DECADES), len(DECADES))
    check(
        [row["mean_distance_from_half"] for row in rows["push"]],
        [row["sd_of_ones"] for row in rows["balance"]],
    )
    epochs = {"push_epochs": push_epochs, "balance_epochs": balance_epochs}
    return {"bench": "lambdas", "data": manifest.card.name, "seed": seed, **epochs, **rows}


def _figures(weight: float, soft: NDArray[np.float32]) -> dict[str, Any]:
    ones = (soft >= 0.5).sum(axis=1)
    return {
        "soft_codes": _shares(soft, (0.0, 1.0), _BINS),
        "ones": _shares(ones, (0.0, float(soft.shape[1])), soft.shape[1] // 4),
        "weight": weight,
        "mean_distance_from_half": round(float(np.abs(soft - 0.5).mean()), 4),
        "sd_of_ones": round(float(ones.std()), 3),
    }


def _shares(values: NDArray[Any], ends: tuple[float, float], bins: int) -> dict[str, Any]:
    counts, _ = np.histogram(values, bins=bins, range=ends)
    return {"ends": list(ends), "shares": [round(float(n) / values.size, 5) for n in counts]}


def check(distances: Sequence[float], spreads: Sequence[float]) -> None:
    """Raises RunError unless the distances grow by 0.1 and the spread of ones at least halves."""
    rising = all(b >= a for a, b in itertools.pairwise(distances))
    if not rising or distances[-1] - distances[0] < _MOVED:
        raise RunError(f"The push weight does not move |h - 0.5| as it should: {distances}.")
    if spreads[-1] > _SHRUNK * spreads[0]:
        raise RunError(f"The balance weight does not halve the spread of ones: {spreads}.")
