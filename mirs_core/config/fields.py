"""Settings that describe themselves: label, help, unit and range stand with each field.

Forms, command line and documents are made from these fields.
"""

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import field
from typing import Any, cast

from mirs_core.errors import ConfigError

_TYPES = {bool: "true or false", int: "a whole number", float: "a number", str: "text"}
_LONGEST = 100


def setting(
    default: Any,
    label: str,
    help: str,
    *,
    unit: str = "",
    low: float | None = None,
    high: float | None = None,
    choices: tuple[Any, ...] = (),
    log: bool = False,
) -> Any:
    """A dataclass field with what forms, help texts and checks need to know about it.

    Args:
        log: whether a form varies it on a logarithmic scale.
    """
    meta = {"label": label, "help": help, "unit": unit, "low": low, "high": high}
    return field(
        default=default, metadata={**meta, "choices": choices, "log": log, "in_form": True}
    )


def not_in_form(item: Any) -> Any:
    """The same setting, left out of forms: only Python and the command line offer it."""
    return field(default=item.default, metadata={**item.metadata, "in_form": False})


def split_by_strip() -> Any:
    """The setting that runs and fine-tunings share, since both split the data set in halves."""
    return setting(
        False,
        "Split by observation",
        "Keep all tiles of one image strip or observation in the same half of the data set.",
    )


def check(group: str, item: "dataclasses.Field[Any]", value: Any) -> None:
    """Raises ConfigError if ``value`` has another type than the field or is out of range."""
    name, meta = f"{group}.{item.name}", item.metadata
    expected = cast(type, item.type)
    if type(value) is not expected:
        raise ConfigError(f"{name} is {_brief(value)}; it must be {_TYPES[expected]}.")
    if isinstance(value, float) and not math.isfinite(value):
        raise ConfigError(f"{name} is {value}; it must be a finite number.")
    if meta["choices"] and value not in meta["choices"]:
        choices = ", ".join(str(choice) for choice in meta["choices"])
        raise ConfigError(f"{name} is {_brief(value)}; choose one of {choices}.")
    low, high = meta["low"], meta["high"]
    if low is not None and not low <= value <= high:
        raise ConfigError(f"{name} is {_brief(value)}; it must be between {low:g} and {high:g}.")


def parse_change(
    change: str, fields: Mapping[str, "dataclasses.Field[Any]"], form: str
) -> tuple[str, Any]:
    """Name and value of a change of a setting, such as ``head.bits=64``.

    Args:
        change: the text.
        fields: the settings that may be changed, by name.
        form: how such a text looks, for the error.

    Raises:
        ConfigError: no setting of ``fields``, or a value of another type.
    """
    name, separator, text = change.partition("=")
    if not separator:
        raise ConfigError(f"{_brief(change)} is not of the form {form}.")
    if name not in fields:
        raise ConfigError(
            f"There is no setting {_brief(name)}; the settings are {', '.join(fields)}."
        )
    expected = cast(type, fields[name].type)
    try:
        if expected is bool:
            return name, {"true": True, "false": False}[text.lower()]
        return name, expected(text)
    except (ValueError, KeyError):
        raise ConfigError(f"{name} is {_brief(text)}; it must be {_TYPES[expected]}.") from None


def _brief(value: Any) -> str:
    """A value as Python writes it, cut off where an error could not show it as a whole."""
    text = repr(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."
