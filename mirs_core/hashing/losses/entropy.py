"""The entropy term of domain whitening (after Roy et al., CVPR 2019; MIRS method, the loss)."""

from typing import TYPE_CHECKING

from mirs_core.hashing.terms import Batch, LossTerm, Term

if TYPE_CHECKING:
    from torch import Tensor


def bernoulli_entropy(logits: "Tensor") -> "Tensor":
    """Mean over batch and bits of the entropy of a Bernoulli variable, in nats, in [0, ln 2].

    Takes logits (B, K) rather than soft codes, so that saturated bits stay finite.
    """
    from torch.nn.functional import binary_cross_entropy_with_logits

    return binary_cross_entropy_with_logits(logits, logits.sigmoid())


def softmax_entropy(soft: "Tensor") -> "Tensor":
    """Mean over the batch of the entropy of ``softmax(h)`` over the K bits, in nats.

    The form of 2021, for parity only: the bits of a code are not mutually exclusive, and since
    soft codes lie in (0, 1) the value hardly changes (4.73 to 4.85 for 128 bits).
    """
    return -(soft.softmax(dim=1) * soft.log_softmax(dim=1)).sum(dim=1).mean()


def build(form: str = "bernoulli") -> Term:
    """The entropy of the target domain's codes; ``form`` is "bernoulli" or "softmax" (2021)."""

    def term(batch: Batch) -> "Tensor":
        assert batch.target_logits is not None
        if form == "softmax":
            return softmax_entropy(batch.target_logits.sigmoid())
        return bernoulli_entropy(batch.target_logits)

    return term


SPEC = LossTerm(
    name="entropy",
    title="Entropy",
    order=50,
    help="Drives the soft codes of the unlabelled archive towards 0 or 1.",
    build=build,
    settings={"form": "loss.entropy_form"},
    needs=frozenset({"target"}),
    citation="Roy et al., Unsupervised Domain Adaptation using Feature-Whitening, CVPR 2019",
    weight="loss.entropy_weight",
)
