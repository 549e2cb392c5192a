"""The balance loss: as many ones as zeros (MIRS method, the loss; lambda2 of the slides)."""

from torch import Tensor


def balance_per_sample(soft: Tensor) -> Tensor:
    """Mean over samples of ``(mean_over_bits(h) - 0.5)^2`` of soft codes (B, K), in [0, 0.25]."""
    return ((soft.mean(dim=1) - 0.5) ** 2).mean()


def balance_per_bit(soft: Tensor) -> Tensor:
    """Mean over bits of ``(mean_over_batch(h) - 0.5)^2`` of soft codes (B, K), in [0, 0.25].

    Unlike the form per sample it also sees total collapse: all codes of a batch equal.
    """
    return ((soft.mean(dim=0) - 0.5) ** 2).mean()
