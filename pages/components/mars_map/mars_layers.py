"""Layers of the map between ground and tiles: densities and similarity maps."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pages.components.sending.sending import Sending

_LEVELS = 254


@dataclass(frozen=True, slots=True)
class Heat:
    """A density layer (rows, columns) starting at 90 degrees north and 0 east, in any unit."""

    title: str
    grid: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Similarity:
    """A similarity map as a layer.

    Attributes:
        values: (rows, columns), NaN where no tile is.
        west, north, step: of its cells, in degrees.
        title: of the legend, with the unit; ``note`` stands beside it, ``cell`` names a value.
        unit: after a value; empty if there is none.
        is_whole: whether values are whole or half numbers.
    """

    values: NDArray[np.float32]
    west: float
    north: float
    step: float
    title: str
    note: str
    cell: str
    unit: str
    is_whole: bool


def plain_heat(to_send: Sending, heat: Heat | None) -> dict[str, Any] | None:
    """A density as the browser draws it: levels from 0 to 255."""
    if heat is None or not heat.grid.max():
        return None
    rows, columns = heat.grid.shape
    grid = (heat.grid / heat.grid.max() * 255).round().astype("u1")
    return {"title": heat.title, "grid": to_send.array(grid), "rows": rows, "columns": columns}


def plain_similarity(to_send: Sending, layer: Similarity | None) -> dict[str, Any] | None:
    """Cells as levels from 1 to 255, and 0 where no tile is; halves are exact up to 127 apart."""
    if layer is None:
        return None
    present = np.isfinite(layer.values)
    values = layer.values[present]
    low, high = (float(values.min()), float(values.max())) if present.any() else (0.0, -1.0)
    per = 0.5 if layer.is_whole and high - low <= _LEVELS / 2 else (high - low) / _LEVELS or 1.0
    rows, columns = layer.values.shape
    levels = np.zeros((rows, columns), dtype="u1")
    levels[present] = 1 + np.round((values - low) / per).astype("u1")
    return {
        "grid": to_send.array(levels),
        "rows": rows,
        "columns": columns,
        "west": layer.west,
        "north": layer.north,
        "step": layer.step,
        "title": layer.title,
        "note": layer.note,
        "cell": layer.cell,
        "unit": layer.unit,
        "isWhole": layer.is_whole,
        "low": low,
        "high": high,
        "per": per,
    }
