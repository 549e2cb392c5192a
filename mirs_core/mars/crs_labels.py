"""Coordinate systems whose labels are known to be wrong or to leave something out."""

import math
import re
from typing import Any

from mirs_core.errors import DataError

RADIUS = 3_396_190.0
"""Radius of the reference sphere (IAU_2015:49900) in metres."""
SPHERE_SYSTEM = "IAU_2015:49910"
"""The system to warp rasters on a sphere to."""
ELLIPSOID_SYSTEM = "IAU_2015:49912"
"""The system to warp rasters on the ellipsoid to.

GDAL converts planetographic latitudes only to a planetocentric system that is on the same
ellipsoid: a warp to the sphere keeps the numbers, and so is up to 20 km off.
"""

_ORIGIN, _PARALLEL = "Latitude of natural origin", "Latitude of 1st standard parallel"
# GeoTIFF may write underscores for spaces.
_WEST_NAME = re.compile(r"(?<![a-z])(planet)?ographic(?![a-z])", re.I)
_EAST = re.compile(r"(?<![a-z])east", re.I)


def check_west(crs: Any, name: str) -> None:
    """Refuses systems with west longitudes, also where only their name or code tells.

    GeoTIFF does not store the directions of axes. The International Astronomical Union counts
    longitudes west with planetographic latitudes, and east with planetocentric ones; the codes of
    the former end in 1 or 6.
    """
    systems = [crs, crs.geodetic_crs] if crs.is_projected else [crs]
    ids = [system.to_json_dict().get("id", {}) for system in systems]
    if (
        any(axis.direction == "west" for system in systems for axis in system.axis_info)
        or any(
            str(entry.get("authority")).startswith("IAU")
            and re.fullmatch(r"499\d[16]", str(entry.get("code")))
            for entry in ids
        )
        or any(
            _WEST_NAME.search(system.name) and not _EAST.search(system.name) for system in systems
        )
    ):
        raise DataError(
            f"{name} has west longitudes ({crs.name}), which GeoTIFF files do not record; warp it"
            f" first: gdalwarp -s_srs {_west_code(crs.name)} -t_srs {ELLIPSOID_SYSTEM}."
        )


def _west_code(name: str) -> str:
    """The code of a west-positive system by its name; a placeholder if it has none."""
    from pyproj.database import query_crs_info

    for info in query_crs_info(auth_name="IAU_2015"):
        if "Ographic" in info.name and _plain(info.name) == _plain(name):
            return f"IAU_2015:{info.code}"
    return "WEST_POSITIVE_SYSTEM"


def _plain(name: str) -> str:
    return re.sub(r"[\W_]+", "", name)


def with_true_parallel(crs: Any, a: float, b: float, name: str) -> tuple[Any, str]:
    """The system with its standard parallel where the label should have it, and what was corrected.

    HiRISE products made before about 2010, and old GDAL, write the standard parallel of an
    equirectangular projection as its latitude of origin (GDAL ticket 2706), which moves a raster by
    that latitude. HiRISE projects from a sphere of the radius at that latitude, by which its labels
    are recognised; others cannot be told from a true latitude of origin.

    Raises:
        DataError: there is a latitude of origin without a standard parallel, and its radius is not
            that of a HiRISE product.
    """
    if not crs.is_projected or "quidistant Cylindrical" not in crs.coordinate_operation.method_name:
        return crs, ""
    degrees = {term.name: float(term.value) for term in crs.coordinate_operation.params}
    origin, parallel = degrees.get(_ORIGIN, 0.0), degrees.get(_PARALLEL, 0.0)
    meridian = degrees.get("Longitude of natural origin", 0.0)
    if origin == 0 or parallel != 0:
        return crs, ""
    if a != b or abs(a - _local_radius(origin)) > 1:
        raise DataError(
            f"The coordinate system of {name} has a latitude of origin of {origin:g} but no"
            " standard parallel. Old programs wrote one for the other, which would move the image"
            f" by {abs(origin):g} degrees. Set the right one first: gdal_translate -a_srs"
            f" '+proj=eqc +lat_ts={origin:g} +lon_0={meridian:g} +a={a!r} +b={b!r}'."
        )
    values = crs.to_json_dict()
    for term in values["conversion"]["parameters"]:
        if term["name"] in (_ORIGIN, _PARALLEL):
            term["value"] = 0.0 if term["name"] == _ORIGIN else origin
    return type(crs).from_json_dict(values), (
        f"The label of {name} gives its standard parallel, {origin:g}, as its latitude of origin,"
        " as HiRISE products made before about 2010 do; it was corrected."
    )


def _local_radius(latitude: float) -> float:
    """Radius of the reference ellipsoid at a planetocentric latitude, in metres."""
    a, b, angle = RADIUS, 3_376_200.0, math.radians(latitude)
    return a * b / math.hypot(b * math.cos(angle), a * math.sin(angle))
