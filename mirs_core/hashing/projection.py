"""The projection head of contrastive training: two views are compared behind it."""

from collections.abc import Callable

from torch import Tensor, nn

from mirs_core.hashing.terms import Batch


class ProjectedPairs(nn.Module):
    """A loss of two views of each tile, compared behind a head K-K-P without bias, ReLU between.

    Its weights are trained with the hash head and discarded afterwards.

    Args:
        bits: K, the width of the logits.
        width: P, the width of the projections.
        loss: of two projections (B, P) of the same tiles, a scalar.
    """

    def __init__(self, bits: int, width: int, loss: Callable[[Tensor, Tensor], Tensor]) -> None:
        super().__init__()
        self.first = nn.Linear(bits, bits, bias=False)
        self.last = nn.Linear(bits, width, bias=False)
        for layer in (self.first, self.last):
            nn.init.xavier_uniform_(layer.weight)
        self._loss = loss

    def project(self, logits: Tensor) -> Tensor:
        """Projections (B, P) of logits (B, K)."""
        projections: Tensor = self.last(self.first(logits).relu())
        return projections

    def forward(self, batch: Batch) -> Tensor:
        """The loss between the projections of both views of a batch."""
        assert batch.other_logits is not None
        return self._loss(self.project(batch.logits), self.project(batch.other_logits))
