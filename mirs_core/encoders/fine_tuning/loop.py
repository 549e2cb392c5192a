"""The training loop of a fine-tuning: seeded, resumable after every epoch, on any device."""

import hashlib
import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from mirs_core.encoders.base import Encoder
from mirs_core.encoders.fine_tuning.checkpoint import Checkpoint
from mirs_core.encoders.fine_tuning.distributed import World
from mirs_core.encoders.fine_tuning.objectives import Objective
from mirs_core.encoders.fine_tuning.settings import FineTuneConfig
from mirs_core.errors import DataError, RunError, StoppedError
from mirs_core.progress import Progress, silent
from mirs_core.workspace.checkpoints import State, copied, optimiser_dict, optimiser_state

STAGE = "Fine-tuning"
_WARM_UP = 0.1


@dataclass(frozen=True, slots=True)
class Trained:
    """The encoder's weights after its best epoch (from 1), and one entry per epoch."""

    weights: State
    best_epoch: int
    history: tuple[dict[str, Any], ...]


class _Joined(nn.Module):
    """The encoder and its new layers, called together so that devices stay synchronised."""

    def __init__(self, body: nn.Module, layers: nn.Module) -> None:
        super().__init__()
        self.body, self.layers = body, layers

    def forward(self, inputs: Tensor) -> tuple[Tensor, Tensor]:
        features = self.body(inputs)
        return features, self.layers(features)


def train(
    config: FineTuneConfig,
    encoder: Encoder,
    objective: Objective,
    world: World,
    checkpoint: Path,
    on_epoch: Callable[[list[dict[str, Any]]], None] = lambda history: None,
    progress: Progress = silent,
    should_stop: Callable[[], bool] = lambda: False,
) -> Trained:
    """Trains a copy of ``encoder`` end to end; resumes from ``checkpoint`` if it exists.

    Args:
        checkpoint: written after every epoch by the first process.
        on_epoch: receives the entries of all epochs so far, in the first process only.
        should_stop: called before every batch.

    On one device the result is the same whether or not the work was interrupted. The global random
    state is left as it was.

    Raises:
        StoppedError: ``should_stop`` returned true in any process.
        DataError: fewer tiles than processes.
        RunError: the loss is not finite, or the checkpoint is damaged.
        EncoderError: the encoder cannot be fine-tuned.
    """
    if len(objective.material.train) < world.size:
        raise DataError("There are fewer training tiles than processes; start fewer.")
    devices = [world.device] if world.device.type == "cuda" else []
    with torch.random.fork_rng(devices=devices):
        loop = _Loop(config, encoder, objective, world)
        if checkpoint.is_file():
            loop.restore(Checkpoint.load(checkpoint), checkpoint)
        return loop.run(checkpoint, on_epoch, progress, should_stop)


