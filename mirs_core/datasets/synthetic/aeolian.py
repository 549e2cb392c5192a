"""Wind: curved dunes (barchans, networks, great draas) and straight ripples."""

from math import cos, pi, sin

import numpy as np

from mirs_core.datasets.synthetic import craters, fields
from mirs_core.datasets.synthetic.fields import Field
from mirs_core.datasets.synthetic.surface import Palette, Site, Surface


def _leaning(height: Field, wind: float, lean: float) -> Field:
    """``height`` with crests pushed downwind, so that lee slopes are steep (a Gerstner wave).

    Real slip faces stand at the angle of repose, about 30 degrees (Bourke et al., 2006,
    Geomorphology 81, 440, for barchans on Mars).
    """
    push = -lean * height
    return fields.displaced(height, push * sin(wind), push * cos(wind))


def _network(site: Site) -> Field:
    """A labyrinth of dunes, unit variance."""
    wavelength = site.wished("wavelength", site.uniform(22, 40))
    round_part = fields.ring(site.rng, site.shape, wavelength, 0.22)
    long_part = fields.ripples(
        site.rng,
        site.shape,
        wavelength,
        site.wished("orientation", site.angle()),
        spread=0.45,
        width=0.25,
    )
    share = site.uniform(0.0, 0.9)
    return fields.standardised(round_part * (1 - share) + long_part * share)


def polar_network(site: Site) -> Surface:
    """Dark polar dunes joined to a network, with bright floors between (Chasma Boreale)."""
    pattern = _network(site)
    level = site.uniform(-0.5, 0.4)
    groove = np.exp(-(((pattern - level) / site.uniform(0.3, 0.55)) ** 2))
    floor = fields.smoothstep(pattern, level, level + 1.2)
    albedo = 1 + site.uniform(0.0, 0.3) * floor - site.uniform(0.35, 0.6) * groove
    albedo = fields.soften(albedo, site.uniform(1.0, 2.0))
    height = fields.relief(np.tanh(pattern * 1.2).astype(np.float32), site.uniform(0.06, 0.22))
    height = fields.soften(height + site.fractal(0.02), 1.0)
    return Surface(height, albedo * 0.85)


def great_dunes(site: Site) -> Surface:
    """A few large smooth dunes with sharp, winding brinks; rock or ripples in the hollows."""
    wind = site.wished("orientation", site.towards_sun(1.0))
    wavelength = site.wished("wavelength", site.uniform(110, 220))
    swell = fields.ripples(site.rng, site.shape, wavelength, wind, spread=0.6, width=0.45)
    ridge = -np.abs(fields.ripples(site.rng, site.shape, wavelength, wind + 0.6, 0.7, 0.5))
    height = fields.standardised(swell + 0.9 * ridge)
    height = fields.relief(height, site.uniform(0.16, 0.32))
    height = _leaning(height, wind, site.uniform(0.2, 0.8))
    height = fields.soften(height, site.uniform(1.2, 2.2))
    albedo = site.mottle(0.02)
    if site.chance(0.5):
        hollow = fields.smoothstep(fields.standardised(height), -1.2, -2.0)
        speckle = fields.fractal(site.rng, site.shape, 2.4, largest=12, smallest=1.0)
        bright = hollow * np.clip(0.6 + 0.5 * speckle, 0, 1.6)
        albedo = albedo + site.uniform(0.2, 0.8) * bright
    small = fields.ripples(site.rng, site.shape, site.uniform(4, 6), wind, 0.12, 0.2)
    height = height + fields.relief(small, site.uniform(0.02, 0.07)) * site.somewhere(0.3, 1.4)
    return Surface(height, albedo * 0.85)


def _barchan(site: Site, wind: float, size: float, x: float, y: float) -> Field:
    """One crescent: height [px] of a mound with its lee bitten off by a bowl downwind."""
    along, across = site.frame(wind)
    along = along - (x * cos(wind) + y * sin(wind))
    across = across - (y * cos(wind) - x * sin(wind))
    horns = along - (0.9 / size) * across**2 * site.uniform(0.6, 1.1)
    body = np.clip(1 - (across / size) ** 2, 0, 1) ** 1.5
    stoss = fields.smoothstep(horns, -1.5 * size, 0.0)
    lee = fields.smoothstep(horns, 0.5 * size, 0.0)
    crescent: Field = 0.26 * size * body * stoss * lee
    return crescent


def barchans(site: Site) -> Surface:
    """Separate crescents on stony ground."""
    wind = site.wished("orientation", site.angle())
    height = site.ground(site.log_uniform(0.04, 0.15))
    sand = site.flat()
    big = site.chance(0.35)
    count = int(site.rng.integers(1, 3)) if big else int(site.rng.integers(5, 16))
    for _ in range(round(site.wished("density", count))):
        size = site.uniform(28, 60) if big else site.uniform(9, 24)
        size = site.wished("size", 2 * size) / 2
        reach = 55 if big else 100
        dune = _barchan(site, wind, size, site.uniform(-reach, reach), site.uniform(-reach, reach))
        sand = np.maximum(sand, dune)
    cover = fields.smoothstep(sand, 0.1, 1.2)
    height = height * (1 - 0.9 * cover) + fields.soften(sand, 0.8) * site.uniform(0.8, 1.3)
    albedo = site.mottle(0.03) * (1 + site.uniform(-0.35, 0.1) * cover)
    return Surface(height, albedo)


