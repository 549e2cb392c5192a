"""Reading the text of a coordinate system: one of Mars, or refused."""

import math
from typing import Any

from mirs_core.errors import DataError
from mirs_core.mars.crs_labels import SPHERE_SYSTEM

MAX_WKT = 100_000
"""The most characters of a coordinate system."""

_LEAST_RADIUS, _MOST_RADIUS = 3_370_000.0, 3_400_000.0
_DEGREE = math.pi / 180
_WARP = f"warp it first, e.g.: gdalwarp -t_srs {SPHERE_SYSTEM}"


def parsed(wkt: str, name: str) -> Any:
    """The horizontal coordinate system (pyproj's) in a text.

    Raises:
        DataError: it cannot be parsed, or is not of Mars.
    """
    from pyproj import CRS
    from pyproj.exceptions import ProjError

    if len(wkt) > MAX_WKT:
        raise DataError(f"The coordinate system of {name} is too long.")
    try:
        crs = CRS.from_wkt(wkt)
        if crs.is_compound:
            crs = crs.sub_crs_list[0]
        ellipsoid, kind = crs.ellipsoid, crs.type_name
    except ProjError:
        raise DataError(f"The coordinate system of {name} cannot be parsed; {_WARP}.") from None
    if (
        ellipsoid is None
        or not (crs.is_projected or "Geo" in kind)
        or kind.startswith("Geocentric")
    ):
        raise DataError(
            f"The coordinate system of {name} ({crs.name}) is not one of Mars; {_WARP}."
        )
    _check_body(crs.name, *radii(crs), name)
    if not crs.is_projected and (
        (crs.prime_meridian is not None and crs.prime_meridian.longitude)
        or any(abs(axis.unit_conversion_factor - _DEGREE) > 1e-12 for axis in crs.axis_info[:2])
    ):
        raise DataError(
            f"The coordinate system of {name} ({crs.name}) has another prime meridian or unit than"
            f" degrees; {_WARP}."
        )
    return crs


def radii(crs: Any) -> tuple[float, float]:
    """Equatorial and polar radius of a system, in metres."""
    return float(crs.ellipsoid.semi_major_metre), float(crs.ellipsoid.semi_minor_metre)


def _check_body(crs: str, a: float, b: float, name: str) -> None:
    if _LEAST_RADIUS <= b <= a <= _MOST_RADIUS:
        return
    where = " It is on Earth." if abs(a - 6_378_137) < 50_000 else ""
    raise DataError(
        f"The coordinate system of {name} ({crs}) has radii of {a / 1000:,.2f} and {b / 1000:,.2f}"
        f" km, which is not Mars (3,396.19 and 3,376.20 km).{where} Choose a raster of Mars."
    )
