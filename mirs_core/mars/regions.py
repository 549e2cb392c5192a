"""Regions of Mars that are not boxes: circles on the sphere and polygons; see also ``Region``.

Sides of polygons are straight in longitude and latitude, as GeoJSON has it and as JMARS and QGIS
draw them on an equirectangular map: a side between two points of one latitude follows the parallel,
not the great circle.
"""

import math
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mirs_core.errors import DataError
from mirs_core.mars.geography import RADIUS_KM, Region, east, written_place
from mirs_core.mars.polygons import Ring, cut, longitudes, square_kilometres, unwrapped

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

MOST_KM = math.pi * RADIUS_KM
"""The radius of the circle that is the whole planet."""
_CORNERS = 360
# Degrees: 6 cm, where longitudes mean nothing any more.
_AT_POLE = 1e-6


@dataclass(frozen=True, slots=True)
class CircleRegion:
    """All places at most ``km`` from a centre, along great circles.

    Attributes:
        latitude, longitude: of the centre, degrees north and degrees east in [0, 360).
        km: the radius on the ground, up to half the circumference of Mars (10,669 km).

    Raises:
        DataError: the values are not a circle.
    """

    latitude: float
    longitude: float
    km: float

    def __post_init__(self) -> None:
        is_place = -90 <= self.latitude <= 90 and -360 <= self.longitude <= 360
        if not is_place or not 0 < self.km <= MOST_KM:
            raise DataError(
                f"{self.latitude} {self.longitude} {self.km} is not a circle; use the latitude"
                " (-90 to 90) and the longitude of its centre, and a radius of more than 0 and at"
                f" most {MOST_KM:,.0f} km."
            )
        object.__setattr__(self, "longitude", east(self.longitude))

    @property
    def km2(self) -> float:
        """Its area in square kilometres."""
        return 4 * math.pi * RADIUS_KM**2 * math.sin(self.km / RADIUS_KM / 2) ** 2

    def contains(self, latitudes: ArrayLike, longitudes: ArrayLike) -> NDArray[np.bool_]:
        """Which locations are inside, the rim included; unknown ones are not."""
        places = np.asarray(latitudes, dtype=float), np.asarray(longitudes, dtype=float)
        north, turn = np.broadcast_arrays(*np.atleast_1d(*places))
        reach = math.degrees(self.km / RADIUS_KM)
        inside = np.abs(north - self.latitude) <= reach + 1e-9
        there, away = np.radians(north[inside]), np.radians(turn[inside] - self.longitude)
        here = math.radians(self.latitude)
        near = np.sin((there - here) / 2) ** 2
        near += math.cos(here) * np.cos(there) * np.sin(away / 2) ** 2
        # The smallest rounding error must not drop the rim.
        inside[inside] = near <= math.sin(self.km / RADIUS_KM / 2) ** 2 * (1 + 1e-12) + 1e-24
        return inside.reshape(np.broadcast(*places).shape)

    def written(self, *, as_west: bool = False) -> str:
        """The circle as text: ``circle of 50 km around 18.4° N, 77.7° E``."""
        digits = int(np.clip(round(2 - math.log10(self.km / 60)), 1, 4))
        place = written_place(self.latitude, self.longitude, digits, as_west=as_west)
        return f"circle of {self.km:,.6g} km around {place}"

    def outline(self) -> "PolygonRegion":
        """A polygon of 360 corners on the rim, for programs that know no circles."""
        reach, sign = math.degrees(self.km / RADIUS_KM), 1 if self.latitude >= 0 else -1
        if reach > 90 + abs(self.latitude):
            # Around both poles: the planet without the circle around the antipode.
            rest = MOST_KM - self.km
            if rest < 1e-3:
                return PolygonRegion(((_WHOLE,),))
            hole = CircleRegion(-self.latitude, east(self.longitude + 180), rest).rim()
            return PolygonRegion(((_WHOLE, hole),))
        pole = 90.0 * sign if reach > 90 - abs(self.latitude) else None
        return PolygonRegion(((self.rim(),),), pole=pole)

    def rim(self) -> Ring:
        """Places (longitude, latitude) on the rim, anticlockwise; not closed."""
        turn = np.radians(np.arange(_CORNERS) * -360 / _CORNERS)
        if 90 - abs(self.latitude) < _AT_POLE:
            lat = np.sign(self.latitude) * (90 - math.degrees(self.km / RADIUS_KM))
            return tuple((lon, float(lat)) for lon in np.arange(0.0, 360.0, 360 / _CORNERS))
        here, reach = math.radians(self.latitude), self.km / RADIUS_KM
        sine = math.sin(here) * math.cos(reach) + math.cos(here) * math.sin(reach) * np.cos(turn)
        across = np.sin(turn) * math.sin(reach) * math.cos(here)
        along = math.cos(reach) - math.sin(here) * sine
        lon = np.mod(self.longitude + np.degrees(np.arctan2(across, along)), 360)
        lat = np.degrees(np.arcsin(np.clip(sine, -1, 1)))
        return tuple(zip(lon.tolist(), lat.tolist(), strict=True))


