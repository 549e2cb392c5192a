"""Tile footprints on Mars: polygons for GIS programs, and areas in square kilometres.

Longitudes are 0 to 360 degrees east. A footprint across the meridian 0/360 is split in two, and one
around a pole is extended to it: unchanged, either would be drawn as a band around the planet.
"""

import math
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from pyproj import Geod
    from shapely.geometry.base import BaseGeometry

Ring = Sequence[tuple[float, float]]
"""Corners (longitude east, latitude) in degrees, in order around the tile; not closed."""

RADIUS = 3_396_190.0
"""Radius of the reference sphere in metres."""
_TURN = 360.0
_TILE_CORNERS = 4


def polygon(ring: Ring) -> "BaseGeometry":
    """The area inside ``ring``: a Polygon within 0 to 360 degrees, or a MultiPolygon across 0/360.

    No side may span 180 degrees of longitude or more.

    Raises:
        ValueError: fewer than three corners.
    """
    from shapely import Polygon, box, make_valid, union_all
    from shapely.affinity import translate

    corners = _unwrapped(ring)
    west = min(lon for lon, _ in corners) // _TURN * _TURN
    whole = Polygon([(lon - west, lat) for lon, lat in corners])
    if whole.is_valid and whole.bounds[2] <= _TURN:
        return whole
    whole = make_valid(whole)
    halves = [
        translate(whole.intersection(box(turn, -90, turn + _TURN, 90)), xoff=-turn)
        for turn in (0.0, _TURN)
    ]
    # Adjacent parts, as around a pole, are merged: a MultiPolygon of neighbours is not valid.
    return union_all([part for half in halves for part in _areas(half)])


def square_kilometres(ring: Ring) -> float:
    """The area inside ``ring`` on the sphere of Mars; 0 or more.

    The sides of a tile are great circles. Those of rings of more corners are short; they are
    straight in longitude and sine of latitude, since rings that reach round the planet have no
    inside on the sphere.
    """
    if len(ring) > _TILE_CORNERS:
        return float(_flat([ring])[0].area) * math.pi / 180 * RADIUS**2 / 1e6
    area, _ = _sphere().polygon_area_perimeter([lon for lon, _ in ring], [lat for _, lat in ring])
    return abs(float(area)) / 1e6


@lru_cache(maxsize=1)
def _sphere() -> "Geod":
    from pyproj import Geod

    return Geod(a=RADIUS, b=RADIUS)


def seen_once(rings: Iterable[Ring]) -> float:
    """Area of the union of ``rings`` over the sum of their areas; 1 without overlaps."""
    from shapely import area, union_all

    flat = _flat(rings)
    total = float(area(flat).sum())
    return min(1.0, float(union_all(flat).area) / total) if total else 1.0


def _flat(rings: Iterable[Ring]) -> Any:
    """The areas in longitude and sine of latitude, in which they are proportional to true areas."""
    from shapely import transform

    return transform(
        np.array([polygon(ring) for ring in rings], dtype=object),
        lambda at: np.stack([at[:, 0], np.sin(np.radians(at[:, 1]))], axis=1),
    )


def _unwrapped(ring: Ring) -> list[tuple[float, float]]:
    """The corners with continuous longitudes; around a pole, closed along the pole."""
    if len(ring) < 3:
        raise ValueError(f"a ring of {len(ring)} corners has no area")
    lon = ring[0][0]
    corners = [(lon, ring[0][1])]
    for (before, _), (after, lat) in zip(ring, [*ring[1:], ring[0]], strict=True):
        lon += (after - before + 180) % 360 - 180
        corners.append((lon, lat))
    if abs(corners[-1][0] - corners[0][0]) > 180:
        pole = 90.0 if sum(lat for _, lat in ring) > 0 else -90.0
        return [*corners, (corners[-1][0], pole), (corners[0][0], pole)]
    return corners[:-1]


def _areas(shape: "BaseGeometry") -> list["BaseGeometry"]:
    """The polygons of an intersection; points and lines where shapes only touch are dropped."""
    parts = getattr(shape, "geoms", [shape])
    return [part for part in parts if part.geom_type == "Polygon" and not part.is_empty]
