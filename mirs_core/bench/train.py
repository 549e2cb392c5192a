"""``bench train``: how long a head takes on as many features as DoMars16k's training half has."""

import time
from typing import Any

import numpy as np
import torch

from mirs_core import assembly, training
from mirs_core.config import RunConfig
from mirs_core.model import HashHead, shared
from mirs_core.presets import from_preset
from mirs_core.whitening import scaling

TILES, WIDTH, CLASSES, VALIDATION = 5652, 1024, 15, 1600
"""DoMars16k: half of the training split, DenseNet121's features, classes, the validation split."""


def run(preset: str = "mirs", epochs: int = 100, threads: int = 2) -> dict[str, Any]:
    """Seconds of a head's epochs on random features; their values do not matter to the time.

    Validation, which chooses the epoch, is part of every epoch, as in a run.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        return _timed(from_preset(preset, data=""), epochs, threads)
    finally:
        torch.set_num_threads(before)


def _timed(config: RunConfig, epochs: int, threads: int) -> dict[str, Any]:
    rng = np.random.default_rng(0)
    views = 1 if not config.contrastive else 2
    x = rng.standard_normal((views, TILES, WIDTH), dtype=np.float32)
    labels = rng.integers(0, CLASSES, TILES)
    # Classes that can be told apart, so that mining finds as many triplets as it does on tiles.
    x += 0.1 * rng.standard_normal((CLASSES, WIDTH), dtype=np.float32)[labels]
    queries = x[0, :VALIDATION] + 0.1
    validation = training.Validation(queries, labels[:VALIDATION])
    torch.manual_seed(0)
    head = HashHead(WIDTH, config.head.bits, dropout=config.head.dropout)
    taken: list[float] = []
    started = time.perf_counter()
    training.fit(
        shared(head, scaling(x[0], "scaled")),
        assembly.objective_of(config, CLASSES),
        x,
        labels,
        None if config.training.selection == "last" else validation,
        target_x=x[0],
        epochs=epochs,
        batch_size=config.training.batch_size,
        averaging=config.training.averaging,
        on_epoch=lambda record: taken.append(record.seconds),
    )
    return {
        "bench": "train",
        "preset": config.preset,
        "tiles": TILES,
        "features": WIDTH,
        "threads": threads,
        "epochs": epochs,
        "epoch_p50_s": round(float(np.median(taken)), 4),
        "epoch_max_s": round(max(taken), 4),
        "total_s": round(time.perf_counter() - started, 2),
    }
