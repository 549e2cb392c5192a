"""Impact craters: one profile from the literature, stamped alone or in crowds."""

from dataclasses import dataclass
from math import cos, pi, sin, tau

import numpy as np

from mirs_core.datasets.synthetic import fields
from mirs_core.datasets.synthetic.fields import Field
from mirs_core.datasets.synthetic.surface import Palette, Site, Surface


@dataclass(frozen=True)
class Crater:
    """Centre and ``radius`` [px]; ``age`` 0 (fresh) to 1 (nearly gone); ``fill``: how much of the
    bowl is buried under a flat floor, 0..1; ``uneven``: waviness of the rim, 0..0.3; ``stretch``:
    square root of length over breadth."""

    x: float
    y: float
    radius: float
    age: float
    fill: float = 0.0
    uneven: float = 0.05
    stretch: float = 1.0


def profile(distance: Field, age: float, fill: float) -> Field:
    """Height of a simple crater in units of its radius, at ``distance`` (1 = the rim's crest).

    Fresh bowls are 0.2 diameters deep below the rim, which is 0.036 diameters high (Pike, 1977,
    in Impact and Explosion Cratering, 489; for Mars: Robbins & Hynek, 2012, JGR 117, E06001); the
    blanket thins as distance ** -3 (McGetchin et al., 1973, EPSL 20, 226; Melosh, 1989). Ageing
    lowers the rim and fills the bowl as diffusion does (Craddock & Howard, 2000, JGR 105, 20387).
    """
    rim = 0.075 * (1 - 0.75 * age)
    depth = 0.40 * (1 - 0.72 * age) - rim
    bowl = -depth + (depth + rim) * np.minimum(distance, 1) ** (2.2 + 1.3 * age)
    floor = -depth * (1 - fill)
    bowl = floor + 0.02 * np.logaddexp(0, (bowl - floor) / 0.02)
    return np.where(distance < 1, bowl, rim * np.maximum(distance, 1) ** -3)


def _distance(site: Site, window: tuple[slice, slice], crater: Crater) -> Field:
    """Distance from the centre in radii, with a rim that is not a perfect circle."""
    x, y = site.x[window] - crater.x, site.y[window] - crater.y
    tilt = site.uniform(0, pi)
    along = (x * cos(tilt) + y * sin(tilt)) / crater.stretch
    across = (y * cos(tilt) - x * sin(tilt)) * crater.stretch
    angle = np.arctan2(across, along)
    rim = np.ones_like(x)
    for wave in (2, 3, 4, 5, 7, 11):
        swing = crater.uneven * float(site.rng.normal(0, 0.55)) / wave**0.8
        rim += swing * np.cos(wave * angle + site.uniform(0, tau))
    return np.hypot(along, across) / (rim * crater.radius)


def stamp(site: Site, height: Field, crater: Crater) -> None:
    """Digs ``crater`` into ``height``, in place."""
    window = site.window(crater.x, crater.y, crater.radius * 4)
    if window is None:
        return
    distance = _distance(site, window, crater)
    inside = 0.8 * fields.smoothstep(distance, 1.15, 0.7)
    # An impact erases the relief inside the bowl: the ground is levelled before it is dug.
    ground = height[window]
    near = distance < 1.2
    level = float(ground[near].mean()) if near.any() else 0.0
    bowl = profile(distance, crater.age, crater.fill) * crater.radius
    height[window] = ground * (1 - inside) + level * inside + bowl


def _centres(site: Site, count: int, clusters: int) -> Field:
    """``count`` points (x, y); with ``clusters``, three quarters of them in that many clumps."""
    reach = np.array([site.shape[1] / 2, site.shape[0] / 2])
    points = site.rng.uniform(-reach, reach, (count, 2))
    if not clusters:
        return points
    homes = site.rng.uniform(-0.8 * reach, 0.8 * reach, (clusters, 2))
    spread = site.rng.normal(0, 1, (count, 2)) * site.uniform(12, 45)
    clumped = homes[site.rng.integers(clusters, size=count)] + spread
    return np.where(site.rng.random((count, 1)) < 0.75, clumped, points)


def scatter(
    site: Site,
    height: Field,
    count: int,
    radii: tuple[float, float],
    age: tuple[float, float] = (0.1, 0.9),
    exponent: float = 2.0,
    clusters: int = 0,
    uneven: float = 0.08,
) -> None:
    """Digs ``count`` craters whose number above a radius falls as radius ** -exponent.

    Small craters on Mars follow exponents of 2 to 3 (Hartmann, 2005, Icarus 174, 294).
    ``clusters``: the number of clumps, as secondaries form; 0 = everywhere. The largest come first.
    """
    low, high = radii
    share = site.rng.random(count) * (1 - (low / high) ** exponent)
    sizes = np.sort(low * (1 - share) ** (-1 / exponent))[::-1]
    for (x, y), radius in zip(_centres(site, count, clusters), sizes, strict=True):
        stretch = site.log_uniform(0.93, 1.07)
        fill = site.uniform(0, 0.45)
        crater = Crater(
            float(x), float(y), float(radius), site.uniform(*age), fill, uneven, stretch
        )
        stamp(site, height, crater)