def barchanoid_rows(site: Site) -> Surface:
    """Winding rows with dark lee faces over rough ground."""
    wind = site.wished("orientation", site.across_sun(0.8) + pi / 2)
    wavelength = site.wished("wavelength", site.uniform(38, 70))
    pattern = fields.ripples(site.rng, site.shape, wavelength, wind, spread=0.5, width=0.35)
    crest = np.maximum(pattern, -0.3)
    height = fields.relief(crest, site.uniform(0.18, 0.3))
    height = _leaning(height, wind, site.uniform(0.8, 1.8))
    cover = fields.smoothstep(pattern, -0.4, 0.4)
    rough = fields.ring(site.rng, site.shape, site.uniform(4, 7), 0.4)
    height = height + fields.relief(rough, site.uniform(0.05, 0.14)) * (1 - cover)
    albedo = site.mottle(0.03) * (1 - site.uniform(0.1, 0.35) * cover)
    if site.chance(0.3):
        gaps = fields.fractal(site.rng, site.shape, 3.2, largest=40, smallest=1.5)
        albedo = albedo + (1 - cover) * fields.smoothstep(gaps, 0.4, 1.8) * site.uniform(0.3, 0.9)
    return Surface(height, albedo)


def reticulate(site: Site) -> Surface:
    """A net of sharp bright ridges around hollows, elongated across the wind."""
    spacing = site.wished("wavelength", site.uniform(18, 36))
    border, _ = fields.cells(site.rng, site.shape, spacing, warp=site.uniform(3, 7))
    crest = np.exp(-border / site.uniform(2.5, 5.0))
    waves = fields.ripples(
        site.rng,
        site.shape,
        site.wished("wavelength", site.uniform(18, 34)),
        site.wished("orientation", site.towards_sun(0.5)),
        spread=0.4,
        width=0.3,
    )
    mixed = fields.soften(crest, 0.7) * 3 + np.exp(0.5 * waves)
    height = fields.relief(mixed, site.uniform(0.16, 0.34))
    albedo = 1 + site.uniform(0.0, 0.35) * crest
    return Surface(height + site.fractal(0.04), albedo * 0.85)


def _straight(site: Site, wavelength: float, direction: float, spread: float) -> Field:
    """Straight crests with flat troughs, heights of unit variance."""
    pattern = fields.ripples(site.rng, site.shape, wavelength, direction, spread, 0.22)
    swing = fields.fractal(site.rng, site.shape, 3.4, largest=120)
    crest = np.exp(site.uniform(0.3, 0.8) * pattern) * (1 + 0.18 * np.tanh(swing))
    return fields.standardised(crest)


def ripple_field(site: Site) -> Surface:
    """Transverse ripples over the whole tile (TARs: Balme et al., 2008, Geomorphology 101, 703)."""
    wavelength = site.wished("wavelength", site.log_uniform(5, 15))
    direction = site.wished("orientation", site.towards_sun(0.5))
    pattern = _straight(site, wavelength, direction, site.uniform(0.12, 0.42))
    height = fields.relief(pattern, site.log_uniform(0.1, 0.26))
    height = height + site.ground(site.uniform(0.03, 0.09))
    if site.chance(0.3):
        craters.sprinkle(site, height)
    return Surface(height, site.mottle(0.015))


def ripple_patch(site: Site) -> Surface:
    """Large ripples that fade out on smooth or rocky ground."""
    wavelength = site.wished("wavelength", site.log_uniform(7, 20))
    direction = site.wished("orientation", site.towards_sun(0.6))
    pattern = _straight(site, wavelength, direction, site.uniform(0.15, 0.3))
    across = site.frame(site.angle())[1]
    edge = across + fields.fractal(site.rng, site.shape, smallest=1.0) * 14
    cover = fields.smoothstep(edge, -site.uniform(20, 90), site.uniform(5, 30))
    height = fields.relief(pattern, site.uniform(0.15, 0.36)) * cover
    height = height + site.fractal(site.uniform(0.03, 0.08), 3.2, smallest=1.0)
    albedo = site.mottle(0.02) * (1 - site.uniform(-0.05, 0.15) * cover)
    return Surface(height, albedo)


CURVED: Palette = (
    (0.38, polar_network),
    (0.30, great_dunes),
    (0.10, barchans),
    (0.12, barchanoid_rows),
    (0.10, reticulate),
)
STRAIGHT: Palette = ((0.75, ripple_field), (0.25, ripple_patch))
