"""Triplets across classes (Milbich et al. 2020; MIRS method, inter-class triplets)."""

from typing import TYPE_CHECKING

from mirs_core.hashing.losses._hinge import mean_hinge
from mirs_core.hashing.terms import Batch, LossTerm, Term

if TYPE_CHECKING:
    from torch import Tensor


def interclass_triplet(
    soft: "Tensor", labels: "Tensor", groups: "Tensor", margin: float, third_class: bool = True
) -> "Tensor":
    """Mean of ``d(a, p) - d(a, n) + margin`` over triplets across classes, a scalar >= 0.

    A positive shares the anchor's group (B,) but not its class; a negative has another group and,
    with ``third_class``, a class that neither of them has.
    """
    from torch.nn.functional import normalize

    from mirs_core.hashing.mining import interclass, pairwise_euclidean

    distances = pairwise_euclidean(normalize(soft, dim=1))
    mined = interclass(distances.detach(), labels, groups, margin, third_class)
    return mean_hinge(distances, mined, margin, soft)


def build(margin: float, two_classes: bool = False) -> Term:
    """The inter-class triplet loss of a batch.

    Args:
        two_classes: lets negatives share the positive's class, as the code of 2021 did.
    """

    def term(batch: Batch) -> "Tensor":
        assert batch.groups is not None
        return interclass_triplet(
            batch.soft, batch.labels, batch.groups, margin, third_class=not two_classes
        )

    return term


SPEC = LossTerm(
    name="interclass",
    title="Inter-class",
    order=40,
    help="Triplets whose positive has another class but looks alike, so that codes also encode what"
    " classes share.",
    build=build,
    settings={"margin": "loss.margin", "two_classes": "quirks.two_classes"},
    needs=frozenset({"labels", "groups"}),
    citation="Milbich et al., Sharing Matters for Generalization in Deep Metric Learning, 2020",
    weight="loss.interclass_weight",
)
