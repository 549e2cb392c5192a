"""The training loop of the hash head: seeded, repeatable on one machine, best epoch kept."""

import copy
import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mirs_core.codes import binarise, hamming, pack
from mirs_core.errors import DataError, RunError
from mirs_core.metrics import average_precision
from mirs_core.model import HashHead, HashModel
from mirs_core.objective import Batch, Objective

_K = 64


@dataclass(frozen=True, slots=True)
class EpochRecord:
    """One epoch: mean of each unweighted term over its steps, their weighted sum, validation mAP.

    ``map_at_64`` has the divisor min(R, k); None without a validation query that has an answer.
    """

    epoch: int
    terms: dict[str, float]
    total: float
    map_at_64: float | None
    seconds: float

    def to_json(self) -> dict[str, Any]:
        """One line of ``progress.jsonl``."""
        return {
            "epoch": self.epoch,
            "terms": {name: round(value, 8) for name, value in self.terms.items()},
            "total": round(self.total, 8),
            "map_at_64": None if self.map_at_64 is None else round(self.map_at_64, 6),
            "seconds": round(self.seconds, 4),
        }


@dataclass(frozen=True, slots=True)
class FitResult:
    """The chosen epoch (from 1) and the record of every epoch; the model holds that epoch."""

    best_epoch: int
    history: tuple[EpochRecord, ...]


@dataclass(frozen=True, slots=True)
class Validation:
    """Queries of the validation split against the training half, for the choice of the epoch."""

    features: NDArray[np.float32]
    labels: NDArray[np.int64]


def fit(
    model: HashModel,
    objective: Objective,
    train_x: NDArray[np.float32],
    train_y: NDArray[np.int64],
    validation: Validation | None,
    *,
    target_x: NDArray[np.float32] | None = None,
    epochs: int = 100,
    batch_size: int = 256,
    learning_rate: float = 1e-3,
    weight_decay: float = 1e-4,
    betas: tuple[float, float] = (0.9, 0.999),
    averaging: float = 0.0,
    seed: int = 0,
    on_epoch: Callable[[EpochRecord], None] = lambda record: None,
    should_stop: Callable[[], bool] = lambda: False,
) -> FitResult:
    """Trains the head of ``model`` in place and leaves it at the best epoch.

    Args:
        train_x: (V, n, D): V cached views of each of n training tiles, the first one plain. A step
            takes a random view of each tile.
        train_y: (n,) class numbers.
        validation: what chooses the epoch, by mAP@64; None keeps the last epoch.
        target_x: (m, D) tiles of the target domain, for terms that read them.
        batch_size: at most so many tiles a step; an epoch is cut into equal batches (within one
            tile), nothing is dropped.
        averaging: decay a step of the moving average of the weights that is evaluated and kept;
            0 keeps the weights themselves.
        should_stop: asked between epochs; a stopped training keeps its best epoch.

    The earliest of equally good epochs wins; where validation can't tell, the last epoch is kept.
    The global random state is left as it was.

    Raises:
        DataError: a term reads target tiles and there are none.
        RunError: the loss became infinite or no number.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        loop = _Loop(model, objective, train_x, train_y, target_x, averaging)
        optimiser = torch.optim.Adam(
            loop.live.parameters(), lr=learning_rate, betas=betas, weight_decay=weight_decay
        )
        return loop.run(
            optimiser, validation, epochs, min(batch_size, len(train_y)), on_epoch, should_stop
        )


class _Loop:
    """What the epochs of one training share."""

    def __init__(
        self,
        model: HashModel,
        objective: Objective,
        train_x: NDArray[np.float32],
        train_y: NDArray[np.int64],
        target_x: NDArray[np.float32] | None,
        averaging: float,
    ) -> None:
        # The transforms are fixed, so every view passes them once, before the first epoch.
        self.model, self.objective, self.averaging = model, objective, averaging
        self.x = model.transforms["source"](torch.from_numpy(train_x))
        self.y, self.labels = torch.from_numpy(train_y), train_y
        self.target = None
        if objective.needs_target:
            if target_x is None or not len(target_x):
                raise DataError(
                    "The loss reads tiles of the archive, and it has none;"
                    " set loss.entropy_weight=0 or add training tiles."
                )
            self.target = model.transforms["target"](torch.from_numpy(target_x))
        self.live = copy.deepcopy(model.head) if averaging else model.head
        self.steps = 0

    def run(
        self,
        optimiser: torch.optim.Optimizer,
        validation: Validation | None,
        epochs: int,
        batch_size: int,
        on_epoch: Callable[[EpochRecord], None],
        should_stop: Callable[[], bool],
    ) -> FitResult:
        history: list[EpochRecord] = []
        best, best_value, kept = 0, -1.0, copy.deepcopy(self.model.head.state_dict())
        for epoch in range(1, epochs + 1):
            started = time.perf_counter()
            terms, total = self._epoch(optimiser, batch_size)
            if not math.isfinite(total):
                raise RunError(
                    f"The training diverged in epoch {epoch}: its loss is no number any more."
                    " Lower training.learning_rate."
                )
            value = self._validate(validation)
            seconds = time.perf_counter() - started
            history.append(EpochRecord(epoch, terms, total, value, seconds))
            if value is None or value > best_value:
                best, best_value = epoch, -1.0 if value is None else value
                kept = copy.deepcopy(self.model.head.state_dict())
            on_epoch(history[-1])
            if should_stop():
                break
        self.model.head.load_state_dict(kept)
        self.model.head.eval()
        return FitResult(best, tuple(history))

    def _epoch(
        self, optimiser: torch.optim.Optimizer, batch_size: int
    ) -> tuple[dict[str, float], float]:
        self.live.train()
        sums: dict[str, float] = dict.fromkeys(self.objective.terms, 0.0)
        whole, steps = 0.0, 0
        for batch in self._batches(batch_size):
            total, values = self.objective(batch)
            optimiser.zero_grad()
            total.backward()
            optimiser.step()
            self._average()
            steps += 1
            whole += total.item()
            for name, value in values.items():
                sums[name] += value.item()
        return {name: value / steps for name, value in sums.items()}, whole / steps

    def _batches(self, size: int) -> Iterator[Batch]:
        for rows in torch.randperm(len(self.y)).tensor_split(-(-len(self.y) // size)):
            views = torch.randint(len(self.x), (len(rows),))
            logits = self.live(self.x[views, rows])
            target = None
            if self.target is not None:
                some = torch.randint(len(self.target), (len(rows),))
                target = self.live(self.target[some])
            yield Batch(logits, logits.sigmoid(), self.y[rows], target)

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

    def _validate(self, validation: Validation | None) -> float | None:
        if validation is None:
            return None
        archive = _codes(self.model.head, self.x[0])
        queries = self.model.encode(validation.features, "target")
        return validation_map(archive, self.labels, queries, validation.labels)


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
    keys = hamming(queries, archive).astype(np.int64) * rows + np.arange(rows)
    if rows > _K:
        keys = np.partition(keys, _K - 1, axis=1)[:, :_K]
    relevant = np.take_along_axis(wanted, np.sort(keys, axis=1) % rows, axis=1)
    return float(np.nanmean(average_precision(relevant, totals, _K, "min_r_k")))
