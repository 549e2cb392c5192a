"""Where a fine-tuning stands after an epoch: one safetensors file, so tensors and numbers agree.

Random states are not in it: every epoch draws from a state of its own, made from seed and epoch.
"""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from torch import Tensor

from mirs_core.errors import RunError
from mirs_core.files import replace_file

State = dict[str, Tensor]
"""Tensors by name."""

_KEY = "fine-tuning"


@dataclass(slots=True)
class Checkpoint:
    """All that the next epoch needs.

    Attributes:
        network: of the encoder and its new layers, after the last epoch.
        best: of the encoder alone, after the best epoch.
        optimiser: its tensors, ``<parameter>.<name>``.
        scaler: numbers of the gradient scaler; empty without one.
        history: one line an epoch.
        best_epoch: from 1; 0 before the first.
        best_score: what the best epoch was chosen by; empty without validation.
    """

    network: State
    best: State
    optimiser: State
    scaler: dict[str, Any] = field(default_factory=dict)
    history: list[dict[str, Any]] = field(default_factory=list)
    best_epoch: int = 0
    best_score: tuple[float, ...] = ()

    def save(self, path: Path) -> None:
        """Writes the checkpoint; the one before stays until this one is whole."""
        from safetensors.torch import save

        parts = {"network": self.network, "best": self.best, "optimiser": self.optimiser}
        tensors = {
            f"{part}/{name}": t for part, state in parts.items() for name, t in state.items()
        }
        about = {
            "scaler": self.scaler,
            "history": self.history,
            "best_epoch": self.best_epoch,
            "best_score": list(self.best_score),
        }
        data = save(tensors, {_KEY: json.dumps(about, allow_nan=False)})
        replace_file(path, lambda handle: handle.write(data))

    @classmethod
    def load(cls, path: Path) -> "Checkpoint":
        """The checkpoint that ``save`` wrote.

        Raises:
            RunError: the file is damaged.
        """
        from safetensors import SafetensorError, safe_open

        parts: dict[str, State] = {"network": {}, "best": {}, "optimiser": {}}
        try:
            with safe_open(path, framework="pt") as stored:
                about = json.loads((stored.metadata() or {})[_KEY])
                for key in stored.keys():  # noqa: SIM118 - it is no mapping
                    part, _, name = key.partition("/")
                    parts[part][name] = stored.get_tensor(key)
            return cls(
                **parts,
                scaler=dict(about["scaler"]),
                history=[dict(line) for line in about["history"]],
                best_epoch=int(about["best_epoch"]),
                best_score=tuple(float(value) for value in about["best_score"]),
            )
        except (OSError, SafetensorError, KeyError, TypeError, ValueError) as error:
            raise RunError(
                f"{path} is damaged ({error}). Delete its folder and train the encoder again."
            ) from None


def copied(state: State) -> State:
    """Copies of the tensors of a state dictionary, on the CPU and as a file holds them."""
    return {name: value.detach().cpu().clone().contiguous() for name, value in state.items()}
