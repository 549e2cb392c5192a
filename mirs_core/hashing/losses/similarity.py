"""Codes keep the cosines of the features (similarity preservation; Tung and Mori, ICCV 2019)."""

from typing import TYPE_CHECKING

from mirs_core.hashing.losses._cosines import cosines, off_diagonal
from mirs_core.hashing.terms import Batch, LossTerm, Term

if TYPE_CHECKING:
    from torch import Tensor


def similarity(logits: "Tensor", features: "Tensor") -> "Tensor":
    """Mean over pairs of different rows of ``(cos(z_i, z_j) - cos(x_i, x_j))^2``, in [0, 4].

    Args:
        logits: (B, K).
        features: (B, D), the teacher; no gradient flows into it.

    A batch of one row gives 0.
    """
    gaps = (cosines(logits) - cosines(features.detach())) ** 2
    rows = len(gaps)
    return (gaps * off_diagonal(rows, gaps)).sum() / max(rows * (rows - 1), 1)


def build() -> Term:
    """The similarity loss between the logits of a batch and its features."""

    def term(batch: Batch) -> "Tensor":
        assert batch.inputs is not None
        return similarity(batch.logits, batch.inputs)

    return term


SPEC = LossTerm(
    name="similarity",
    title="Similarity",
    order=70,
    help="Keeps the cosine between the features of two tiles as the cosine between their codes.",
    build=build,
    needs=frozenset({"inputs"}),
    citation="Tung and Mori, Similarity-Preserving Knowledge Distillation, ICCV 2019",
    weight="loss.similarity_weight",
)
