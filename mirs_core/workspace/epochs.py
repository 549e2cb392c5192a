"""Losses and validation scores of a training, epoch by epoch."""

import math
from dataclasses import dataclass
from typing import Any

from mirs_core.errors import RunError
from mirs_core.workspace.runs import RunFolder


@dataclass(frozen=True, slots=True)
class Epochs:
    """Columns of ``progress.jsonl``, all of one length: one value per epoch, None where missing.

    ``terms`` are the parts of the loss by name, ``total`` their weighted sum, ``map_at_64`` the
    validation score.
    """

    epochs: tuple[int, ...] = ()
    terms: dict[str, tuple[float | None, ...]] | None = None
    total: tuple[float | None, ...] = ()
    map_at_64: tuple[float | None, ...] = ()

    def curves(self) -> dict[str, tuple[float | None, ...]]:
        """Every curve that has a value, by name: ``map_at_64``, ``total``, then the terms."""
        named = {"map_at_64": self.map_at_64, "total": self.total, **(self.terms or {})}
        return {name: curve for name, curve in named.items() if any(v is not None for v in curve)}


def read(run: RunFolder) -> Epochs:
    """The epochs of a run so far; empty if nothing is trained.

    Raises:
        RunError: the file is damaged.
    """
    try:
        return _columns(run.history())
    except (AttributeError, KeyError, TypeError, ValueError):
        raise RunError(f"{run.progress} is damaged. Delete the run and train again.") from None


def _columns(lines: list[dict[str, Any]]) -> Epochs:
    names = dict.fromkeys(name for line in lines for name in line["terms"])
    return Epochs(
        epochs=tuple(int(line["epoch"]) for line in lines),
        terms={name: tuple(_number(line["terms"].get(name)) for line in lines) for name in names},
        total=tuple(_number(line.get("total")) for line in lines),
        map_at_64=tuple(_number(line.get("map_at_64")) for line in lines),
    )


def _number(value: Any) -> float | None:
    number = None if value is None else float(value)
    return number if number is not None and math.isfinite(number) else None
