"""Steps and stripes in the ground: cliffs, ridges, channels, and mounds."""

from math import cos, pi, sin

import numpy as np

from mirs_core.datasets.synthetic import craters, fields
from mirs_core.datasets.synthetic.fields import Field
from mirs_core.datasets.synthetic.surface import Palette, Site, Surface


def plateau(site: Site, slope: float) -> Field:
    """The plain beside a landform: patchy fractal ground, swells, bumps, a few small craters."""
    height = site.ground(slope)
    if site.chance(0.3):
        bumps = fields.ripples(
            site.rng, site.shape, site.uniform(4, 10), site.angle(), spread=0.5, width=0.4
        )
        height = height + fields.relief(bumps, slope * 0.8) * site.somewhere()
    if site.chance(0.3):
        lumps = fields.ring(site.rng, site.shape, site.uniform(8, 16), 0.5)
        remnants = fields.relief(np.clip(lumps - 0.9, 0, None), site.uniform(0.05, 0.16))
        height = height + remnants * site.somewhere()
    height = height + site.swell(site.uniform(0.01, 0.05))
    craters.sprinkle(site, height)
    return height


def _edge(site: Site, along: Field, across: Field, sinuous: float) -> Field:
    """Signed distance [px] from a wavering line, crumbled close to it."""
    line = fields.wander(site.rng, along, site.uniform(3, 10) * sinuous, site.uniform(150, 400))
    crumbs = fields.fractal(site.rng, site.shape, 3.0, largest=30, smallest=0.8)
    distance = across - line
    close = np.exp(-((distance / site.uniform(5, 12)) ** 2))
    return distance + crumbs * close * site.uniform(0.5, 3.0)


def _spurs(site: Site, downslope: float, length: float, thickness: float) -> Field:
    """Spurs and chutes that run downslope, rms slope 1; ridged, as talus chutes are."""
    noise = fields.grain(site.rng, site.shape, length, thickness, downslope)
    bent = fields.bent(site.rng, -np.abs(noise), downslope, site.uniform(1, 5))
    return fields.relief(bent, 1.0)


def _crumbling(site: Site) -> Field:
    """Patchy strength, 0..1.5, of what breaks off along an edge."""
    strength = 0.7 + 0.6 * fields.fractal(site.rng, site.shape, 2.8, largest=25)
    clipped: Field = np.clip(strength, 0, 1.5)
    return clipped


def _strata(site: Site, depth: Field) -> Field:
    """Ledges [px] of layers that crop out at equal ``depth``, here and there."""
    bend = fields.fractal(site.rng, site.shape, 3.8) * 2.5
    ledges = np.sin(depth * 2 * pi / site.uniform(9, 18) + bend)
    return fields.soften(ledges, 0.8) * site.somewhere() * site.uniform(0.1, 0.5)


def cliff(site: Site) -> Surface:
    """Cliff: plateau, a crumbled edge, a steep spurred face that levels out in debris."""
    bright = site.chance(0.5)
    fall = site.wished("orientation", site.towards_sun(0.45) + (0 if bright else pi))
    down, along = site.frame(fall)
    bend = site.uniform(-0.004, 0.004) * along**2
    edge = _edge(site, along, down + bend - site.uniform(-45, 45), site.uniform(0.6, 2.2))
    inside = np.clip(edge, 0, None)
    below = fields.smoothstep(edge, 0, 6)
    steep = site.uniform(0.3, 0.6)
    reach = site.log_uniform(30, 160) if bright else site.log_uniform(14, 110)
    drop = steep * reach * (1 - np.exp(-inside / reach)) + inside * site.uniform(0, 0.15)
    face = fields.smoothstep(edge, 0, 5) * np.exp(-inside / (1.2 * reach))
    tilt = site.uniform(-0.14, 0.0) if bright else site.uniform(0.0, 0.2)
    height = plateau(site, site.log_uniform(0.01, 0.07)) * (1 - 0.8 * below)
    height = height + np.minimum(edge, 0) * tilt - fields.soften(drop, site.uniform(0.8, 2.0))
    spurs = _spurs(site, fall, site.uniform(15, 50), site.uniform(2, 7))
    height = height + spurs * face * site.uniform(0.02, 0.3)
    height = height + site.ground(site.log_uniform(0.01, 0.06)) * below
    if site.chance(0.15):
        height = height + _strata(site, edge) * face
    crumbs = fields.fractal(site.rng, site.shape, 2.7, largest=20, smallest=0.9)
    near = np.exp(-((edge / site.uniform(4, 12)) ** 2))
    height = height + fields.relief(crumbs, site.uniform(0.1, 0.4)) * near
    albedo = site.mottle(0.03) + near * _crumbling(site) * site.uniform(-0.1, 0.25)
    streaked = fields.grain(site.rng, site.shape, 30, 2.2, fall)
    albedo = albedo + streaked * below * site.uniform(0.01, 0.05)
    return Surface(height, albedo + below * site.uniform(0.0, 0.28 if bright else 0.15))


