"""The entropy term of domain whitening (after Roy et al., CVPR 2019; MIRS method, the loss)."""

from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits


def bernoulli_entropy(logits: Tensor) -> Tensor:
    """Mean over batch and bits of the entropy of a Bernoulli variable, in nats, in [0, ln 2].

    Takes logits (B, K) rather than soft codes, so that decided bits stay finite.
    """
    return binary_cross_entropy_with_logits(logits, logits.sigmoid())


def softmax_entropy(soft: Tensor) -> Tensor:
    """Mean over the batch of the entropy of ``softmax(h)`` over the K bits, in nats.

    The form of 2021, for parity: the bits of a code are no alternatives to each other, and since
    soft codes lie in (0, 1) the value hardly moves (4.73 to 4.85 for 128 bits).
    """
    return -(soft.softmax(dim=1) * soft.log_softmax(dim=1)).sum(dim=1).mean()
