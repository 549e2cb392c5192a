"""The state of a fine-tuning after an epoch.

Random states are not part of it: every epoch seeds its own, from seed and epoch.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mirs_core.errors import RunError
from mirs_core.workspace.checkpoints import State, read_checkpoint, write_checkpoint

_ADVICE = "Delete its folder and train the encoder again."


@dataclass(slots=True)
class Checkpoint:
    """Everything that the next epoch needs.

    Attributes:
        network: of the encoder and its new layers, after the last epoch.
        best: of the encoder alone, after the best epoch.
        optimiser: its tensors, ``<parameter>.<name>``.
        scaler: numbers of the gradient scaler; empty without one.
        history: one entry per epoch.
        best_epoch: from 1; 0 before the first.
        best_score: by which the best epoch was chosen; empty without validation.
    """

    network: State
    best: State
    optimiser: State
    scaler: dict[str, Any] = field(default_factory=dict)
    history: list[dict[str, Any]] = field(default_factory=list)
    best_epoch: int = 0
    best_score: tuple[float, ...] = ()

    def save(self, path: Path) -> None:
        """Writes the checkpoint; the previous file stays until this one is complete."""
        about = {
            "scaler": self.scaler,
            "history": self.history,
            "best_epoch": self.best_epoch,
            "best_score": list(self.best_score),
        }
        parts = {"network": self.network, "best": self.best, "optimiser": self.optimiser}
        write_checkpoint(path, parts, about)

    @classmethod
    def load(cls, path: Path) -> "Checkpoint":
        """The checkpoint that ``save`` wrote.

        Raises:
            RunError: the file is damaged.
        """
        parts, about = read_checkpoint(path, ("network", "best", "optimiser"), _ADVICE)
        try:
            return cls(
                **parts,
                scaler=dict(about["scaler"]),
                history=[dict(line) for line in about["history"]],
                best_epoch=int(about["best_epoch"]),
                best_score=tuple(float(value) for value in about["best_score"]),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise RunError(f"{path} is damaged ({error}). {_ADVICE}") from None
