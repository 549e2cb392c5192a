"""The landforms that can be described, and what can be said of each."""

from dataclasses import dataclass

from mirs_core.datasets.descriptions.parameters import (
    INCIDENCE,
    SUN,
    Parameter,
    density,
    heading,
    size,
    trend,
    wavelength,
)


@dataclass(frozen=True, slots=True)
class Form:
    """A landform, or one kind of it, as it is named in a description.

    Attributes:
        name: its name in the text of a description.
        landform: the code of its landform class.
        own: what can be said of it beside the light.
        words: further names that are understood.
        kind: the painter of this kind; None for any of the landform class.
        across: the orientation is that of crests, which painters count across.
    """

    name: str
    landform: str
    own: tuple[Parameter, ...] = ()
    words: tuple[str, ...] = ()
    kind: str | None = None
    across: bool = False

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """Everything that can be said of it."""
        return (*self.own, SUN, INCIDENCE)

    def parameter(self, name: str) -> Parameter | None:
        """The parameter of this name; None where it means nothing for this form."""
        return next((entry for entry in self.parameters if entry.name == name), None)


_DOWNSLOPE = heading("Downslope direction")
_WIND = heading("Wind blows towards")
_CRESTS = trend("crests")

FORMS: tuple[Form, ...] = (
    Form("dunes", "aec", (), ("dune", "curved")),
    Form(
        "polar dunes",
        "aec",
        (wavelength("Distance between dunes", 110, 300), _CRESTS),
        ("dune network", "dune networks"),
        "polar_network",
        across=True,
    ),
    Form(
        "great dunes",
        "aec",
        (wavelength("Distance between dunes", 500, 1400), _WIND),
        ("draas", "large dunes"),
        "great_dunes",
    ),
    Form(
        "barchans",
        "aec",
        (size("Width of a dune", 100, 720), density("dunes", 1, 12), _WIND),
        ("barchan", "crescents"),
        "barchans",
    ),
    Form(
        "barchanoid rows",
        "aec",
        (wavelength("Distance between rows", 180, 450), _WIND),
        (),
        "barchanoid_rows",
    ),
    Form(
        "reticulate ridges",
        "aec",
        (wavelength("Distance between ridges", 90, 240),),
        ("reticulate",),
        "reticulate",
    ),
    Form(
        "ripples",
        "ael",
        (wavelength("Distance between ripples", 25, 120), _CRESTS),
        ("ripple", "straight", "transverse aeolian ridges", "tars"),
        across=True,
    ),
    Form("cliff", "cli", (_DOWNSLOPE,), ("cliffs", "scarp", "scarps")),
    Form("ridge", "rid", (trend("crest"),), ("ridges",)),
    Form("channel", "fsf", (size("Width", 60, 900), trend("channel")), ("channels", "valley")),
    Form(
        "mounds",
        "sfe",
        (size("Diameter of the largest", 60, 220), density("mounds", 10, 90)),
        ("mound", "cones", "cone"),
    ),
    Form("gullies", "fsg", (density("gullies", 1, 8), _DOWNSLOPE), ("gully",)),
    Form(
        "slope streaks",
        "fse",
        (size("Length", 200, 1200), density("streaks", 2, 16), _DOWNSLOPE),
        ("slope streak", "streaks"),
    ),
    Form("mass wasting", "fss", (_DOWNSLOPE,), ("landslide", "talus")),
    Form("crater", "cra", (size("Diameter", 150, 1100),)),
    Form(
        "crater field",
        "sfx",
        (size("Diameter of the largest", 50, 400), density("craters", 3, 70)),
        ("craters", "crater fields"),
    ),
    Form("mixed terrain", "mix", (size("Size of the patches", 150, 1000),), ("mixed",)),
    Form("rough terrain", "rou", (), ("rough",)),
    Form(
        "knobbly terrain",
        "rou",
        (wavelength("Distance between knobs", 28, 60), trend("rows of knobs")),
        ("knobbly", "knobs", "basketball terrain"),
        "knobbly",
        across=True,
    ),
    Form("smooth terrain", "smo", (), ("smooth",)),
    Form("textured terrain", "tex", (), ("textured",)),
)
"""The forms, landform by landform in the order of the paper; the names of all are different."""

BY_NAME = {form.name: form for form in FORMS}

KEYS: dict[str, str] = {
    "diameter": "size",
    "width": "size",
    "length": "size",
    "spacing": "wavelength",
    "trend": "orientation",
    "downslope": "orientation",
    "wind": "orientation",
    "azimuth": "sun",
    "height": "height",
}
"""Further names of parameters; ``height`` is the sun's above the horizon."""
