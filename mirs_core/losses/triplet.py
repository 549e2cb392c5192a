"""Triplet loss with semi-hard mining (MIRS method, the loss; Schroff et al. 2015, FaceNet)."""

from torch import Tensor
from torch.nn.functional import normalize

from mirs_core.mining import pairwise_euclidean, semi_hard_triplets


def triplet(soft: Tensor, labels: Tensor, margin: float) -> Tensor:
    """Mean of ``d(a, p) - d(a, n) + margin`` over the semi-hard triplets of a batch, a scalar >= 0.

    Distances are Euclidean between L2-normalised soft codes ``soft`` (B, K). A batch without a
    semi-hard triplet gives 0, still joined to the graph.
    """
    distances = pairwise_euclidean(normalize(soft, dim=1))
    anchors, positives, negatives = semi_hard_triplets(distances.detach(), labels, margin)
    if not len(anchors):
        return soft.sum() * 0
    return (distances[anchors, positives] - distances[anchors, negatives] + margin).mean()
