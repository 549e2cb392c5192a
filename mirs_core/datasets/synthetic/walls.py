"""Steep walls, second version: gullies between spurs, and wasting slopes below their scarps."""

import numpy as np

from mirs_core.datasets.synthetic import fields, slopes
from mirs_core.datasets.synthetic.fields import Field
from mirs_core.datasets.synthetic.surface import Palette, Site, Surface


def smooth_swell(site: Site, slope: float, scale: float = 12.0) -> Field:
    """Broad hills and hollows [px] without any detail below ``scale`` [px], rms ``slope``."""
    hills = fields.fractal(site.rng, site.shape, 5.0, largest=220)
    return fields.relief(fields.soften(hills, scale), slope)


def _valleys(site: Site, fall: float, spacing: float) -> Field:
    """Sharp, branching valleys that run downslope, rms slope 1.

    They lie where noise crosses zero, so that neighbours join and part as channels do.
    """
    noise = fields.grain(site.rng, site.shape, spacing * site.uniform(2.5, 6), spacing / 3, fall)
    noise = fields.bent(site.rng, noise, fall, site.uniform(2, 5))
    valley = np.sqrt(np.abs(noise) + 0.01)
    return fields.relief(fields.standardised(fields.soften(valley, 0.6)), 1.0)


def gully_channels(site: Site) -> Surface:
    """Gullies: incised channels that branch up a slope."""
    fall = site.wished("orientation", site.towards_sun(1.0))
    down, along = site.frame(fall)
    count = site.wished("density", site.uniform(5, 11))
    height = -site.uniform(0.1, 0.35) * down + smooth_swell(site, site.uniform(0.06, 0.16))
    broad = fields.grain(site.rng, site.shape, 70, site.uniform(10, 20), fall)
    broad = fields.soften(fields.bent(site.rng, -np.abs(broad), fall, 5), 2.0)
    height = height + fields.relief(broad, site.uniform(0.08, 0.2))
    fading = fields.smoothstep(down, site.uniform(60, 130), site.uniform(-60, 20))
    patchy = site.somewhere(-0.7, 0.8) * (0.15 + 0.85 * fading)
    height = height + _valleys(site, fall, 224 / max(count, 2.0)) * patchy * site.uniform(0.2, 0.4)
    fine = _valleys(site, fall, site.uniform(7, 12))
    height = height + fine * patchy * site.somewhere(-0.4, 0.8) * site.uniform(0.05, 0.2)
    if site.chance(0.5):
        top = site.uniform(-105, -60)
        ragged = fields.fractal(site.rng, site.shape, 3.0, largest=40, smallest=1) * 6
        line = fields.wander(site.rng, along, site.uniform(4, 12), 180)
        rock = fields.smoothstep(down - top - line + ragged, 8, -5)
        blocks = fields.fractal(site.rng, site.shape, 2.8, largest=25, smallest=0.8)
        height = height + fields.relief(blocks, site.uniform(0.2, 0.45)) * rock
    height = height + site.fractal(site.uniform(0.015, 0.05), 2.9, smallest=0.8)
    return Surface(height, site.mottle(0.03) * 1.05)


def _flutes(site: Site, rim: Field, fall: float) -> Field:
    """Dark flutes, 0..1, that hang below an outcrop and fray out downslope."""
    lines = fields.grain(site.rng, site.shape, site.uniform(14, 30), site.uniform(1.8, 3.5), fall)
    lines = fields.bent(site.rng, lines, fall, site.uniform(2, 5))
    rough = 0.45 * fields.fractal(site.rng, site.shape, 2.8, largest=20, smallest=0.8)
    length = site.uniform(15, 50) * (0.5 + site.somewhere())
    near = np.exp(-np.clip(rim, 0, None) / length) * fields.smoothstep(rim, -30, 3)
    dark = fields.smoothstep(lines + rough + near, 0.9, 2.8) * np.sqrt(near)
    return fields.soften(dark, 1.0)


def wasting(site: Site) -> Surface:
    """Mass wasting: a smooth bright slope of debris below a crumbling scarp, with dark flutes."""
    fall = site.wished("orientation", site.towards_sun(0.7))
    down, along = site.frame(fall)
    top = site.uniform(-110, -60)
    line = fields.wander(site.rng, along, site.uniform(6, 20), site.uniform(90, 260))
    ragged = fields.fractal(site.rng, site.shape, 3.0, largest=45, smallest=1) * 6
    rim = down - top - line + ragged
    rock = fields.smoothstep(rim, 8, -5)
    height = -site.uniform(0.15, 0.4) * down + smooth_swell(site, site.uniform(0.04, 0.14), 16)
    crags = fields.grain(site.rng, site.shape, 12, 4, fall + site.uniform(-0.4, 0.4))
    blocks = fields.fractal(site.rng, site.shape, 2.9, largest=30, smallest=0.8)
    crags = fields.relief(0.6 * blocks - np.abs(crags), 1.0)
    height = height + crags * rock * site.uniform(0.2, 0.5)
    fine = fields.bent(
        site.rng, fields.grain(site.rng, site.shape, 40, site.uniform(1.5, 4), fall), fall, 2
    )
    height = height + fields.relief(fine, site.uniform(0.01, 0.05)) * site.somewhere(-1.0, 0.8)
    flutes = _flutes(site, rim, fall)
    height = height - flutes * site.uniform(0.8, 2.5)
    broad = fields.grain(site.rng, site.shape, 120, site.uniform(12, 25), fall)
    albedo = site.mottle(0.01, 4.2) + broad * site.uniform(0.01, 0.05)
    albedo = albedo - flutes * site.uniform(0.15, 0.4) - rock * site.uniform(-0.12, 0.2)
    return Surface(height, albedo * 1.12)


GULLIES: Palette = ((0.5, gully_channels), (0.5, slopes.gullies))
MASS_WASTING: Palette = ((0.5, wasting), (0.5, slopes.mass_wasting))
