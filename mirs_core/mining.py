"""Triplets inside a batch, found with plain tensor operations."""

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


@torch.no_grad()
def semi_hard_triplets(distances: Tensor, labels: Tensor, margin: float) -> Triplets:
    """All triplets with ``d(a, p) < d(a, n) <= d(a, p) + margin`` (MIRS method, the loss).

    Args:
        distances: (B, B).
        labels: (B,) integers; positives share the anchor's label, negatives do not.
    """
    same = labels[:, None] == labels[None, :]
    anchors, positives = _positives(same)
    return _within_margin(distances, anchors, positives, ~same[anchors], margin, hard=False)


@torch.no_grad()
def violating_triplets(distances: Tensor, labels: Tensor, margin: float) -> Triplets:
    """All triplets with ``d(a, n) <= d(a, p) + margin``: semi-hard and hard ones."""
    same = labels[:, None] == labels[None, :]
    anchors, positives = _positives(same)
    return _within_margin(distances, anchors, positives, ~same[anchors], margin, hard=True)


@torch.no_grad()
def interclass_triplets(
    distances: Tensor, labels: Tensor, groups: Tensor, margin: float, third_class: bool = True
) -> Triplets:
    """Semi-hard triplets across classes (MIRS method, inter-class triplets).

    A positive has the anchor's group and another class; a negative has another group and, with
    ``third_class``, a class of its own. Without it the negative may share the positive's class, as
    the code of 2021 let it.
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
) -> Triplets:
    """Triplets of the pairs (T,) with negatives ``allowed`` (T, B) that lie within the margin."""
    near = distances[anchors, positives][:, None]
    far = distances[anchors]
    found = allowed & (far <= near + margin)
    if not hard:
        found &= near < far
    pairs, negatives = found.nonzero(as_tuple=True)
    return anchors[pairs], positives[pairs], negatives
