"""Ground without a landform of its own: mixed, rough, smooth and textured terrain."""

import numpy as np

from mirs_core.data.synthetic import craters, fields
from mirs_core.data.synthetic.fields import Field
from mirs_core.data.synthetic.surface import Palette, Site, Surface


def pimpled(site: Site) -> Surface:
    """Rough: the pimpled mantle of the middle latitudes (basketball terrain)."""
    wavelength = site.log_uniform(4.5, 9)
    pattern = fields.ripples(
        site.rng, site.shape, wavelength, site.towards_sun(0.4), site.uniform(0.35, 0.7), 0.38
    )
    swing = fields.fractal(site.rng, site.shape, 3.2, largest=120)
    height = fields.relief(pattern * (1 + 0.22 * np.tanh(swing)), site.log_uniform(0.14, 0.32))
    height = height + site.fractal(site.uniform(0.02, 0.07), 3.2, smallest=0.8)
    if site.chance(0.35):
        craters.scatter(site, height, int(site.rng.integers(1, 6)), (3, 12), age=(0.6, 0.95))
    return Surface(np.asarray(height, np.float32), site.mottle(0.025))


def rugged(site: Site) -> Surface:
    """Rough: fractal ground with all sizes of bumps, often lined up."""
    lined = fields.grain(
        site.rng, site.shape, site.uniform(5, 16), site.uniform(2, 4), site.across_sun(0.7)
    )
    height = fields.relief(lined, site.uniform(0.1, 0.25))
    height = height + site.fractal(site.log_uniform(0.08, 0.2), site.uniform(2.3, 3.0), smallest=0.9)
    craters.sprinkle(site, height)
    return Surface(np.asarray(height, np.float32), site.mottle(0.03))


def smooth(site: Site) -> Surface:
    """Smooth: almost nothing but the camera's noise, a faint swell, a hint of craters or cracks."""
    height = site.fractal(site.log_uniform(0.006, 0.035), site.uniform(2.8, 3.8), smallest=1.0)
    if site.chance(0.35):
        craters.scatter(site, height, int(site.rng.integers(1, 10)), (1.3, 4), age=(0.5, 0.95))
    if site.chance(0.2):
        pimples = fields.ring(site.rng, site.shape, site.uniform(5, 9), 0.4)
        where = fields.smoothstep(fields.fractal(site.rng, site.shape, 3.6), 0.2, 1.6)
        height = height + fields.relief(pimples, site.uniform(0.02, 0.06)) * where
    albedo = site.mottle(site.uniform(0.008, 0.03), exponent=3.4)
    return Surface(np.asarray(height, np.float32), albedo)


def _patches(site: Site, ragged: float) -> Field:
    """Ragged patches, 0..1, over about a third to two thirds of the tile."""
    broad = fields.fractal(site.rng, site.shape, 3.0, largest=site.uniform(50, 160))
    fine = fields.fractal(site.rng, site.shape, 2.4, largest=20)
    level = site.uniform(-0.5, 0.6)
    return fields.smoothstep(
        np.asarray(broad + ragged * fine, np.float32), level - 0.15, level + site.uniform(0.1, 0.5)
    )


def mixed(site: Site) -> Surface:
    """Mixed: bright and dark ground in ragged patches, each with its own texture."""
    patch = _patches(site, site.uniform(0.15, 0.6))
    first = site.fractal(site.log_uniform(0.02, 0.08), 2.8, smallest=0.8)
    knobs = fields.ring(site.rng, site.shape, site.uniform(5, 11), 0.5)
    second = site.fractal(site.log_uniform(0.06, 0.2), 2.6, smallest=0.8) + fields.relief(
        knobs, site.uniform(0.03, 0.12)
    )
    height = first * (1 - patch) + second * patch + patch * np.float32(site.uniform(-1.5, 1.5))
    speckle = fields.fractal(site.rng, site.shape, 2.2, largest=25)
    albedo = 1 + np.float32(site.uniform(-0.22, 0.22)) * (patch - 0.5)
    albedo = albedo + np.float32(site.uniform(0.02, 0.09)) * speckle
    if site.chance(0.3):
        craters.scatter(site, height, int(site.rng.integers(1, 8)), (2, 9), age=(0.4, 0.95))
    return Surface(np.asarray(height, np.float32), np.asarray(albedo, np.float32))


def chaotic(site: Site) -> Surface:
    """Mixed: broken plates with ridges and layered scarps between them."""
    border, plate = fields.cells(site.rng, site.shape, site.uniform(28, 70), warp=site.uniform(6, 16))
    tone = site.rng.normal(0, site.uniform(0.03, 0.12), int(plate.max()) + 1).astype(np.float32)
    seam = np.exp(-border / np.float32(site.uniform(2, 5)))
    folds = fields.ripples(site.rng, site.shape, site.uniform(5, 10), site.angle(), 0.4, 0.4)
    height = seam * np.float32(site.uniform(-2, 2.5)) + site.fractal(site.uniform(0.06, 0.14), 2.9)
    height = height + fields.relief(folds, site.uniform(0.05, 0.16)) * (plate % 2)
    return Surface(
        np.asarray(height, np.float32),
        np.asarray(site.mottle(0.05) + fields.soften(tone[plate], 0.8), np.float32),
    )


def textured(site: Site) -> Surface:
    """Textured: hills and hollows of middling relief with finer patterns on part of them."""
    hills = site.fractal(site.uniform(0.08, 0.2), site.uniform(3.3, 3.9), smallest=1.2)
    fine = site.fractal(site.log_uniform(0.04, 0.14), 2.7, smallest=0.9)
    where = fields.smoothstep(fields.fractal(site.rng, site.shape, 3.6, largest=150), -0.6, 0.8)
    height = hills + fine * (0.3 + 0.7 * where)
    if site.chance(0.5):
        bumps = fields.ripples(site.rng, site.shape, site.uniform(6, 14), site.angle(), 0.5, 0.5)
        height = height + fields.relief(bumps, site.uniform(0.05, 0.15)) * where
    if site.chance(0.5):
        scarp = fields.fractal(site.rng, site.shape, 3.3, largest=120)
        step = fields.smoothstep(scarp, 0.1, 0.1 + site.uniform(0.15, 0.5))
        height = height + step * np.float32(site.uniform(2, 7))
    craters.sprinkle(site, height)
    return Surface(np.asarray(height, np.float32), site.mottle(0.04))


MIXED: Palette = ((0.75, mixed), (0.25, chaotic))
ROUGH: Palette = ((0.75, pimpled), (0.25, rugged))
SMOOTH: Palette = ((1.0, smooth),)
TEXTURED: Palette = ((1.0, textured),)
