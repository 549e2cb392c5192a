"""``bench train``: training time of a head on as many features as DoMars16k's training half has."""

import dataclasses
import time
from typing import Any

import numpy as np
import torch

from mirs_core.config.presets import from_preset
from mirs_core.config.settings import RunConfig
from mirs_core.datasets.items import Items
from mirs_core.errors import ConfigError
from mirs_core.pipeline import fitting, learning_tiles

TILES, WIDTH, CLASSES, VALIDATION = 5652, 1024, 15, 1600
"""DoMars16k: half of the training split, DenseNet121's features, classes, the validation split."""


def run(preset: str = "mirs", epochs: int = 100, threads: int = 2) -> dict[str, Any]:
    """Seconds per epoch of a head on random features; time does not depend on their values.

    Every epoch includes the validation that chooses the epoch, as in a run. The archive is as large
    as the training half, and an unsupervised head is trained on both if its preset says so.

    Raises:
        ConfigError: the preset trains no network.
    """
    config = from_preset(preset, data="")
    if not config.trains:
        raise ConfigError(f"Preset {preset} trains no network, so it has no epochs to time.")
    training = dataclasses.replace(config.training, epochs=epochs)
    config = dataclasses.replace(config, training=training)
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        return _timed(config, threads)
    finally:
        torch.set_num_threads(before)


def _timed(config: RunConfig, threads: int) -> dict[str, Any]:
    rng = np.random.default_rng(0)
    roles = ["train"] * TILES + ["archive"] * TILES + ["val"] * VALIDATION
    numbers = rng.integers(0, CLASSES, len(roles))
    # Separable classes, so that mining finds as many triplets as it does on tiles.
    features = 0.1 * rng.standard_normal((CLASSES, WIDTH), dtype=np.float32)[numbers]
    features += rng.standard_normal(features.shape, dtype=np.float32)
    items = _items(roles, [str(number) for number in numbers])
    # Two views are enough: time does not depend on their number.
    learnt = features[learning_tiles.learning_rows(config, items)]
    val = features[items.rows(["val"])]
    seconds: list[float] = []
    started = time.perf_counter()
    tiles = learning_tiles.LearningTiles(
        features, items, views=np.stack([learnt, learnt + 0.1]), val_view=val + 0.1
    )
    observers = fitting.Observers(on_epoch=lambda line: seconds.append(line["seconds"]))
    fitting.fit(config, tiles, observers)
    return {
        "bench": "train",
        "preset": config.preset,
        "tiles": len(learnt),
        "features": WIDTH,
        "threads": threads,
        "epochs": len(seconds),
        "epoch_p50_s": round(float(np.median(seconds)), 4),
        "epoch_max_s": round(max(seconds), 4),
        "total_s": round(time.perf_counter() - started, 2),
    }


def _items(roles: list[str], labels: list[str]) -> Items:
    names = tuple(str(number) for number in range(len(roles)))
    nothing = (None,) * len(roles)
    return Items(names, tuple(labels), tuple(roles), nothing, names, nothing, nothing)
