"""Single values of a link: numbers, latitudes and regions as text."""

import re

from mirs_core.mars import region_texts as texts
from mirs_core.mars.region_texts import region_of_text
from mirs_core.mars.regions import AnyRegion
from pages.shared.state import K_DEFAULT, K_RANGE, POLES


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


def region_of(text: str) -> AnyRegion | None:
    """The region in a link, see ``mirs_core.mars.region_texts``; None if it is none."""
    return region_of_text(text)


def region_text(region: AnyRegion | None) -> str:
    """The region as a link has it; empty for the whole planet, and for too many corners."""
    return texts.region_text(region)
