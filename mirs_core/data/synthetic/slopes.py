"""What happens on slopes: gullies, dark slope streaks, and mass wasting."""

import numpy as np

from mirs_core.data.synthetic import craters, fields
from mirs_core.data.synthetic.fields import Field
from mirs_core.data.synthetic.surface import Palette, Site, Surface


def _hillside(site: Site, fall: float, steep: float, rough: float) -> Field:
    """A slope falling along ``fall`` [rad], a little hollow towards its foot."""
    down, _ = site.frame(fall)
    bend = site.uniform(0.0, 0.0012)
    return np.asarray(
        -steep * down + bend * steep * down**2 + site.fractal(rough, 3.1, smallest=1.0), np.float32
    )


def _outcrop(site: Site, down: Field, along: Field, top: float) -> Field:
    """How much bare rock crops out, 0..1, above a ragged line at ``down`` = ``top``."""
    line = fields.wander(site.rng, along, site.uniform(4, 14), site.uniform(60, 200))
    ragged = down - top - line + fields.fractal(site.rng, site.shape, 2.8, largest=40) * 7
    return fields.smoothstep(np.asarray(ragged, np.float32), 6, -4)


def gullies(site: Site) -> Surface:
    """Gullies: alcoves that narrow to incised channels and end in aprons.

    The three parts follow Malin & Edgett (2000, Science 288, 2330).
    """
    fall = site.towards_sun(0.9)
    down, along = site.frame(fall)
    steep = site.uniform(0.05, 0.3)
    height = _hillside(site, fall, steep, site.log_uniform(0.03, 0.08))
    carved = site.flat()
    count = int(site.rng.integers(3, 9))
    for slot in range(count):
        start = -105 + 210 * (slot + site.uniform(0.1, 0.9)) / count
        path = start + fields.wander(site.rng, down, site.uniform(3, 9), site.uniform(80, 200))
        path = path + np.float32(site.uniform(-0.35, 0.35)) * down
        head, foot = site.uniform(-110, -10), site.uniform(0, 120)
        depth = fields.smoothstep(down, head, head + 14) * (1 - fields.smoothstep(down, foot, foot + 50))
        alcove = np.exp(-(((down - head - 18) / 24) ** 2))
        width = site.uniform(2.0, 5.0) + site.uniform(0, 12) * alcove
        notch = np.clip(1 - np.abs(along - path) / width, 0, 1)
        carved = np.maximum(carved, notch * depth * width * np.float32(site.uniform(0.3, 0.7)))
    streaked = fields.grain(site.rng, site.shape, site.uniform(15, 45), site.uniform(1.5, 4), fall)
    height = height - carved + fields.relief(streaked, site.uniform(0.04, 0.16))
    ribs = fields.grain(site.rng, site.shape, site.uniform(40, 90), site.uniform(6, 14), fall)
    height = height - fields.relief(np.abs(ribs), site.uniform(0.03, 0.16))
    albedo = site.mottle(0.03) - 0.05 * fields.smoothstep(carved, 0.5, 3)
    albedo = albedo + streaked * np.float32(site.uniform(0.01, 0.05))
    if site.chance(0.5):
        rock = _outcrop(site, down, along, site.uniform(-85, -45))
        blocks = fields.fractal(site.rng, site.shape, 2.5, largest=24, smallest=0.7)
        height = height + fields.relief(blocks, site.uniform(0.15, 0.45)) * rock
        albedo = albedo - rock * np.float32(site.uniform(-0.05, 0.15))
    return Surface(np.asarray(height, np.float32), np.asarray(albedo, np.float32))


def _streak(site: Site, down: Field, along: Field, head: float, middle: float) -> Field:
    """One dark wedge from a point at (``head``, ``middle``) downslope, 0..1.

    Widening from a point and ending in fingers is what sets slope streaks apart (Sullivan et al.,
    2001, JGR 106, 23607).
    """
    length = site.log_uniform(25, 170)
    widest = site.uniform(1.5, 3.5) + length * site.uniform(0.01, 0.06)
    progress = (down - head) / length
    line = middle + fields.wander(site.rng, down, site.uniform(0.3, 2.5), 120)
    line = line + np.float32(site.uniform(-0.06, 0.06)) * (down - head)
    taper = site.uniform(0.45, 0.85)
    width = widest * np.clip(progress / taper, 0, 1) ** 0.7
    width = width * np.clip((1 - progress) / (1 - taper), 0, 1) ** 0.6
    return np.asarray(
        fields.smoothstep(width - np.abs(along - line), -0.7, 0.9)
        * ((progress > 0) & (progress < 1)),
        np.float32,
    )


