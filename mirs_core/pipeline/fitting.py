"""From features and a configuration to a model: what may be read of which tile is decided here."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mirs_core.config import settings as configs
from mirs_core.datasets.items import Items
from mirs_core.errors import DataError
from mirs_core.hashing.baseline import FloatModel
from mirs_core.hashing.clusters import landform_groups
from mirs_core.hashing.model import HashHead, HashModel
from mirs_core.hashing.pca_sign import fit_pca_sign
from mirs_core.hashing.whitening import Transform, identity, scaling, whitening
from mirs_core.pipeline.assembly import moving_statistics, objective_of
from mirs_core.progress import Progress, ShouldStop, never, silent

if TYPE_CHECKING:
    from mirs_core.hashing import training


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
    val_view: NDArray[np.float32] | None = None,
    archive: NDArray[np.float32] | None = None,
    target: NDArray[np.float32] | None = None,
    distractors: Collection[str] = (),
    progress: Progress = silent,
    on_epoch: Callable[[dict[str, Any]], None] = lambda line: None,
    on_start: Callable[[HashModel], None] = lambda model: None,
    checkpoint: Path | None = None,
    should_stop: ShouldStop = never,
) -> Fitted:
    """The model of a configuration.

    Reads the labels of roles train and val only, and none where the run is unsupervised; of the
    archive it reads features, never labels; of test it reads nothing.

    Args:
        features: (n, D) float32, parallel to ``items``.
        views: (V, n, D) views of the ``learning_rows``; None takes the tiles as they are.
        val_view: (n_val, D) another view of the validation tiles, for a choice of the epoch that
            compares views.
        archive: (m, D) tiles of another data set that the run will search instead of its own.
        target: (m, D) tiles whose statistics whiten the target domain; None takes the archive's.
        distractors: classes that are trained on but never queried, so not in validation either.
        on_epoch: gets the line of every epoch, those of the checkpoint first.
        on_start: gets the model that is about to be trained in place, to be looked at meanwhile.
        checkpoint: where a network's training goes on from, and leaves how far it is.
        should_stop: asked between epochs; a stopped training keeps its best epoch.
    """
    archive = features[items.rows(["archive"])] if archive is None else archive
    if not config.hashes:
        return Fitted(FloatModel.fit(config.archive.distance, archive))
    rows = learning_rows(config, items)
    if not config.trains:
        return Fitted(fit_pca_sign(features[rows], config.head.bits, config.seed))
    views = features[rows][None] if views is None else views
    tiles = _Tiles(features, items, rows, views, val_view, archive, target, distractors)
    watch = _Watch(progress, on_epoch, on_start, checkpoint, should_stop)
    return _fit_head(config, tiles, watch)


def learning_rows(config: configs.RunConfig, items: Items) -> NDArray[np.int64]:
    """Rows of the tiles that a head learns from: the training half, all of it or its labelled part.

    An unsupervised run may learn from the archive's tiles as well; on a folder without splits it
    has only those.
    """
    rows = items.rows(["train"])
    if not config.unsupervised:
        return _labelled(items, rows)
    if config.training.tiles == "half+archive":
        return items.rows(["train", "archive"])
    return rows if len(rows) else items.rows(["archive"])


@dataclass(frozen=True, slots=True)
class _Tiles:
    """What a head may read, as ``fit`` describes it; ``rows`` are those that it learns from."""

    features: NDArray[np.float32]
    items: Items
    rows: NDArray[np.int64]
    views: NDArray[np.float32]
    val_view: NDArray[np.float32] | None
    archive: NDArray[np.float32]
    target: NDArray[np.float32] | None
    distractors: Collection[str]


@dataclass(frozen=True, slots=True)
class _Watch:
    """Who looks on while a head is trained, as ``fit`` describes it."""

    progress: Progress
    on_epoch: Callable[[dict[str, Any]], None]
    on_start: Callable[[HashModel], None]
    checkpoint: Path | None
    should_stop: ShouldStop


def _fit_head(config: configs.RunConfig, tiles: _Tiles, watch: _Watch) -> Fitted:
    import torch

    from mirs_core.hashing import training

    settings = config.training
    learnt, numbers = tiles.features[tiles.rows], _class_numbers(config, tiles)
    source, target = _transforms(config, learnt, tiles.archive, tiles.target)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(config.seed)
        head = HashHead(
            learnt.shape[1], config.head.bits, slope=config.slope, dropout=config.head.dropout
        )
    model = HashModel(head, source, target)

    def report(record: training.EpochRecord) -> None:
        watch.on_epoch(record.to_json())
        watch.progress("Training", record.epoch, settings.epochs)

    watch.on_start(model)
    result = training.fit(
        model,
        objective_of(config, int(numbers.max()) + 1),
        tiles.views,
        numbers[tiles.rows],
        _validation(config, tiles, numbers),
        target_x=tiles.archive,
        groups=groups_of(config, learnt, numbers[tiles.rows]),
        moving=moving_statistics(config),
        epochs=settings.epochs,
        batch_size=settings.batch_size,
        learning_rate=settings.learning_rate,
        weight_decay=settings.weight_decay,
        betas=(settings.beta1, settings.beta2),
        averaging=settings.averaging,
        seed=config.seed,
        checkpoint=watch.checkpoint,
        on_epoch=report,
        should_stop=watch.should_stop,
    )
    return Fitted(model, len(result.history), result.best_epoch)


def groups_of(
    config: configs.RunConfig, train: NDArray[np.float32], labels: NDArray[np.int64]
) -> NDArray[np.int64] | None:
    """Groups of landforms of the training tiles, where a term reads them."""
    if config.loss.interclass_weight <= 0:
        return None
    standardise = not config.quirks.raw_groups
    return landform_groups(train, labels, config.loss.groups, config.seed, standardise)


def _validation(
    config: configs.RunConfig, tiles: _Tiles, numbers: NDArray[np.int64]
) -> "training.Validation | None":
    """What chooses the epoch; None keeps the last one."""
    from mirs_core.hashing import training

    by = config.training.selection
    if by == "last":
        return None
    if not config.contrastive:
        rows = _validation_rows(tiles)
        return training.Validation(tiles.features[rows], numbers[rows], by)
    rows = tiles.items.rows(["val"])
    if tiles.val_view is None:
        raise DataError(
            "training.selection=loss compares two views of the validation tiles, and there is one;"
            " set training.selection=last."
        )
    return training.Validation(tiles.features[rows], numbers[rows], by, tiles.val_view)


def _transforms(
    config: configs.RunConfig,
    train: NDArray[np.float32],
    archive: NDArray[np.float32],
    target: NDArray[np.float32] | None,
) -> tuple[Transform, Transform]:
    """The transforms of the source and of the target domain."""
    if config.whitening.enabled:
        white = config.whitening
        settings = white.group_size, white.eps, white.shrinkage
        described = archive if target is None else target
        return whitening(train, *settings), whitening(described, *settings)
    if config.head.inputs == "raw":
        both = identity(train.shape[1])
    else:
        both = scaling(train, config.head.inputs)
    return both, both


def _validation_rows(tiles: _Tiles) -> NDArray[np.int64]:
    """Validation tiles that are queried: with a class, and no copies of training tiles."""
    items, trained = tiles.items, tiles.items.contents_of(["train"])
    rows = [
        row
        for row in _labelled(items, items.rows(["val"]))
        if items.labels[row] not in tiles.distractors and items.contents[row] not in trained
    ]
    return np.array(rows, dtype=np.int64)


def _labelled(items: Items, rows: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.array([row for row in rows if items.labels[row] is not None], dtype=np.int64)


def _class_numbers(config: configs.RunConfig, tiles: _Tiles) -> NDArray[np.int64]:
    """Class numbers (n,) of training and validation tiles; -1 where no label may be read."""
    labels = tiles.items.labels
    numbers = np.full(len(labels), -1, dtype=np.int64)
    if config.unsupervised:
        return numbers
    wanted = np.concatenate([tiles.rows, _validation_rows(tiles)])
    names = sorted({label for label in (labels[row] for row in wanted) if label is not None})
    place: dict[str | None, int] = {name: i for i, name in enumerate(names)}
    numbers[wanted] = [place[labels[row]] for row in wanted]
    return numbers
