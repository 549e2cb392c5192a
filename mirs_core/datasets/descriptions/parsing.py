"""Descriptions as text: ``crater diameter=400m sun=W incidence=60``."""

import difflib
import re

from mirs_core.datasets.descriptions.description import Description
from mirs_core.datasets.descriptions.forms import BY_NAME, FORMS, KEYS, Form
from mirs_core.datasets.descriptions.parameters import COMPASS, DEGREES, METRES, Parameter
from mirs_core.errors import ConfigError
from mirs_core.mars.landforms import by_code

_EXAMPLE = 'Example: "crater diameter=400m sun=W incidence=60".'
_LONGEST = 500
_PAIR = re.compile(r"([A-Za-z]+)\s*[=:]\s*([^\s=,;:]+(?:\s+(?:k?m|deg|degrees|°)(?=[\s,;]|$))?)")
_VALUE = re.compile(r"([+-]?[0-9]*\.?[0-9]+)\s*(.*)")
_UNITS: dict[str, dict[str, float]] = {
    METRES: {"": 1, "m": 1, "km": 1000},
    DEGREES: {"": 1, "°": 1, "deg": 1, "degrees": 1},
}
_PER_AREA = {"": 1.0, "/km2": 1.0, "/km²": 1.0}


def parse(text: str) -> Description:
    """The description of a text: a landform, then ``parameter=value`` for what matters.

    Lengths are metres, or end in ``km``; directions are degrees clockwise from north or points of
    the compass; ``height`` is the sun's above the horizon, 90 degrees minus the incidence angle.

    Raises:
        ConfigError: the landform or a parameter is unknown, repeated, or out of range.
    """
    if len(text) > _LONGEST:
        raise ConfigError(f"The description has {len(text):,} characters; give at most {_LONGEST}.")
    start = _PAIR.search(text)
    form = _form(text[: start.start()] if start else text)
    values: dict[str, float] = {}
    rest = text[start.start() :] if start else ""
    if unread := _PAIR.sub(" ", rest).replace(",", " ").replace(";", " ").split():
        raise ConfigError(
            f"{unread[0]!r} in the description was not understood; write parameter=value."
            f" {_EXAMPLE}"
        )
    for key, value in _PAIR.findall(rest):
        name = _name(form, key.lower())
        if name in values:
            raise ConfigError(f"The description gives {name} twice.")
        values[name] = _number(form, name, key.lower(), value)
    seed = values.pop("seed", 0)
    if seed != int(seed):
        raise ConfigError(f"The seed is {seed:g}; it must be a whole number.")
    return Description(form.name, seed=int(seed), **values)


def _words() -> dict[str, Form]:
    """Every name of a form that is understood, in lower case."""
    words = {code: form for form in reversed(FORMS) for code in (form.landform,)}
    words |= {by_code[code].name.lower(): form for code, form in list(words.items())}
    words |= {word: form for form in FORMS for word in form.words}
    return words | BY_NAME


def _form(text: str) -> Form:
    name = " ".join(text.lower().replace("-", " ").replace("_", " ").strip(" ,;:.").split())
    words = _words()
    if not name:
        raise ConfigError(f"The description names no landform. {_EXAMPLE}")
    if name in words:
        return words[name]
    near = difflib.get_close_matches(name, words, n=1, cutoff=0.6)
    hint = f"did you mean {near[0]!r}?" if near else f"the names are {', '.join(BY_NAME)}."
    raise ConfigError(f"No landform is called {name!r}; {hint}")


def _name(form: Form, key: str) -> str:
    name = KEYS.get(key, key)
    name = "incidence" if name == "height" else name
    if name == "seed" or form.parameter(name) is not None:
        return name
    names = ", ".join(entry.name for entry in form.parameters)
    raise ConfigError(f"A description of {form.name} has no {key!r}; it has {names}.")


def _number(form: Form, name: str, key: str, text: str) -> float:
    if name in ("sun", "orientation") and text.upper() in COMPASS:
        azimuth = COMPASS.index(text.upper()) * 22.5
        limit = form.parameter(name)
        return azimuth % 180 if limit and limit.high == 180 and azimuth > 180 else azimuth
    parameter, match = form.parameter(name), _VALUE.fullmatch(text)
    unit = match[2].strip().lower() if match else ""
    units = _units(parameter)
    if match is None or unit not in units:
        kind = f"a number of {parameter.unit}" if parameter else "a whole number"
        raise ConfigError(f"{key}={text} was not understood; {key} is {kind}.")
    value = float(match[1]) * units[unit]
    return 90 - value if key == "height" else value


def _units(parameter: Parameter | None) -> dict[str, float]:
    if parameter is None:
        return {"": 1}
    return _UNITS.get(parameter.unit, _PER_AREA)
