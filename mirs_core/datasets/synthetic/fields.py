"""Random fields: the raw material of every surface.

All fields are float32 arrays (H, W). Noise is shaped in the frequency domain on a canvas a little
larger than asked for, so that opposite edges of a tile do not repeat each other.
"""

from collections.abc import Callable
from functools import lru_cache
from math import cos, pi, sin, sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import fft, ndimage
from scipy.spatial import cKDTree

Field = NDArray[np.floating[Any]]
Shape = tuple[int, int]

_APRON = 32
"""Pixels of extra canvas against the periodicity of the Fourier transform."""


@lru_cache(maxsize=16)
def _frequencies(shape: Shape) -> tuple[Field, Field, Shape]:
    canvas = (fft.next_fast_len(shape[0] + _APRON), fft.next_fast_len(shape[1] + _APRON))
    down = fft.fftfreq(canvas[0]).astype(np.float32)[:, None]
    right = fft.rfftfreq(canvas[1]).astype(np.float32)[None, :]
    return down, right, canvas


def _noise(
    rng: np.random.Generator, shape: Shape, transfer: Callable[[Field, Field], Field]
) -> Field:
    """White noise through ``transfer(down, right)`` [cycles/px]; mean 0, standard deviation 1."""
    down, right, canvas = _frequencies(shape)
    # The spectrum of white noise is itself white noise: no forward transform is needed.
    drawn = rng.standard_normal((canvas[0], canvas[1] // 2 + 1, 2), dtype=np.float32)
    spectrum = drawn.view(np.complex64)[..., 0] * transfer(down, right)
    spectrum[0, 0] = 0
    field = fft.irfft2(spectrum, s=canvas)[: shape[0], : shape[1]]
    return standardised(field)


def standardised(field: Field) -> Field:
    """``field`` with mean 0 and standard deviation 1 (all zero where it is constant)."""
    centred: Field = field - field.mean()
    centred /= max(float(centred.std()), 1e-9)
    return centred


def fractal(
    rng: np.random.Generator,
    shape: Shape,
    exponent: float = 3.2,
    largest: float = 400.0,
    smallest: float = 0.0,
) -> Field:
    """Self-affine terrain: power falls as frequency ** -exponent (3 rough, 4 smooth).

    Topography of Mars has exponents of about 3 to 4 in two dimensions at these scales (Turcotte,
    1987, JGR 92, E597). ``largest`` and ``smallest`` are the outer and inner scale [px].
    """

    def transfer(down: Field, right: Field) -> Field:
        square = down**2 + right**2
        gain = (square + 1 / largest**2) ** (-exponent / 4)
        if smallest:
            gain = gain * np.exp(-square * (0.5 * smallest**2))
        return gain

    return _noise(rng, shape, transfer)


def ripples(
    rng: np.random.Generator,
    shape: Shape,
    wavelength: float,
    direction: float,
    spread: float = 0.15,
    width: float = 0.2,
) -> Field:
    """Quasi-periodic crests, ``wavelength`` [px] apart along ``direction`` [rad].

    ``spread`` (relative to the main frequency) bends and interrupts the crests: 0.1 is long and
    straight with Y-junctions, 0.6 is pimples. ``width`` is the relative scatter of the wavelength.
    """
    along, across = cos(direction), sin(direction)

    def transfer(down: Field, right: Field) -> Field:
        forward = (right * along + down * across) * wavelength
        sideways = (down * along - right * across) * wavelength
        return np.exp(-0.5 * ((np.abs(forward) - 1) / width) ** 2 - 0.5 * (sideways / spread) ** 2)

    return _noise(rng, shape, transfer)


def ring(rng: np.random.Generator, shape: Shape, wavelength: float, width: float = 0.2) -> Field:
    """Noise of one ``wavelength`` [px] in all directions: labyrinths and pimples."""

    def transfer(down: Field, right: Field) -> Field:
        radius = np.hypot(down, right) * wavelength
        return np.exp(-0.5 * ((radius - 1) / width) ** 2)

    return _noise(rng, shape, transfer)


def grain(
    rng: np.random.Generator, shape: Shape, length: float, thickness: float, direction: float
) -> Field:
    """Streaky noise: correlated over ``length`` [px] along ``direction``, ``thickness`` across."""
    along, across = cos(direction), sin(direction)

    def transfer(down: Field, right: Field) -> Field:
        forward = (right * along + down * across) * (2 * pi * length)
        sideways = (down * along - right * across) * (2 * pi * thickness)
        return (1 + forward**2 + sideways**2) ** -1.25

    return _noise(rng, shape, transfer)


def cells(
    rng: np.random.Generator, shape: Shape, spacing: float, warp: float = 0.0
) -> tuple[Field, NDArray[np.int64]]:
    """Voronoi cells ``spacing`` [px] apart: distance to the nearest border [px], and cell numbers.

    ``warp`` [px] bends the borders.
    """
    height, width = shape
    count = max(4, int((height + 2 * spacing) * (width + 2 * spacing) / spacing**2))
    seeds = rng.uniform(-spacing, [height + spacing, width + spacing], (count, 2))
    points = np.indices(shape, dtype=np.float32).reshape(2, -1).T
    if warp:
        bend = [fractal(rng, shape, 3.6, largest=4 * spacing) * warp for _ in range(2)]
        points = points + np.stack([b.ravel() for b in bend], axis=1)
    distance, nearest = cKDTree(seeds).query(points, k=2)
    border = ((distance[:, 1] - distance[:, 0]) / 2).reshape(shape)
    return border.astype(np.float32), nearest[:, 0].reshape(shape).astype(np.int64)


def wander(rng: np.random.Generator, along: Field, amplitude: float, scale: float) -> Field:
    """A wavering curve evaluated at positions ``along`` [px]: offsets with an rms of ``amplitude``.

    ``scale`` [px] is the longest wavelength; shorter ones follow with falling amplitude.
    """
    knots = np.linspace(float(along.min()) - 1, float(along.max()) + 1, 1024)
    curve, power = np.zeros_like(knots), 0.0
    for octave in range(1, 6):
        weight = rng.uniform(0.4, 1.0) / octave**2
        wavelength = scale / (octave * rng.uniform(0.7, 1.3))
        curve += weight * np.sin(2 * pi * knots / wavelength + rng.uniform(0, 2 * pi))
        power += weight**2 / 2
    curve *= amplitude / sqrt(power)
    return np.interp(along, knots, curve).astype(np.float32)


def smoothstep(field: Field, low: float = 0.0, high: float = 1.0) -> Field:
    """0 at ``low`` and beyond, 1 at ``high`` and beyond, a smooth ramp between; either may be the
    greater."""
    ramp: Field = np.clip((field - low) / (high - low), 0, 1)
    ramp *= ramp * (3 - 2 * ramp)
    return ramp


def soften(field: Field, sigma: float) -> Field:
    """``field`` under a Gaussian of ``sigma`` [px]."""
    softened: Field = ndimage.gaussian_filter(field, sigma, mode="nearest", truncate=3)
    return softened


def slope_rms(field: Field) -> float:
    """Root mean square of the slope of a height field (dimensionless: px/px)."""
    down = field[1:, :-1] - field[:-1, :-1]
    right = field[:-1, 1:] - field[:-1, :-1]
    return float(np.sqrt((down**2 + right**2).mean()))


def relief(field: Field, slope: float) -> Field:
    """``field`` scaled so that its root mean square slope is ``slope``."""
    return field * (slope / max(slope_rms(field), 1e-9))


def steepest(field: Field) -> float:
    """The greatest slope of a height field (dimensionless: px/px)."""
    down = field[1:, :-1] - field[:-1, :-1]
    right = field[:-1, 1:] - field[:-1, :-1]
    return float(np.sqrt((down**2 + right**2).max()))


def displaced(field: Field, down: Field, right: Field) -> Field:
    """``field`` read at positions moved by ``down`` and ``right`` [px]."""
    rows, columns = np.indices(field.shape, dtype=np.float32)
    places = [rows + down, columns + right]
    moved: Field = ndimage.map_coordinates(field, places, order=1, mode="nearest")
    return moved


def bent(rng: np.random.Generator, field: Field, direction: float, amount: float) -> Field:
    """``field`` with its lines along ``direction`` bent sideways by an rms of ``amount`` [px]."""
    shift = fractal(rng, (field.shape[0], field.shape[1]), 4.4, largest=180, smallest=3) * amount
    return displaced(field, shift * cos(direction), -shift * sin(direction))