_WHOLE: Ring = ((0.0, -90.0), (360.0, -90.0), (360.0, 90.0), (0.0, 90.0))


class _Area(NamedTuple):
    shape: "BaseGeometry"
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PolygonRegion:
    """One or more polygons, each a ring of corners followed by those of its holes.

    A corner is (longitude, latitude) in degrees, longitudes from -360 to 720, so that -180 to 180
    and 0 to 360 both serve. A side of more than 180 degrees of longitude is taken the short way,
    across the meridian where longitudes start again, and ``notes`` says so; one of 360 degrees is a
    whole turn. A ring that goes once round the planet contains the pole on its side of the equator.

    Attributes:
        polygons: rings of corners; they may be closed or not.
        pole: latitude, 90 or -90, of the pole that a ring round the planet contains; None for the
            one on its side of the equator.
        read_notes: what was passed over when the polygons were read from a file.

    Raises:
        DataError: the corners are no polygons: too few, out of range, sides that cross.
    """

    polygons: tuple[tuple[Ring, ...], ...]
    pole: float | None = None
    read_notes: tuple[str, ...] = field(default=(), compare=False)

    def __post_init__(self) -> None:
        _area(self)

    @property
    def shape(self) -> "BaseGeometry":
        """The area as a shapely Polygon or MultiPolygon, cut at the meridian 0/360."""
        return _area(self).shape

    @property
    def rings(self) -> tuple[Ring, ...]:
        """All rings, with continuous longitudes and closed along a pole inside: for drawing."""
        rings = [ring for polygon in self.polygons for ring in polygon]
        return tuple(tuple(unwrapped(ring, self.pole).corners) for ring in rings)

    @property
    def notes(self) -> tuple[str, ...]:
        """What has to be told about how the corners were read, in sentences."""
        return (*self.read_notes, *_area(self).notes)

    @property
    def bounds(self) -> Region:
        """The smallest box around all polygons."""
        _, south, _, north = self.shape.bounds
        start, end = longitudes(self.shape)
        return Region.between(start, south, end, north)

    @property
    def km2(self) -> float:
        """Its area in square kilometres."""
        return square_kilometres(self.shape)

    def contains(self, latitudes: ArrayLike, longitudes: ArrayLike) -> NDArray[np.bool_]:
        """Which locations are inside, edges included; unknown ones are not."""
        from shapely import intersects_xy

        north = np.asarray(latitudes, dtype=float)
        turn = np.mod(np.asarray(longitudes, dtype=float), 360)
        inside = np.asarray(intersects_xy(self.shape, turn, north))
        seam = turn == 0
        if seam.any():
            inside = inside | (seam & np.asarray(intersects_xy(self.shape, 360.0, north)))
        return inside

    def written(self, *, as_west: bool = False) -> str:
        """The polygons as text: how many, and the box around them."""
        count = len(self.polygons)
        title = "polygon" if count == 1 else f"{count:,} polygons"
        return f"{title} within {self.bounds.written(as_west=as_west)}"


AnyRegion = Region | CircleRegion | PolygonRegion
"""A box, a circle or polygons: each has ``contains`` and ``written``."""


@lru_cache(maxsize=16)
def _area(region: PolygonRegion) -> _Area:
    from shapely import prepare

    shape, notes = cut(region.polygons, region.pole)
    prepare(shape)
    return _Area(shape, notes)


def polygons_of(region: AnyRegion) -> PolygonRegion:
    """A region as polygons; circles as polygons of 360 corners."""
    if isinstance(region, PolygonRegion):
        return region
    if isinstance(region, CircleRegion):
        return region.outline()
    start, south, end, north = region.values()
    end += 360 if region.crosses else 0
    if min(end - start, north - south) <= 0:
        raise DataError(f"The region {region.written()} has no area, so it is no polygon.")
    ring = ((start, south), (end, south), (end, north), (start, north))
    if end - start <= 180 or region.is_whole_turn:
        return PolygonRegion(((ring,),))
    # Further corners, since no side may be longer than half a turn.
    middle = (start + end) / 2
    return PolygonRegion((((*ring[:1], (middle, south), *ring[1:3], (middle, north), ring[3]),),))


def plain(region: AnyRegion) -> dict[str, Any]:
    """The region as JSON, for provenance: its kind, and its numbers."""
    if isinstance(region, CircleRegion):
        return {"circle": [region.latitude, region.longitude, region.km]}
    if isinstance(region, Region):
        return {"box": list(region.values())}
    return {"polygons": [[list(map(list, ring)) for ring in rings] for rings in region.polygons]}