def ridge(site: Site) -> Surface:
    """Ridge: two long slopes that meet in one crest, one in light and one in shade."""
    direction = site.wished("orientation", site.across_sun(0.35))
    along, across = site.frame(direction)
    side = _edge(site, along, across - site.uniform(-40, 40), site.uniform(0.5, 2.0))
    distance = np.sqrt(side**2 + site.log_uniform(1.0, 7.0) ** 2)
    reach = site.log_uniform(35, 300)
    steep = np.where(side < 0, site.uniform(0.15, 0.36), site.uniform(0.18, 0.42))
    away = fields.smoothstep(np.abs(side), 2, 16)
    height = -steep * reach * (1 - np.exp(-distance / reach)) + site.swell(site.uniform(0.02, 0.08))
    height = height + site.ground(site.log_uniform(0.006, 0.045))
    if site.chance(0.4):
        spurs = _spurs(site, direction + pi / 2, site.uniform(15, 50), site.uniform(4, 10))
        height = height + spurs * away * site.uniform(0.02, 0.14)
    if site.chance(0.45):
        height = height + site.ground(site.uniform(0.05, 0.16)) * site.somewhere(0.0, 1.2)
    if site.chance(0.4):
        craters.scatter(site, height, int(site.log_uniform(3, 40)), (1.5, 9), uneven=0.08)
    if site.chance(0.2):
        bars = fields.ripples(site.rng, site.shape, site.uniform(5, 8), direction, 0.3, 0.3)
        patch = site.somewhere(0.2, 1.2) * away
        height = height + fields.relief(bars, site.uniform(0.08, 0.2)) * patch
    streaked = fields.grain(site.rng, site.shape, 30, 3, direction + pi / 2)
    albedo = site.mottle(0.03, 3.8) + streaked * site.uniform(0.0, 0.03)
    crest = np.exp(-((side / site.uniform(2, 6)) ** 2)) * _crumbling(site)
    return Surface(height, albedo + crest * site.uniform(-0.05, 0.25))


def channel(site: Site) -> Surface:
    """Channel: a sinuous trough with crumbled walls and a hollow, often rippled, floor."""
    direction = site.wished("orientation", site.across_sun(0.5))
    along, across = site.frame(direction)
    narrow = site.chance(0.2)
    width = site.log_uniform(10, 26) if narrow else site.log_uniform(55, 150)
    width = site.wished("size", width)
    line = fields.wander(site.rng, along, site.uniform(2, 16), site.uniform(300, 700))
    middle = across - line - site.uniform(-25, 25)
    crumbs = fields.fractal(site.rng, site.shape, 2.9, largest=35, smallest=0.8)
    breadth = width / 2 * (1 + 0.12 * fields.wander(site.rng, along, 1.0, 200))
    edge = breadth - np.abs(middle) + crumbs * site.uniform(0.8, 3.2)
    wall = max(3.5, width * site.uniform(0.1, 0.4))
    inside = fields.smoothstep(edge, 0, wall)
    ramp = fields.soften(np.clip(edge / wall, 0, 1), 1.2)
    bowl = 1 - np.clip(np.abs(middle) / breadth, 0, 1) ** 2
    height = plateau(site, site.log_uniform(0.04, 0.14)) * (1 - 0.8 * inside)
    height = height - ramp * wall * site.uniform(0.15, 0.5)
    height = height - bowl * inside * width * site.uniform(0.02, 0.14)
    if not narrow and site.chance(0.5):
        height = height + _bed(site, edge, wall, direction)
    on_wall = fields.smoothstep(edge, -1, 3) * fields.smoothstep(edge, wall * 1.2, wall * 0.7)
    spurs = _spurs(site, direction + pi / 2, site.uniform(8, 25), site.uniform(2, 4))
    height = height + spurs * on_wall * site.uniform(0.05, 0.3)
    lip = np.exp(-((edge / site.uniform(1.5, 4)) ** 2)) * _crumbling(site)
    sunlit = np.sign(middle) * -sin(site.sun.azimuth - direction)
    albedo = site.mottle(0.025) + lip * sunlit * site.uniform(0, 0.25)
    return Surface(height, albedo + inside * site.uniform(-0.06, 0.08))


