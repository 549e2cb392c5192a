"""What a landform is painted on (a site) and what painting yields (a surface)."""

from collections.abc import Callable
from dataclasses import dataclass, field
from math import cos, sin, tau

import numpy as np

from mirs_core.data.synthetic import fields
from mirs_core.data.synthetic.camera import Sun
from mirs_core.data.synthetic.fields import Field, Shape


@dataclass(frozen=True)
class Surface:
    """Height [px] and albedo (1 = the scene's average), both (H, W)."""

    height: Field
    albedo: Field


@dataclass(frozen=True)
class Site:
    """A rectangle of ground: its random numbers, its sun, and its pixel coordinates."""

    rng: np.random.Generator
    shape: Shape
    sun: Sun
    x: Field = field(init=False)
    y: Field = field(init=False)

    def __post_init__(self) -> None:
        rows, columns = np.indices(self.shape, dtype=np.float32)
        object.__setattr__(self, "x", columns - np.float32((self.shape[1] - 1) / 2))
        object.__setattr__(self, "y", rows - np.float32((self.shape[0] - 1) / 2))

    def uniform(self, low: float, high: float) -> float:
        """A number between ``low`` and ``high``."""
        return float(self.rng.uniform(low, high))

    def log_uniform(self, low: float, high: float) -> float:
        """A number between ``low`` and ``high``, every octave equally likely."""
        return float(np.exp(self.rng.uniform(np.log(low), np.log(high))))

    def chance(self, probability: float) -> bool:
        """True with ``probability``."""
        return bool(self.rng.random() < probability)

    def angle(self) -> float:
        """Any direction [rad]."""
        return self.uniform(0, tau)

    def frame(self, angle: float) -> tuple[Field, Field]:
        """Coordinates [px] along ``angle`` and across it (90 degrees clockwise on the screen)."""
        along, across = np.float32(cos(angle)), np.float32(sin(angle))
        return (
            np.asarray(self.x * along + self.y * across, np.float32),
            np.asarray(self.y * along - self.x * across, np.float32),
        )

    def across_sun(self, scatter: float = 0.6) -> float:
        """A direction [rad] about at right angles to the light, so that it shows its relief."""
        side = tau / 4 if self.chance(0.5) else -tau / 4
        return self.sun.azimuth + side + float(self.rng.normal(0, scatter))

    def towards_sun(self, scatter: float = 0.6) -> float:
        """A direction [rad] about towards the light: a slope falling that way is bright."""
        return self.sun.azimuth + float(self.rng.normal(0, scatter))

    def flat(self, value: float = 0.0) -> Field:
        """A constant field."""
        return np.full(self.shape, value, np.float32)

    def fractal(self, slope: float, exponent: float = 3.2, smallest: float = 0.0) -> Field:
        """Fractal heights [px] with a root mean square ``slope``."""
        return fields.relief(
            fields.fractal(self.rng, self.shape, exponent, smallest=smallest), slope
        )

    def mottle(self, contrast: float, exponent: float = 3.0) -> Field:
        """Albedo 1 with blotches of standard deviation ``contrast``."""
        noise = fields.fractal(self.rng, self.shape, exponent, largest=150)
        return np.asarray(1 + np.float32(contrast) * noise, np.float32)


Painter = Callable[[Site], Surface]
"""Paints one kind of ground on a site."""

Palette = tuple[tuple[float, Painter], ...]
"""The painters of a landform with their shares."""


def paint(site: Site, palette: Palette) -> Surface:
    """One painter of ``palette``, drawn by its share, at work on ``site``."""
    shares = np.array([share for share, _ in palette])
    chosen = int(site.rng.choice(len(palette), p=shares / shares.sum()))
    return palette[chosen][1](site)