def sprinkle(site: Site, height: Field) -> None:
    """Digs the few small craters that most Martian plains have."""
    if site.chance(0.55):
        scatter(site, height, int(site.rng.integers(1, 8)), (1.6, 6.0), exponent=2.2)


def _floor_ripples(site: Site, distance: Field) -> Field:
    """Wind ripples [px] that collected on the floor of a bowl."""
    pattern = fields.ripples(
        site.rng, site.shape, site.uniform(5, 10), site.towards_sun(0.9), spread=0.25, width=0.3
    )
    floor = fields.smoothstep(distance, 0.8, 0.4) * site.somewhere(-1.2, 0.4)
    return fields.relief(np.exp(0.7 * pattern), site.uniform(0.06, 0.24)) * floor


def _ground(site: Site, slope: float) -> Field:
    """The plain around craters: fractal, pimply or streaked, with swells."""
    height = site.ground(slope)
    if site.chance(0.45):
        bumps = fields.ripples(
            site.rng, site.shape, site.uniform(4, 9), site.angle(), spread=0.6, width=0.4
        )
        height = height + fields.relief(bumps, slope * site.uniform(0.5, 1.2))
    return height + site.swell(site.uniform(0.01, 0.06))


def _bright_rock(site: Site, height: Field) -> Field:
    """Extra albedo of crests kept free of dust by the wind."""
    crests = fields.standardised(height - fields.soften(height, 3))
    return site.uniform(0.02, 0.2) * np.clip(crests, 0, 2.5)


def single(site: Site) -> Surface:
    """Crater: one bowl in the middle, with a rough rim, perhaps a filled floor and ripples."""
    age = site.uniform(0.0, 0.7) ** 1.2
    crater = Crater(
        site.uniform(-10, 10),
        site.uniform(-10, 10),
        site.wished("size", site.uniform(34, 78) * 2) / 2,
        age,
        fill=site.uniform(0.1, 0.8) if site.chance(0.65) else site.uniform(0, 0.2),
        uneven=site.uniform(0.04, 0.13),
        stretch=site.uniform(0.92, 1.09),
    )
    height = _ground(site, site.log_uniform(0.03, 0.13))
    if site.chance(0.5):
        scatter(site, height, int(site.rng.integers(1, 10)), (1.5, 9.0))
    stamp(site, height, crater)
    distance = np.hypot(site.x - crater.x, site.y - crater.y) / crater.radius
    rim = np.exp(-(((distance - 1.0) / site.uniform(0.1, 0.25)) ** 2))
    knobs = fields.fractal(site.rng, site.shape, 2.8, largest=30, smallest=0.9)
    height = height + fields.relief(knobs, site.uniform(0.1, 0.4) * (1 - 0.5 * age)) * rim
    inside = fields.smoothstep(distance, 1.0, 0.6)
    height = height + site.fractal(site.uniform(0.02, 0.12), 3.2, smallest=1.2) * inside
    if site.chance(0.55):
        height = height + _floor_ripples(site, distance)
    albedo = site.mottle(0.05)
    if site.chance(0.4):
        albedo = albedo + site.uniform(-0.15, 0.2) * inside
    if site.chance(0.4):
        albedo = albedo + site.uniform(0.05, 0.25) * rim
    return Surface(height, albedo)


def crowd(site: Site) -> Surface:
    """Crater field: many craters of all sizes and ages on a textured plain."""
    slope = site.log_uniform(0.05, 0.18)
    height = _ground(site, slope)
    scatter(
        site,
        height,
        round(site.wished("density", int(site.log_uniform(20, 110)))),
        (2.6, max(4.0, site.wished("size", site.uniform(12, 34) * 2) / 2)),
        age=(0.0, 0.6),
        exponent=site.uniform(1.5, 2.3),
        clusters=int(site.rng.integers(1, 4)) if site.chance(0.35) else 0,
        uneven=site.uniform(0.08, 0.2),
    )
    height = height + site.ground(slope * site.uniform(0.3, 0.8))
    return Surface(height, site.mottle(site.uniform(0.02, 0.06)) + _bright_rock(site, height))


def few(site: Site) -> Surface:
    """Crater field: two to five medium-sized craters and small ones on rough ground."""
    slope = site.log_uniform(0.05, 0.18)
    height = _ground(site, slope)
    for _ in range(round(site.wished("density", int(site.rng.integers(2, 6))))):
        crater = Crater(
            site.uniform(-95, 95),
            site.uniform(-95, 95),
            site.wished("size", site.uniform(9, 26) * 2) / 2,
            site.uniform(0.0, 0.6),
            site.uniform(0, 0.6),
            uneven=site.uniform(0.05, 0.14),
        )
        stamp(site, height, crater)
    scatter(site, height, int(site.rng.integers(5, 25)), (1.8, 7), uneven=0.1)
    height = height + site.ground(slope * site.uniform(0.3, 0.8))
    return Surface(height, site.mottle(site.uniform(0.02, 0.05)) + _bright_rock(site, height))


CRATER: Palette = ((1.0, single),)
CRATER_FIELD: Palette = ((0.65, crowd), (0.35, few))
