"""Places by what people type: coordinates in any usual form, or the name of a feature."""

import re
import unicodedata
from dataclasses import dataclass

from mirs_core.errors import DataError
from mirs_core.mars.geography import east, written_place
from mirs_core.mars.nomenclature import FEATURES, Feature

_NUMBER = r"[+-]?\d+(?:\.\d+)?"
_ANGLE = (
    rf"({_NUMBER})\s*(?:°\s*(?:(\d+(?:\.\d+)?)\s*['′]\s*(?:(\d+(?:\.\d+)?)\s*(?:\"|″|'')\s*)?)?)?"
)
_PART = rf"(?:([NSEW])\s*{_ANGLE}|{_ANGLE}\s*([NSEW])?)"
_PAIR = re.compile(rf"{_PART}\s*(?:[,;]\s*|\s|(?<=[NSEW°'′\"″]))\s*{_PART}", re.I)
_LOOKS_LIKE_NUMBERS = re.compile(r"[NSEW\s]*[+-]?\d", re.I)
_MOST_NAMES = 5
_DIGITS = 4


@dataclass(frozen=True, slots=True)
class Place:
    """A place on Mars that was asked for.

    Attributes:
        name: of the feature, or the coordinates as text.
        latitude, longitude: planetocentric, degrees north and degrees east in [0, 360).
        diameter: of the feature in km; 0 for coordinates.
    """

    name: str
    latitude: float
    longitude: float
    diameter: float = 0.0


def find_place(text: str, *, as_west: bool = False) -> Place:
    """The place of coordinates or of a named feature.

    ``18.4 77.7``, ``18.4° N, 282.3° W``, ``77.7E 18.4N`` and ``18°24' N 77°42' E`` are the same
    place. Without letters the latitude comes first; longitudes may be 0 to 360 or -180 to 180.

    Args:
        as_west: longitudes without a letter and without a sign are degrees west.

    Raises:
        DataError: neither coordinates nor the name of a feature, or several features.
    """
    words = " ".join(text.split())
    if _LOOKS_LIKE_NUMBERS.match(words):
        return _coordinates(words, as_west)
    return _feature(words)


def _coordinates(text: str, as_west: bool) -> Place:
    match = _PAIR.fullmatch(text)
    if match is None:
        raise DataError(
            f"{text[:60]!r} is not a latitude and a longitude; write 18.4 N, 77.7 E or 18.4 77.7."
        )
    groups = match.groups()
    parts = [_part(groups[:8]), _part(groups[8:])]
    axes = ["NS" if letter in "NS" else "EW" for _, letter, _ in parts if letter]
    if len(axes) == 2 and axes[0] == axes[1]:
        raise DataError(
            f"{text[:60]!r} has two values of one axis; give a latitude and a longitude."
        )
    first = parts[0][1]
    if first in ("E", "W") or (not first and parts[1][1] in ("N", "S")):
        parts.reverse()
    (north, letter, signed), (turn, way, is_signed) = parts
    if (letter and signed) or (way and is_signed):
        raise DataError(f"{text[:60]!r} has a sign and a letter; give one of them.")
    north = -north if letter == "S" else north
    west = way == "W" or (not way and as_west and not is_signed)
    if not -90 <= north <= 90:
        raise DataError(f"The latitude {north:g} is not between -90 and 90; it comes first.")
    if not -180 <= turn <= 360:
        raise DataError(f"The longitude {turn:g} is neither 0 to 360 nor -180 to 180.")
    longitude = east(-turn if west else turn)
    digits = _digits(north, longitude)
    return Place(written_place(north, longitude, digits, as_west=as_west), north, longitude)


def _part(groups: tuple[str | None, ...]) -> tuple[float, str, bool]:
    """Degrees, the letter of the axis or none, and whether there is a sign."""
    if groups[0]:
        letter, numbers = groups[0].upper(), groups[1:4]
    else:
        letter, numbers = (groups[7] or "").upper(), groups[4:7]
    whole, minutes, seconds = (number or "0" for number in numbers)
    size = abs(float(whole)) + float(minutes) / 60 + float(seconds) / 3600
    return (-size if whole.startswith("-") else size), letter, whole[0] in "+-"


def _digits(*values: float) -> int:
    """As many as needed, up to four."""
    return next(
        (n for n in range(1, _DIGITS) if all(abs(v - round(v, n)) < 1e-9 for v in values)), _DIGITS
    )


def _feature(text: str) -> Place:
    letters = _plain(text)
    exact = [feature for feature in FEATURES if _plain(feature.name) == letters]
    parts = [feature for feature in FEATURES if letters and letters in _plain(feature.name)]
    starts = [feature for feature in parts if _plain(feature.name).startswith(letters)]
    for features in (exact, starts, parts):
        if len(features) == 1:
            return _place(features[0])
    if not parts:
        raise DataError(
            f"{text[:60]!r} is none of the {len(FEATURES)} features that the map names; give its"
            " latitude and longitude, as in 18.4 N, 77.7 E."
        )
    names = ", ".join(feature.name for feature in parts[:_MOST_NAMES])
    more = f" and {len(parts) - _MOST_NAMES} more" if len(parts) > _MOST_NAMES else ""
    raise DataError(f"{text[:60]!r} could be {names}{more}; write more of the name.")


def _place(feature: Feature) -> Place:
    return Place(feature.name, feature.latitude, feature.longitude, feature.diameter)


def _plain(name: str) -> str:
    """A name without case, accents and marks."""
    letters = unicodedata.normalize("NFKD", name.casefold())
    return "".join(letter for letter in letters if letter.isalnum() or letter == " ")
