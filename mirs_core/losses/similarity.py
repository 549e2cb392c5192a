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
    codes, teacher = normalize(logits, dim=1), normalize(features.detach(), dim=1)
    gaps = (codes @ codes.T - teacher @ teacher.T) ** 2
    rows = len(gaps)
    others = ~torch.eye(rows, dtype=torch.bool, device=gaps.device)
    return (gaps * others).sum() / max(rows * (rows - 1), 1)
