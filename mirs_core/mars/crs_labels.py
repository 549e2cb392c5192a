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

GRAPHIC, CENTRIC = "planetographic", "planetocentric"
LATITUDES = (GRAPHIC, CENTRIC)
"""What the latitudes of a system on an ellipsoid are."""
Linear = tuple[float, float, float, float]
"""(p, q, r, s): longitude = p + q x, latitude = r + s y, in degrees."""

_CYLINDRICAL = "quidistant Cylindrical"
_ORIGIN, _PARALLEL = "Latitude of natural origin", "Latitude of 1st standard parallel"
# GeoTIFF may write underscores for spaces.
_WEST_NAME = re.compile(r"(?<![a-z])(planet)?ographic(?![a-z])", re.I)
_SAME_DEGREES = 1e-6
_EAST = re.compile(r"(?<![a-z])east", re.I)


def has_west_longitudes(crs: Any) -> bool:
    """Whether longitudes count west, also where only the name or code of the system tells.

    GeoTIFF does not store the directions of axes. The International Astronomical Union counts
    longitudes west with planetographic latitudes, and east with planetocentric ones; the codes of
    the former end in 1 or 6.
    """
    systems = [crs, crs.geodetic_crs] if crs.is_projected else [crs]
    ids = [system.to_json_dict().get("id", {}) for system in systems]
    return (
        any(axis.direction == "west" for system in systems for axis in system.axis_info)
        or any(
            str(entry.get("authority")).startswith("IAU")
            and re.fullmatch(r"499\d[16]", str(entry.get("code")))
            for entry in ids
        )
        or any(
            _WEST_NAME.search(system.name) and not _EAST.search(system.name) for system in systems
        )
    )


def check_west(crs: Any, name: str) -> None:
    """Refuses systems with west longitudes."""
    if has_west_longitudes(crs):
        raise DataError(
            f"{name} has west longitudes ({crs.name}), which GeoTIFF files do not record; warp it"
            f" first: gdalwarp -s_srs {_west_code(crs.name)} -t_srs {ELLIPSOID_SYSTEM}."
        )


def eastward(crs: Any, name: str) -> tuple[Any, float]:
    """The mirror image of a system with west longitudes, and ``turn``: its x is ``turn`` minus x.

    Map projections are symmetric about their central meridian, so that a map of west longitudes is
    the mirror image of the same map of east ones. Those with an azimuth are not.

    Raises:
        DataError: the map projection is not symmetric.
    """
    from pyproj import CRS

    ellipsoid = crs.ellipsoid
    a, b = float(ellipsoid.semi_major_metre), float(ellipsoid.semi_minor_metre)
    base = CRS.from_proj4(f"+proj=longlat +a={a!r} +b={b!r} +no_defs").to_json_dict()
    if not crs.is_projected:
        return CRS.from_json_dict({**base, "name": f"{crs.name}, east"}), 0.0
    values = crs.to_json_dict()
    terms = values["conversion"]["parameters"]
    if "blique" in values["conversion"]["method"]["name"] or any(
        "zimuth" in term["name"] for term in terms
    ):
        check_west(crs, name)
    turn = 0.0
    for term in terms:
        if term["name"].startswith("Longitude"):
            term["value"] = 0.0 - term["value"]
        elif term["name"].startswith(("False easting", "Easting at")):
            turn = 2 * float(term["value"])
    axes = {"subtype": "Cartesian", "axis": [
        {"name": "Easting", "abbreviation": "E", "direction": "east", "unit": _unit(values)},
        {"name": "Northing", "abbreviation": "N", "direction": "north", "unit": _unit(values)},
    ]}  # fmt: skip
    east = {
        "type": "ProjectedCRS", "name": f"{crs.name}, east", "base_crs": base,
        "conversion": {k: v for k, v in values["conversion"].items() if k != "id"},
        "coordinate_system": axes,
    }  # fmt: skip
    return CRS.from_json_dict(east), turn


def _unit(values: dict[str, Any]) -> Any:
    return values["coordinate_system"]["axis"][0].get("unit", "metre")


def _west_code(name: str) -> str:
    """The code of a west-positive system by its name; a placeholder if it has none."""
    from pyproj.database import query_crs_info

    for info in query_crs_info(auth_name="IAU_2015"):
        if "Ographic" in info.name and _plain(info.name) == _plain(name):
            return f"IAU_2015:{info.code}"
    return "WEST_POSITIVE_SYSTEM"


def _plain(name: str) -> str:
    return re.sub(r"[\W_]+", "", name)


