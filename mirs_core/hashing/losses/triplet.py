"""Triplet loss with semi-hard mining (MIRS method, the loss; Schroff et al. 2015, FaceNet)."""

from typing import TYPE_CHECKING

from mirs_core.hashing.losses._hinge import mean_hinge
from mirs_core.hashing.terms import LossTerm, Term

if TYPE_CHECKING:
    from torch import Tensor


def triplet(soft: "Tensor", labels: "Tensor", margin: float, mining: str = "semi-hard") -> "Tensor":
    """Mean of ``d(a, p) - d(a, n) + margin`` over the triplets of a batch, a scalar >= 0.

    Distances are Euclidean between L2-normalised soft codes ``soft`` (B, K). A batch without a
    triplet gives 0, still joined to the graph. ``mining`` is "semi-hard", or "violating" for all
    triplets within the margin, hard ones included.
    """
    from torch.nn.functional import normalize

    from mirs_core.hashing.mining import pairwise_euclidean, semi_hard, violating

    miner = {"semi-hard": semi_hard, "violating": violating}[mining]
    distances = pairwise_euclidean(normalize(soft, dim=1))
    return mean_hinge(distances, miner(distances.detach(), labels, margin), margin, soft)


def build(margin: float, mining: str = "semi-hard") -> Term:
    """The triplet loss of a batch."""
    return lambda batch: triplet(batch.soft, batch.labels, margin, mining)


SPEC = LossTerm(
    name="triplet",
    title="Triplet",
    order=10,
    help="Makes tiles of one class closer to each other than to tiles of other classes.",
    build=build,
    settings={"margin": "loss.margin", "mining": "loss.mining"},
    needs=frozenset({"labels"}),
    citation="Schroff et al., FaceNet: A Unified Embedding for Face Recognition, CVPR 2015",
    metric=True,
)
