"""What happens on slopes: gullies, dark slope streaks, and mass wasting."""

from math import cos, sin

import numpy as np

from mirs_core.datasets.synthetic import craters, fields
from mirs_core.datasets.synthetic.fields import Field
from mirs_core.datasets.synthetic.surface import Palette, Site, Surface


def _hillside(site: Site, fall: float, steep: float, rough: float) -> Field:
    """A slope falling along ``fall`` [rad], hollow towards its foot, with swells."""
    down, _ = site.frame(fall)
    hollow = site.uniform(0.0, 0.0012) * steep * down**2
    ground = site.fractal(rough, 3.1, smallest=1.0) + site.swell(site.uniform(0.02, 0.1))
    return hollow - steep * down + ground


def _outcrop(site: Site, down: Field, along: Field, top: float) -> Field:
    """How much bare rock crops out, 0..1, above a ragged line at ``down`` = ``top``."""
    line = fields.wander(site.rng, along, site.uniform(4, 14), site.uniform(80, 250))
    ragged = fields.fractal(site.rng, site.shape, 3.0, largest=40, smallest=1) * 7
    return fields.smoothstep(down - top - line + ragged, 10, -6)


def _rock(site: Site, fall: float) -> Field:
    """Bare rock in spurs and blocks, rms slope 1."""
    spurs = fields.grain(site.rng, site.shape, 14, 4, fall + site.uniform(-0.4, 0.4))
    blocks = fields.fractal(site.rng, site.shape, 2.9, largest=30, smallest=1.0)
    return fields.relief(0.5 * blocks - np.abs(spurs), 1.0)


def _downslope(site: Site, fall: float, length: float, thickness: float) -> Field:
    """Fine lines that run downslope, a little bent, fanning out or closing in, unit variance."""
    lines = fields.grain(site.rng, site.shape, length, thickness, fall)
    down, along = site.frame(fall)
    fan = site.uniform(-0.0035, 0.0035) * along * down
    shift = fan + site.uniform(1, 4) * fields.fractal(
        site.rng, site.shape, 4.4, largest=180, smallest=3
    )
    return fields.displaced(lines, shift * cos(fall), -shift * sin(fall))


def _ribs(site: Site, fall: float) -> Field:
    """Ribs and hollows down a slope at two scales, rms slope 1."""
    noise = site.flat()
    for share, thickness in ((1.0, site.uniform(7, 18)), (0.4, site.uniform(3, 6))):
        grain = fields.grain(site.rng, site.shape, thickness * site.uniform(3, 7), thickness, fall)
        noise -= np.abs(grain) * share * thickness
    ribs = fields.soften(fields.bent(site.rng, noise, fall, 4), 0.9)
    return fields.relief(fields.standardised(ribs), 1.0)


def _incisions(site: Site, down: Field, along: Field) -> Field:
    """Depth [px] of a few gully channels with alcoves at their heads."""
    carved = np.zeros_like(down)
    count = round(site.wished("density", int(site.rng.integers(2, 7))))
    for slot in range(count):
        start = -105 + 210 * (slot + site.uniform(0.1, 0.9)) / count
        path = start + fields.wander(site.rng, down, site.uniform(1, 5), site.uniform(120, 300))
        path = path + site.uniform(-0.2, 0.2) * down
        head, foot = site.uniform(-110, 0), site.uniform(0, 110)
        depth = fields.smoothstep(down, head, head + 30) * fields.smoothstep(down, foot + 70, foot)
        alcove = np.exp(-(((down - head - 25) / 24) ** 2))
        width = site.uniform(1.8, 4.0) + site.uniform(2, 12) * alcove
        notch = np.clip(1 - np.abs(along - path) / width, 0, 1)
        carved = np.maximum(carved, notch * depth * width * site.uniform(0.2, 0.5))
    ragged = 1 + 0.3 * fields.fractal(site.rng, site.shape, 3.4, largest=60, smallest=1)
    return fields.soften(carved * np.clip(ragged, 0.2, 2), 0.7)


def gullies(site: Site) -> Surface:
    """Gullies: alcoves that narrow to incised channels and end in aprons, among ribs of rock.

    The three parts follow Malin & Edgett (2000, Science 288, 2330).
    """
    fall = site.wished("orientation", site.towards_sun(0.9))
    down, along = site.frame(fall)
    height = _hillside(site, fall, site.uniform(0.05, 0.25), site.log_uniform(0.01, 0.04))
    top = site.uniform(-100, -45)
    if site.chance(0.5):
        below = down - top - fields.wander(site.rng, along, site.uniform(3, 9), 150)
        fading = np.exp(-np.clip(below, 0, None) / site.uniform(25, 80))
        ribbed = fields.smoothstep(below, -18, 10) * fading
        height = height + _ribs(site, fall) * ribbed * site.uniform(0.25, 0.5)
    else:
        height = height + _ribs(site, fall) * site.somewhere(-1.2, 0.8) * site.uniform(0.06, 0.22)
    carved = _incisions(site, down, along)
    fine = _downslope(site, fall, site.uniform(12, 35), site.uniform(1.5, 3))
    height = height - carved + fields.relief(fine, site.uniform(0.01, 0.05))
    broad = fields.grain(site.rng, site.shape, 70, site.uniform(6, 14), fall)
    albedo = site.mottle(0.03) + fine * site.uniform(0.01, 0.03) + broad * 0.04
    albedo = albedo - site.uniform(0.02, 0.15) * fields.smoothstep(carved, 0.4, 3)
    if site.chance(0.5):
        rock = _outcrop(site, down, along, top)
        height = height + _rock(site, fall) * rock * site.uniform(0.1, 0.3)
        albedo = albedo - rock * site.uniform(-0.05, 0.25)
    return Surface(height, albedo * 1.06)


