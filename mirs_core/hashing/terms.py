"""Terms of the loss: the batch that a term reads, and the spec that describes it.

Cheap to import: torch is loaded only when a term is built, so titles and help can be shown without.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from torch import Tensor

Need = Literal["labels", "classes", "groups", "pairs", "target", "inputs"]
"""What a term may need: class labels, the number of classes (passed to ``build`` as ``classes``),
groups across classes, a second view of each tile, unlabelled tiles of the target domain, or the
features that the head sees."""


@dataclass(frozen=True, slots=True)
class Batch:
    """The tensors of one step; those that no term needs are None.

    Attributes:
        logits, soft: (B, K), of one view of each tile.
        labels: (B,) class numbers.
        inputs: (B, D) features of the plain tiles as the head sees them.
        target_logits: (B, K) of unlabelled tiles of the target domain.
        other_logits: (B, K) of a second view of the same tiles.
        groups: (B,) groups across classes, for inter-class triplets.
    """

    logits: "Tensor"
    soft: "Tensor"
    labels: "Tensor"
    inputs: "Tensor | None" = None
    target_logits: "Tensor | None" = None
    other_logits: "Tensor | None" = None
    groups: "Tensor | None" = None

    @property
    def every_soft(self) -> "Tensor":
        """Soft codes of every view in the batch, (B, K) or (2B, K)."""
        if self.other_logits is None:
            return self.soft
        import torch

        return torch.cat([self.soft, self.other_logits.sigmoid()])


Term = Callable[[Batch], "Tensor"]
"""A term maps a batch to a scalar; a term with its own weights is an ``nn.Module``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LossTerm:
    """One term of the loss, as a file of ``mirs_core.hashing.losses`` describes it.

    Attributes:
        name: its key in ``progress.jsonl``.
        title: what charts and forms call it.
        order: its place in the sum; metric losses come first.
        help: what it does, in one sentence.
        build: makes the term from the values of ``settings``.
        settings: setting ("loss.margin", "head.bits", "seed") by argument of ``build``.
        needs: what it reads of a batch beyond logits and soft codes.
        citation: the publication that it comes from; empty for the project's own.
        metric: whether it is a metric loss, chosen by ``loss.metric``, with weight 1.
        weight: the setting that holds its weight; without one, ``loss.further`` does.
        always: whether it is computed, and recorded, even when its weight is 0.
    """

    name: str
    title: str
    order: int
    help: str
    build: Callable[..., Term]
    settings: Mapping[str, str] = field(default_factory=dict)
    needs: frozenset[Need] = frozenset()
    citation: str = ""
    metric: bool = False
    weight: str = ""
    always: bool = False
