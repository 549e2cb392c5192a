"""From features and a configuration to a model; decides which tiles and labels may be read."""

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mirs_core.config import settings as configs
from mirs_core.errors import DataError
from mirs_core.hashing.baseline import FloatModel
from mirs_core.hashing.interclass_groups import interclass_groups
from mirs_core.hashing.model import HashHead, HashModel
from mirs_core.hashing.pca_sign import fit_pca_sign
from mirs_core.hashing.plan import TrainingControl, TrainingData, Validation
from mirs_core.hashing.whitening import (
    Transform,
    identity,
    of_scaled,
    part_spread,
    scaling,
    whitening,
)
from mirs_core.pipeline.assembly import moving_statistics, needs_of, objective_of, plan_of
from mirs_core.pipeline.learning_tiles import LearningTiles, labelled, unseen
from mirs_core.progress import Progress, ShouldStop, never, silent

if TYPE_CHECKING:
    from mirs_core.hashing.records import EpochRecord


def _ignore(value: object) -> None:
    """Drops what an observer is not interested in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Observers:
    """Who follows a training, and how it is stopped and resumed.

    Attributes:
        on_epoch: receives the line of every epoch, those of the checkpoint first.
        on_start: receives the model that is about to be trained in place.
        checkpoint: where a training saves its state, and resumes from.
        should_stop: called between epochs; a stopped training keeps its best epoch.
    """

    progress: Progress = silent
    on_epoch: Callable[[dict[str, Any]], None] = _ignore
    on_start: Callable[[HashModel], None] = _ignore
    checkpoint: Path | None = None
    should_stop: ShouldStop = never


@dataclass(frozen=True, slots=True)
class Fitted:
    """A model, the number of epochs trained, and the epoch (from 1) that the model holds."""

    model: HashModel | FloatModel
    epochs: int = 0
    best_epoch: int = 0


def fit(
    config: configs.RunConfig, tiles: LearningTiles, observers: Observers | None = None
) -> Fitted:
    """The model of a configuration.

    Reads labels of the train and val splits only, and none in an unsupervised run; of the archive
    it reads features, never labels; of the test split it reads nothing.

    Raises:
        DataError: too few tiles or classes, or a view that the configuration needs is missing.
    """
    if not config.hashes:
        return Fitted(FloatModel.fit(config.archive.distance, tiles.archive_features))
    if not config.trains:
        features = tiles.features[tiles.learning_rows(config)]
        return Fitted(fit_pca_sign(features, config.head.bits, config.seed))
    return _fit_head(config, tiles, observers or Observers())


def _fit_head(config: configs.RunConfig, tiles: LearningTiles, observers: Observers) -> Fitted:
    import torch

    from mirs_core.hashing import training

    rows = tiles.learning_rows(config)
    features, numbers = tiles.features[rows], _class_numbers(config, tiles, rows)
    source, target = _transforms(config, features, tiles)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(config.seed)
        head = HashHead(
            features.shape[1], config.head.bits, slope=config.slope, dropout=config.head.dropout
        )
    model = HashModel(head, source, target)

    def report(record: "EpochRecord") -> None:
        observers.on_epoch(record.to_json())
        observers.progress("Training", record.epoch, config.training.epochs)

    observers.on_start(model)
    result = training.fit(
        model,
        objective_of(config, int(numbers.max()) + 1),
        TrainingData(
            features[None] if tiles.views is None else tiles.views,
            numbers[rows],
            _validation(config, tiles, numbers),
            target=tiles.archive_features,
            groups=groups_of(config, features, numbers[rows]),
        ),
        plan_of(config),
        moving=moving_statistics(config),
        control=TrainingControl(
            on_epoch=report,
            should_stop=observers.should_stop,
            checkpoint=observers.checkpoint,
        ),
    )
    return Fitted(model, len(result.history), result.best_epoch)


def groups_of(
    config: configs.RunConfig, train: NDArray[np.float32], labels: NDArray[np.int64]
) -> NDArray[np.int64] | None:
    """Groups (n,) across classes of the training tiles (n, D); None if no term reads them."""
    if "groups" not in needs_of(config):
        return None
    standardise = not config.quirks.raw_groups
    return interclass_groups(train, labels, config.loss.groups, config.seed, standardise)


def _validation(
    config: configs.RunConfig, tiles: LearningTiles, numbers: NDArray[np.int64]
) -> Validation | None:
    """What selects the epoch; None keeps the last one."""
    by = config.training.selection
    if by == "last":
        return None
    if not config.contrastive:
        rows = _validation_rows(tiles)
        return Validation(tiles.features[rows], numbers[rows], by)
    rows = tiles.items.rows(["val"])
    if tiles.val_view is None:
        raise DataError(
            "training.selection=loss compares two views of the validation tiles, and there is only"
            " one. Set training.selection to last."
        )
    return Validation(tiles.features[rows], numbers[rows], by, tiles.val_view)


def _transforms(
    config: configs.RunConfig, train: NDArray[np.float32], tiles: LearningTiles
) -> tuple[Transform, Transform]:
    """The transforms of the source and of the target domain."""
    if tiles.parts:
        # Statistics are those of features whose parts count equally.
        spread = part_spread(train, tiles.parts)
        scaled = dataclasses.replace(
            tiles,
            features=_divided(tiles.features, spread),
            archive=None if tiles.archive is None else _divided(tiles.archive, spread),
            target=None if tiles.target is None else _divided(tiles.target, spread),
            parts=(),
        )
        pair = _transforms(config, _divided(train, spread), scaled)
        return of_scaled(pair[0], spread), of_scaled(pair[1], spread)
    if config.whitening.enabled:
        white = config.whitening
        settings = white.group_size, white.eps, white.shrinkage
        target = tiles.archive_features if tiles.target is None else tiles.target
        return whitening(train, *settings), whitening(target, *settings)
    if config.head.inputs == "raw":
        both = identity(train.shape[1])
    else:
        both = scaling(train, config.head.inputs)
    return both, both


def _divided(features: NDArray[np.float32], spread: NDArray[np.float64]) -> NDArray[np.float32]:
    return (features / spread).astype(np.float32)


def _validation_rows(tiles: LearningTiles) -> NDArray[np.int64]:
    """Validation tiles that are queried: with a class, and no copies of any other tiles."""
    items, trained = tiles.items, tiles.items.contents_of(["train"])
    rows = [
        row
        for row in labelled(items, unseen(items, items.rows(["val"]), tiles.copies))
        if items.labels[row] not in tiles.distractors and items.contents[row] not in trained
    ]
    return np.array(rows, dtype=np.int64)


def _class_numbers(
    config: configs.RunConfig, tiles: LearningTiles, rows: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Class numbers (n,) of training and validation tiles; -1 where labels may not be read."""
    labels = tiles.items.labels
    numbers = np.full(len(labels), -1, dtype=np.int64)
    if config.unsupervised:
        return numbers
    readable = np.concatenate([rows, _validation_rows(tiles)])
    names = sorted({label for label in (labels[row] for row in readable) if label is not None})
    number_by_name: dict[str | None, int] = {name: i for i, name in enumerate(names)}
    numbers[readable] = [number_by_name[labels[row]] for row in readable]
    return numbers
