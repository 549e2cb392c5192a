"""Single values of a link: numbers, latitudes and regions as text."""

import re

from mirs_core.errors import MirsError
from mirs_core.mars.geography import Region
from pages.shared.state import K_DEFAULT, K_RANGE, POLES

_DEGREES = re.compile(r"-?[0-9]{1,3}(\.[0-9]{1,4})?")


def results(text: str | None) -> int:
    """The number of results in a link, rounded to what the app offers; the default for others."""
    low, high, step = K_RANGE
    if text is None or not text.isdecimal() or len(text) > 4:
        return K_DEFAULT
    return min(max(round(int(text) / step) * step, low), high)


def whole(text: str | None, low: int, high: int) -> int | None:
    """A whole number in a link, limited to ``low`` to ``high``; None for other texts."""
    if text is None or not text.isdecimal() or len(text) > 4:
        return None
    return min(max(int(text), low), high)


def latitudes(text: str) -> tuple[int, int]:
    """The latitude filter in a link, as in ``-30..45``."""
    match = re.fullmatch(r"(-?[0-9]{1,2})\.\.(-?[0-9]{1,2})", text)
    if not match or not POLES[0] <= int(match[1]) <= int(match[2]) <= POLES[1]:
        return POLES
    return int(match[1]), int(match[2])


def region_of(text: str) -> Region | None:
    """The region in a link: west, south, east and north, as in ``300..-10..20..35``."""
    parts = text.split("..")
    if len(parts) != 4 or not all(_DEGREES.fullmatch(part) for part in parts):
        return None
    try:
        return Region(*map(float, parts))
    except MirsError:
        return None


def region_text(region: Region | None) -> str:
    """The region as a link has it; empty for the whole planet."""
    return "..".join(map(degrees, region.values())) if region else ""


def degrees(value: float) -> str:
    """An angle as a link has it: four decimals are 6 m on Mars."""
    return f"{value:.4f}".rstrip("0").rstrip(".")
