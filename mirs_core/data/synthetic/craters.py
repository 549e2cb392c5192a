"""Impact craters: one profile from the literature, stamped alone or in crowds."""

from dataclasses import dataclass
from math import pi, tau

import numpy as np

from mirs_core.data.synthetic import fields
from mirs_core.data.synthetic.fields import Field
from mirs_core.data.synthetic.surface import Palette, Site, Surface


@dataclass(frozen=True)
class Crater:
    """Centre and ``radius`` [px]; ``age`` 0 (fresh) to 1 (nearly gone); ``fill``: how much of the
    bowl is buried under a flat floor, 0..1; ``uneven``: waviness of the rim, 0..0.3."""

    x: float
    y: float
    radius: float
    age: float
    fill: float = 0.0
    uneven: float = 0.05
    stretch: float = 1.0


def profile(distance: Field, age: float, fill: float) -> Field:
    """Height of a simple crater in units of its radius, at ``distance`` (1 = the rim's crest).

    Fresh bowls are 0.2 diameters deep below the rim, which stands 0.036 diameters high (Pike, 1977,
    in Impact and Explosion Cratering, 489; for Mars: Robbins & Hynek, 2012, JGR 117, E06001); the
    blanket thins as distance ** -3 (McGetchin et al., 1973, EPSL 20, 226; Melosh, 1989). Ageing
    lowers the rim and fills the bowl as diffusion does (Craddock & Howard, 2000, JGR 105, 20387).
    """
    rim = 0.075 * (1 - 0.75 * age)
    depth = 0.40 * (1 - 0.72 * age) - rim
    steepness = 2.2 + 1.3 * age
    bowl = -depth + (depth + rim) * np.minimum(distance, 1) ** steepness
    bowl = np.maximum(bowl, -depth * (1 - fill))
    blanket = rim * np.maximum(distance, 1) ** -3
    return np.asarray(np.where(distance < 1, bowl, blanket), np.float32)


def _distance(rng: np.random.Generator, x: Field, y: Field, crater: Crater) -> Field:
    """Distance from the centre in radii, with a rim that is no perfect circle."""
    tilt = rng.uniform(0, pi)
    along = (x * np.cos(tilt) + y * np.sin(tilt)) / crater.stretch
    across = (y * np.cos(tilt) - x * np.sin(tilt)) * crater.stretch
    angle = np.arctan2(across, along)
    rim = np.ones_like(x)
    for wave in (2, 3, 4, 5, 7, 11):
        rim += (
            crater.uneven * rng.normal(0, 0.55) / wave**0.8 * np.cos(wave * angle + rng.uniform(0, tau))
        )
    return np.asarray(np.hypot(along, across) / (rim * crater.radius), np.float32)


def stamp(site: Site, height: Field, crater: Crater) -> None:
    """Digs ``crater`` into ``height``, in place."""
    reach = crater.radius * 4
    rows, columns = height.shape
    top = int(max(0, crater.y + rows / 2 - reach))
    bottom = int(min(rows, crater.y + rows / 2 + reach + 1))
    left = int(max(0, crater.x + columns / 2 - reach))
    right = int(min(columns, crater.x + columns / 2 + reach + 1))
    if top >= bottom or left >= right:
        return
    window = (slice(top, bottom), slice(left, right))
    distance = _distance(
        site.rng,
        site.x[window] - np.float32(crater.x),
        site.y[window] - np.float32(crater.y),
        crater,
    )
    shape = profile(distance, crater.age, crater.fill) * np.float32(crater.radius)
    inside = fields.smoothstep(distance, 1.15, 0.7)
    # An impact wipes out what stood inside the bowl: its ground becomes level before it is dug.
    ground = height[window]
    level = np.float32(ground[distance < 1.2].mean()) if (distance < 1.2).any() else np.float32(0)
    height[window] = ground * (1 - 0.8 * inside) + level * 0.8 * inside + shape


def scatter(
    site: Site,
    height: Field,
    count: int,
    radii: tuple[float, float],
    age: tuple[float, float] = (0.1, 0.9),
    exponent: float = 2.0,
    clusters: int = 0,
    uneven: float = 0.08,
) -> list[Crater]:
    """Digs ``count`` craters whose number above a radius falls as radius ** -exponent.

    Small craters on Mars follow exponents of 2 to 3 (Hartmann, 2005, Icarus 174, 294).
    ``clusters``: the number of clumps, as secondaries form; 0 = everywhere.
    """
    rng = site.rng
    half_y, half_x = site.shape[0] / 2, site.shape[1] / 2
    low, high = radii
    share = rng.random(count) * (1 - (low / high) ** exponent)
    sizes = np.sort(low * (1 - share) ** (-1 / exponent))[::-1]
    centres = rng.uniform([-half_x, -half_y], [half_x, half_y], (count, 2))
    if clusters:
        homes = rng.uniform([-half_x * 0.8, -half_y * 0.8], [half_x * 0.8, half_y * 0.8], (clusters, 2))
        spread = rng.normal(0, 1, (count, 2)) * rng.uniform(12, 45)
        centres = np.where(
            rng.random((count, 1)) < 0.75, homes[rng.integers(clusters, size=count)] + spread, centres
        )
    made = []
    for (x, y), radius in zip(centres, sizes, strict=True):
        crater = Crater(
            float(x),
            float(y),
            float(radius),
            float(rng.uniform(*age)),
            fill=float(rng.uniform(0, 0.7)),
            uneven=uneven,
            stretch=float(np.exp(rng.normal(0, 0.04))),
        )
        stamp(site, height, crater)
        made.append(crater)
    return made


