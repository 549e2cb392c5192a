"""The push loss: soft codes away from 0.5 (MIRS method, the loss; lambda1 of the slides)."""

from torch import Tensor


def push(soft: Tensor) -> Tensor:
    """``-(1/K) mean_over_batch(sum_over_bits((h - 0.5)^2))`` of ``soft`` (B, K), in [-0.25, 0]."""
    return -((soft - 0.5) ** 2).mean()
