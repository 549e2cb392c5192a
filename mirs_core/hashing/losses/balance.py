"""The balance loss: as many ones as zeros (MIRS method, the loss; lambda2 of the slides)."""

from typing import TYPE_CHECKING

from mirs_core.hashing.terms import LossTerm, Term

if TYPE_CHECKING:
    from torch import Tensor


def balance_per_sample(soft: "Tensor") -> "Tensor":
    """Mean over samples of ``(mean_over_bits(h) - 0.5)^2`` of soft codes (B, K), in [0, 0.25]."""
    return ((soft.mean(dim=1) - 0.5) ** 2).mean()


def balance_per_bit(soft: "Tensor") -> "Tensor":
    """Mean over bits of ``(mean_over_batch(h) - 0.5)^2`` of soft codes (B, K), in [0, 0.25].

    Unlike the form per sample it also penalises total collapse, where all codes are equal.
    """
    return ((soft.mean(dim=0) - 0.5) ** 2).mean()


def build(form: str) -> Term:
    """The balance loss of every soft code of a batch; ``form`` is "sample" or "bit"."""
    balance = {"sample": balance_per_sample, "bit": balance_per_bit}[form]
    return lambda batch: balance(batch.every_soft)


SPEC = LossTerm(
    name="balance",
    title="Balance",
    order=30,
    help="Keeps ones and zeros equally frequent in the codes.",
    build=build,
    settings={"form": "loss.balance_form"},
    weight="loss.balance_weight",
    always=True,
)
