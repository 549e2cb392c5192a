"""Ridges, second version: a clear crest between a lit and a shaded slope, neither crumbled."""

from math import tan

import numpy as np

from mirs_core.datasets.synthetic import craters, fields
from mirs_core.datasets.synthetic.surface import Palette, Site, Surface
from mirs_core.datasets.synthetic.walls import smooth_swell


def crest(site: Site) -> Surface:
    """Ridge: two long smooth slopes, bright and dark, that meet in one winding crest.

    The shaded slope is never so steep that it lies in its own shadow.
    """
    direction = site.wished("orientation", site.across_sun(0.2))
    along, across = site.frame(direction)
    line = fields.wander(site.rng, along, site.uniform(4, 15), site.uniform(220, 600))
    small = fields.fractal(site.rng, site.shape, 3.2, largest=25, smallest=1.0)
    side = across - line - site.uniform(-35, 35)
    near = np.exp(-((side / 10) ** 2))
    side = side + small * near * site.uniform(0.1, 0.8)
    distance = np.sqrt(side**2 + site.log_uniform(0.8, 4.0) ** 2)
    reach = site.log_uniform(90, 400)
    unlit = 0.85 / tan(site.sun.incidence)
    steep = [min(site.uniform(0.2, 0.42), unlit) for _ in range(2)]
    slopes = np.where(side < 0, *steep)
    height = -slopes * reach * (1 - np.exp(-distance / reach))
    height = height + smooth_swell(site, site.uniform(0.04, 0.12), 15)
    height = height + site.ground(site.log_uniform(0.015, 0.07))
    if site.chance(0.6):
        craters.scatter(site, height, int(site.log_uniform(2, 14)), (1.5, 6), uneven=0.08)
    bright = np.exp(-((side / site.uniform(3, 9)) ** 2)) * site.somewhere()
    albedo = site.mottle(0.03, 3.8) + bright * site.uniform(-0.03, 0.12)
    return Surface(height, albedo)


RIDGE: Palette = ((1.0, crest),)
