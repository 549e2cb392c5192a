"""The mean hinge of mined triplets, which triplet losses share."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

    from mirs_core.hashing.mining import Mined


def mean_hinge(distances: "Tensor", mined: "Mined", margin: float, soft: "Tensor") -> "Tensor":
    """Mean of ``d(a, p) - d(a, n) + margin`` over triplets; 0, joined to the graph, if none.

    Args:
        distances: (B, B) between the rows of ``soft`` (B, K).
    """
    count = mined.count()
    if not count:
        return soft.sum() * 0
    return (mined.signed_counts().to(distances.dtype) * distances).sum() / count + margin
