"""Light and camera: from heights and albedo to the grey values of a context camera.

Reflectance follows the lunar-Lambert law (McEwen, 1991, Icarus 92, 298), which describes Mars at
these phase angles; light scattered by dust in the air fills the shadows. The camera (the model is
CTX: Malin et al., 2007, JGR 112, E05S04) blurs, adds noise that map projection has smeared over
neighbours, and stretches the contrast.
"""

from dataclasses import dataclass
from math import cos, pi, sin, tan

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from mirs_core.datasets.synthetic import fields
from mirs_core.datasets.synthetic.fields import Field

_LAMBERT_SHARE = 0.45
_SKY = 0.2
_SHOULDER, _TOE = 218.0, 34.0
"""Grey values beyond which the tone curve bends."""

_WELL_EXPOSED = (95.0, 172.0)
"""Mean grey values that need no correction of the exposure."""

_NOISE_SPREAD = (0.75, 0.65)
"""Standard deviation [px, down and right] of the smear that map projection leaves in the noise."""


@dataclass(frozen=True)
class Sun:
    """Direction of the light: ``azimuth`` on the screen (0 right, pi/2 down), ``incidence``
    from the vertical, both in radians."""

    azimuth: float
    incidence: float


@dataclass(frozen=True)
class Camera:
    """``level``: grey value of flat ground of albedo 1; ``contrast``: the stretch; ``blur`` [px];
    ``noise`` [grey values]."""

    level: float
    contrast: float
    blur: float
    noise: float


def random_sun(rng: np.random.Generator) -> Sun:
    """The sun of one orbit: mid-afternoon, so roughly from the west, with a few exceptions."""
    azimuth = pi + rng.normal(0, 0.55) if rng.random() < 0.9 else rng.uniform(0, 2 * pi)
    return Sun(float(azimuth), float(np.radians(rng.uniform(42, 72))))


def random_camera(rng: np.random.Generator) -> Camera:
    """The exposure and stretch of one orbit."""
    return Camera(
        level=float(np.clip(rng.normal(130, 16), 90, 175)),
        contrast=float(rng.uniform(1.05, 1.9)),
        blur=float(rng.uniform(0.45, 0.8)),
        noise=float(np.exp(rng.uniform(np.log(2.0), np.log(6.5)))),
    )


def shadows(height: Field, sun: Sun) -> Field:
    """The visible fraction of the sun at each pixel, 0..1, by marching towards it."""
    rise = 1 / tan(sun.incidence)
    reach = int(min(90.0, (float(height.max()) - float(height.min())) / rise + 1))
    horizon = np.full_like(height, -1e9)
    distance = 1.0
    rows, columns = height.shape
    while distance <= reach:
        down, right = round(distance * sin(sun.azimuth)), round(distance * cos(sun.azimuth))
        here = (
            slice(max(0, -down), rows - max(0, down)),
            slice(max(0, -right), columns - max(0, right)),
        )
        there = (
            slice(max(0, down), rows - max(0, -down)),
            slice(max(0, right), columns - max(0, -right)),
        )
        np.maximum(horizon[here], height[there] - distance * rise, out=horizon[here])
        distance = max(distance + 1, distance * 1.12)
    return fields.smoothstep(height - horizon, -1.2, 0.6)


def shade(height: Field, sun: Sun) -> Field:
    """Brightness relative to flat ground (1), shadows included."""
    down, right = np.gradient(height)
    emission = 1 / np.sqrt(1 + down**2 + right**2)
    towards = right * cos(sun.azimuth) + down * sin(sun.azimuth)
    incidence = (cos(sun.incidence) - sin(sun.incidence) * towards) * emission
    lit = np.maximum(incidence, 0) * shadows(height, sun)
    flat = cos(sun.incidence)

    def law(light: Field | float, view: Field | float) -> Field | float:
        lunar = 2 * light / np.maximum(light + view, 0.05)
        return (1 - _LAMBERT_SHARE) * lunar * 0.5 + _LAMBERT_SHARE * light

    direct = law(lit, emission) / law(flat, 1.0)
    brightness: Field = (1 - _SKY) * direct + _SKY * emission
    return brightness


def expose(
    height: Field, albedo: Field, sun: Sun, camera: Camera, rng: np.random.Generator
) -> NDArray[np.uint8]:
    """The picture of a surface, uint8 with the shape of ``height``."""
    light = np.maximum(albedo, 0.05) * shade(height, sun)
    image = camera.level * (1 + camera.contrast * (light - 1))
    image *= _exposure(float(image.mean()))
    image = fields.soften(image, camera.blur)
    noise = rng.standard_normal(height.shape, dtype=np.float32)
    smeared = ndimage.gaussian_filter(noise, _NOISE_SPREAD, truncate=3)
    image += camera.noise * fields.standardised(smeared) * np.sqrt(np.maximum(image, 10) / 128)
    return np.asarray(np.rint(_tone(image)), np.uint8)


def _exposure(mean: float) -> float:
    """The factor that corrects far too dark or bright tiles half-way."""
    return float(np.sqrt(np.clip(mean, *_WELL_EXPOSED) / max(mean, 1.0)))


def _tone(image: Field) -> Field:
    """Grey values in 0..255: a soft shoulder and toe instead of hard clipping. In place."""
    bright, dark = image > _SHOULDER, image < _TOE
    room = 255 - _SHOULDER
    image[bright] = _SHOULDER + room * np.tanh((image[bright] - _SHOULDER) / 45)
    image[dark] = _TOE - _TOE * np.tanh((_TOE - image[dark]) / 45)
    return image
