"""The push loss: soft codes away from 0.5 (MIRS method, the loss; lambda1 of the slides)."""

from typing import TYPE_CHECKING

from mirs_core.hashing.terms import LossTerm, Term

if TYPE_CHECKING:
    from torch import Tensor


def push(soft: "Tensor") -> "Tensor":
    """``-(1/K) mean_over_batch(sum_over_bits((h - 0.5)^2))`` of ``soft`` (B, K), in [-0.25, 0]."""
    return -((soft - 0.5) ** 2).mean()


def build(faint: bool = False) -> Term:
    """The push loss of every soft code of a batch.

    Args:
        faint: divides it by K once more, as the code of 2021 did.
    """
    if faint:
        return lambda batch: push(batch.every_soft) / batch.soft.shape[1]
    return lambda batch: push(batch.every_soft)


SPEC = LossTerm(
    name="push",
    title="Push",
    order=20,
    help="Drives soft codes towards 0 or 1, so that little is lost when they become bits.",
    build=build,
    settings={"faint": "quirks.faint_push"},
    weight="loss.push_weight",
    always=True,
)
