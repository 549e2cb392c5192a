"""The training loop of the hash head: seeded, repeatable on one machine, best epoch kept."""

import copy
import dataclasses
import math
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mirs_core.errors import RunError
from mirs_core.hashing.model import HashHead, HashModel
from mirs_core.hashing.objective import Objective
from mirs_core.hashing.plan import TrainingControl, TrainingData, TrainingPlan, Validation
from mirs_core.hashing.records import EpochRecord, FitResult
from mirs_core.hashing.tensors import TrainingTensors
from mirs_core.hashing.terms import Batch
from mirs_core.hashing.validation import validation_map
from mirs_core.hashing.whitening import MovingStatistics
from mirs_core.ranking.codes import binarise, pack
from mirs_core.workspace.checkpoints import (
    State,
    copied,
    optimiser_dict,
    optimiser_state,
    read_checkpoint,
    write_checkpoint,
)

_SAVE_EVERY = 1.0
_PARTS = ("head", "live", "layers", "optimiser", "moving", "best", "best-moving", "random")
_ADVICE = "Delete the run and train again."


def fit(
    model: HashModel,
    objective: Objective,
    data: TrainingData,
    plan: TrainingPlan,
    *,
    moving: MovingStatistics | None = None,
    control: TrainingControl | None = None,
) -> FitResult:
    """Trains the head of ``model`` in place and leaves it at the best epoch.

    Args:
        moving: whitens each batch by its own statistics, and the model by their moving average;
            None uses the model's transforms throughout.

    The earliest of equally good epochs is kept; if validation cannot tell, the last epoch is. An
    epoch's whitening statistics are kept with it. The global random state does not change.

    Raises:
        DataError: a term reads tiles of the target domain and there are none.
        RunError: the loss became infinite or NaN, or the checkpoint is damaged.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(plan.seed)
        loop = _Loop(model, objective, data, plan, moving)
        return loop.run(data.validation, control or TrainingControl())


@dataclass(slots=True)
class _Progress:
    """The epochs so far and the best of them: its weights and its whitening statistics."""

    history: list[EpochRecord]
    best: int
    best_value: float
    weights: State
    statistics: State

    def to_json(self) -> dict[str, Any]:
        """Everything but the tensors, without rounding."""
        return {
            "history": [dataclasses.asdict(record) for record in self.history],
            "best": self.best,
            "best_value": None if math.isinf(self.best_value) else self.best_value,
        }

    @classmethod
    def of(cls, about: dict[str, Any], weights: State, statistics: State) -> "_Progress":
        """From ``to_json`` and its tensors. Raises KeyError, TypeError or ValueError."""
        history = [EpochRecord(**line) for line in about["history"]]
        value = -math.inf if about["best_value"] is None else float(about["best_value"])
        return cls(history, int(about["best"]), value, weights, statistics)


class _Loop:
    """The state that the epochs of one training share."""

    def __init__(
        self,
        model: HashModel,
        objective: Objective,
        data: TrainingData,
        plan: TrainingPlan,
        moving: MovingStatistics | None,
    ) -> None:
        self.model, self.objective, self.plan, self.moving = model, objective, plan, moving
        self.data = TrainingTensors.of(model, objective, data, moving)
        self.y = torch.from_numpy(data.labels)
        self.batch_size = min(plan.batch_size, len(data.labels))
        self.live = copy.deepcopy(model.head) if plan.averaging else model.head
        self.optimiser = torch.optim.Adam(
            [*self.live.parameters(), *objective.layers.parameters()],
            lr=plan.learning_rate,
            betas=plan.betas,
            weight_decay=plan.weight_decay,
        )
        self.steps = 0
        self.progress = _Progress([], 0, -math.inf, copied(model.head.state_dict()), {})

    def run(self, validation: Validation | None, control: TrainingControl) -> FitResult:
        checkpoint = control.checkpoint
        if checkpoint is not None and checkpoint.is_file():
            self._resume(checkpoint)
        progress, saved = self.progress, time.monotonic()
        for record in progress.history:
            control.on_epoch(record)
        for epoch in range(len(progress.history) + 1, self.plan.epochs + 1):
            self._run_epoch(epoch, validation)
            control.on_epoch(progress.history[-1])
            stop = control.should_stop()
            if checkpoint is not None and (stop or time.monotonic() - saved > _SAVE_EVERY):
                self._save(checkpoint)
                saved = time.monotonic()
            if stop:
                break
        self._keep_best()
        return FitResult(progress.best, tuple(progress.history))

    def _run_epoch(self, epoch: int, validation: Validation | None) -> None:
        """Trains and validates one epoch, records it, and keeps its weights if it is the best."""
        started, progress = time.perf_counter(), self.progress
        terms, total, gradients = self._train_epoch()
        if not math.isfinite(total):
            raise RunError(
                f"The training diverged in epoch {epoch}: the loss is no longer a finite number."
                " Lower training.learning_rate."
            )
        map_at_64, loss = self._validate(validation)
        seconds = time.perf_counter() - started
        progress.history.append(
            EpochRecord(epoch, terms, total, map_at_64, seconds, loss, gradients)
        )
        value = map_at_64 if loss is None else -loss
        if value is None or value > progress.best_value:
            progress.best, progress.best_value = epoch, -math.inf if value is None else value
            progress.weights = copied(self.model.head.state_dict())
            progress.statistics = self.moving.state() if self.moving is not None else {}

    def _keep_best(self) -> None:
        self.model.head.load_state_dict(self.progress.weights)
        if self.moving is not None and not self.moving.kept_late:
            self.moving.restore(self.progress.statistics)
            self.model.transforms.update(self.moving.transforms())
        self.model.head.eval()

    def _save(self, path: Path) -> None:
        """Writes everything that the next epoch needs."""
        parts = {
            "head": copied(self.model.head.state_dict()),
            "live": copied(self.live.state_dict()),
            "layers": copied(self.objective.layers.state_dict()),
            "optimiser": optimiser_state(self.optimiser.state_dict()),
            "moving": {} if self.moving is None else self.moving.state(),
            "best": self.progress.weights,
            "best-moving": self.progress.statistics,
            "random": {"state": torch.get_rng_state()},
        }
        write_checkpoint(path, parts, {"steps": self.steps, **self.progress.to_json()})

    def _resume(self, path: Path) -> None:
        """Restores the state of a checkpoint."""
        parts, about = read_checkpoint(path, _PARTS, _ADVICE)
        groups = self.optimiser.state_dict()["param_groups"]
        try:
            self.model.head.load_state_dict(parts["head"])
            self.live.load_state_dict(parts["live"])
            self.objective.layers.load_state_dict(parts["layers"])
            self.optimiser.load_state_dict(optimiser_dict(parts["optimiser"], groups))
            if self.moving is not None:
                self.moving.restore(parts["moving"])
                self.model.transforms.update(self.moving.transforms())
            self.progress = _Progress.of(about, parts["best"], parts["best-moving"])
            self.steps = int(about["steps"])
            torch.set_rng_state(parts["random"]["state"])
        except (KeyError, TypeError, ValueError, RuntimeError) as error:
            why = " ".join(str(error).split())
            raise RunError(f"{path} does not fit its run ({why}). {_ADVICE}") from None

    def _train_epoch(self) -> tuple[dict[str, float], float, dict[str, float]]:
        """Means of the terms and of the total over the steps, and the first batch's gradients."""
        self.live.train()
        sums: dict[str, float] = dict.fromkeys(self.objective.terms, 0.0)
        gradients: dict[str, float] = {}
        total_sum, steps = 0.0, 0
        for batch in self._batches():
            total, values = self.objective(batch)
            gradients = gradients or self.objective.gradients(batch, values)
            self.optimiser.zero_grad()
            total.backward()
            self.optimiser.step()
            self._average()
            steps += 1
            total_sum += total.item()
            for name, value in values.items():
                sums[name] += value.item()
        if self.moving is not None:
            self.model.transforms.update(self.moving.transforms())
        return {name: value / steps for name, value in sums.items()}, total_sum / steps, gradients

    def _batches(self) -> Iterator[Batch]:
        x, head = self.data.x, self.live
        steps = -(-len(self.y) // self.batch_size)
        for rows in torch.randperm(len(self.y)).tensor_split(steps):
            views = torch.randint(len(x), (len(rows),))
            logits = head(self._whitened("source", x[views, rows]))
            other = None
            if "pairs" in self.objective.needs:
                turn = torch.randint(1, len(x), (len(rows),))
                other = head(self._whitened("source", x[(views + turn) % len(x), rows]))
            target = None
            if self.data.target is not None:
                drawn = torch.randint(len(self.data.target), (len(rows),))
                target = head(self._whitened("target", self.data.target[drawn]))
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
        if not self.plan.averaging:
            return
        self.steps += 1
        # A shorter memory in the first steps, so that the initial weights do not dominate.
        decay = min(self.plan.averaging, (1 + self.steps) / (10 + self.steps))
        pairs = zip(self.model.head.parameters(), self.live.parameters(), strict=True)
        for mean, now in pairs:
            mean.lerp_(now, 1 - decay)

    def _validate(self, validation: Validation | None) -> tuple[float | None, float | None]:
        """mAP@64 and metric loss of the validation tiles, each None unless it is needed."""
        if validation is None:
            return None, None
        if self.moving is not None and self.moving.reads_validation:
            for part in torch.from_numpy(validation.features).split(self.batch_size):
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
