"""Regions on their way to and from the map in the browser."""

from typing import Any

from mirs_core.errors import MirsError
from mirs_core.mars.geography import Region, east
from mirs_core.mars.polygons import Ring
from mirs_core.mars.regions import AnyRegion, CircleRegion, PolygonRegion, polygons_of

_MOST_CORNERS = 1000
_DRAWN_CORNERS = 4000
_DIGITS = 4
"""Degrees have as many: 6 m on Mars, and what a link holds."""


def plain_region(region: AnyRegion | None) -> Any:
    """A region as the browser draws it: the edges of a box, or rings without jumps of longitude.

    Rings of very many corners are simplified, by less than can be seen.
    """
    if region is None:
        return None
    if isinstance(region, Region):
        return list(region.values())
    polygons = polygons_of(region)
    rings = polygons.rings
    if sum(map(len, rings)) > _DRAWN_CORNERS:
        rings = tuple(_simplified(ring) for ring in rings)
    return {"rings": [[[lon, lat] for lon, lat in ring] for ring in rings]}


def _simplified(ring: Ring) -> Ring:
    from shapely import LineString

    line = LineString(ring)
    west, south, end, north = line.bounds
    corners = line.simplify(max(end - west, north - south) / _DRAWN_CORNERS).coords
    return tuple((float(lon), float(lat)) for lon, lat in corners)


def box_of(value: Any) -> Region | None:
    """The box sent by the browser as start, south, end and north; None if invalid.

    Start and end are unwrapped degrees east, with the start before the end.
    """
    if not _are_numbers(value, 4):
        return None
    start, south, end, north = (round(float(edge), _DIGITS) for edge in value)
    if end < start:
        return None
    try:
        return Region.between(start, south, end, north)
    except MirsError:
        return None


def shape_of(value: Any) -> AnyRegion | None:
    """The circle or the polygon sent by the browser; None if invalid.

    ``{"circle": [latitude, longitude, km]}`` or ``{"polygon": [[longitude, latitude], ...]}``, with
    continuous longitudes that may be a few turns away.

    Raises:
        MirsError: the sides of the polygon cross, or it has no area.
    """
    if not isinstance(value, dict):
        return None
    if _are_numbers(value.get("circle"), 3):
        latitude, longitude, km = map(float, value["circle"])
        return CircleRegion(
            round(latitude, _DIGITS), round(east(longitude), _DIGITS), _round_km(km)
        )
    return _polygon(value.get("polygon"))


def _polygon(value: Any) -> PolygonRegion | None:
    if not isinstance(value, list) or not 3 <= len(value) <= _MOST_CORNERS:
        return None
    if not all(_are_numbers(corner, 2) for corner in value):
        return None
    turn = min(lon for lon, _ in value) // 360 * 360
    corners = [(round(lon - turn, _DIGITS), round(lat, _DIGITS)) for lon, lat in value]
    # A double click sets two corners at one place.
    ring = [corner for at, corner in enumerate(corners) if corner != corners[at - 1]]
    return PolygonRegion(((tuple(ring),),))


def _round_km(km: float) -> float:
    """Three digits: where the pointer was, and not more."""
    return float(f"{km:.3g}")


def _are_numbers(value: Any, count: int) -> bool:
    return (
        isinstance(value, list)
        and len(value) == count
        and all(type(number) in (int, float) and abs(number) < 1e6 for number in value)
    )
