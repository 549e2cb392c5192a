"""Regions from GeoJSON files, as JMARS and QGIS write them, and to such files."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mirs_core.errors import DataError
from mirs_core.mars.geography import GEOJSON_CRS, Region
from mirs_core.mars.polygons import MOST_CORNERS, Ring
from mirs_core.mars.regions import AnyRegion, CircleRegion, PolygonRegion, polygons_of

MOST_BYTES = 20_000_000
# Degrees on Mars; and those of the Earth, which programs write where they know no other system.
_DEGREES = re.compile(r"(CRS84|EPSG:+[\d.]*:?4326|IAU(_?20(00|15))?:+(20(00|15):)?49900)$", re.I)
_LINES = ("Point", "MultiPoint", "LineString", "MultiLineString")


def read_region(path: Path) -> PolygonRegion:
    """The polygons of a GeoJSON file; see :func:`region_of_geojson`.

    Raises:
        DataError: there is no such file, it cannot be read, is too large, or holds no polygons.
    """
    try:
        if not path.is_file():
            raise DataError(f"{path} is not a file; give a GeoJSON file with polygons.")
        if path.stat().st_size > MOST_BYTES:
            raise DataError(f"{path} is larger than {MOST_BYTES / 1e6:g} MB; simplify the region.")
        data = path.read_bytes()
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}.") from None
    return region_of_geojson(data, str(path))


def chosen_region(
    file: Path | None = None,
    circle: tuple[float, float, float] | None = None,
    box: tuple[float, float, float, float] | None = None,
) -> AnyRegion | None:
    """The region that one of several options gives; None for the whole planet.

    Args:
        file: GeoJSON.
        circle: latitude and longitude of the centre, kilometres.
        box: west, south, east, north; from west eastwards to east.

    Raises:
        DataError: it is none, or the file cannot be used.
    """
    if file is not None:
        return read_region(file)
    if circle is not None:
        return CircleRegion(*circle)
    if box is not None:
        west, south, east, north = box
        # 350 to 10 crosses the meridian 0, as -10 to 10 does.
        return Region.between(west, south, east if east >= west else east + 360, north)
    return None


def region_of_geojson(data: bytes, name: str = "The region") -> PolygonRegion:
    """The polygons of GeoJSON text, together; points and lines are passed over with a note.

    It may be a FeatureCollection, a Feature, a GeometryCollection, a Polygon or a MultiPolygon.
    Coordinates are planetocentric degrees, longitudes east, from 0 to 360 or from -180 to 180.

    Args:
        name: of the file, for messages.

    Raises:
        DataError: not GeoJSON, no polygons, coordinates of another kind, or no valid polygons.
    """
    if len(data) > MOST_BYTES:
        raise DataError(f"{name} is larger than {MOST_BYTES / 1e6:g} MB; simplify the region.")
    try:
        document = json.loads(data, parse_constant=_refuse)
    except (ValueError, RecursionError):
        raise DataError(f"{name} is not GeoJSON: it cannot be read as JSON.") from None
    if not isinstance(document, dict):
        raise DataError(f"{name} is not GeoJSON: it holds no object with a type.")
    try:
        _check_crs(document.get("crs"))
        polygons: list[tuple[Ring, ...]] = []
        passed_over = 0
        for geometry in _geometries(document):
            if geometry.get("type") in _LINES:
                passed_over += 1
            else:
                polygons += _polygons(geometry)
        if not polygons:
            raise DataError("there is no polygon in it.")
        return PolygonRegion(tuple(polygons), read_notes=_notes(passed_over))
    except DataError as error:
        raise DataError(f"{name}: {error}") from None
    except RecursionError:
        raise DataError(f"{name}: collections are nested too deeply.") from None


def _notes(passed_over: int) -> tuple[str, ...]:
    if not passed_over:
        return ()
    things = "point or line was" if passed_over == 1 else "points or lines were"
    return (f"{passed_over:,} {things} passed over.",)


def _refuse(constant: str) -> None:
    raise ValueError(constant)


def _check_crs(crs: Any) -> None:
    if crs is None:
        return
    properties = crs.get("properties") if isinstance(crs, dict) else None
    name = properties.get("name") if isinstance(properties, dict) else None
    if not isinstance(name, str) or not _DEGREES.search(name):
        raise DataError(
            f"its coordinate system is {str(name)[:80]!r}; save it in planetocentric degrees on the"
            " sphere of Mars (IAU_2015:49900)."
        )


def _geometries(node: Any) -> Iterator[dict[str, Any]]:
    """The geometries in a document, depth first; features without one are left out."""
    kind = node.get("type") if isinstance(node, dict) else None
    inner = {"FeatureCollection": "features", "GeometryCollection": "geometries"}
    if kind in inner:
        members = node.get(inner[kind])
        if not isinstance(members, list):
            raise DataError(f"a {kind} has no list of {inner[kind]}.")
        for member in members:
            yield from _geometries(member)
    elif kind == "Feature":
        if node.get("geometry") is not None:
            yield from _geometries(node["geometry"])
    elif kind in (*_LINES, "Polygon", "MultiPolygon"):
        yield node
    else:
        raise DataError(f"{str(kind)[:40]!r} is not a type of GeoJSON.")


def _polygons(geometry: dict[str, Any]) -> Iterator[tuple[Ring, ...]]:
    coordinates = geometry.get("coordinates")
    parts = [coordinates] if geometry["type"] == "Polygon" else coordinates
    count = 0
    for part in _list(parts):
        if not _list(part):
            # An empty polygon is valid GeoJSON.
            continue
        rings = []
        for ring in part:
            count += len(_list(ring))
            if count > MOST_CORNERS:
                raise DataError(f"it has more than {MOST_CORNERS:,} corners; simplify it.")
            rings.append(tuple(_corner(position) for position in ring))
        yield tuple(rings)


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise DataError("the coordinates of a polygon are not lists of positions.")
    return value


def _corner(position: Any) -> tuple[float, float]:
    """Longitude and latitude; a height is ignored."""
    numbers = _list(position)[:2]
    if len(numbers) < 2 or not all(type(number) in (int, float) for number in numbers):
        raise DataError("a position is not a longitude and a latitude.")
    try:
        return float(numbers[0]), float(numbers[1])
    except OverflowError:
        raise DataError("a coordinate is far too large for degrees.") from None


def geojson_of(region: AnyRegion) -> dict[str, Any]:
    """The region as a GeoJSON FeatureCollection of one feature, in degrees east from 0 to 360.

    Polygons across the meridian 0/360 are cut there; circles have 360 corners, and their centre and
    radius among the properties.

    Raises:
        DataError: a box without area.
    """
    properties: dict[str, Any] = {"region": region.written()}
    if isinstance(region, CircleRegion):
        properties |= {
            "latitude": region.latitude,
            "longitude": region.longitude,
            "radius_km": region.km,
        }
    feature = {"type": "Feature", "properties": properties, "geometry": geometry_of(region)}
    return {"type": "FeatureCollection", "crs": GEOJSON_CRS, "features": [feature]}


def geometry_of(region: AnyRegion) -> dict[str, Any]:
    """The GeoJSON geometry of a region: a Polygon or MultiPolygon, outer rings anticlockwise."""
    from shapely import segmentize, to_geojson
    from shapely.geometry.polygon import orient

    # Sides of more than half a turn would be read as the short way round.
    shape = segmentize(polygons_of(region).shape, 180)
    parts = [orient(part) for part in getattr(shape, "geoms", [shape])]
    plain = [json.loads(to_geojson(part))["coordinates"] for part in parts]
    if len(plain) == 1:
        return {"type": "Polygon", "coordinates": plain[0]}
    return {"type": "MultiPolygon", "coordinates": plain}


def geojson_bytes(region: AnyRegion) -> bytes:
    """The file of :func:`geojson_of`."""
    return (json.dumps(geojson_of(region), ensure_ascii=False) + "\n").encode()
