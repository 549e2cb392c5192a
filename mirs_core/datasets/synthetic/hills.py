"""Textured and rough terrain, second version: hills with finer patterns on parts; knobs."""

import numpy as np

from mirs_core.datasets.synthetic import craters, fields, plains
from mirs_core.datasets.synthetic.fields import Field
from mirs_core.datasets.synthetic.surface import Palette, Site, Surface
from mirs_core.datasets.synthetic.walls import smooth_swell


def _steps(site: Site) -> Field:
    """A winding scarp [px] between a higher and a lower part, crumbled."""
    level = fields.fractal(site.rng, site.shape, 4.6, largest=site.uniform(90, 260), smallest=4)
    level = level + 0.06 * fields.fractal(site.rng, site.shape, 2.9, largest=30, smallest=1)
    low = site.uniform(-0.8, 0.8)
    step = fields.smoothstep(level, low, low + site.uniform(0.2, 0.7))
    return step * site.uniform(0.35, 0.8) / fields.steepest(step)


def hills(site: Site) -> Surface:
    """Textured: broad smooth hills in light and shade; knobs, ripples or rock on parts of them."""
    height = smooth_swell(site, site.uniform(0.12, 0.36), site.uniform(8, 18))
    height = height + site.fractal(site.uniform(0.01, 0.04), 2.9, smallest=0.9)
    if site.chance(0.7):
        height = height + _steps(site)
    knobs = fields.fractal(site.rng, site.shape, 2.6, largest=25, smallest=1.0)
    height = height + fields.relief(np.exp(0.7 * knobs), site.uniform(0.06, 0.24)) * site.somewhere(
        -0.2, 0.9
    )
    if site.chance(0.4):
        bars = fields.ripples(site.rng, site.shape, site.uniform(5, 9), site.angle(), 0.35, 0.3)
        bars = fields.relief(np.exp(0.6 * bars), site.uniform(0.08, 0.22))
        height = height + bars * site.somewhere(0.5, 1.4)
    craters.sprinkle(site, height)
    return Surface(height, site.mottle(0.03, 4.0))


def knobbly(site: Site) -> Surface:
    """Rough: crowded knobs of one size in loose rows, as on the mantle of the middle latitudes."""
    direction = site.wished("orientation", site.towards_sun(0.4))
    wavelength = site.wished("wavelength", site.log_uniform(4.8, 9.5))
    knobs = fields.ripples(
        site.rng, site.shape, wavelength, direction, site.uniform(0.6, 1.2), site.uniform(0.4, 0.6)
    )
    knobs = np.exp(site.uniform(0.2, 0.7) * knobs)
    patchy = 0.6 + 0.6 * site.somewhere()
    height = fields.relief(fields.standardised(knobs) * patchy, site.log_uniform(0.15, 0.32))
    height = height + site.ground(site.uniform(0.04, 0.14))
    height = height + smooth_swell(site, site.uniform(0.01, 0.05))
    if site.chance(0.35):
        craters.scatter(site, height, int(site.rng.integers(1, 6)), (3, 12), age=(0.6, 0.95))
    return Surface(height, site.mottle(0.025))


TEXTURED: Palette = ((1.0, hills),)
ROUGH: Palette = ((0.6, knobbly), (0.4, plains.rugged))
