"""What the charts of a preview show, from the JSON that ``pipeline.preview`` writes."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Curve:
    """``x`` and ``y`` of a curve or of bars, of one length; None if there is no value."""

    x: tuple[float, ...]
    y: tuple[float | None, ...]


@dataclass(frozen=True, slots=True)
class CodeCurves:
    """Statistics of the codes of one model.

    Attributes:
        soft: fraction of soft-code values by the middle of its bin in [0, 1].
        ones: fraction of codes by number of ones, from 0 to K.
        bits: fraction of ones in each bit, ascending; ``x`` counts from 1.
    """

    soft: Curve
    ones: Curve
    bits: Curve


@dataclass(frozen=True, slots=True)
class Term:
    """A term of the loss in the last epoch, with its fraction of the sum of all gradients."""

    name: str
    weight: float
    value: float
    gradient_share: float


def read(path: Path) -> dict[str, Any] | None:
    """The latest view of a preview; None before its first epoch or if the file is unreadable."""
    try:
        view = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    return view if isinstance(view, dict) and view.get("lines") else None


def validation(lines: Sequence[Mapping[str, Any]]) -> Curve:
    """Validation mAP@64 by epoch."""
    return Curve(tuple(line["epoch"] for line in lines), tuple(line["map_at_64"] for line in lines))


def reference(served: Mapping[str, Any], epoch: int) -> tuple[Curve, float | None]:
    """The default model's validation mAP@64 by epoch, and where it was at ``epoch``.

    A preview of 30 epochs is not to be measured by the best of a hundred.
    """
    curve = served.get("curve") or []
    so_far = [score for at, score in curve if at <= epoch]
    return (
        Curve(tuple(at for at, _ in curve), tuple(score for _, score in curve)),
        so_far[-1] if so_far else None,
    )


def code_curves(look: Mapping[str, Any]) -> CodeCurves:
    """The curves of the statistics ``look`` (``preview.CodeStatistics`` as JSON)."""
    soft, ones, bits = look["soft"], look["ones"], sorted(look["bits"])
    return CodeCurves(
        soft=Curve(tuple((place + 0.5) / len(soft) for place in range(len(soft))), tuple(soft)),
        ones=Curve(tuple(range(len(ones))), tuple(ones)),
        bits=Curve(tuple(range(1, len(bits) + 1)), tuple(bits)),
    )


def terms(view: Mapping[str, Any]) -> list[Term]:
    """The terms of the loss in the last epoch, in the order of the file; shares sum to 1 or 0."""
    last, weights = view["lines"][-1], view["weights"]
    gradients = last["gradients"]
    total = sum(gradients.values()) or 1.0
    return [
        Term(name, weights.get(name, 1.0), value, gradients.get(name, 0.0) / total)
        for name, value in last["terms"].items()
    ]
