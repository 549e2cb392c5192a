"""What a training reports: the record of each epoch, and its result."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class EpochRecord:
    """One epoch of a training.

    Attributes:
        terms: mean of each unweighted term over the steps.
        total: mean of their weighted sum.
        map_at_64: of the validation tiles, divisor min(R, k); None if no validation query has a
            relevant tile, or if labels may not be read.
        validation_loss: metric loss of the validation tiles; None unless it selects the epoch.
        gradients: norms of the weighted terms' gradients on the epoch's first batch.
    """

    epoch: int
    terms: dict[str, float]
    total: float
    map_at_64: float | None
    seconds: float
    validation_loss: float | None = None
    gradients: dict[str, float] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """One line of ``progress.jsonl``."""
        return {
            "epoch": self.epoch,
            "terms": {name: round(value, 8) for name, value in self.terms.items()},
            "total": round(self.total, 8),
            "map_at_64": _rounded(self.map_at_64, 6),
            "validation_loss": _rounded(self.validation_loss, 8),
            "gradients": {name: round(value, 8) for name, value in self.gradients.items()},
            "seconds": round(self.seconds, 4),
        }


def _rounded(value: float | None, digits: int) -> float | None:
    return None if value is None else round(value, digits)


@dataclass(frozen=True, slots=True)
class FitResult:
    """The selected epoch (from 1), which the model holds, and the record of every epoch."""

    best_epoch: int
    history: tuple[EpochRecord, ...]