class _Loop:
    """State shared by the epochs of one fine-tuning."""

    def __init__(
        self, config: FineTuneConfig, encoder: Encoder, objective: Objective, world: World
    ) -> None:
        self.config, self.encoder, self.objective, self.world = config, encoder, objective, world
        body = encoder.trainable()
        torch.manual_seed(_seed(config.seed, "layers"))
        joined = _Joined(body, objective.layers(encoder.dim))
        self.joined = joined.to(world.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.network: nn.Module = self.joined
        if world.size > 1:
            if world.device.type == "cuda" and not config.freeze_statistics:
                self.joined = nn.SyncBatchNorm.convert_sync_batchnorm(self.joined)
            self.network = DistributedDataParallel(self.joined)
        rates = ((self.joined.body, 1.0), (self.joined.layers, config.head_factor))
        groups = [
            {"params": list(part.parameters()), "factor": factor}
            for part, factor in rates
            if any(True for _ in part.parameters())
        ]
        self.optimiser = torch.optim.AdamW(
            groups, lr=config.learning_rate, weight_decay=config.weight_decay
        )
        is_cuda = world.device.type == "cuda"
        self.mixed = is_cuda
        self.kind = torch.float16
        if is_cuda and torch.cuda.is_bf16_supported():
            self.kind = torch.bfloat16
        self.scaler = torch.amp.GradScaler("cuda", enabled=is_cuda and self.kind is torch.float16)
        self.history: list[dict[str, Any]] = []
        self.best: State = {}
        self.best_epoch = 0
        self.best_score: tuple[float, ...] = ()

    def restore(self, saved: Checkpoint, path: Path) -> None:
        """Restores the state of a checkpoint."""
        groups = self.optimiser.state_dict()["param_groups"]
        try:
            self.joined.load_state_dict(saved.network)
            self.optimiser.load_state_dict(optimiser_dict(saved.optimiser, groups))
            if saved.scaler:
                self.scaler.load_state_dict(saved.scaler)
        except (RuntimeError, ValueError, KeyError):
            raise RunError(
                f"{path} does not fit its network. Delete its folder and train the encoder again."
            ) from None
        self.history, self.best = saved.history, saved.best
        self.best_epoch, self.best_score = saved.best_epoch, saved.best_score

    def run(
        self,
        path: Path,
        on_epoch: Callable[[list[dict[str, Any]]], None],
        progress: Progress,
        should_stop: Callable[[], bool],
    ) -> Trained:
        for epoch in range(len(self.history) + 1, self.config.epochs + 1):
            started = time.perf_counter()
            loss = self._epoch(epoch, progress, should_stop)
            if not math.isfinite(loss):
                raise _diverged(epoch)
            figures = self._validate()
            if not all(math.isfinite(value) for value in figures.values()):
                raise _diverged(epoch)
            score = self.objective.score(figures) if figures else ()
            if not figures or score > self.best_score or not self.best:
                self.best_epoch, self.best_score = epoch, score
                self.best = copied(self.joined.body.state_dict())
            line = {"epoch": epoch, "loss": round(loss, 8), "validation": figures}
            self.history.append({**line, "seconds": round(time.perf_counter() - started, 3)})
            if self.world.writes:
                self._checkpoint().save(path)
                on_epoch(self.history)
        self.world.wait()
        return Trained(self.best, self.best_epoch, tuple(self.history))

    def _checkpoint(self) -> Checkpoint:
        return Checkpoint(
            copied(self.joined.state_dict()),
            self.best,
            optimiser_state(self.optimiser.state_dict()),
            self.scaler.state_dict(),
            self.history,
            self.best_epoch,
            self.best_score,
        )

    def _epoch(self, epoch: int, progress: Progress, should_stop: Callable[[], bool]) -> float:
        """Trains one epoch; the mean loss of its batches in this process."""
        shared = torch.Generator().manual_seed(_seed(self.config.seed, "order", epoch))
        torch.manual_seed(_seed(self.config.seed, "views", epoch, self.world.rank))
        batches = self.objective.batches(shared)
        steps, total = len(batches), torch.zeros((), device=self.world.device)
        self._learn()
        for step, batch in enumerate(batches):
            if self.world.any(should_stop()):
                raise StoppedError("Stopped as requested; the training can be resumed.")
            self._set_rate((epoch - 1) * steps + step, self.config.epochs * steps)
            self.optimiser.zero_grad()
            loss = self.objective.loss(self._outputs, self.world.part(batch))
            self.scaler.scale(loss).backward()
            self.scaler.step(self.optimiser)
            self.scaler.update()
            total += loss.detach()
            done = (epoch - 1) * steps + step + 1
            progress(STAGE, done, self.config.epochs * steps)
        return total.item() / steps

    def _learn(self) -> None:
        self.network.train()
        if self.config.freeze_statistics:
            for module in self.joined.modules():
                if isinstance(module, nn.modules.batchnorm._BatchNorm):
                    module.eval()

    def _set_rate(self, step: int, steps: int) -> None:
        share = 1.0
        if self.config.schedule == "cosine":
            warm = max(1.0, _WARM_UP * steps)
            share = min((step + 1) / warm, 1.0) * (1 + math.cos(math.pi * step / steps)) / 2
        for group in self.optimiser.param_groups:
            group["lr"] = self.config.learning_rate * group["factor"] * share

    def _outputs(self, pixels: Tensor) -> tuple[Tensor, Tensor]:
        """Features and outputs, float32, of pixels (B, 3, 224, 224) in 0..255."""
        inputs = self.encoder.standardise(pixels.to(self.world.device, non_blocking=True))
        inputs = inputs.contiguous(memory_format=torch.channels_last)
        # Outside training steps the processes are not synchronised: the bare network is called.
        network = self.network if self.network.training else self.joined
        with torch.autocast(self.world.device.type, self.kind, enabled=self.mixed):
            features, outputs = network(inputs)
        return features.float(), outputs.float()

    @torch.no_grad()
    def _validate(self) -> dict[str, float]:
        """Scores of the validation tiles, from the first process; empty if there are none."""
        if not len(self.objective.material.val):
            return {}
        if not self.config.freeze_statistics:
            self.world.share_buffers(self.joined)
        values = [0.0] * len(self.objective.figures)
        if self.world.writes:
            self.network.eval()
            figures = self.objective.measure(self._outputs)
            values = [round(figures[name], 8) for name in self.objective.figures]
        return dict(zip(self.objective.figures, self.world.share(values), strict=True))


def _diverged(epoch: int) -> RunError:
    return RunError(
        f"The fine-tuning diverged in epoch {epoch}: its loss is no longer finite."
        " Lower the learning rate."
    )


def _seed(seed: int, purpose: str, *more: int) -> int:
    """A seed for one purpose, so that no two purposes draw the same numbers."""
    text = ":".join([purpose, str(seed), *map(str, more)])
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:7], "big")
