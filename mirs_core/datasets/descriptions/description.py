"""A description: a landform in numbers, and the synthetic tiles that show it."""

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from math import pi, radians
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from mirs_core.datasets.descriptions.forms import BY_NAME, Form
from mirs_core.datasets.descriptions.parameters import METRES
from mirs_core.errors import ConfigError

if TYPE_CHECKING:
    from mirs_core.datasets.synthetic.surface import Wish

SCALE = 6.0
"""Pixel scale [m/px] of the tiles that are rendered: that of CTX in DoMars16k."""

TILE_METRES = 1200.0
"""Length of each side of a tile [m]."""

_PAINTED = 1.68
"""Area [km²] that is painted for one tile, its margin included."""

VERSION = 2
"""The version of the painters that descriptions are rendered by."""

_LARGEST_SEED = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Description:
    """What a tile is to show. None leaves a parameter to chance.

    Attributes:
        form: name of a form, such as ``crater`` (see ``FORMS``).
        size, wavelength: metres.
        orientation: degrees clockwise from north.
        density: things on a square kilometre.
        sun: azimuth of the light [degrees clockwise from north].
        incidence: its angle from the vertical [degrees].
        seed: of everything that is left to chance.

    Raises:
        ConfigError: no such form, a parameter that it does not have, or a value out of range.
    """

    form: str
    size: float | None = None
    wavelength: float | None = None
    orientation: float | None = None
    density: float | None = None
    sun: float | None = None
    incidence: float | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        if self.form not in BY_NAME:
            raise ConfigError(
                f"No landform is called {self.form!r}; the names are {', '.join(BY_NAME)}."
            )
        for name, value in self.values().items():
            _check(BY_NAME[self.form], name, value)
        if not 0 <= self.seed <= _LARGEST_SEED:
            raise ConfigError(f"The seed is {self.seed}; it must be from 0 to {_LARGEST_SEED}.")

    @property
    def landform(self) -> str:
        """The code of its landform class."""
        return BY_NAME[self.form].landform

    def values(self) -> dict[str, float]:
        """The parameters that are not left to chance, by name."""
        pairs = ((entry.name, getattr(self, entry.name)) for entry in fields(self))
        return {
            name: value
            for name, value in pairs
            if value is not None and name not in ("form", "seed")
        }

    def __str__(self) -> str:
        """The text that ``parse`` turns into an equal description."""
        words = [self.form]
        for name, value in self.values().items():
            parameter = BY_NAME[self.form].parameter(name)
            unit = "m" if parameter and parameter.unit == METRES else ""
            words.append(f"{name}={value:.10g}{unit}")
        return " ".join(words + ([f"seed={self.seed}"] if self.seed else []))

    def with_value(self, name: str, value: float | None) -> "Description":
        """The same with another value of one parameter; None leaves it to chance."""
        values: dict[str, float] = {
            key: number for key, number in self.values().items() if key != name
        }
        return Description(
            self.form, seed=self.seed, **(values if value is None else {**values, name: value})
        )

    def variants(self, count: int) -> Iterator["Description"]:
        """The same with ``count`` different seeds, itself first."""
        for step in range(count):
            yield replace(self, seed=(self.seed + step * 7919) % _LARGEST_SEED)

    def wish(self) -> "Wish":
        """It in the units of the painters: pixels, and radians on the screen."""
        from mirs_core.datasets.synthetic.surface import Wish

        form, values = BY_NAME[self.form], {}
        for name in ("size", "wavelength"):
            if (length := getattr(self, name)) is not None:
                values[name] = length / SCALE
        if self.orientation is not None:
            values["orientation"] = screen_angle(self.orientation) + (pi / 2 if form.across else 0)
        if self.density is not None:
            values["density"] = max(1.0, self.density * _PAINTED)
        return Wish(values, form.kind)

    def render(self, version: int = VERSION) -> NDArray[np.uint8]:
        """One tile, uint8 (200, 200), at ``SCALE``, that shows it. It is synthetic.

        ``version`` is that of the painters (see ``synthetic.painting.VERSIONS``).
        """
        from mirs_core.datasets.synthetic import camera
        from mirs_core.datasets.synthetic.painting import SIDE, picture

        rng = np.random.default_rng(self.seed)
        light, lens = camera.random_sun(rng), camera.random_camera(rng)
        if self.sun is not None:
            light = replace(light, azimuth=screen_angle(self.sun))
        if self.incidence is not None:
            light = replace(light, incidence=radians(self.incidence))
        return picture(self.landform, rng, light, lens, (SIDE, SIDE), self.wish(), version=version)


def screen_angle(azimuth: float) -> float:
    """The direction on the screen [rad, 0 right, pi/2 down] of an azimuth [degrees]."""
    return radians(azimuth) - pi / 2


def _check(form: Form, name: str, value: float) -> None:
    parameter = form.parameter(name)
    if parameter is None:
        names = ", ".join(entry.name for entry in form.parameters)
        raise ConfigError(f"A description of {form.name} has no {name}; it has {names}.")
    if not parameter.low <= value <= parameter.high:
        raise ConfigError(
            f"{parameter.title} of {form.name} is {parameter.shown(value)}; give {parameter.range}."
        )
