"""NT-Xent, the contrastive loss of SimCLR (Chen et al. 2020; MIRS method, the loss)."""

from functools import partial
from typing import TYPE_CHECKING

from mirs_core.hashing.terms import LossTerm, Term

if TYPE_CHECKING:
    from torch import Tensor


def nt_xent(first: "Tensor", second: "Tensor", temperature: float) -> "Tensor":
    """Mean over both views of ``-log softmax`` of the other view of the same tile, a scalar >= 0.

    Args:
        first, second: (B, P) projections of two views of the same tiles, row by row.
        temperature: divides the cosine similarities.

    The softmax runs over the 2B - 1 other rows of the batch. A batch of one tile gives 0.
    """
    import torch
    from torch.nn.functional import cross_entropy, normalize

    rows = normalize(torch.cat([first, second]), dim=1)
    similarities = rows @ rows.T / temperature
    similarities = similarities.masked_fill(
        torch.eye(len(rows), dtype=torch.bool, device=rows.device), -torch.inf
    )
    partner = torch.arange(len(rows), device=rows.device).roll(len(first))
    return cross_entropy(similarities, partner)


def build(bits: int, width: int, temperature: float, seed: int) -> Term:
    """NT-Xent between projections of two views of each tile; the projection is trained too."""
    import torch

    from mirs_core.hashing.projection import ProjectedPairs

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return ProjectedPairs(bits, width, partial(nt_xent, temperature=temperature))


SPEC = LossTerm(
    name="nt-xent",
    title="NT-Xent",
    order=12,
    help="Pulls two views of a tile together and apart from all other tiles; reads no labels.",
    build=build,
    settings={
        "bits": "head.bits",
        "width": "loss.projection",
        "temperature": "loss.temperature",
        "seed": "seed",
    },
    needs=frozenset({"pairs"}),
    citation="Chen et al., A Simple Framework for Contrastive Learning, ICML 2020",
    metric=True,
)
