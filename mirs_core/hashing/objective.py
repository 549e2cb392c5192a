"""The objective of a training: named terms and their weights."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

from mirs_core.hashing.terms import Batch, Need, Term


@dataclass(frozen=True, slots=True)
class Objective:
    """Terms by name with their weights; the total is their weighted sum.

    Attributes:
        terms: (weight, term) by name, the metric loss first.
        needs: what the terms read of a batch beyond logits and soft codes.
        layers: the terms that have weights of their own, which are trained with the head and
            discarded afterwards.
    """

    terms: Mapping[str, tuple[float, Term]]
    needs: frozenset[Need] = frozenset()
    layers: nn.ModuleList = field(init=False)

    def __post_init__(self) -> None:
        modules = [term for _, term in self.terms.values() if isinstance(term, nn.Module)]
        object.__setattr__(self, "layers", nn.ModuleList(modules))

    def metric(self, batch: Batch) -> Tensor:
        """The first term, which is the metric loss, without its weight."""
        _, term = next(iter(self.terms.values()))
        return term(batch)

    def __call__(self, batch: Batch) -> tuple[Tensor, dict[str, Tensor]]:
        """The total, and each term's value before its weight."""
        values = {name: term(batch) for name, (_, term) in self.terms.items()}
        total = sum(self.terms[name][0] * value for name, value in values.items())
        assert isinstance(total, Tensor)
        return total, values

    def gradients(self, batch: Batch, values: Mapping[str, Tensor]) -> dict[str, float]:
        """Norm of each weighted term's gradient with respect to the logits of a batch.

        It shows what a weight does in effect: a term with a large value may have no gradient.

        Args:
            values: the terms' values, as a call with this batch returned them; their graph is kept.
        """
        logits = [batch.logits, batch.target_logits, batch.other_logits]
        inputs = [tensor for tensor in logits if tensor is not None and tensor.requires_grad]
        norms = {}
        for name, (weight, _) in self.terms.items():
            value = values[name]
            if not value.requires_grad:
                norms[name] = 0.0
                continue
            gradients = torch.autograd.grad(value, inputs, retain_graph=True, allow_unused=True)
            parts = [gradient.norm() for gradient in gradients if gradient is not None]
            norms[name] = weight * float(torch.stack(parts).norm()) if parts else 0.0
        return norms