def _bed(site: Site, edge: Field, wall: float, direction: float) -> Field:
    """Ripples across the floor of a channel, heights [px]."""
    bars = fields.ripples(site.rng, site.shape, site.uniform(5, 9), direction, 0.2, 0.2)
    bed = fields.smoothstep(edge, wall * 0.8, wall * 1.3)
    if site.chance(0.5):
        bed = bed * site.somewhere(0.0, 1.0)
    return fields.relief(np.exp(0.9 * bars), site.uniform(0.08, 0.24)) * bed


def _cone(site: Site, height: Field, radius: float, x: float, y: float, pit: float) -> None:
    """Adds a knobbly cone, with a summit ``pit`` (0 none, 1 a ring), to ``height``."""
    window = site.window(x, y, radius * 1.8 + 3)
    if window is None:
        return
    across, down = site.x[window] - x, site.y[window] - y
    angle = np.arctan2(down, across)
    rim = np.ones_like(across)
    for wave in (2, 3, 4, 6):
        rim += float(site.rng.normal(0, 0.2)) / wave * np.cos(wave * angle + site.angle())
    distance = np.hypot(across, down) / (radius * rim)
    body = np.clip(1.25 - distance, 0, 1) ** 1.3
    bowl = pit * np.exp(-((distance / 0.42) ** 2))
    height[window] += radius * site.uniform(0.32, 0.58) * (body - bowl)


def _cones(site: Site, height: Field, crowd: Field) -> None:
    """Adds a crowd of cones, denser where ``crowd`` is high, alone and in clumps."""
    count = round(site.wished("density", int(site.log_uniform(28, 150))))
    largest = site.uniform(8, 17) if count < 60 else site.uniform(5, 10)
    largest = max(3.0, site.wished("size", 2 * largest) / 2)
    pitted = site.uniform(0.0, 0.9)
    half_y, half_x = site.shape[0] / 2, site.shape[1] / 2
    while count > 0:
        x, y = site.uniform(-half_x, half_x), site.uniform(-half_y, half_y)
        if crowd[int(y + half_y), int(x + half_x)] < site.rng.normal(0.0, 0.8):
            continue
        count -= 1
        radius = largest * site.uniform(0.0, 1.0) ** 1.8 + 2.2
        pit = site.uniform(0.5, 1.1) if site.chance(pitted) else 0.0
        _cone(site, height, radius, x, y, pit)
        for _ in range(int(site.rng.poisson(0.7 if radius > 6 else 0.0))):
            near, size = site.angle(), radius * site.uniform(0.4, 0.8)
            _cone(site, height, size, x + radius * cos(near), y + radius * sin(near), pit)


def mounds(site: Site) -> Surface:
    """Mounds: crowds of small cones, many pitted, on a streaked plain.

    As in Isidis, Utopia and Acidalia, where they are read as mud volcanoes or rootless cones
    (Oehler & Allen, 2010, Icarus 208, 636).
    """
    flow = site.angle()
    plain = site.ground(site.log_uniform(0.03, 0.1))
    crowd = fields.fractal(site.rng, site.shape, 3.2, largest=150)
    cones = site.flat()
    _cones(site, cones, crowd)
    knobs = fields.fractal(site.rng, site.shape, 2.7, largest=20, smallest=0.8)
    knobs = fields.relief(knobs, site.uniform(0.05, 0.25)) * fields.smoothstep(cones, 0.3, 2.0)
    height = plain + cones + knobs + site.swell(site.uniform(0.01, 0.08))
    albedo = site.mottle(0.05)
    marks = fields.bent(
        site.rng, fields.grain(site.rng, site.shape, 14, 1.4, flow), flow, site.uniform(1, 5)
    )
    dark = fields.smoothstep(marks, 1.0, 2.0) * fields.smoothstep(crowd, 0.8, -0.6)
    return Surface(height, albedo - site.uniform(0.0, 0.3) * dark)


CLIFF: Palette = ((1.0, cliff),)
RIDGE: Palette = ((1.0, ridge),)
CHANNEL: Palette = ((1.0, channel),)
MOUNDS: Palette = ((1.0, mounds),)
