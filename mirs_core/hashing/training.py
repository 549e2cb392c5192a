"""The training loop of the hash head: seeded, repeatable on one machine, best epoch kept."""

import copy
import dataclasses
import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mirs_core.errors import DataError, RunError
from mirs_core.hashing.model import HashHead, HashModel
from mirs_core.hashing.objective import Batch, Objective
from mirs_core.hashing.whitening import MovingStatistics
from mirs_core.progress import ShouldStop, never
from mirs_core.ranking.codes import binarise, hamming, pack
from mirs_core.ranking.metrics import average_precision
from mirs_core.workspace.checkpoints import (
    State,
    copied,
    optimiser_dict,
    optimiser_state,
    read_checkpoint,
    write_checkpoint,
)

_K = 64
_SAVE_EVERY = 1.0
_PARTS = ("head", "live", "layers", "optimiser", "moving", "best", "best-moving", "random")
_ADVICE = "Delete the run and train again."
_INT32 = 2**31


@dataclass(frozen=True, slots=True)
class EpochRecord:
    """One epoch: mean of each unweighted term over its steps, their weighted sum, validation.

    ``map_at_64`` has the divisor min(R, k). It is None without a validation query that has an
    answer and where no label may be read; ``validation_loss`` is None where it chooses no epoch.
    ``gradients`` are the norms of the weighted terms' gradients on the epoch's first batch.
    """

    epoch: int
    terms: dict[str, float]
    total: float
    map_at_64: float | None
    seconds: float
    validation_loss: float | None = None
    gradients: dict[str, float] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """One line of ``progress.jsonl``."""
        return {
            "epoch": self.epoch,
            "terms": {name: round(value, 8) for name, value in self.terms.items()},
            "total": round(self.total, 8),
            "map_at_64": _rounded(self.map_at_64, 6),
            "validation_loss": _rounded(self.validation_loss, 8),
            "gradients": {name: round(value, 8) for name, value in self.gradients.items()},
            "seconds": round(self.seconds, 4),
        }


def _rounded(value: float | None, digits: int) -> float | None:
    return None if value is None else round(value, digits)


@dataclass(frozen=True, slots=True)
class FitResult:
    """The chosen epoch (from 1) and the record of every epoch; the model holds that epoch."""

    best_epoch: int
    history: tuple[EpochRecord, ...]


@dataclass(frozen=True, slots=True)
class Validation:
    """Tiles of the validation split, for the choice of the epoch.

    Attributes:
        features: (n, D) plain tiles.
        labels: (n,) class numbers; -1 where none may be read.
        by: "map" queries the training half with them and keeps the epoch of the highest mAP@64;
            "loss" keeps that of the lowest metric loss among them.
        other: (n, D) a second view of each, for losses that compare views.
    """

    features: NDArray[np.float32]
    labels: NDArray[np.int64]
    by: str = "map"
    other: NDArray[np.float32] | None = None


