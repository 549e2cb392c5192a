"""Ground without a distinct landform: mixed, rough, smooth and textured terrain."""

import numpy as np

from mirs_core.datasets.synthetic import craters, fields
from mirs_core.datasets.synthetic.fields import Field
from mirs_core.datasets.synthetic.surface import Palette, Site, Surface


def pimpled(site: Site) -> Surface:
    """Rough: the pimpled mantle of the middle latitudes (basketball terrain)."""
    pattern = fields.ripples(
        site.rng,
        site.shape,
        site.wished("wavelength", site.log_uniform(4.8, 9.5)),
        site.wished("orientation", site.towards_sun(0.4)),
        site.uniform(0.45, 0.95),
        0.45,
    )
    swing = 1 + 0.22 * np.tanh(fields.fractal(site.rng, site.shape, 3.2, largest=120))
    height = fields.relief(pattern * swing, site.log_uniform(0.13, 0.27))
    height = height + site.fractal(site.uniform(0.02, 0.07), 3.2, smallest=0.8)
    height = height + site.swell(site.uniform(0.005, 0.03))
    if site.chance(0.35):
        craters.scatter(site, height, int(site.rng.integers(1, 6)), (3, 12), age=(0.6, 0.95))
    return Surface(height, site.mottle(0.025))


def rugged(site: Site) -> Surface:
    """Rough: bare ground with bumps of all sizes, some of it lumpy, pitted or lined."""
    height = site.ground(site.uniform(0.08, 0.2)) + site.ground(site.uniform(0.05, 0.15))
    craters.sprinkle(site, height)
    return Surface(height, site.mottle(0.03))


def smooth(site: Site) -> Surface:
    """Smooth: almost nothing but the camera's noise, a faint swell, a hint of craters or cracks."""
    height = site.fractal(site.log_uniform(0.008, 0.04), site.uniform(2.8, 3.8), smallest=1.0)
    height = height + site.swell(site.uniform(0.002, 0.012))
    if site.chance(0.35):
        craters.scatter(site, height, int(site.rng.integers(1, 10)), (1.3, 4), age=(0.5, 0.95))
    if site.chance(0.2):
        bumps = fields.ring(site.rng, site.shape, site.uniform(5, 9), 0.4)
        height = height + fields.relief(bumps, site.uniform(0.02, 0.06)) * site.somewhere(0.2, 1.6)
    return Surface(height, site.mottle(site.uniform(0.008, 0.03), exponent=3.4))


def _patches(site: Site, ragged: float) -> Field:
    """Ragged patches, 0..1, over about a third to two thirds of the tile."""
    broad = fields.fractal(
        site.rng, site.shape, 3.0, largest=site.wished("size", site.uniform(40, 160)), smallest=1.0
    )
    fine = fields.fractal(site.rng, site.shape, 2.6, largest=25, smallest=1.5)
    level = site.uniform(-0.5, 0.6)
    patch = fields.smoothstep(broad + ragged * fine, level - 0.3, level + site.uniform(0.1, 0.6))
    return fields.soften(patch, 0.9)


def mixed(site: Site) -> Surface:
    """Mixed: bright and dark ground in ragged patches, each with its own texture."""
    patch = _patches(site, site.uniform(0.15, 0.5))
    knobs = fields.relief(
        fields.ring(site.rng, site.shape, site.uniform(5, 11), 0.5), site.uniform(0.03, 0.1)
    )
    first = site.ground(site.log_uniform(0.02, 0.06))
    second = site.ground(site.log_uniform(0.03, 0.1)) + knobs
    height = first * (1 - patch) + second * patch + patch * site.uniform(-0.8, 0.8)
    speckle = fields.fractal(site.rng, site.shape, 2.9, largest=50, smallest=1.2)
    albedo = site.mottle(site.uniform(0.03, 0.1)) + site.uniform(0.03, 0.1) * speckle
    albedo = albedo + site.uniform(-0.3, 0.3) * (patch - 0.5)
    if site.chance(0.4):
        albedo = albedo - site.uniform(0.1, 0.35) * _patches(site, 0.3) * _patches(site, 0.5)
    if site.chance(0.3):
        craters.scatter(site, height, int(site.rng.integers(1, 8)), (2, 9), age=(0.4, 0.95))
    return Surface(height, albedo)


def chaotic(site: Site) -> Surface:
    """Mixed: broken plates with ridges between them, some of them folded."""
    spacing = site.wished("size", site.uniform(28, 70))
    border, plate = fields.cells(site.rng, site.shape, spacing, warp=site.uniform(6, 16))
    tones = site.rng.normal(0, site.uniform(0.03, 0.12), int(plate.max()) + 1)
    seam = np.exp(-border / site.uniform(2, 5))
    folds = fields.ripples(site.rng, site.shape, site.uniform(5, 10), site.angle(), 0.4, 0.4)
    folded = fields.soften((plate % 2).astype(np.float32), 3)
    height = seam * site.uniform(-1.5, 2) + site.fractal(site.uniform(0.05, 0.12), 3.0, smallest=1)
    height = height + fields.relief(folds, site.uniform(0.05, 0.16)) * folded
    tone = fields.soften(tones[plate].astype(np.float32), 1.5)
    return Surface(fields.soften(height, 0.7), site.mottle(0.06) + tone)


def textured(site: Site) -> Surface:
    """Textured: hills and hollows of middling relief with finer patterns on part of them."""
    where = site.somewhere(-0.4, 1.2)
    height = site.swell(site.uniform(0.07, 0.24)) + site.ground(site.log_uniform(0.01, 0.05))
    height = height + site.ground(site.log_uniform(0.06, 0.2)) * where
    if site.chance(0.4):
        bumps = fields.ripples(site.rng, site.shape, site.uniform(6, 14), site.angle(), 0.5, 0.5)
        height = height + fields.relief(bumps, site.uniform(0.05, 0.18)) * site.somewhere()
    if site.chance(0.6):
        height = height + _scarp(site)
    if site.chance(0.2):
        hollows = fields.ring(site.rng, site.shape, site.uniform(18, 40), 0.4)
        height = height - fields.relief(np.clip(hollows - 0.3, 0, None), site.uniform(0.05, 0.2))
    craters.sprinkle(site, height)
    return Surface(height, site.mottle(0.035, 3.8))


def _scarp(site: Site) -> Field:
    """A winding step [px] that comes and goes."""
    line = fields.fractal(site.rng, site.shape, 5.0, largest=site.uniform(80, 200), smallest=8)
    line = line + 0.04 * fields.fractal(site.rng, site.shape, 2.9, largest=30, smallest=1.5)
    level = site.uniform(-0.8, 0.8)
    step = fields.smoothstep(line, level, level + site.uniform(0.15, 0.6))
    step = step * site.somewhere(-0.8, 0.6)
    return step * site.uniform(0.4, 1.1) / fields.steepest(step)


MIXED: Palette = ((0.75, mixed), (0.25, chaotic))
ROUGH: Palette = ((0.75, pimpled), (0.25, rugged))
SMOOTH: Palette = ((1.0, smooth),)
TEXTURED: Palette = ((1.0, textured),)
