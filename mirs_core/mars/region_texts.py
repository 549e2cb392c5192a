"""Regions as short texts, for the address of a page: four decimals are 6 m on Mars.

A box is ``300..-10..20..35`` (west, south, east, north), a circle ``circle..18.4..77.7..50``
(latitude, longitude, kilometres). Corners of polygons are differences in ten-thousandths of a
degree, in letters and digits of 6 bits: ``polygons..RING.HOLE..RING``.
"""

import re
from collections.abc import Iterable, Iterator

from mirs_core.errors import MirsError
from mirs_core.mars.geography import Region
from mirs_core.mars.polygons import Ring
from mirs_core.mars.regions import AnyRegion, CircleRegion, PolygonRegion

MOST_LETTERS = 6000
"""Longer texts are no part of an address, which browsers and servers cut."""
_NUMBER = re.compile(r"-?[0-9]{1,5}(\.[0-9]{1,4})?")
_SIGNS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
_VALUES = {sign: value for value, sign in enumerate(_SIGNS)}
_PARTS = 10_000
_MOST_PIECES = 6


def region_text(region: AnyRegion | None) -> str:
    """The region as a text; empty for the whole planet and for too many corners.

    Also empty where rounding to 6 m would make the sides of polygons cross.
    """
    if region is None:
        return ""
    if isinstance(region, Region):
        return "..".join(map(number_text, region.values()))
    if isinstance(region, CircleRegion):
        values = (region.latitude, region.longitude, region.km)
        return "..".join(["circle", *map(number_text, values)])
    polygons = [".".join(map(_ring_text, rings)) for rings in region.polygons]
    text = "..".join(["polygons", *polygons])
    return text if len(text) <= MOST_LETTERS and region_of_text(text) is not None else ""


def number_text(value: float) -> str:
    """A number with up to four decimals."""
    return f"{value:.4f}".rstrip("0").rstrip(".")


def region_of_text(text: str) -> AnyRegion | None:
    """The region of a text; None if it is none."""
    kind, *parts = text.split("..")
    try:
        if kind == "polygons" and len(text) <= MOST_LETTERS:
            return PolygonRegion(tuple(tuple(map(_ring_of, part.split("."))) for part in parts))
        values = parts if kind == "circle" else [kind, *parts]
        if not all(_NUMBER.fullmatch(value) for value in values):
            return None
        numbers = [float(value) for value in values]
        if kind == "circle":
            return CircleRegion(*numbers) if len(numbers) == 3 else None
        return Region(*numbers) if len(numbers) == 4 else None
    except (MirsError, ValueError):
        return None


def _ring_text(ring: Ring) -> str:
    corners = ring[:-1] if len(ring) > 1 and ring[0] == ring[-1] else ring
    before, text = (0, 0), ""
    for lon, lat in corners:
        at = round(lon * _PARTS), round(lat * _PARTS)
        text += _signs(at[0] - before[0]) + _signs(at[1] - before[1])
        before = at
    return text


def _signs(step: int) -> str:
    """A whole number as signs of five bits each, the lowest first; a sixth bit tells of more."""
    rest = 2 * step if step >= 0 else -2 * step - 1
    text = ""
    while rest >= 32:
        text += _SIGNS[32 + rest % 32]
        rest //= 32
    return text + _SIGNS[rest]


def _ring_of(text: str) -> Ring:
    """Raises ValueError if a text is no ring."""
    steps = list(_steps(text))
    if len(steps) % 2 or not steps:
        raise ValueError("half a corner")
    corners, lon, lat = [], 0, 0
    for along, up in zip(steps[::2], steps[1::2], strict=True):
        lon, lat = lon + along, lat + up
        corners.append((lon / _PARTS, lat / _PARTS))
    return tuple(corners)


def _steps(text: Iterable[str]) -> Iterator[int]:
    value, shift = 0, 0
    for sign in text:
        if sign not in _VALUES or shift >= 5 * _MOST_PIECES:
            raise ValueError("no sign of a ring")
        part = _VALUES[sign]
        value += (part % 32) << shift
        shift += 5
        if part < 32:
            yield -(value + 1) // 2 if value % 2 else value // 2
            value, shift = 0, 0
    if shift:
        raise ValueError("an unfinished number")
