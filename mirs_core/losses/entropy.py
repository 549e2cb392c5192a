"""The entropy term of domain whitening (after Roy et al., CVPR 2019; MIRS method, the loss)."""

from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits


def bernoulli_entropy(logits: Tensor) -> Tensor:
    """Mean over batch and bits of the entropy of a Bernoulli variable, in nats, in [0, ln 2].

    Takes logits (B, K) rather than soft codes, so that decided bits stay finite.
    """
    return binary_cross_entropy_with_logits(logits, logits.sigmoid())
