"""The site on which a landform is painted, and the resulting surface."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from math import cos, sin, tau

import numpy as np

from mirs_core.datasets.synthetic import fields
from mirs_core.datasets.synthetic.camera import Sun
from mirs_core.datasets.synthetic.fields import Field, Shape


@dataclass(frozen=True)
class Surface:
    """Height [px] and albedo (1 = the scene's average), both (H, W)."""

    height: Field
    albedo: Field

    def __post_init__(self) -> None:
        object.__setattr__(self, "height", np.asarray(self.height, np.float32))
        object.__setattr__(self, "albedo", np.asarray(self.albedo, np.float32))


@dataclass(frozen=True)
class Wish:
    """What a tile is to show; what it does not say is left to chance.

    Attributes:
        values: by name of the parameter: lengths [px], directions [rad, on the screen], numbers.
        kind: the name of a painter of the landform's palette; None for any.
    """

    values: Mapping[str, float] = field(default_factory=dict)
    kind: str | None = None


ANYTHING = Wish()


@dataclass(frozen=True)
class Site:
    """A rectangle of ground: its random numbers, its sun, what is wished, its pixel coordinates."""

    rng: np.random.Generator
    shape: Shape
    sun: Sun
    wish: Wish = ANYTHING
    x: Field = field(init=False)
    y: Field = field(init=False)

    def __post_init__(self) -> None:
        rows, columns = np.indices(self.shape, dtype=np.float32)
        object.__setattr__(self, "x", columns - (self.shape[1] - 1) / 2)
        object.__setattr__(self, "y", rows - (self.shape[0] - 1) / 2)

    def wished(self, name: str, drawn: float) -> float:
        """The value wished for a parameter, or ``drawn``.

        ``drawn`` is drawn either way, so that a wish changes nothing else of the tile.
        """
        return self.wish.values.get(name, drawn)

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
        along, across = cos(angle), sin(angle)
        return self.x * along + self.y * across, self.y * along - self.x * across

    def across_sun(self, scatter: float = 0.6) -> float:
        """A direction [rad] roughly at right angles to the light, so that relief shows."""
        side = tau / 4 if self.chance(0.5) else -tau / 4
        return self.sun.azimuth + side + float(self.rng.normal(0, scatter))

    def towards_sun(self, scatter: float = 0.6) -> float:
        """A direction [rad] roughly towards the light: a slope facing that way is bright."""
        return self.sun.azimuth + float(self.rng.normal(0, scatter))

    def window(self, x: float, y: float, reach: float) -> tuple[slice, slice] | None:
        """The pixels within ``reach`` of a point in both directions; None if there are none."""
        middle = (y + self.shape[0] / 2, x + self.shape[1] / 2)
        first = [int(max(0, at - reach)) for at in middle]
        last = [int(min(size, at + reach + 1)) for at, size in zip(middle, self.shape, strict=True)]
        if first[0] >= last[0] or first[1] >= last[1]:
            return None
        return slice(first[0], last[0]), slice(first[1], last[1])

    def flat(self, value: float = 0.0) -> Field:
        """A constant field."""
        return np.full(self.shape, value, np.float32)

    def fractal(self, slope: float, exponent: float = 3.2, smallest: float = 0.0) -> Field:
        """Fractal heights [px] with a root mean square ``slope``."""
        return fields.relief(
            fields.fractal(self.rng, self.shape, exponent, smallest=smallest), slope
        )

    def ground(self, slope: float) -> Field:
        """Heights [px] of bare ground, rms ``slope``: even, lumpy, pitted or lined, and patchy."""
        noise = fields.fractal(
            self.rng,
            self.shape,
            self.uniform(2.7, 3.3),
            largest=self.log_uniform(15, 200),
            smallest=self.uniform(0.8, 1.5),
        )
        kind = self.rng.integers(4)
        if kind == 1:
            noise = np.exp(self.uniform(0.5, 1.1) * noise)
        elif kind == 2:
            noise = -np.exp(self.uniform(0.5, 1.0) * noise)
        elif kind == 3:
            along = self.angle()
            lines = fields.grain(self.rng, self.shape, self.uniform(6, 20), 2.2, along)
            noise = noise + self.uniform(0.4, 1.2) * fields.bent(self.rng, lines, along, 5)
        noise = fields.standardised(noise)
        if self.chance(0.6):
            noise = noise * (0.3 + self.somewhere(-1.0, 1.0))
        return fields.relief(noise, slope)

    def swell(self, slope: float) -> Field:
        """Broad smooth hills and hollows [px] with a root mean square ``slope``."""
        hills = fields.fractal(self.rng, self.shape, 5.0, largest=220, smallest=4)
        return fields.relief(hills, slope)

    def somewhere(self, low: float = -0.6, high: float = 0.8) -> Field:
        """A soft mask, 0..1, of random broad patches."""
        return fields.smoothstep(
            fields.fractal(self.rng, self.shape, 3.8, largest=160, smallest=3), low, high
        )

    def mottle(self, contrast: float, exponent: float = 3.6) -> Field:
        """Albedo 1 with blotches of standard deviation ``contrast``."""
        noise = fields.fractal(self.rng, self.shape, exponent, largest=150)
        return 1 + contrast * noise


Painter = Callable[[Site], Surface]
"""A painter of one kind of ground on a site."""

Palette = tuple[tuple[float, Painter], ...]
"""The painters of a landform with their probabilities."""


def paint(site: Site, palette: Palette) -> Surface:
    """The surface painted on ``site`` by a painter of ``palette``: the wished one, or by share."""
    shares = np.array([share for share, _ in palette])
    chosen = int(site.rng.choice(len(palette), p=shares / shares.sum()))
    names = [painter.__name__ for _, painter in palette]
    if site.wish.kind in names:
        chosen = names.index(site.wish.kind)
    return palette[chosen][1](site)
