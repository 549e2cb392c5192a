"""The result of a fine-tuning."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class FineTuned:
    """A finished fine-tuning. ``validation`` holds the scores of the best epoch by name."""

    encoder: str
    objective: str
    base: str
    data: str
    seed: int
    epochs: int
    best_epoch: int
    validation: dict[str, float]
    seconds: float

    def to_json(self) -> dict[str, Any]:
        """The result as plain JSON values."""
        return {
            "encoder": self.encoder,
            "objective": self.objective,
            "from": self.base,
            "data": self.data,
            "seed": self.seed,
            "epochs": self.epochs,
            "best_epoch": self.best_epoch,
            "validation": {name: round(value, 6) for name, value in self.validation.items()},
            "seconds": round(self.seconds, 3),
        }
