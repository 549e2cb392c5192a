"""Semi-hard triplets inside a batch, found with plain tensor operations."""

import torch
from torch import Tensor


def pairwise_euclidean(x: Tensor) -> Tensor:
    """Euclidean distances (B, B) between the rows of ``x`` (B, K), at least 1e-6.

    The floor ``sqrt(max(d^2, 1e-12))`` keeps the gradient finite where rows coincide.
    """
    squares = (x * x).sum(dim=1)
    products = x @ x.T
    return (squares[:, None] + squares[None, :] - 2 * products).clamp_min(1e-12).sqrt()


@torch.no_grad()
def semi_hard_triplets(
    distances: Tensor, labels: Tensor, margin: float
) -> tuple[Tensor, Tensor, Tensor]:
    """All triplets with ``d(a, p) < d(a, n) <= d(a, p) + margin`` (MIRS method, the loss).

    Args:
        distances: (B, B).
        labels: (B,) integers; positives share the anchor's label, negatives do not.

    Returns:
        Indices of anchors, positives and negatives, each (T,), in lexicographic order.
    """
    same = labels[:, None] == labels[None, :]
    positive = same.clone()
    positive.fill_diagonal_(False)
    anchors, positives = positive.nonzero(as_tuple=True)
    near = distances[anchors, positives][:, None]
    far = distances[anchors]
    found = ~same[anchors] & (near < far) & (far <= near + margin)
    pairs, negatives = found.nonzero(as_tuple=True)
    return anchors[pairs], positives[pairs], negatives
