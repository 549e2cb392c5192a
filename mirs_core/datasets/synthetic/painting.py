"""From a landform's code to its picture."""

import numpy as np
from numpy.typing import NDArray

from mirs_core.datasets.synthetic import (
    aeolian,
    camera,
    craters,
    crests,
    hills,
    plains,
    slopes,
    topography,
    walls,
)
from mirs_core.datasets.synthetic.camera import Camera, Sun
from mirs_core.datasets.synthetic.surface import ANYTHING, Palette, Site, Wish, paint
from mirs_core.errors import DataError

SIDE = 200
"""Pixels along each side of a tile."""

_MARGIN = 8
"""Pixels painted around the picture, so that its edges are lit and blurred like its middle."""

PALETTES: dict[str, Palette] = {
    "aec": aeolian.CURVED,
    "ael": aeolian.STRAIGHT,
    "cli": topography.CLIFF,
    "rid": topography.RIDGE,
    "fsf": topography.CHANNEL,
    "sfe": topography.MOUNDS,
    "fsg": slopes.GULLIES,
    "fse": slopes.STREAKS,
    "fss": slopes.MASS_WASTING,
    "cra": craters.CRATER,
    "sfx": craters.CRATER_FIELD,
    "mix": plains.MIXED,
    "rou": plains.ROUGH,
    "smo": plains.SMOOTH,
    "tex": plains.TEXTURED,
}

_SECOND: dict[str, Palette] = {
    **PALETTES,
    "rid": crests.RIDGE,
    "fsg": walls.GULLIES,
    "fss": walls.MASS_WASTING,
    "rou": hills.ROUGH,
    "tex": hills.TEXTURED,
}
VERSIONS = {1: PALETTES, 2: _SECOND}
"""The painters of each version. Those of a version stay as they are: data sets are made anew from
their seeds, and measured results depend on them."""


def picture(
    code: str,
    rng: np.random.Generator,
    sun: Sun,
    lens: Camera,
    shape: tuple[int, int],
    wish: Wish = ANYTHING,
    version: int = 1,
) -> NDArray[np.uint8]:
    """A picture, uint8 of ``shape``, of the landform ``code`` under ``sun`` through ``lens``.

    ``wish`` says what it is to show of the landform; ``version`` is one of ``VERSIONS``.

    Raises:
        DataError: no landform has this code.
    """
    if code not in PALETTES:
        raise DataError(f"No landform has the code {code!r}; the codes are {', '.join(PALETTES)}.")
    wide = (shape[0] + 2 * _MARGIN, shape[1] + 2 * _MARGIN)
    surface = paint(Site(rng, wide, sun, wish), VERSIONS[version][code])
    image = camera.expose(surface.height, surface.albedo, sun, lens, rng)
    return image[_MARGIN:-_MARGIN, _MARGIN:-_MARGIN]


def render(code: str, seed: int | np.random.Generator = 0) -> NDArray[np.uint8]:
    """One tile, uint8 (200, 200), of the landform ``code``, with its own illumination and camera.

    Raises:
        DataError: no landform has this code.
    """
    rng = np.random.default_rng(seed)
    sun, lens = camera.random_sun(rng), camera.random_camera(rng)
    return picture(code, rng, sun, lens, (SIDE, SIDE))
