"""NT-Xent, the contrastive loss of SimCLR (Chen et al. 2020; MIRS method, the loss)."""

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy, normalize


def nt_xent(first: Tensor, second: Tensor, temperature: float) -> Tensor:
    """Mean over both views of ``-log softmax`` of the other view of the same tile, a scalar >= 0.

    Args:
        first, second: (B, P) projections of two views of the same tiles, row by row.
        temperature: divides the cosine similarities.

    The softmax runs over the 2B - 1 other rows of the batch. A batch of one tile gives 0.
    """
    rows = normalize(torch.cat([first, second]), dim=1)
    similarities = rows @ rows.T / temperature
    similarities = similarities.masked_fill(
        torch.eye(len(rows), dtype=torch.bool, device=rows.device), -torch.inf
    )
    partner = torch.arange(len(rows), device=rows.device).roll(len(first))
    return cross_entropy(similarities, partner)
