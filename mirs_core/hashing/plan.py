"""What a training is given: tiles, optimiser settings, and who is kept informed."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mirs_core.hashing.records import EpochRecord
from mirs_core.progress import ShouldStop, never


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingPlan:
    """The optimiser and how long it runs.

    Attributes:
        batch_size: maximum tiles per step; an epoch is cut into equal batches (within one tile),
            nothing is dropped.
        betas: Adam's decay rates of the gradient and of its square.
        averaging: decay per step of the moving average of the weights that is evaluated and kept;
            0 keeps the weights themselves.
    """

    epochs: int = 100
    batch_size: int = 256
    learning_rate: float = 1e-3
    weight_decay: float = 1e-4
    betas: tuple[float, float] = (0.9, 0.999)
    averaging: float = 0.0
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Validation:
    """Tiles of the validation split, which select the epoch.

    Attributes:
        features: (n, D) plain tiles.
        labels: (n,) class numbers; -1 if labels may not be read.
        by: "map" queries the training half with them and keeps the epoch of the highest mAP@64;
            "loss" keeps that of the lowest metric loss among them.
        other: (n, D) a second view of each, for losses that compare views.
    """

    features: NDArray[np.float32]
    labels: NDArray[np.int64]
    by: str = "map"
    other: NDArray[np.float32] | None = None


@dataclass(frozen=True, slots=True)
class TrainingData:
    """Features and labels that a head is trained with.

    Attributes:
        views: (V, n, D): V views of each of n training tiles, the first one plain. A step takes a
            random view of each tile, and another one if two are compared.
        labels: (n,) class numbers; -1 if labels may not be read.
        validation: selects the epoch; None keeps the last one.
        target: (m, D) tiles of the target domain, for terms that read them.
        groups: (n,) groups across classes, for inter-class triplets.
    """

    views: NDArray[np.float32]
    labels: NDArray[np.int64]
    validation: Validation | None = None
    target: NDArray[np.float32] | None = None
    groups: NDArray[np.int64] | None = None


def _ignore(record: EpochRecord) -> None:
    """Drops the record of an epoch."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingControl:
    """How a training is followed, stopped and resumed.

    Attributes:
        on_epoch: receives every epoch, those of the checkpoint first.
        should_stop: called between epochs; a stopped training keeps its best epoch.
        checkpoint: written after an epoch, at most once a second, and when the training stops; if
            the file exists, the training continues from it, with the same result as without a
            break.
    """

    on_epoch: Callable[[EpochRecord], None] = _ignore
    should_stop: ShouldStop = never
    checkpoint: Path | None = None
