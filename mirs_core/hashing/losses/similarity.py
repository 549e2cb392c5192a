"""Codes keep the cosines of the features (similarity preservation; Tung and Mori, ICCV 2019)."""

import torch
from torch import Tensor
from torch.nn.functional import normalize


def similarity(logits: Tensor, features: Tensor) -> Tensor:
    """Mean over pairs of different rows of ``(cos(z_i, z_j) - cos(x_i, x_j))^2``, in [0, 4].

    Args:
        logits: (B, K).
        features: (B, D), the teacher; no gradient flows into it.

    A batch of one row gives 0.
    """
    gaps = (_cosines(logits) - _cosines(features.detach())) ** 2
    rows = len(gaps)
    return (gaps * _others(rows, gaps)).sum() / max(rows * (rows - 1), 1)


def class_order(logits: Tensor, features: Tensor, labels: Tensor) -> Tensor:
    """Mean over rows of ``1 - r``: the order by likeness inside a class is kept, in [0, 2].

    ``r`` is Pearson's correlation, over the other rows of the same class, between the cosines of a
    row's logits (B, K) and those of its features (B, D). Rows with fewer than two such others are
    left out; 0 where there is none. It leaves it to the metric loss how far classes lie apart.
    """
    same = (labels[:, None] == labels[None, :]) & (_others(len(labels), logits) > 0)
    mask = same.to(logits.dtype)
    counts = mask.sum(dim=1)
    codes, teacher = (
        (x - (x * mask).sum(dim=1, keepdim=True) / counts.clamp_min(1)[:, None]) * mask
        for x in (_cosines(logits), _cosines(features.detach()))
    )
    spread = (codes * codes).sum(dim=1) * (teacher * teacher).sum(dim=1)
    correlation = (codes * teacher).sum(dim=1) / (spread + 1e-8).sqrt()
    measured = counts >= 2
    if not measured.any():
        return logits.sum() * 0
    return (1 - correlation)[measured].mean()


def _cosines(x: Tensor) -> Tensor:
    rows = normalize(x, dim=1)
    return rows @ rows.T


def _others(rows: int, like: Tensor) -> Tensor:
    return 1 - torch.eye(rows, dtype=like.dtype, device=like.device)