def _streak(site: Site, down: Field, along: Field, head: float, middle: float) -> Field:
    """One dark wedge from a point at (``head``, ``middle``) downslope, 0..1.

    Widening from a point and ending in fingers is what sets slope streaks apart (Sullivan et al.,
    2001, JGR 106, 23607).
    """
    length = site.wished("size", site.log_uniform(35, 200))
    widest = site.uniform(1.5, 3.5) + length * site.uniform(0.005, 0.045)
    progress = (down - head) / length
    line = middle + fields.wander(site.rng, down, site.uniform(0.3, 3.0), 150)
    line = line + site.uniform(-0.06, 0.06) * (down - head)
    taper = site.uniform(0.45, 0.88)
    width = widest * np.clip(progress / taper, 0, 1) ** 0.7
    width = width * np.clip((1 - progress) / (1 - taper), 0, 1) ** 0.6
    on_line = fields.smoothstep(width - np.abs(along - line), -0.7, 0.9)
    return on_line * ((progress > 0) & (progress < 1))


def _streaks(site: Site, fall: float) -> Field:
    """All dark wedges of a slope, 0..1, in a loose row, with ragged edges."""
    down, along = site.frame(fall)
    ragged = _downslope(site, fall, 12, 1.2)
    along = along + fields.fractal(site.rng, site.shape, 2.6, largest=12) * site.uniform(0.1, 0.6)
    dark = site.flat()
    group, centre = site.uniform(25, 110), site.uniform(-40, 40)
    for _ in range(round(site.wished("density", int(site.log_uniform(5, 26))))):
        middle = float(np.clip(site.rng.normal(centre, group), -110, 110))
        streak = _streak(site, down, along, site.uniform(-115, 35), middle)
        dark = np.maximum(dark, streak * site.uniform(0.55, 1.0))
    fingered: Field = dark * np.clip(1 + 0.15 * ragged, 0, 1.2)
    return fingered


def streaks(site: Site) -> Surface:
    """Slope streaks: dark wedges in bright dust, below a crest or out on the open slope."""
    fall = site.wished("orientation", site.towards_sun(0.8))
    down, along = site.frame(fall)
    height = _hillside(site, fall, site.uniform(0.03, 0.22), site.log_uniform(0.006, 0.03))
    albedo = site.mottle(0.02)
    if site.chance(0.5):
        top = site.uniform(-110, -50)
        crest = _outcrop(site, down, along, top)
        height = height + _rock(site, fall) * crest * site.uniform(0.06, 0.25)
        height = height - crest * np.clip(top - down, 0, None) * site.uniform(0, 0.4)
    if site.chance(0.35):
        bumps = fields.ripples(site.rng, site.shape, site.uniform(4, 8), fall, 0.4, 0.4)
        height = height + fields.relief(bumps, site.uniform(0.02, 0.06)) * site.somewhere()
    if site.chance(0.4):
        craters.scatter(site, height, int(site.rng.integers(2, 15)), (1.5, 7))
    faint = 1 + _downslope(site, fall, 60, 2.5) * site.uniform(0.0, 0.02)
    dark = _streaks(site, fall) * site.uniform(0.22, 0.5)
    return Surface(height, albedo * faint * (1 - dark) * 1.1)


def mass_wasting(site: Site) -> Surface:
    """Mass wasting: a bright talus slope with fine downslope streaks below crumbling rock."""
    fall = site.wished("orientation", site.towards_sun(0.7))
    down, along = site.frame(fall)
    height = _hillside(site, fall, site.uniform(0.1, 0.3), site.log_uniform(0.008, 0.03))
    fine = _downslope(site, fall, site.uniform(15, 40), site.uniform(1.3, 2.8))
    visible = site.somewhere(-1.6, 0.6)
    height = height + fields.relief(fine, site.uniform(0.02, 0.07)) * visible
    broad = _downslope(site, fall, 60, site.uniform(5, 12))
    albedo = site.mottle(0.015, 3.8) + broad * site.uniform(0.01, 0.04)
    albedo = albedo + fine * visible * site.uniform(0.02, 0.05)
    patches = _downslope(site, fall, site.uniform(14, 35), site.uniform(1.5, 4))
    scars = fields.smoothstep(patches, 0.8, 2.4) * site.somewhere(-0.2, 1.0)
    height = height - scars * site.uniform(0.3, 1.2)
    albedo = albedo - scars * site.uniform(0.0, 0.12)
    if site.chance(0.7):
        rock = _outcrop(site, down, along, site.uniform(-100, -45))
        height = height + _rock(site, fall) * rock * site.uniform(0.1, 0.3)
        albedo = albedo - rock * site.uniform(-0.08, 0.15)
    return Surface(height, albedo * 1.08)


GULLIES: Palette = ((1.0, gullies),)
STREAKS: Palette = ((1.0, streaks),)
MASS_WASTING: Palette = ((1.0, mass_wasting),)
