"""Steps and stripes in the ground: cliffs, ridges, channels, and mounds."""

from math import pi

import numpy as np

from mirs_core.data.synthetic import craters, fields
from mirs_core.data.synthetic.fields import Field
from mirs_core.data.synthetic.surface import Palette, Site, Surface


def plateau(site: Site, slope: float | None = None) -> Field:
    """The plain beside a landform: fractal, sometimes pimply, with a few small craters."""
    slope = site.log_uniform(0.03, 0.12) if slope is None else slope
    height = site.fractal(slope, site.uniform(2.8, 3.4), smallest=site.uniform(0.8, 1.5))
    if site.chance(0.3):
        pimples = fields.ripples(
            site.rng, site.shape, site.uniform(4, 9), site.angle(), spread=0.5, width=0.4
        )
        height = height + fields.relief(pimples, slope * 0.8)
    craters.sprinkle(site, height)
    return np.asarray(height, np.float32)


def _edge(site: Site, along: Field, across: Field, sinuous: float) -> Field:
    """Signed distance [px] from a wavering, crumbled line."""
    line = fields.wander(site.rng, along, site.uniform(3, 12) * sinuous, site.uniform(120, 300))
    crumbs = fields.fractal(site.rng, site.shape, 3.0, largest=30) * site.uniform(0.5, 2.5)
    return np.asarray(across - line + crumbs, np.float32)


def spurs(site: Site, downslope: float, length: float, thickness: float) -> Field:
    """Spurs and chutes that run downslope, rms slope 1; ridged, as talus chutes are."""
    noise = fields.grain(site.rng, site.shape, length, thickness, downslope)
    return fields.relief(np.asarray(-np.abs(noise), np.float32), 1.0)


def cliff(site: Site) -> Surface:
    """Cliff: plateau, a crumbled edge, a steep spurred face, and debris at its foot."""
    bright = site.chance(0.5)
    fall = site.towards_sun(0.4) + (0 if bright else pi)
    down, along = site.frame(fall)
    offset = site.uniform(-45, 45)
    edge = _edge(site, along, down - np.float32(offset), 0.9)
    face = site.log_uniform(18, 130)
    steep = site.uniform(0.3, 0.5) if bright else site.uniform(0.4, 0.9)
    talus = site.uniform(0.08, 0.3)
    inside = np.clip(edge, 0, None)
    drop = np.minimum(inside, face) * steep + np.clip(inside - face, 0, 160) * talus * np.exp(
        -np.clip(inside - face, 0, 400) / 70
    )
    on_face = fields.smoothstep(edge, 0, 4) * (1 - fields.smoothstep(edge, face, face * 1.3 + 12))
    below = fields.smoothstep(edge, 0, 6)
    plain = plateau(site)
    streaks = spurs(site, fall, site.uniform(12, 45), site.uniform(1.2, 4.0))
    height = plain * (1 - 0.6 * below) - drop + streaks * on_face * site.uniform(0.08, 0.4)
    if site.chance(0.5):
        strata = np.sin(edge * 2 * pi / site.uniform(6, 14) + site.mottle(1.0))
        height = height + strata * on_face * site.uniform(0.1, 0.7)
    albedo = site.mottle(0.03)
    streaked = fields.grain(site.rng, site.shape, 25, 1.6, fall)
    albedo = albedo + streaked * below * np.float32(site.uniform(0.02, 0.09))
    lip = np.exp(-((edge / site.uniform(2, 5)) ** 2))
    albedo = albedo + lip * np.float32(site.uniform(-0.15, 0.3))
    albedo = albedo + below * np.float32(site.uniform(-0.12, 0.1))
    return Surface(np.asarray(height, np.float32), np.asarray(albedo, np.float32))


def ridge(site: Site) -> Surface:
    """Ridge: two long slopes that meet in one crest, one in light and one in shade."""
    direction = site.across_sun(0.35)
    along, across = site.frame(direction)
    side = _edge(site, along, across - np.float32(site.uniform(-35, 35)), site.uniform(0.6, 1.8))
    rounding = site.log_uniform(1.0, 6.0)
    left, right = site.uniform(0.12, 0.42), site.uniform(0.18, 0.5)
    roof = -np.where(side < 0, left, right) * (np.sqrt(side**2 + rounding**2) - rounding)
    fading = site.uniform(120, 400)
    roof = fading * np.tanh(roof / fading * 1.0)
    rough = site.log_uniform(0.02, 0.12)
    height = roof + plateau(site, rough)
    chutes = spurs(site, direction + pi / 2, site.uniform(10, 40), site.uniform(1.5, 6))
    height = height + chutes * np.float32(site.uniform(0.0, 0.2)) * fields.smoothstep(
        np.abs(side), 2, 14
    )
    if site.chance(0.25):
        craters.scatter(site, height, int(site.rng.integers(5, 25)), (1.5, 7), uneven=0.08)
    albedo = site.mottle(0.03)
    streaked = fields.grain(site.rng, site.shape, 25, 2, direction + pi / 2)
    albedo = albedo + streaked * np.float32(site.uniform(0.0, 0.05))
    return Surface(np.asarray(height, np.float32), np.asarray(albedo, np.float32))


