"""The objective of a training: named terms and their weights."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from torch import Tensor

from mirs_core.losses import (
    balance_per_bit,
    balance_per_sample,
    bernoulli_entropy,
    orthogonal_centres,
    orthohash,
    push,
    triplet,
)


@dataclass(frozen=True, slots=True)
class Batch:
    """One step's tensors: logits, soft codes (B, K), labels (B,), the target's logits or None."""

    logits: Tensor
    soft: Tensor
    labels: Tensor
    target_logits: Tensor | None = None


Term = Callable[[Batch], Tensor]


@dataclass(frozen=True, slots=True)
class Objective:
    """Terms by name with their weights; the total is their weighted sum.

    ``needs_target`` says that a term reads tiles of the target domain.
    """

    terms: Mapping[str, tuple[float, Term]]
    needs_target: bool = False

    def __call__(self, batch: Batch) -> tuple[Tensor, dict[str, Tensor]]:
        """The total, and each term's value before its weight."""
        values = {name: term(batch) for name, (_, term) in self.terms.items()}
        total = sum(self.terms[name][0] * value for name, value in values.items())
        assert isinstance(total, Tensor)
        return total, values


def triplet_term(margin: float, mining: str = "semi-hard") -> Term:
    """The triplet loss of a batch (``mirs_core.losses.triplet``)."""
    return lambda batch: triplet(batch.soft, batch.labels, margin, mining)


def orthohash_term(classes: int, bits: int, scale: float, margin: float, seed: int) -> Term:
    """Cosine to fixed orthogonal centres, one a class (``mirs_core.losses.orthohash``)."""
    centres = orthogonal_centres(classes, bits, seed)
    return lambda batch: orthohash(batch.logits, batch.labels, centres, scale, margin)


def hashing_objective(
    metric: str,
    term: Term,
    push_weight: float,
    balance_weight: float,
    balance_form: str = "sample",
    entropy_weight: float = 0.0,
) -> Objective:
    """``term + push_weight push + balance_weight balance (+ entropy_weight entropy)``.

    ``metric`` is the name that the metric loss ``term`` has among the terms.
    """
    balance = {"sample": balance_per_sample, "bit": balance_per_bit}[balance_form]
    terms: dict[str, tuple[float, Term]] = {
        metric: (1.0, term),
        "push": (push_weight, lambda batch: push(batch.soft)),
        "balance": (balance_weight, lambda batch: balance(batch.soft)),
    }
    if entropy_weight > 0:
        terms["entropy"] = (entropy_weight, _entropy)
    return Objective(terms, needs_target="entropy" in terms)


def _entropy(batch: Batch) -> Tensor:
    assert batch.target_logits is not None
    return bernoulli_entropy(batch.target_logits)
