"""Codes keep the order by feature similarity within each class (MIRS method, beyond 2021)."""

from typing import TYPE_CHECKING

from mirs_core.hashing.losses._cosines import cosines, off_diagonal
from mirs_core.hashing.terms import Batch, LossTerm, Term

if TYPE_CHECKING:
    from torch import Tensor


def class_order(logits: "Tensor", features: "Tensor", labels: "Tensor") -> "Tensor":
    """Mean over rows of ``1 - r``, in [0, 2]: how far the order within classes is lost.

    ``r`` is Pearson's correlation, over the other rows of the same class, between the cosines of a
    row's logits (B, K) and those of its features (B, D). Rows with fewer than two such others are
    left out; 0 if none remain. How far classes lie apart is left to the metric loss.
    """
    same = (labels[:, None] == labels[None, :]) & (off_diagonal(len(labels), logits) > 0)
    mask = same.to(logits.dtype)
    counts = mask.sum(dim=1)
    codes, teacher = (
        (x - (x * mask).sum(dim=1, keepdim=True) / counts.clamp_min(1)[:, None]) * mask
        for x in (cosines(logits), cosines(features.detach()))
    )
    spread = (codes * codes).sum(dim=1) * (teacher * teacher).sum(dim=1)
    correlation = (codes * teacher).sum(dim=1) / (spread + 1e-8).sqrt()
    measured = counts >= 2
    if not measured.any():
        return logits.sum() * 0
    return (1 - correlation)[measured].mean()


def build() -> Term:
    """The order loss between the logits of a batch and its features."""

    def term(batch: Batch) -> "Tensor":
        assert batch.inputs is not None
        return class_order(batch.logits, batch.inputs, batch.labels)

    return term


SPEC = LossTerm(
    name="order",
    title="Order",
    order=60,
    help="Keeps the order by feature similarity within each class, so that a class can be browsed.",
    build=build,
    needs=frozenset({"labels", "inputs"}),
    weight="loss.order_weight",
)
