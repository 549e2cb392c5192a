"""The objective of a training: named terms and their weights."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

from mirs_core.hashing.losses import (
    balance_per_bit,
    balance_per_sample,
    bernoulli_entropy,
    class_order,
    interclass_triplet,
    nt_xent,
    orthogonal_centres,
    orthohash,
    push,
    similarity,
    softmax_entropy,
    triplet,
)


@dataclass(frozen=True, slots=True)
class Batch:
    """One step's tensors; what no term asks for is None.

    Attributes:
        logits, soft: (B, K), of one view of each tile.
        labels: (B,) class numbers.
        inputs: (B, D) features of the plain tiles as the head sees them.
        target_logits: (B, K) of unlabelled tiles of the target domain.
        other_logits: (B, K) of a second view of the same tiles.
        groups: (B,) groups of landforms across classes.
    """

    logits: Tensor
    soft: Tensor
    labels: Tensor
    inputs: Tensor | None = None
    target_logits: Tensor | None = None
    other_logits: Tensor | None = None
    groups: Tensor | None = None

    @property
    def every_soft(self) -> Tensor:
        """Soft codes of every view in the batch, (B, K) or (2B, K)."""
        if self.other_logits is None:
            return self.soft
        return torch.cat([self.soft, self.other_logits.sigmoid()])


Term = Callable[[Batch], Tensor]


@dataclass(frozen=True, slots=True)
class Objective:
    """Terms by name with their weights; the total is their weighted sum.

    ``needs_target`` says that a term reads tiles of the target domain, ``needs_pairs`` that one
    compares two views of each tile. ``layers`` are trained with the head and thrown away.
    """

    terms: Mapping[str, tuple[float, Term]]
    needs_target: bool = False
    needs_pairs: bool = False
    layers: nn.Module = field(default_factory=nn.ModuleList)

    def metric(self, batch: Batch) -> Tensor:
        """The first term, which is the metric loss, without its weight."""
        _, term = next(iter(self.terms.values()))
        return term(batch)

    def __call__(self, batch: Batch) -> tuple[Tensor, dict[str, Tensor]]:
        """The total, and each term's value before its weight."""
        values = {name: term(batch) for name, (_, term) in self.terms.items()}
        total = sum(self.terms[name][0] * value for name, value in values.items())
        assert isinstance(total, Tensor)
        return total, values

    def gradients(self, batch: Batch, values: Mapping[str, Tensor]) -> dict[str, float]:
        """Norm of each weighted term's gradient with respect to the logits of a batch.

        It tells what a weight really does: a term with a large value may pull at nothing.

        Args:
            values: of the terms, as a call with this batch gave them; their graph is kept.
        """
        logits = [batch.logits, batch.target_logits, batch.other_logits]
        inputs = [one for one in logits if one is not None and one.requires_grad]
        norms = {}
        for name, (weight, _) in self.terms.items():
            value = values[name]
            if not value.requires_grad:
                norms[name] = 0.0
                continue
            found = torch.autograd.grad(value, inputs, retain_graph=True, allow_unused=True)
            parts = [one.norm() for one in found if one is not None]
            norms[name] = weight * float(torch.stack(parts).norm()) if parts else 0.0
        return norms


def triplet_term(margin: float, mining: str = "semi-hard") -> Term:
    """The triplet loss of a batch (``mirs_core.hashing.losses.triplet``)."""
    return lambda batch: triplet(batch.soft, batch.labels, margin, mining)


def orthohash_term(classes: int, bits: int, scale: float, margin: float, seed: int) -> Term:
    """Cosine to fixed orthogonal centres, one a class (``mirs_core.hashing.losses.orthohash``)."""
    centres = orthogonal_centres(classes, bits, seed)
    return lambda batch: orthohash(batch.logits, batch.labels, centres, scale, margin)


class Projection(nn.Module):
    """The projection head of the contrastive loss: K-K-P without bias, ReLU between."""

    def __init__(self, bits: int, width: int) -> None:
        super().__init__()
        self.first = nn.Linear(bits, bits, bias=False)
        self.last = nn.Linear(bits, width, bias=False)
        for layer in (self.first, self.last):
            nn.init.xavier_uniform_(layer.weight)

    def forward(self, logits: Tensor) -> Tensor:
        """Projections (B, P) of logits (B, K)."""
        return self.last(self.first(logits).relu())


def nt_xent_term(projection: Projection, temperature: float) -> Term:
    """NT-Xent between the projections of two views (``mirs_core.hashing.losses.nt_xent``)."""

    def term(batch: Batch) -> Tensor:
        assert batch.other_logits is not None
        return nt_xent(projection(batch.logits), projection(batch.other_logits), temperature)

    return term


def interclass_term(margin: float, third_class: bool = True) -> Term:
    """Triplets across classes (``mirs_core.hashing.losses.interclass_triplet``)."""

    def term(batch: Batch) -> Tensor:
        assert batch.groups is not None
        return interclass_triplet(batch.soft, batch.labels, batch.groups, margin, third_class)

    return term


def push_term(batch: Batch) -> Tensor:
    """The push loss of every soft code of a batch (``mirs_core.hashing.losses.push``)."""
    return push(batch.every_soft)


def faint_push_term(batch: Batch) -> Tensor:
    """The push loss divided by K once more, as the code of 2021 had it."""
    return push(batch.every_soft) / batch.soft.shape[1]


def balance_term(form: str) -> Term:
    """The balance loss, ``form`` "sample" or "bit" (``mirs_core.hashing.losses.balance``)."""
    balance = {"sample": balance_per_sample, "bit": balance_per_bit}[form]
    return lambda batch: balance(batch.every_soft)


def entropy_term(form: str = "bernoulli") -> Term:
    """Entropy of the target's codes, ``form`` "bernoulli" or "softmax" (the code of 2021)."""

    def term(batch: Batch) -> Tensor:
        assert batch.target_logits is not None
        if form == "softmax":
            return softmax_entropy(batch.target_logits.sigmoid())
        return bernoulli_entropy(batch.target_logits)

    return term


def similarity_term(batch: Batch) -> Tensor:
    """Keeps the features' cosines among the logits (``mirs_core.hashing.losses.similarity``)."""
    assert batch.inputs is not None
    return similarity(batch.logits, batch.inputs)


def order_term(batch: Batch) -> Tensor:
    """Keeps the order of the features inside a class (``mirs_core.hashing.losses.class_order``)."""
    assert batch.inputs is not None
    return class_order(batch.logits, batch.inputs, batch.labels)