def streaks(site: Site) -> Surface:
    """Slope streaks: dark wedges in bright dust."""
    fall = site.towards_sun(0.8)
    down, along = site.frame(fall)
    height = _hillside(site, fall, site.uniform(0.03, 0.25), site.log_uniform(0.025, 0.08))
    albedo = site.mottle(0.03)
    if site.chance(0.5):
        crest = _outcrop(site, down, along, site.uniform(-110, -55))
        blocks = fields.fractal(site.rng, site.shape, 2.7, largest=30, smallest=0.8)
        height = height + fields.relief(blocks, site.uniform(0.1, 0.35)) * crest
        height = height - crest * np.clip(-60 - down, 0, None) * np.float32(site.uniform(0, 0.4))
    if site.chance(0.35):
        pimples = fields.ripples(site.rng, site.shape, site.uniform(4, 8), fall, 0.4, 0.4)
        height = height + fields.relief(pimples, site.uniform(0.03, 0.08))
    if site.chance(0.4):
        craters.scatter(site, height, int(site.rng.integers(2, 15)), (1.5, 7))
    dark = site.flat()
    count = int(site.log_uniform(3, 22))
    group = site.uniform(25, 110)
    centre = site.uniform(-40, 40)
    for _ in range(count):
        middle = float(np.clip(site.rng.normal(centre, group), -110, 110))
        streak = _streak(site, down, along, site.uniform(-105, 35), middle)
        dark = np.maximum(dark, streak * np.float32(site.uniform(0.6, 1.0)))
    ragged = fields.grain(site.rng, site.shape, 12, 1.2, fall)
    dark = dark * np.clip(1 + 0.12 * ragged, 0, 1.2)
    faint = fields.grain(site.rng, site.shape, 60, 2.5, fall) * np.float32(site.uniform(0.0, 0.04))
    albedo = albedo * (1 + faint) * (1 - np.float32(site.uniform(0.14, 0.42)) * dark)
    return Surface(np.asarray(height, np.float32), np.asarray(albedo * 1.1, np.float32))


def mass_wasting(site: Site) -> Surface:
    """Mass wasting: a bright talus slope with fine downslope streaks below crumbling rock."""
    fall = site.towards_sun(0.7)
    down, along = site.frame(fall)
    height = _hillside(site, fall, site.uniform(0.12, 0.34), site.log_uniform(0.02, 0.05))
    fine = fields.grain(site.rng, site.shape, site.uniform(20, 60), site.uniform(1.2, 2.6), fall)
    height = height + fields.relief(fine, site.uniform(0.02, 0.09))
    broad = fields.grain(site.rng, site.shape, 60, site.uniform(6, 14), fall)
    albedo = site.mottle(0.03) + fine * np.float32(site.uniform(0.01, 0.04)) + broad * 0.04
    patches = fields.grain(site.rng, site.shape, site.uniform(14, 30), site.uniform(3, 6), fall)
    scars = fields.smoothstep(patches, 0.9, 2.2) * fields.smoothstep(
        fields.fractal(site.rng, site.shape, 3.4, largest=200), -0.2, 1.0
    )
    height = height - scars * np.float32(site.uniform(0.5, 2.0))
    albedo = albedo - scars * np.float32(site.uniform(0.05, 0.2))
    if site.chance(0.75):
        rock = _outcrop(site, down, along, site.uniform(-100, -40))
        blocks = spurred(site, fall)
        height = height + blocks * rock * np.float32(site.uniform(0.2, 0.6))
        albedo = albedo - rock * np.float32(site.uniform(-0.08, 0.12))
    return Surface(np.asarray(height, np.float32), np.asarray(albedo * 1.08, np.float32))


def spurred(site: Site, fall: float) -> Field:
    """Bare rock in spurs and blocks, rms slope about 1."""
    spur = fields.grain(site.rng, site.shape, 10, 3, fall + site.uniform(-0.4, 0.4))
    block = fields.fractal(site.rng, site.shape, 2.6, largest=24, smallest=0.7)
    return fields.relief(np.asarray(-np.abs(spur) + 0.5 * block, np.float32), 1.0)


GULLIES: Palette = ((1.0, gullies),)
STREAKS: Palette = ((1.0, streaks),)
MASS_WASTING: Palette = ((1.0, mass_wasting),)