def channel(site: Site) -> Surface:
    """Channel: a sinuous trough with crumbled walls and a flat, often rippled, floor."""
    direction = site.across_sun(0.6)
    along, across = site.frame(direction)
    narrow = site.chance(0.25)
    width = site.log_uniform(8, 24) if narrow else site.log_uniform(36, 100)
    sway = site.uniform(4, 14) if narrow else site.uniform(5, 22)
    line = fields.wander(site.rng, along, sway, site.uniform(140, 420))
    middle = across - line - np.float32(site.uniform(-25, 25))
    crumbs = fields.fractal(site.rng, site.shape, 2.9, largest=35)
    breadth = width / 2 * (1 + 0.15 * fields.wander(site.rng, along, 1.0, 160))
    edge = breadth - np.abs(middle) + crumbs * np.float32(site.uniform(0.6, 3.0))
    wall = max(3.0, width * site.uniform(0.18, 0.5))
    depth = wall * site.uniform(0.25, 0.6)
    if site.chance(0.5):
        trough = np.clip(edge / wall, 0, 1) ** site.uniform(0.7, 1.1)
    else:
        trough = fields.smoothstep(edge, 0, wall)
    inside = fields.smoothstep(edge, 0, wall)
    height = plateau(site) * (1 - 0.85 * inside) - trough * depth
    if not narrow and site.chance(0.6):
        bars = fields.ripples(site.rng, site.shape, site.uniform(5, 9), direction, 0.2, 0.2)
        bed = fields.smoothstep(edge, wall * 0.8, wall * 1.3)
        if site.chance(0.5):
            bed = bed * fields.smoothstep(fields.fractal(site.rng, site.shape, 3.4), 0.0, 1.0)
        crest = fields.relief(np.exp(0.9 * bars).astype(np.float32), site.uniform(0.12, 0.3))
        height = height + crest * bed
    chutes = spurs(site, direction + pi / 2, 10, 1.8) * site.uniform(0.05, 0.3)
    on_wall = fields.smoothstep(edge, -1, 3) * (1 - fields.smoothstep(edge, wall * 0.7, wall * 1.1))
    height = height + chutes * on_wall
    lip = np.exp(-((edge / site.uniform(1.5, 4)) ** 2))
    albedo = site.mottle(0.03) + lip * np.float32(site.uniform(-0.05, 0.12))
    albedo = albedo + inside * np.float32(site.uniform(-0.08, 0.08))
    return Surface(np.asarray(height, np.float32), np.asarray(albedo, np.float32))


def _cone(site: Site, height: Field, radius: float, x: float, y: float, pit: float) -> None:
    """Adds a knobbly cone, with a summit ``pit`` (0 none, 1 a ring), to ``height``."""
    rows, columns = height.shape
    reach = radius * 1.8 + 3
    top, bottom = int(max(0, y + rows / 2 - reach)), int(min(rows, y + rows / 2 + reach))
    left, right = int(max(0, x + columns / 2 - reach)), int(min(columns, x + columns / 2 + reach))
    if top >= bottom or left >= right:
        return
    window = (slice(top, bottom), slice(left, right))
    dx, dy = site.x[window] - np.float32(x), site.y[window] - np.float32(y)
    angle = np.arctan2(dy, dx)
    rim = np.ones_like(dx)
    for wave in (2, 3, 4, 6):
        rim += site.rng.normal(0, 0.13) * np.cos(wave * angle + site.rng.uniform(0, 2 * pi))
    distance = np.hypot(dx, dy) / (radius * rim)
    body = np.clip(1.25 - distance, 0, 1) ** 1.3
    bowl = pit * np.exp(-((distance / 0.42) ** 2))
    height[window] += np.float32(radius * site.uniform(0.35, 0.6)) * (body - bowl)


def mounds(site: Site) -> Surface:
    """Mounds: crowds of small cones, many pitted, on a streaked plain.

    As in Isidis, Utopia and Acidalia, where they are read as mud volcanoes or rootless cones
    (Oehler & Allen, 2010, Icarus 208, 636).
    """
    flow = site.angle()
    height = site.fractal(site.log_uniform(0.03, 0.09), 3.2, smallest=1.2)
    crowd = fields.fractal(site.rng, site.shape, 3.2, largest=150)
    count = int(site.log_uniform(12, 110))
    largest = site.uniform(8, 17) if count < 60 else site.uniform(5, 10)
    pitted = site.uniform(0.0, 0.9)
    half_y, half_x = site.shape[0] / 2, site.shape[1] / 2
    placed = 0
    while placed < count:
        x, y = site.uniform(-half_x, half_x), site.uniform(-half_y, half_y)
        here = crowd[int(y + half_y), int(x + half_x)]
        if here < site.rng.normal(0.0, 0.8):
            continue
        placed += 1
        radius = largest * site.uniform(0.0, 1.0) ** 1.8 + 2.2
        pit = site.uniform(0.5, 1.1) if site.chance(pitted) else 0.0
        _cone(site, height, radius, x, y, pit)
        for _ in range(int(site.rng.poisson(0.7 if radius > 6 else 0.0))):
            near = site.angle()
            _cone(
                site,
                height,
                radius * site.uniform(0.4, 0.8),
                x + radius * np.cos(near),
                y + radius * np.sin(near),
                pit,
            )
    knobs = fields.fractal(site.rng, site.shape, 2.6, largest=20, smallest=0.8)
    on_cones = fields.smoothstep(fields.soften(height, 1.5) - fields.soften(height, 14), 0.3, 2.0)
    height = height + fields.relief(knobs, site.uniform(0.05, 0.25)) * on_cones
    albedo = site.mottle(0.03)
    marks = fields.grain(site.rng, site.shape, 14, 1.4, flow)
    dark = fields.smoothstep(marks, 1.0, 2.0) * fields.smoothstep(crowd, 0.8, -0.6)
    albedo = albedo - np.float32(site.uniform(0.0, 0.3)) * dark
    return Surface(np.asarray(height, np.float32), np.asarray(albedo, np.float32))


CLIFF: Palette = ((1.0, cliff),)
RIDGE: Palette = ((1.0, ridge),)
CHANNEL: Palette = ((1.0, channel),)
MOUNDS: Palette = ((1.0, mounds),)