def with_meridian_of_west(crs: Any, meridian: float, wkt: str, name: str) -> tuple[str, str]:
    """The WKT of a system whose label counts longitudes west, and what was corrected.

    GDAL takes the number of such a label for a longitude east. The map itself is no mirror image.

    Args:
        meridian: the central one as the label writes it.
        wkt: of the system as it is.

    Raises:
        DataError: the system has no central meridian that could be corrected.
    """
    if meridian % 180 == 0:
        return wkt, ""
    values = crs.to_json_dict()
    terms = values.get("conversion", {}).get("parameters", ())
    meridians = [term for term in terms if term["name"].startswith("Longitude")]
    if any(_same_turn(term["value"], -meridian) for term in meridians):
        return wkt, ""
    wrong = [term for term in meridians if _same_turn(term["value"], meridian)]
    if not wrong:
        raise DataError(
            f"The label of {name} counts longitudes west, and its map projection ({crs.name})"
            " cannot be corrected. Project it with longitudes that count east first."
        )
    for term in wrong:
        term["value"] = -meridian
    values.pop("id", None)
    return str(type(crs).from_json_dict(values).to_wkt()), (
        f"The label of {name} counts longitudes west; its central meridian, {meridian:g} W, was"
        " converted to an east one."
    )


def _same_turn(first: float, second: float) -> bool:
    return abs((first - second + 180) % 360 - 180) < _SAME_DEGREES


def is_equirectangular(crs: Any) -> bool:
    """Whether a system is projected equirectangularly."""
    return bool(crs.is_projected and _CYLINDRICAL in crs.coordinate_operation.method_name)


def assumed_latitude(crs: Any) -> str:
    """What the latitudes of a system on an ellipsoid are, unless the user tells.

    GeoTIFF cannot store that geographic latitudes are planetocentric; the name still tells. In
    projected systems GDAL and PROJ compute with planetographic ones, whatever the name.
    """
    is_centric = crs.type_name == "Geodetic CRS" or (
        not crs.is_projected and "ocentric" in crs.name.lower()
    )
    return CENTRIC if is_centric else GRAPHIC


def on_sphere(crs: Any, radii: tuple[float, float]) -> tuple[Any, tuple[float, float]]:
    """An equirectangular system on its equatorial sphere, and its radii; others unchanged.

    Planetary products compute the equirectangular projection with the formula of the sphere, as did
    PROJ up to 9.7; later versions use another one on ellipsoids.
    """
    a, b = radii
    if a == b or not is_equirectangular(crs):
        return crs, radii
    from pyproj import CRS

    base = CRS.from_proj4(f"+proj=longlat +a={a!r} +b={a!r} +no_defs").to_json_dict()
    values = {**crs.to_json_dict(), "base_crs": base}
    values.pop("id", None)
    return CRS.from_json_dict(values), (a, a)


def linear(crs: Any, radius: float) -> Linear | None:
    """Degrees as a linear function of positions, where the projection is so simple."""
    if not crs.is_projected:
        return 0.0, 1.0, 0.0, 1.0
    if not is_equirectangular(crs):
        return None
    terms, unit = _terms(crs), float(crs.axis_info[0].unit_conversion_factor)
    down = math.degrees(1 / radius)
    across = down / math.cos(math.radians(terms.get(_PARALLEL, 0.0)))
    east, north = terms.get("False easting", 0.0), terms.get("False northing", 0.0)
    return (
        terms.get("Longitude of natural origin", 0.0) - across * east,
        across * unit,
        terms.get(_ORIGIN, 0.0) - down * north,
        down * unit,
    )


def recentred(crs: Any, longitude: float) -> str:
    """The text of a projected system with another central meridian."""
    values = crs.to_json_dict()
    for term in values["conversion"]["parameters"]:
        if term["name"] == "Longitude of natural origin":
            term["value"] = longitude
    values.pop("id", None)
    return str(type(crs).from_json_dict(values).to_wkt())


def _terms(crs: Any) -> dict[str, float]:
    return {
        term.name: float(term.value) * (term.unit_conversion_factor if "alse" in term.name else 1)
        for term in crs.coordinate_operation.params
    }


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
    if not is_equirectangular(crs):
        return crs, ""
    degrees = _terms(crs)
    origin, parallel = degrees.get(_ORIGIN, 0.0), degrees.get(_PARALLEL, 0.0)
    meridian = degrees.get("Longitude of natural origin", 0.0)
    if origin == 0 or parallel != 0:
        return crs, ""
    if a != b or abs(a - _local_radius(origin)) > 1:
        raise DataError(
            f"The coordinate system of {name} has a latitude of origin of {origin:g} but no"
            " standard parallel. Old programs wrote one for the other, which would move the image"
            f" by {abs(origin):g} degrees. Set the right one first, then cut the strip again:"
            " gdal_translate -a_srs"
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


def misread_degrees(crs: Any) -> tuple[float, float]:
    """Central meridian and latitude of origin of a system whose label is corrected."""
    terms = _terms(crs)
    return terms.get("Longitude of natural origin", 0.0), terms.get(_ORIGIN, 0.0)


def _local_radius(latitude: float) -> float:
    """Radius of the reference ellipsoid at a planetocentric latitude, in metres."""
    a, b, angle = RADIUS, 3_376_200.0, math.radians(latitude)
    return a * b / math.hypot(b * math.cos(angle), a * math.sin(angle))
