"""Parses tile names: the observation (strip) that a tile was cut from, and its coordinates.

CTX product ids carry the orbit angle and the strip's centre; HiRISE ids carry the orbit angle only.
So coordinates are those of the strip's centre, not of the tile: a CTX strip can be 5 degrees long.
"""

import re
from dataclasses import dataclass
from typing import Literal

Instrument = Literal["CTX", "HiRISE", "SYN"]

_CTX = re.compile(
    r"(?<![A-Z0-9])(?P<strip>(?P<mission>SYN(?:_?[A-Z][0-9]{2})?|[A-Z][0-9]{2})"
    r"_[0-9]{6}_(?P<angle>[0-9]{4})_[A-Z]{2}"
    r"_(?P<latitude>[0-9]{2})(?P<hemisphere>[NS])(?P<west>[0-9]{3})W)(?![A-Z0-9])"
    r"(?:_CX(?P<x>[0-9]{1,7})_CY(?P<y>[0-9]{1,7}))?",
    re.IGNORECASE,
)
_HIRISE = re.compile(
    r"(?<![A-Z0-9])(?P<strip>(?:ESP|PSP|TRA|AEB)_[0-9]{6}_(?P<angle>[0-9]{4}))(?![0-9])",
    re.IGNORECASE,
)
# A name gives whole degrees of the strip's centre. Where the orbit angle differs by more than this,
# it is a misprint or another convention, and the name is used (DoMars16k file names).
_TRUSTED_DEGREES = 1.0


@dataclass(frozen=True, slots=True)
class Observation:
    """The source of a tile.

    Attributes:
        strip: product id, e.g. ``P03_002287_2005_XI_20N072W`` or ``ESP_012345_1234``.
        instrument: "CTX", "HiRISE", or "SYN" for synthetic tiles, with synthetic coordinates.
        latitude: planetocentric, degrees north, of the strip's centre; None if unknown.
        longitude: east-positive, degrees in [0, 360), of the strip's centre; None if unknown.
        x: column of the tile in its strip, pixels; None if unknown.
        y: row of the tile in its strip, pixels; None if unknown.
        url: page of the source product; None for synthetic tiles, which have none.
    """

    strip: str
    instrument: Instrument
    latitude: float | None
    longitude: float | None
    x: int | None
    y: int | None
    url: str | None


def parse(file_name: str) -> Observation | None:
    """The observation named in ``file_name`` (folders are ignored); None if there is none."""
    name = file_name.replace("\\", "/").rsplit("/", 1)[-1]
    match = _CTX.search(name)
    if match:
        return _ctx(match)
    match = _HIRISE.search(name)
    return _hirise(match) if match else None


def orbit_latitude(angle: int) -> float | None:
    """Latitude in degrees north of an orbit angle in tenths of a degree, as in product ids.

    0900..2700 is the day side, south to north pole; other angles are the night side.
    None for angles that no product has.
    """
    if 900 <= angle <= 2700:
        return (angle - 1800) / 10
    if 0 <= angle < 900:
        return 0.0 - angle / 10
    if 2705 <= angle <= 3595:
        return (3600 - angle) / 10
    return None


def _ctx(match: re.Match[str]) -> Observation:
    strip = match["strip"].upper()
    instrument: Instrument = "SYN" if strip.startswith("SYN") else "CTX"
    degrees = float(match["latitude"])
    named = 0.0 - degrees if match["hemisphere"].upper() == "S" else degrees
    latitude = orbit_latitude(int(match["angle"]))
    if degrees <= 90 and (latitude is None or abs(latitude - named) > _TRUSTED_DEGREES):
        latitude = named
    west = int(match["west"])
    return Observation(
        strip=strip,
        instrument=instrument,
        latitude=latitude,
        longitude=float((360 - west) % 360) if west <= 360 else None,
        x=int(match["x"]) if match["x"] else None,
        y=int(match["y"]) if match["y"] else None,
        url=f"https://viewer.mars.asu.edu/viewer/ctx/{strip}" if instrument == "CTX" else None,
    )


def _hirise(match: re.Match[str]) -> Observation:
    strip = match["strip"].upper()
    return Observation(
        strip=strip,
        instrument="HiRISE",
        latitude=orbit_latitude(int(match["angle"])),
        longitude=None,
        x=None,
        y=None,
        url=f"https://www.uahirise.org/{strip}",
    )
