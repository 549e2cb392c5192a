"""Objectives of a fine-tuning: new layers, batches, loss and validation."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from mirs_core.encoders.fine_tuning import augmentation
from mirs_core.encoders.fine_tuning.settings import FineTuneConfig
from mirs_core.encoders.fine_tuning.tile_store import TileStore
from mirs_core.hashing.losses.nt_xent import nt_xent
from mirs_core.hashing.losses.triplet import triplet
from mirs_core.ranking.metrics import average_precision

_K = 64
_BATCH = 32

Outputs = Callable[[Tensor], tuple[Tensor, Tensor]]
"""From pixels (B, 3, 224, 224) in 0..255 to features (B, D) and the outputs of the new layers."""


@dataclass(frozen=True, slots=True)
class Material:
    """Training and validation tiles with their class numbers; -1 where labels are not used."""

    train: TileStore
    val: TileStore
    train_labels: NDArray[np.int64]
    val_labels: NDArray[np.int64]
    classes: int


class Objective(ABC):
    """One way to train an encoder. ``figures`` names what validation measures."""

    figures: tuple[str, ...] = ()

    def __init__(self, config: FineTuneConfig, material: Material) -> None:
        self.config, self.material = config, material

    @abstractmethod
    def layers(self, dim: int) -> nn.Module:
        """The new layers behind the features (B, dim); discarded after the training."""

    @abstractmethod
    def loss(self, outputs: Outputs, rows: Tensor) -> Tensor:
        """The loss of the training tiles ``rows``, a scalar."""

    @abstractmethod
    def measure(self, outputs: Outputs) -> dict[str, float]:
        """The ``figures`` of the validation tiles; called only where there are any."""

    @abstractmethod
    def score(self, figures: dict[str, float]) -> tuple[float, ...]:
        """By which the best epoch is chosen, greater is better; later numbers break ties."""

    def batches(self, generator: torch.Generator) -> Sequence[Tensor]:
        """Rows of the training tiles by batch: sizes differ by at most one, none is dropped."""
        rows = torch.randperm(len(self.material.train), generator=generator)
        return rows.tensor_split(-(-len(rows) // self.config.batch_size))

    def _pixels(self, rows: Tensor) -> Tensor:
        """Training tiles in a random view, (B, 3, 224, 224) float32."""
        pixels = augmentation.turned(self.material.train.batch(rows.tolist()).float())
        return augmentation.jittered(pixels, self.config.jitter / 2)

    def _labels(self, rows: Tensor) -> Tensor:
        return torch.from_numpy(self.material.train_labels[rows.numpy()])


class Classifier(Objective):
    """Cross entropy over the classes of the training half; validation accuracy chooses."""

    figures = ("accuracy", "cross_entropy")

    def layers(self, dim: int) -> nn.Module:
        """One linear layer to the classes."""
        return nn.Linear(dim, self.material.classes)

    def loss(self, outputs: Outputs, rows: Tensor) -> Tensor:
        """Cross entropy with label smoothing."""
        logits = outputs(self._pixels(rows))[1]
        labels = self._labels(rows).to(logits.device)
        return functional.cross_entropy(logits, labels, label_smoothing=self.config.smoothing)

    def measure(self, outputs: Outputs) -> dict[str, float]:
        """Accuracy and cross entropy of the validation tiles."""
        logits = torch.cat([logit for _, logit in _each(outputs, self.material.val)])
        labels = torch.from_numpy(self.material.val_labels)
        right = (logits.argmax(1) == labels).double().mean()
        return {
            "accuracy": right.item(),
            "cross_entropy": functional.cross_entropy(logits.double(), labels).item(),
        }

    def score(self, figures: dict[str, float]) -> tuple[float, ...]:
        """Accuracy; among equals the lower cross entropy."""
        return figures["accuracy"], -figures["cross_entropy"]


class Triplet(Objective):
    """Semi-hard triplets on unit features; validation mAP@64 against the training half chooses."""

    figures = ("map_at_64",)

    def layers(self, dim: int) -> nn.Module:
        """None: the features themselves are compared."""
        return nn.Identity()

    def loss(self, outputs: Outputs, rows: Tensor) -> Tensor:
        """The triplet loss of the features."""
        features = outputs(self._pixels(rows))[0]
        return triplet(features, self._labels(rows).to(features.device), self.config.margin)

    def batches(self, generator: torch.Generator) -> Sequence[Tensor]:
        """Batches of small groups of one class each, so that every batch holds triplets."""
        groups = class_groups(self.material.train_labels, self.config.group, generator)
        order = torch.randperm(len(groups), generator=generator).tolist()
        count = max(1, round(len(groups) * self.config.group / self.config.batch_size))
        return [
            torch.cat([groups[order[i]] for i in part.tolist()])
            for part in torch.arange(len(groups)).tensor_split(count)
        ]

    def measure(self, outputs: Outputs) -> dict[str, float]:
        """mAP@64 (divisor min(R, k)) of validation tiles among training tiles, on unit features."""
        archive, queries = (
            functional.normalize(
                torch.cat([features for features, _ in _each(outputs, store)]), dim=1
            )
            for store in (self.material.train, self.material.val)
        )
        order = torch.argsort(queries @ archive.T, dim=1, descending=True, stable=True)[:, :_K]
        is_relevant = self.material.val_labels[:, None] == self.material.train_labels
        relevant = np.take_along_axis(is_relevant, order.numpy(), axis=1)
        values = average_precision(relevant, is_relevant.sum(axis=1), _K, "min_r_k")
        return {"map_at_64": float(np.nanmean(values))}

    def score(self, figures: dict[str, float]) -> tuple[float, ...]:
        """mAP@64."""
        return (figures["map_at_64"],)


class SimClr(Objective):
    """NT-Xent between two views of each tile; uses no labels. The lowest validation loss chooses.

    With several processes the other tiles are those of the process's own part of the batch.
    """

    figures = ("nt_xent",)

    def layers(self, dim: int) -> nn.Module:
        """The projection head of SimCLR."""
        return nn.Sequential(
            nn.Linear(dim, dim, bias=False),
            nn.ReLU(),
            nn.Linear(dim, self.config.projection, bias=False),
        )

    def loss(self, outputs: Outputs, rows: Tensor) -> Tensor:
        """NT-Xent of two views."""
        return self._contrast(outputs, self.material.train.batch(rows.tolist()))

    def measure(self, outputs: Outputs) -> dict[str, float]:
        """NT-Xent of two views of the validation tiles that are the same in every epoch."""
        count = len(self.material.val)
        total = 0.0
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(self.config.seed)
            parts = torch.arange(count).tensor_split(-(-count // self.config.batch_size))
            for rows in parts:
                pixels = self.material.val.batch(rows.tolist())
                total += self._contrast(outputs, pixels).item() * len(rows)
        return {"nt_xent": total / count}

    def score(self, figures: dict[str, float]) -> tuple[float, ...]:
        """NT-Xent, the lower the better."""
        return (-figures["nt_xent"],)

    def _contrast(self, outputs: Outputs, pixels: Tensor) -> Tensor:
        tiles = pixels.float()
        projected = outputs(torch.cat([self._view(tiles), self._view(tiles)]))[1]
        return nt_xent(projected[: len(tiles)], projected[len(tiles) :], self.config.temperature)

    def _view(self, pixels: Tensor) -> Tensor:
        cut = augmentation.cropped(augmentation.turned(pixels), self.config.crop)
        return augmentation.noisy(augmentation.jittered(cut, self.config.jitter), self.config.noise)


KINDS: dict[str, type[Objective]] = {
    "classifier": Classifier,
    "triplet": Triplet,
    "simclr": SimClr,
}


def class_groups(labels: NDArray[np.int64], size: int, generator: torch.Generator) -> list[Tensor]:
    """Rows in groups of one class: each row once, the last group of a class filled up to ``size``.

    A class with fewer tiles gives one group of what it has.
    """
    groups: list[Tensor] = []
    for label in np.unique(labels):
        rows = torch.from_numpy(np.flatnonzero(labels == label))
        rows = rows[torch.randperm(len(rows), generator=generator)]
        lacking = -len(rows) % size if len(rows) > size else 0
        groups += torch.cat([rows, rows[:lacking]]).split(size)
    return groups


def _each(outputs: Outputs, store: TileStore) -> list[tuple[Tensor, Tensor]]:
    """Features and outputs of plain tiles on the CPU, batch by batch."""
    batches = []
    for start in range(0, len(store), _BATCH):
        features, outcome = outputs(store.batch(range(start, min(start + _BATCH, len(store)))))
        batches.append((features.cpu(), outcome.cpu()))
    return batches