def sprinkle(site: Site, height: Field) -> None:
    """The few small craters that nearly every Martian plain has."""
    if site.chance(0.55):
        scatter(site, height, int(site.rng.integers(1, 8)), (1.6, 6.0), exponent=2.2)


def _floor_ripples(site: Site, distance: Field, radius: float) -> Field:
    """Wind ripples that collected on the floor of a bowl."""
    pattern = fields.ripples(
        site.rng, site.shape, site.uniform(5, 10), site.angle(), spread=0.2, width=0.25
    )
    crest = np.exp(0.9 * pattern)
    return fields.relief(np.asarray(crest, np.float32), site.uniform(0.1, 0.35)) * fields.smoothstep(
        distance, 0.75, 0.45
    )


def _ground(site: Site, slope: float) -> Field:
    """The plain around craters: fractal, pimply or streaked."""
    height = site.fractal(slope, site.uniform(2.8, 3.4), smallest=site.uniform(0.8, 1.6))
    if site.chance(0.45):
        pimples = fields.ripples(
            site.rng, site.shape, site.uniform(4, 9), site.angle(), spread=0.6, width=0.4
        )
        height = height + fields.relief(pimples, slope * site.uniform(0.5, 1.2))
    return np.asarray(height, np.float32)


def single(site: Site) -> Surface:
    """Crater: one bowl in the middle, with a rough rim, perhaps a filled floor and ripples."""
    radius = site.uniform(34, 78)
    age = site.uniform(0.0, 0.75) ** 1.2
    fill = site.uniform(0.15, 0.85) if site.chance(0.65) else site.uniform(0, 0.2)
    crater = Crater(
        site.uniform(-10, 10),
        site.uniform(-10, 10),
        radius,
        age,
        fill,
        uneven=site.uniform(0.04, 0.14),
        stretch=site.uniform(0.9, 1.12),
    )
    height = _ground(site, site.log_uniform(0.03, 0.14))
    if site.chance(0.5):
        scatter(site, height, int(site.rng.integers(1, 10)), (1.5, 9.0))
    distance = np.hypot(site.x - crater.x, site.y - crater.y) / np.float32(radius)
    stamp(site, height, crater)
    knobs = fields.fractal(site.rng, site.shape, 2.7, largest=30, smallest=0.8)
    rim = np.exp(-(((distance - 1.0) / site.uniform(0.1, 0.22)) ** 2))
    height += fields.relief(knobs, site.uniform(0.1, 0.4) * (1 - 0.5 * age)) * rim
    if site.chance(0.6):
        height += _floor_ripples(site, np.asarray(distance, np.float32), radius)
    albedo = site.mottle(0.03)
    if site.chance(0.4):
        albedo += site.uniform(-0.15, 0.2) * fields.smoothstep(np.asarray(distance), 1.0, 0.6)
    if site.chance(0.3):
        albedo += site.uniform(0.05, 0.25) * rim
    return Surface(np.asarray(height, np.float32), np.asarray(albedo, np.float32))


def crowd(site: Site) -> Surface:
    """Crater field: many craters of all sizes and ages on a textured plain."""
    height = _ground(site, site.log_uniform(0.06, 0.18))
    largest = site.uniform(12, 34)
    clusters = int(site.rng.integers(1, 4)) if site.chance(0.35) else 0
    scatter(
        site,
        height,
        int(site.rng.integers(14, 70)),
        (2.6, largest),
        age=(0.05, 0.75),
        exponent=site.uniform(1.5, 2.3),
        clusters=clusters,
        uneven=site.uniform(0.05, 0.16),
    )
    return Surface(height, site.mottle(site.uniform(0.02, 0.06)))


def few(site: Site) -> Surface:
    """Crater field: two to five middling craters on rough ground."""
    height = _ground(site, site.log_uniform(0.06, 0.16))
    for _ in range(int(site.rng.integers(2, 6))):
        stamp(
            site,
            height,
            Crater(
                site.uniform(-95, 95),
                site.uniform(-95, 95),
                site.uniform(9, 26),
                site.uniform(0.05, 0.7),
                site.uniform(0, 0.8),
                uneven=site.uniform(0.05, 0.14),
            ),
        )
    scatter(site, height, int(site.rng.integers(5, 25)), (1.8, 7), uneven=0.1)
    return Surface(height, site.mottle(site.uniform(0.02, 0.05)))


CRATER: Palette = ((1.0, single),)
CRATER_FIELD: Palette = ((0.65, crowd), (0.35, few))

