"""From features and a configuration to a model: what may be read of which tile is decided here."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mirs_core import config as configs
from mirs_core.baseline import FloatModel
from mirs_core.items import Items
from mirs_core.model import HashHead, HashModel
from mirs_core.objective import Objective, hashing_objective, orthohash_term, triplet_term
from mirs_core.progress import Progress, silent
from mirs_core.whitening import Transform, identity, scaling, whitening


@dataclass(frozen=True, slots=True)
class Fitted:
    """A model, the epochs that were trained, and the one (from 1) that the model holds."""

    model: HashModel | FloatModel
    epochs: int = 0
    best_epoch: int = 0


def fit(
    config: configs.RunConfig,
    features: NDArray[np.float32],
    items: Items,
    views: NDArray[np.float32] | None = None,
    distractors: Collection[str] = (),
    progress: Progress = silent,
    on_epoch: Callable[[dict[str, Any]], None] = lambda line: None,
) -> Fitted:
    """The model of a configuration.

    Reads the labels of roles train and val only; of the archive it reads features, never labels;
    of test it reads nothing.

    Args:
        features: (n, D) float32, parallel to ``items``.
        views: (V, n_train, D) views of the training tiles; None takes the tiles as they are.
        distractors: classes that are trained on but never queried, so not in validation either.
    """
    archive = features[items.rows(["archive"])]
    if not config.hashes:
        return Fitted(FloatModel.fit(config.archive.distance, archive))
    rows = items.rows(["train"])
    views = features[rows][None] if views is None else views
    return _fit_head(config, features, items, views, archive, distractors, progress, on_epoch)


def _fit_head(
    config: configs.RunConfig,
    features: NDArray[np.float32],
    items: Items,
    views: NDArray[np.float32],
    archive: NDArray[np.float32],
    distractors: Collection[str],
    progress: Progress,
    on_epoch: Callable[[dict[str, Any]], None],
) -> Fitted:
    import torch

    from mirs_core import training

    settings = config.training
    everyone = items.rows(["train"])
    train, val = _labelled(items, everyone), _validation_rows(items, distractors)
    views = views[:, np.isin(everyone, train)]
    numbers = _class_numbers(items.labels, train, val)
    source, target = _transforms(config, features[train], archive)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(config.seed)
        head = HashHead(features.shape[1], config.head.bits, dropout=config.head.dropout)
    model = HashModel(head, source, target)

    def report(record: training.EpochRecord) -> None:
        on_epoch(record.to_json())
        progress("Training", record.epoch, settings.epochs)

    result = training.fit(
        model,
        _objective(config, classes=int(numbers.max()) + 1),
        views,
        numbers[train],
        training.Validation(features[val], numbers[val]),
        target_x=archive,
        epochs=settings.epochs,
        batch_size=settings.batch_size,
        learning_rate=settings.learning_rate,
        weight_decay=settings.weight_decay,
        betas=(settings.beta1, settings.beta2),
        averaging=settings.averaging,
        seed=config.seed,
        on_epoch=report,
    )
    return Fitted(model, len(result.history), result.best_epoch)


def _objective(config: configs.RunConfig, classes: int) -> Objective:
    loss = config.loss
    term = (
        orthohash_term(classes, config.head.bits, loss.scale, loss.margin, config.seed)
        if loss.metric == "orthohash"
        else triplet_term(loss.margin, loss.mining)
    )
    return hashing_objective(
        loss.metric,
        term,
        loss.push_weight,
        loss.balance_weight,
        loss.balance_form,
        loss.entropy_weight,
    )


def _transforms(
    config: configs.RunConfig, train: NDArray[np.float32], archive: NDArray[np.float32]
) -> tuple[Transform, Transform]:
    """The transforms of the source and of the target domain."""
    if config.whitening.enabled:
        size, eps = config.whitening.group_size, config.whitening.eps
        return whitening(train, size, eps), whitening(archive, size, eps)
    if config.head.inputs == "raw":
        both = identity(train.shape[1])
    else:
        both = scaling(train, config.head.inputs)
    return both, both


def _validation_rows(items: Items, distractors: Collection[str]) -> NDArray[np.int64]:
    """Validation tiles that are queried: with a class, and no copies of training tiles."""
    trained = items.contents_of(["train"])
    rows = [
        row
        for row in _labelled(items, items.rows(["val"]))
        if items.labels[row] not in distractors and items.contents[row] not in trained
    ]
    return np.array(rows, dtype=np.int64)


def _labelled(items: Items, rows: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.array([row for row in rows if items.labels[row] is not None], dtype=np.int64)


def _class_numbers(labels: Sequence[str | None], *rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """Class numbers (n,) of the tiles in ``rows``; -1 elsewhere, where no label may be read."""
    wanted = np.concatenate(rows)
    names = sorted({label for label in (labels[row] for row in wanted) if label is not None})
    place: dict[str | None, int] = {name: i for i, name in enumerate(names)}
    numbers = np.full(len(labels), -1, dtype=np.int64)
    numbers[wanted] = [place[labels[row]] for row in wanted]
    return numbers
