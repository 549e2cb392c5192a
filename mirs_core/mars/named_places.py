"""The place that the name of a product tells, compared with that of its raster.

HiRISE names carry the latitude of the target in tenths of a degree, CTX names the centre of the
strip in whole degrees, and the tiles of the Murray Lab's CTX mosaic their lower left corner. Names
of HRSC, MOC and THEMIS images carry the orbit only.
"""

import re
from dataclasses import dataclass

from mirs_core.mars import observations
from mirs_core.mars.geography import RADIUS_KM, distance_km, written_place

_DTM = re.compile(r"(?<![A-Z0-9])(DT[A-Z]{3}_[0-9]{6}_([0-9]{4}))_[0-9]{6}_", re.I)
_MOSAIC = re.compile(r"(MurrayLab_\w*?E(-?[0-9]{3})_N(-?[0-9]{2}))(?![0-9])", re.I)
_MOSAIC_DEGREES = 4
# The longest strips of CTX, and tiles of the mosaic from corner to corner; those of HiRISE. Near
# the poles, an orbit angle is no latitude: the orbit's inclination is 93 degrees.
_CTX_KM, _HIRISE_KM, _POLAR_KM = 310.0, 60.0, 240.0
_POLAR = 75.0
_KM_PER_DEGREE = RADIUS_KM * 3.141592653589793 / 180


@dataclass(frozen=True, slots=True)
class NamedPlace:
    """The place of a product by its name.

    Attributes:
        product: its id.
        latitudes: planetocentric, degrees north; two where the parts of the name differ.
        longitude: degrees east; None if the name tells the latitude only.
        reach_km: how far from it a raster of the product can be.
    """

    product: str
    latitudes: tuple[float, ...]
    longitude: float | None
    reach_km: float


def named_place(file_name: str) -> NamedPlace | None:
    """The place in a file name; None if it tells none."""
    name = file_name.replace("\\", "/").rsplit("/", 1)[-1]
    mosaic = _MOSAIC.search(name)
    if mosaic:
        half = _MOSAIC_DEGREES / 2
        return NamedPlace(
            mosaic[1], (int(mosaic[3]) + half,), (int(mosaic[2]) + half) % 360, _CTX_KM
        )
    model = _DTM.search(name)
    if model:
        return _hirise(model[1], observations.orbit_latitude(int(model[2])))
    seen = observations.parse(name)
    if seen is None or seen.latitude is None:
        return None
    if seen.instrument == "HiRISE":
        # Names of the time of aerobraking have no latitude.
        return None if seen.strip.startswith("AEB") else _hirise(seen.strip, seen.latitude)
    if seen.instrument != "CTX" or seen.longitude is None:
        return None
    _, _, angle, *_, written = seen.strip.split("_")
    named = float(written[:2]) * (-1 if written[2] == "S" else 1)
    orbit = observations.orbit_latitude(int(angle))
    latitudes = (named,) if orbit is None else (named, orbit)
    return NamedPlace(seen.strip, latitudes, seen.longitude, _CTX_KM)


def contradiction(file_name: str, longitude: float, latitude: float) -> str | None:
    """How a raster's middle contradicts its name, in words; None if it does not."""
    place = named_place(file_name)
    if place is None:
        return None
    apart = min(_apart(place, north, longitude, latitude) for north in place.latitudes)
    if apart <= place.reach_km:
        return None
    named = written_place(place.latitudes[0], place.longitude)
    here = written_place(latitude, longitude)
    return f"is at {here}, but the name {place.product} tells {named}, {apart:,.0f} km away"


def _hirise(product: str, latitude: float | None) -> NamedPlace | None:
    if latitude is None:
        return None
    reach = _HIRISE_KM if abs(latitude) < _POLAR else _POLAR_KM
    return NamedPlace(product.upper(), (latitude,), None, reach)


def _apart(place: NamedPlace, named: float, longitude: float, latitude: float) -> float:
    if place.longitude is None:
        return abs(named - latitude) * _KM_PER_DEGREE
    return float(distance_km(named, place.longitude, latitude, longitude))
