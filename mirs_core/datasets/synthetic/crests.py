"""Ridges, second version: a clear crest between a lit and a shaded slope, neither crumbled."""

from math import pi

import numpy as np

from mirs_core.datasets.synthetic import craters, fields
from mirs_core.datasets.synthetic.surface import Palette, Site, Surface
from mirs_core.datasets.synthetic.walls import smooth_swell


def crest(site: Site) -> Surface:
    """Ridge: two long smooth slopes, bright and dark, that meet in one winding crest."""
    direction = site.wished("orientation", site.across_sun(0.2))
    along, across = site.frame(direction)
    line = fields.wander(site.rng, along, site.uniform(3, 12), site.uniform(300, 700))
    small = fields.fractal(site.rng, site.shape, 3.2, largest=25, smallest=1.0)
    side = across - line - site.uniform(-35, 35)
    near = np.exp(-((side / 10) ** 2))
    side = side + small * near * site.uniform(0.1, 0.9)
    distance = np.sqrt(side**2 + site.log_uniform(0.6, 4.0) ** 2)
    reach = site.log_uniform(60, 400)
    steep = np.where(side < 0, site.uniform(0.25, 0.5), site.uniform(0.25, 0.5))
    height = -steep * reach * (1 - np.exp(-distance / reach)) + smooth_swell(
        site, site.uniform(0.04, 0.14), 15
    )
    height = height + site.ground(site.log_uniform(0.015, 0.09))
    if site.chance(0.1):
        spurs = fields.grain(
            site.rng, site.shape, site.uniform(15, 40), site.uniform(5, 11), direction + pi / 2
        )
        spurs = fields.relief(fields.bent(site.rng, -np.abs(spurs), direction, 4), 1.0)
        height = height + spurs * site.uniform(0.04, 0.2) * fields.smoothstep(np.abs(side), 3, 25)
    if site.chance(0.6):
        craters.scatter(site, height, int(site.log_uniform(2, 25)), (1.5, 8), uneven=0.08)
    bright = np.exp(-((side / site.uniform(3, 9)) ** 2)) * site.somewhere()
    albedo = site.mottle(0.03, 3.8) + bright * site.uniform(-0.03, 0.15)
    return Surface(height, albedo)


RIDGE: Palette = ((1.0, crest),)
