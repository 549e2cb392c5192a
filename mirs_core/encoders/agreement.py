"""Whether two engines give the same features, on tiles made for the purpose."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mirs_core.encoders.engine import Features

LEAST_COSINE = 0.999999
"""Least cosine between the features of a tile by two engines."""

LARGEST_DIFFERENCE = 1e-3
"""Largest difference of one feature, as a part of the largest feature of all tiles."""

_SIDE = 224


@dataclass(frozen=True, slots=True)
class Agreement:
    """How well features agree; ``problem`` is empty if they can replace each other."""

    cosine_min: float
    difference_max: float
    problem: str


def probe() -> NDArray[np.float32]:
    """Inputs (6, 3, 224, 224) of plain, striped and noisy tiles; the same at every call."""
    rng = np.random.default_rng(0)
    y, x = np.mgrid[:_SIDE, :_SIDE] / _SIDE
    tiles = [np.zeros((_SIDE, _SIDE)), x - 0.5]
    for frequency in (3.0, 11.0, 40.0, 90.0):
        angle = rng.uniform(0, np.pi)
        wave = np.sin(2 * np.pi * frequency * (x * np.cos(angle) + y * np.sin(angle)))
        tiles.append(0.6 * wave + rng.normal(0, 0.15, wave.shape))
    return np.repeat(np.stack(tiles)[:, None], 3, axis=1).astype(np.float32)


def agree(expected: Features, features: Features) -> Agreement:
    """Compares features (n, D) with those that are expected."""
    if expected.shape != features.shape:
        return Agreement(0.0, np.inf, f"its features have the shape {features.shape[1:]}")
    if not np.isfinite(features).all():
        return Agreement(0.0, np.inf, "its features are not finite")
    a, b = expected.astype(np.float64), features.astype(np.float64)
    norms = np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1)
    # Features that are all zero agree if both are.
    cosines = np.where(norms > 0, (a * b).sum(axis=1) / np.maximum(norms, 1e-300), 1.0)
    cosine, difference = float(cosines.min()), float(np.abs(a - b).max())
    problem = ""
    if cosine < LEAST_COSINE or difference > LARGEST_DIFFERENCE * max(float(np.abs(a).max()), 1e-6):
        problem = f"its features differ (cosine {cosine:.7f}, difference {difference:.2g})"
    return Agreement(cosine, difference, problem)