def fit(
    model: HashModel,
    objective: Objective,
    train_x: NDArray[np.float32],
    train_y: NDArray[np.int64],
    validation: Validation | None,
    *,
    target_x: NDArray[np.float32] | None = None,
    groups: NDArray[np.int64] | None = None,
    moving: MovingStatistics | None = None,
    epochs: int = 100,
    batch_size: int = 256,
    learning_rate: float = 1e-3,
    weight_decay: float = 1e-4,
    betas: tuple[float, float] = (0.9, 0.999),
    averaging: float = 0.0,
    seed: int = 0,
    checkpoint: Path | None = None,
    on_epoch: Callable[[EpochRecord], None] = lambda record: None,
    should_stop: ShouldStop = never,
) -> FitResult:
    """Trains the head of ``model`` in place and leaves it at the best epoch.

    Args:
        train_x: (V, n, D): V cached views of each of n training tiles, the first one plain. A step
            takes a random view of each tile, and another one where two are compared.
        train_y: (n,) class numbers; -1 where no label may be read.
        validation: what chooses the epoch; None keeps the last one.
        target_x: (m, D) tiles of the target domain, for terms that read them.
        groups: (n,) groups of landforms across classes, for terms that read them.
        moving: whitens each batch by its own statistics, and the model by their moving average;
            None uses the model's transforms throughout.
        batch_size: at most so many tiles a step; an epoch is cut into equal batches (within one
            tile), nothing is dropped.
        averaging: decay a step of the moving average of the weights that is evaluated and kept;
            0 keeps the weights themselves.
        checkpoint: written after an epoch, at most once a second, and when the training stops;
            where there is one, the training goes on from it, to the same end as without a break.
        on_epoch: gets every epoch, those of the checkpoint first.
        should_stop: asked between epochs; a stopped training keeps its best epoch.

    The earliest of equally good epochs wins; where validation can't tell, the last epoch is kept.
    A kept epoch keeps its whitening statistics with it. The global random state is left as it was.

    Raises:
        DataError: a term reads target tiles and there are none.
        RunError: the loss became infinite or no number, or the checkpoint is damaged.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        data = _Data.of(model, objective, train_x, train_y, target_x, groups, moving)
        loop = _Loop(model, objective, data, moving, averaging)
        trained = [*loop.live.parameters(), *objective.layers.parameters()]
        optimiser = torch.optim.Adam(
            trained, lr=learning_rate, betas=betas, weight_decay=weight_decay
        )
        size = min(batch_size, len(train_y))
        return loop.run(optimiser, validation, epochs, size, checkpoint, on_epoch, should_stop)


@dataclass(frozen=True, slots=True)
class _Data:
    """What every epoch reads: views (V, n, D), labels (n,), target tiles (m, D), groups (n,)."""

    x: Tensor
    labels: NDArray[np.int64]
    target: Tensor | None
    groups: Tensor | None

    @classmethod
    def of(
        cls,
        model: HashModel,
        objective: Objective,
        train_x: NDArray[np.float32],
        labels: NDArray[np.int64],
        target_x: NDArray[np.float32] | None,
        groups: NDArray[np.int64] | None,
        moving: MovingStatistics | None,
    ) -> "_Data":
        if objective.needs_pairs and len(train_x) < 2:
            raise DataError(
                "The contrastive loss compares two views of a tile and there is one;"
                " set training.views=8."
            )
        x, target = torch.from_numpy(train_x), None
        if objective.needs_target or moving is not None:
            if target_x is None or not len(target_x):
                raise DataError(
                    "The loss reads tiles of the archive, and it has none;"
                    " set loss.entropy_weight=0 or add training tiles."
                )
            target = torch.from_numpy(target_x)
        if moving is None:
            # The transforms are fixed, so every view passes them once, before the first epoch.
            x = model.transforms["source"](x)
            target = None if target is None else model.transforms["target"](target)
        return cls(x, labels, target, None if groups is None else torch.from_numpy(groups))


@dataclass(slots=True)
class _Progress:
    """How far a training is, and its best epoch: weights of the head, averages of the whitening."""

    history: list[EpochRecord]
    best: int
    best_value: float
    weights: State
    statistics: State

    def to_json(self) -> dict[str, Any]:
        """What is no tensor, to the last digit."""
        return {
            "history": [dataclasses.asdict(record) for record in self.history],
            "best": self.best,
            "best_value": None if math.isinf(self.best_value) else self.best_value,
        }

    @classmethod
    def of(cls, about: dict[str, Any], weights: State, statistics: State) -> "_Progress":
        """What ``to_json`` gave, with its tensors. Raises KeyError, TypeError, ValueError."""
        history = [EpochRecord(**line) for line in about["history"]]
        value = -math.inf if about["best_value"] is None else float(about["best_value"])
        return cls(history, int(about["best"]), value, weights, statistics)


class _Loop:
    """What the epochs of one training share."""

    def __init__(
        self,
        model: HashModel,
        objective: Objective,
        data: _Data,
        moving: MovingStatistics | None,
        averaging: float,
    ) -> None:
        self.model, self.objective, self.data = model, objective, data
        self.moving, self.averaging = moving, averaging
        self.y = torch.from_numpy(data.labels)
        self.live = copy.deepcopy(model.head) if averaging else model.head
        self.steps = 0
        self.progress = _Progress([], 0, -math.inf, copied(model.head.state_dict()), {})

    def run(
        self,
        optimiser: torch.optim.Optimizer,
        validation: Validation | None,
        epochs: int,
        batch_size: int,
        checkpoint: Path | None,
        on_epoch: Callable[[EpochRecord], None],
        should_stop: ShouldStop,
    ) -> FitResult:
        if checkpoint is not None and checkpoint.is_file():
            self._resume(checkpoint, optimiser)
        now, saved = self.progress, time.monotonic()
        for record in now.history:
            on_epoch(record)
        for epoch in range(len(now.history) + 1, epochs + 1):
            started = time.perf_counter()
            terms, total, gradients = self._epoch(optimiser, batch_size)
            if not math.isfinite(total):
                raise RunError(
                    f"The training diverged in epoch {epoch}: its loss is no number any more."
                    " Lower training.learning_rate."
                )
            found, loss = self._validate(validation, batch_size)
            seconds = time.perf_counter() - started
            now.history.append(EpochRecord(epoch, terms, total, found, seconds, loss, gradients))
            value = found if loss is None else -loss
            if value is None or value > now.best_value:
                now.best, now.best_value = epoch, -math.inf if value is None else value
                now.weights = copied(self.model.head.state_dict())
                now.statistics = self.moving.state() if self.moving is not None else {}
            on_epoch(now.history[-1])
            stop = should_stop()
            if checkpoint is not None and (stop or time.monotonic() - saved > _SAVE_EVERY):
                self._save(checkpoint, optimiser)
                saved = time.monotonic()
            if stop:
                break
        self._keep_best()
        return FitResult(now.best, tuple(now.history))

    def _keep_best(self) -> None:
        self.model.head.load_state_dict(self.progress.weights)
        if self.moving is not None and not self.moving.kept_late:
            self.moving.restore(self.progress.statistics)
            self.model.transforms.update(self.moving.transforms())
        self.model.head.eval()

    def _save(self, path: Path, optimiser: torch.optim.Optimizer) -> None:
        """Writes all that the next epoch needs."""
        parts = {
            "head": copied(self.model.head.state_dict()),
            "live": copied(self.live.state_dict()),
            "layers": copied(self.objective.layers.state_dict()),
            "optimiser": optimiser_state(optimiser.state_dict()),
            "moving": {} if self.moving is None else self.moving.state(),
            "best": self.progress.weights,
            "best-moving": self.progress.statistics,
            "random": {"state": torch.get_rng_state()},
        }
        write_checkpoint(path, parts, {"steps": self.steps, **self.progress.to_json()})

    def _resume(self, path: Path, optimiser: torch.optim.Optimizer) -> None:
        """Takes over the state of a checkpoint."""
        parts, about = read_checkpoint(path, _PARTS, _ADVICE)
        groups = optimiser.state_dict()["param_groups"]
        try:
            self.model.head.load_state_dict(parts["head"])
            self.live.load_state_dict(parts["live"])
            self.objective.layers.load_state_dict(parts["layers"])
            optimiser.load_state_dict(optimiser_dict(parts["optimiser"], groups))
            if self.moving is not None:
                self.moving.restore(parts["moving"])
                self.model.transforms.update(self.moving.transforms())
            self.progress = _Progress.of(about, parts["best"], parts["best-moving"])
            self.steps = int(about["steps"])
            torch.set_rng_state(parts["random"]["state"])
        except (KeyError, TypeError, ValueError, RuntimeError) as error:
            why = " ".join(str(error).split())
            raise RunError(f"{path} does not fit its run ({why}). {_ADVICE}") from None

    def _epoch(
        self, optimiser: torch.optim.Optimizer, batch_size: int
    ) -> tuple[dict[str, float], float, dict[str, float]]:
        self.live.train()
        sums: dict[str, float] = dict.fromkeys(self.objective.terms, 0.0)
        gradients: dict[str, float] = {}
        whole, steps = 0.0, 0
        for batch in self._batches(batch_size):
            total, values = self.objective(batch)
            gradients = gradients or self.objective.gradients(batch, values)
            optimiser.zero_grad()
            total.backward()
            optimiser.step()
            self._average()
            steps += 1
            whole += total.item()
            for name, value in values.items():
                sums[name] += value.item()
        if self.moving is not None:
            self.model.transforms.update(self.moving.transforms())
        return {name: value / steps for name, value in sums.items()}, whole / steps, gradients

    def _batches(self, size: int) -> Iterator[Batch]:
        x, head = self.data.x, self.live
        for rows in torch.randperm(len(self.y)).tensor_split(-(-len(self.y) // size)):
            views = torch.randint(len(x), (len(rows),))
            logits = head(self._whitened("source", x[views, rows]))
            other = None
            if self.objective.needs_pairs:
                turn = torch.randint(1, len(x), (len(rows),))
                other = head(self._whitened("source", x[(views + turn) % len(x), rows]))
            target = None
            if self.data.target is not None:
                some = torch.randint(len(self.data.target), (len(rows),))
                target = head(self._whitened("target", self.data.target[some]))
            yield Batch(
                logits,
                logits.sigmoid(),
                self.y[rows],
                inputs=self._alone(x[0, rows]),
                target_logits=target,
                other_logits=other,
                groups=None if self.data.groups is None else self.data.groups[rows],
            )

    def _whitened(self, domain: str, x: Tensor) -> Tensor:
        return x if self.moving is None else self.moving.step(domain, x)

    def _alone(self, x: Tensor) -> Tensor:
        return x if self.moving is None else self.moving.alone(x)

    @torch.no_grad()
    def _average(self) -> None:
        if not self.averaging:
            return
        self.steps += 1
        # A shorter memory in the first steps, so that the start does not weigh on the average.
        decay = min(self.averaging, (1 + self.steps) / (10 + self.steps))
        pairs = zip(self.model.head.parameters(), self.live.parameters(), strict=True)
        for mean, now in pairs:
            mean.lerp_(now, 1 - decay)

    def _validate(
        self, validation: Validation | None, batch_size: int
    ) -> tuple[float | None, float | None]:
        """mAP@64 and metric loss of the validation tiles, each None where it isn't asked for."""
        if validation is None:
            return None, None
        if self.moving is not None and self.moving.reads_validation:
            for part in torch.from_numpy(validation.features).split(batch_size):
                self.moving.step("target", part)
            self.model.transforms.update(self.moving.transforms())
        if validation.by == "loss":
            return None, self._validation_loss(validation)
        plain = self.data.x[0]
        if self.moving is not None:
            plain = self.model.transforms["source"](plain)
        archive = _codes(self.model.head, plain)
        queries = self.model.encode(validation.features, "target")
        return validation_map(archive, self.data.labels, queries, validation.labels), None

    @torch.no_grad()
    def _validation_loss(self, validation: Validation) -> float | None:
        if len(validation.features) < 2:
            return None
        self.model.head.eval()
        head, change = self.model.head, self.model.transforms["target"]
        logits = head(change(torch.from_numpy(validation.features)))
        other = None
        if validation.other is not None:
            other = head(change(torch.from_numpy(validation.other)))
        labels = torch.from_numpy(validation.labels)
        batch = Batch(logits, logits.sigmoid(), labels, other_logits=other)
        return self.objective.metric(batch).item()


@torch.no_grad()
def _codes(head: HashHead, x: Tensor) -> NDArray[np.uint8]:
    head.eval()
    return pack(binarise(head(x).sigmoid().numpy()))


def validation_map(
    archive: NDArray[np.uint8],
    archive_labels: NDArray[np.int64],
    queries: NDArray[np.uint8],
    labels: NDArray[np.int64],
) -> float | None:
    """mAP@64 (divisor min(R, k)) of packed queries against packed archive codes; ties in row order.

    Queries without a relevant row are left out; None where none is left.
    """
    wanted = labels[:, None] == archive_labels
    totals = wanted.sum(axis=1)
    if not totals.any():
        return None
    # One number that sorts by distance, then by row, so that a partial sort is enough.
    rows = len(archive)
    keys = torch.from_numpy(hamming(queries, archive))
    if (archive.shape[1] * 8 + 1) * rows >= _INT32:
        keys = keys.long()
    keys.mul_(rows).add_(torch.arange(rows, dtype=keys.dtype))
    nearest = keys.topk(min(_K, rows), dim=1, largest=False).values.numpy() % rows
    relevant = np.take_along_axis(wanted, nearest, axis=1)
    return float(np.nanmean(average_precision(relevant, totals, _K, "min_r_k")))
