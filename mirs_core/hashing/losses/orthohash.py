"""Cosine to orthogonal class centres (OrthoHash; Hoe et al., NeurIPS 2021)."""

from typing import TYPE_CHECKING

from mirs_core.hashing.terms import LossTerm, Term

if TYPE_CHECKING:
    from torch import Tensor


def orthogonal_centres(classes: int, bits: int, seed: int) -> "Tensor":
    """Centres (classes, bits) of -1 and +1: rows of a Hadamard matrix with columns in random order.

    The rows are orthogonal and half ones, except for the first one, which is left out. More classes
    than rows, or bits that are not a power of two, get random signs for the rest.
    """
    import torch

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
    logits: "Tensor", labels: "Tensor", centres: "Tensor", scale: float, margin: float
) -> "Tensor":
    """Cross entropy of ``scale * cos(z, centre)``, the own class's cosine less ``margin``.

    Args:
        logits: (B, K).
        labels: (B,) rows of ``centres`` (C, K).
    """
    from torch.nn.functional import cross_entropy, normalize, one_hot

    cosines = normalize(logits, dim=1) @ normalize(centres, dim=1).T
    own = one_hot(labels, len(centres)).to(cosines.dtype)
    return cross_entropy(scale * (cosines - margin * own), labels)


def build(classes: int, bits: int, scale: float, margin: float, seed: int) -> Term:
    """OrthoHash with a fixed orthogonal centre for each class."""
    centres = orthogonal_centres(classes, bits, seed)
    return lambda batch: orthohash(batch.logits, batch.labels, centres, scale, margin)


SPEC = LossTerm(
    name="orthohash",
    title="OrthoHash",
    order=11,
    help="Pulls each class towards its own centre; the centres are orthogonal codes.",
    build=build,
    settings={
        "bits": "head.bits",
        "scale": "loss.scale",
        "margin": "loss.margin",
        "seed": "seed",
    },
    needs=frozenset({"labels", "classes"}),
    citation="Hoe et al., One Loss for All: Deep Hashing with a Single Cosine Similarity, 2021",
    metric=True,
)
