"""Triplet loss with semi-hard mining (MIRS method, the loss; Schroff et al. 2015, FaceNet)."""

from torch import Tensor
from torch.nn.functional import normalize

from mirs_core.hashing.mining import Mined, interclass, pairwise_euclidean, semi_hard, violating

_MINERS = {"semi-hard": semi_hard, "violating": violating}


def triplet(soft: Tensor, labels: Tensor, margin: float, mining: str = "semi-hard") -> Tensor:
    """Mean of ``d(a, p) - d(a, n) + margin`` over the semi-hard triplets of a batch, a scalar >= 0.

    Distances are Euclidean between L2-normalised soft codes ``soft`` (B, K). A batch without a
    triplet gives 0, still joined to the graph. ``mining`` is "semi-hard", or "violating" for all
    triplets within the margin, hard ones too.
    """
    distances = pairwise_euclidean(normalize(soft, dim=1))
    found = _MINERS[mining](distances.detach(), labels, margin)
    return _mean_hinge(distances, found, margin, soft)


def interclass_triplet(
    soft: Tensor, labels: Tensor, groups: Tensor, margin: float, third_class: bool = True
) -> Tensor:
    """The same mean over triplets that join landforms (Milbich et al. 2020, Sharing Matters).

    A positive shares the anchor's group (B,) but not its class; a negative is of another group and
    of a third class.
    """
    distances = pairwise_euclidean(normalize(soft, dim=1))
    found = interclass(distances.detach(), labels, groups, margin, third_class)
    return _mean_hinge(distances, found, margin, soft)


def _mean_hinge(distances: Tensor, found: Mined, margin: float, soft: Tensor) -> Tensor:
    count = found.count()
    if not count:
        return soft.sum() * 0
    return (found.signed_counts().to(distances.dtype) * distances).sum() / count + margin
