"""Cosine to orthogonal class centres (OrthoHash; Hoe et al., NeurIPS 2021)."""

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy, normalize, one_hot


def orthogonal_centres(classes: int, bits: int, seed: int) -> Tensor:
    """Centres (classes, bits) of -1 and +1: rows of a Hadamard matrix with columns in random order.

    The rows are orthogonal and, but for the first one that is left out, half ones. More classes
    than rows, or bits that are no power of two, get random signs for what is missing.
    """
    generator = torch.Generator().manual_seed(seed)
    rows = torch.ones(1, 1)
    while len(rows) * 2 <= bits:
        rows = torch.cat([torch.cat([rows, rows], 1), torch.cat([rows, -rows], 1)])
    rows = rows[1:] if len(rows) == bits else rows[:0]
    chosen = rows[torch.randperm(len(rows), generator=generator)[:classes]]
    columns = torch.randperm(bits, generator=generator) if len(rows) else None
    chosen = chosen[:, columns] if columns is not None else chosen.reshape(0, bits)
    missing = torch.rand(classes - len(chosen), bits, generator=generator)
    return torch.cat([chosen, torch.where(missing < 0.5, -1.0, 1.0)])


def orthohash(
    logits: Tensor, labels: Tensor, centres: Tensor, scale: float, margin: float
) -> Tensor:
    """Cross entropy of ``scale * cos(z, centre)``, the own class's cosine less ``margin``.

    Args:
        logits: (B, K).
        labels: (B,) rows of ``centres`` (C, K).
    """
    cosines = normalize(logits, dim=1) @ normalize(centres, dim=1).T
    own = one_hot(labels, len(centres)).to(cosines.dtype)
    return cross_entropy(scale * (cosines - margin * own), labels)
