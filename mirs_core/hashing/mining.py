"""Triplet mining within a batch, in plain tensor operations."""

from dataclasses import dataclass

import torch
from torch import Tensor

Triplets = tuple[Tensor, Tensor, Tensor]
"""Indices of anchors, positives and negatives, each (T,), in lexicographic order."""


def pairwise_euclidean(x: Tensor) -> Tensor:
    """Euclidean distances (B, B) between the rows of ``x`` (B, K), at least 1e-6.

    The floor ``sqrt(max(d^2, 1e-12))`` keeps the gradient finite where rows coincide.
    """
    squares = (x * x).sum(dim=1)
    products = x @ x.T
    return (squares[:, None] + squares[None, :] - 2 * products).clamp_min(1e-12).sqrt()


@dataclass(frozen=True, slots=True)
class Mined:
    """Triplets of a batch as pairs and, for each pair, a mask of its negatives.

    Attributes:
        anchors, positives: (P,) rows.
        negatives: (P, B) booleans.
    """

    anchors: Tensor
    positives: Tensor
    negatives: Tensor

    def triplets(self) -> Triplets:
        """Anchors, positives and negatives of every triplet."""
        pairs, negatives = self.negatives.nonzero(as_tuple=True)
        return self.anchors[pairs], self.positives[pairs], negatives

    def count(self) -> int:
        """The number of triplets."""
        return int(self.negatives.sum())

    def signed_counts(self) -> Tensor:
        """(B, B): triplets in which a pair of rows is near, less those in which it is far.

        A sum over triplets of ``d(a, p) - d(a, n)`` is the sum of these times the distances, which
        avoids a list of what may be millions of triplets.
        """
        rows = self.negatives.shape[1]
        mask = self.negatives.float()
        signs = mask.new_zeros(rows, rows).index_add_(0, self.anchors, -mask)
        return signs.index_put_((self.anchors, self.positives), mask.sum(dim=1), accumulate=True)


@torch.no_grad()
def semi_hard(distances: Tensor, labels: Tensor, margin: float) -> Mined:
    """All triplets with ``d(a, p) < d(a, n) <= d(a, p) + margin`` (MIRS method, the loss).

    Args:
        distances: (B, B).
        labels: (B,) integers; positives share the anchor's label, negatives do not.
    """
    same = labels[:, None] == labels[None, :]
    anchors, positives = _positives(same)
    return _within_margin(distances, anchors, positives, ~same[anchors], margin, hard=False)


@torch.no_grad()
def violating(distances: Tensor, labels: Tensor, margin: float) -> Mined:
    """All triplets with ``d(a, n) <= d(a, p) + margin``: semi-hard and hard ones."""
    same = labels[:, None] == labels[None, :]
    anchors, positives = _positives(same)
    return _within_margin(distances, anchors, positives, ~same[anchors], margin, hard=True)


@torch.no_grad()
def interclass(
    distances: Tensor, labels: Tensor, groups: Tensor, margin: float, third_class: bool = True
) -> Mined:
    """Semi-hard triplets across classes (MIRS method, inter-class triplets).

    A positive has the anchor's group and another class; a negative has another group and, with
    ``third_class``, a class that neither of them has. Without it the negative may share the
    positive's class, as in the code of 2021.
    """
    together = groups[:, None] == groups[None, :]
    other_class = labels[:, None] != labels[None, :]
    anchors, positives = (together & other_class).nonzero(as_tuple=True)
    allowed = (~together & other_class)[anchors]
    if third_class:
        allowed &= other_class[positives]
    return _within_margin(distances, anchors, positives, allowed, margin, hard=False)


def _positives(same: Tensor) -> tuple[Tensor, Tensor]:
    pairs = same.clone()
    pairs.fill_diagonal_(False)
    anchors, positives = pairs.nonzero(as_tuple=True)
    return anchors, positives


def _within_margin(
    distances: Tensor,
    anchors: Tensor,
    positives: Tensor,
    allowed: Tensor,
    margin: float,
    hard: bool,
) -> Mined:
    """Triplets of the pairs (P,) with negatives ``allowed`` (P, B) that lie within the margin."""
    near = distances[anchors, positives][:, None]
    far = distances[anchors]
    negatives = allowed & (far <= near + margin)
    if not hard:
        negatives &= near < far
    return Mined(anchors, positives, negatives)
