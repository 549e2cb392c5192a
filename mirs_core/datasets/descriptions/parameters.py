"""The parameters of a description: names, units, ranges and help."""

from dataclasses import dataclass

METRES, DEGREES, PER_AREA = "m", "°", "per km²"

COMPASS = (
    "N", "NNE", "NE", "ENE", "E", "ESE", "SE", "SSE",
    "S", "SSW", "SW", "WSW", "W", "WNW", "NW", "NNW",
)  # fmt: skip
"""The points of the compass, 22.5 degrees apart, clockwise from north."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """One number of a description.

    Attributes:
        name: the field of ``Description`` and the key in its text.
        title: what it is called for the landform at hand.
        unit: ``METRES``, ``DEGREES`` or ``PER_AREA``.
        low, high: its range, both included.
        step: what a slider moves by.
        help: one sentence.
    """

    name: str
    title: str
    unit: str
    low: float
    high: float
    step: float
    help: str

    def shown(self, value: float) -> str:
        """``value`` with its unit."""
        number = f"{value:g}"
        return number + self.unit if self.unit == DEGREES else f"{number} {self.unit}"

    @property
    def range(self) -> str:
        """The range with its unit, such as ``150 to 1100 m``."""
        return f"{self.low:g} to {self.shown(self.high)}"


def size(title: str, low: float, high: float) -> Parameter:
    """A size on the ground."""
    return Parameter("size", title, METRES, low, high, 10, f"{title} on the ground.")


def wavelength(title: str, low: float, high: float) -> Parameter:
    """A distance between crests."""
    step = 1 if high < 150 else 10
    return Parameter("wavelength", title, METRES, low, high, step, f"{title}, from crest to crest.")


def density(things: str, low: float, high: float) -> Parameter:
    """A number of things on a square kilometre."""
    about = f"Number of {things} on a square kilometre."
    return Parameter("density", f"{things.capitalize()} per km²", PER_AREA, low, high, 1, about)


def trend(of: str) -> Parameter:
    """The direction of a line, which has two ends."""
    about = f"Direction of the {of}, clockwise from north: 0° is north to south, 90° west to east."
    return Parameter("orientation", f"Trend of the {of}", DEGREES, 0, 180, 5, about)


def heading(title: str) -> Parameter:
    """A direction that points one way."""
    about = f"{title}, clockwise from north: 90° is towards the east."
    return Parameter("orientation", title, DEGREES, 0, 360, 5, about)


SUN = Parameter(
    "sun",
    "Sun's azimuth",
    DEGREES,
    0,
    360,
    5,
    "Where the light comes from, clockwise from north. CTX images are taken in the afternoon, with"
    " the sun in the west (270°).",
)
INCIDENCE = Parameter(
    "incidence",
    "Incidence angle",
    DEGREES,
    20,
    80,
    1,
    "Angle of the sun from the vertical: 90° minus its height above the horizon. Shadows are long"
    " at large angles.",
)
