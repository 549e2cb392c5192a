"""Cosines between the rows of a batch, which the similarity losses share."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor


def cosines(x: "Tensor") -> "Tensor":
    """Cosines (B, B) between the rows of ``x`` (B, D)."""
    from torch.nn.functional import normalize

    rows = normalize(x, dim=1)
    return rows @ rows.T


def off_diagonal(rows: int, like: "Tensor") -> "Tensor":
    """A mask (rows, rows) of 1, with 0 on the diagonal, of the type of ``like``."""
    import torch

    return 1 - torch.eye(rows, dtype=like.dtype, device=like.device)
