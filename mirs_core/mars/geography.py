"""Coordinates on Mars: distances, east and west longitude, formatting, regions, map projections.

Latitudes are planetocentric degrees north, longitudes degrees east in [0, 360), on the sphere of
IAU_2015:49900. West longitude is 360 minus east longitude.
"""

from collections.abc import Callable
from dataclasses import astuple, dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mirs_core.errors import DataError

RADIUS_KM = 3396.19
"""Radius of the reference sphere of IAU_2015:49900."""

MARS = "IAU_2015:49900"
"""Mars (2015), planetocentric latitude, east-positive longitude, on a sphere of 3396.19 km."""
GEOJSON_CRS: dict[str, Any] = {
    "type": "name",
    "properties": {"name": "urn:ogc:def:crs:IAU_2015::49900"},
}
"""The ``crs`` member of the GeoJSON of 2008: without it, GDAL, QGIS and geopandas assume Earth."""

Floats = NDArray[np.float64]


def distance_km(
    latitude: float, longitude: float, latitudes: ArrayLike, longitudes: ArrayLike
) -> Floats:
    """Great-circle distances in km from one location to others; NaN if unknown."""
    here, there = np.radians(latitude), np.radians(np.asarray(latitudes, dtype=float))
    turn = np.radians(np.asarray(longitudes, dtype=float) - longitude)
    flat = np.cos(here) * np.cos(there)
    near = np.sin((there - here) / 2) ** 2 + flat * np.sin(turn / 2) ** 2
    # The distance to the antipode in the same form: 1 - near would lose its digits there.
    far = np.sin((there + here) / 2) ** 2 + flat * np.cos(turn / 2) ** 2
    return np.asarray(2 * RADIUS_KM * np.arctan2(np.sqrt(near), np.sqrt(far)))


def east(longitude: float) -> float:
    """A longitude in degrees east, normalised to [0, 360)."""
    normalised = float(longitude) % 360
    return 0.0 if normalised == 360 else normalised


def west(longitude: float) -> float:
    """The west longitude in [0, 360) of a longitude in degrees east, and vice versa."""
    return east(-longitude)


def written_longitude(longitude: float, digits: int = 0, *, as_west: bool = False) -> str:
    """A longitude as text: ``288° E``, or ``72° W``."""
    # Rounding may reach the full turn, which is 0 again.
    value = round(west(longitude) if as_west else east(longitude), digits) % 360
    return f"{value:.{digits}f}° {'W' if as_west else 'E'}"


def written_latitude(latitude: float, digits: int = 1) -> str:
    """A latitude as text: ``20.5° N``."""
    value = round(latitude, digits)
    return f"{abs(value):.{digits}f}° {'S' if value < 0 else 'N'}"


def written_place(
    latitude: float, longitude: float | None, digits: int = 1, *, as_west: bool = False
) -> str:
    """Coordinates as text: ``20.5° N, 288.0° E``; the latitude alone if longitude is unknown."""
    north = written_latitude(latitude, digits)
    if longitude is None:
        return north
    return f"{north}, {written_longitude(longitude, digits, as_west=as_west)}"


@dataclass(frozen=True, slots=True)
class Region:
    """A box on the sphere, from ``west`` eastwards to ``east``; it may cross the prime meridian.

    Attributes:
        west, east: degrees east in [0, 360]; 0 and 360 together are all longitudes.
        south, north: degrees north.

    Raises:
        DataError: the values are not a region.
    """

    west: float
    south: float
    east: float
    north: float

    def __post_init__(self) -> None:
        turns = all(0 <= value <= 360 for value in (self.west, self.east))
        if not turns or not -90 <= self.south <= self.north <= 90:
            raise DataError(
                f"{self.west} {self.south} {self.east} {self.north} is not a region; use west,"
                " south, east, north with longitudes from 0 to 360 and latitudes from -90 to 90."
            )

    @classmethod
    def between(cls, start: float, south: float, end: float, north: float) -> "Region":
        """The box from one longitude eastwards to another; 360 degrees or more is all longitudes.

        Raises:
            DataError: the latitudes are not a range, or a value is not finite.
        """
        if not np.isfinite([start, south, end, north]).all():
            raise DataError("A region needs four numbers.")
        if end - start >= 360:
            return cls(0.0, south, 360.0, north)
        return cls(east(start), south, east(end), north)

    @property
    def is_whole_turn(self) -> bool:
        """Whether it contains every longitude."""
        return self.east - self.west == 360

    @property
    def crosses(self) -> bool:
        """Whether it crosses the prime meridian."""
        return self.west > self.east

    def contains(self, latitudes: ArrayLike, longitudes: ArrayLike) -> NDArray[np.bool_]:
        """Which locations are inside, edges included; unknown ones are not."""
        north = np.asarray(latitudes, dtype=float)
        # Counted from the western edge, 0 and 360 are one meridian.
        turn = np.mod(np.asarray(longitudes, dtype=float) - self.west, 360)
        span = 360 if self.is_whole_turn else (self.east - self.west) % 360
        return np.asarray((north >= self.south) & (north <= self.north) & (turn <= span))

    def values(self) -> tuple[float, float, float, float]:
        """West, south, east, north."""
        return astuple(self)

    def written(self, *, as_west: bool = False) -> str:
        """The box as text, with as many digits as needed to distinguish its edges."""
        digits = self._digits()
        low, high = (written_latitude(value, digits(value)) for value in (self.south, self.north))
        if self.is_whole_turn:
            return f"{low} to {high}, all longitudes"
        start, end = (
            "360° E"
            if value == 360 and not as_west
            else written_longitude(value, digits(value), as_west=as_west)
            for value in (self.west, self.east)
        )
        return f"{low} to {high}, {start} to {end}"

    def _digits(self) -> Callable[[float], int]:
        sides = [self.north - self.south, (self.east - self.west) % 360]
        smallest = min((side for side in sides if side), default=1.0)
        finest = int(np.clip(1 - np.floor(np.log10(smallest)), 1, 4))
        return lambda value: 0 if float(value).is_integer() else finest


def equirectangular(latitudes: ArrayLike, longitudes: ArrayLike) -> tuple[Floats, Floats]:
    """x and y in km, 0 at the prime meridian and the equator; x increases eastwards from 0."""
    per_degree = RADIUS_KM * np.pi / 180
    x = np.mod(np.asarray(longitudes, dtype=float), 360) * per_degree
    return x, np.asarray(latitudes, dtype=float) * per_degree


def from_equirectangular(x: ArrayLike, y: ArrayLike) -> tuple[Floats, Floats]:
    """Latitudes and longitudes of ``equirectangular``."""
    degrees = 180 / (np.pi * RADIUS_KM)
    return np.asarray(y, dtype=float) * degrees, np.mod(np.asarray(x, dtype=float) * degrees, 360)


def polar(latitudes: ArrayLike, longitudes: ArrayLike, *, north: bool) -> tuple[Floats, Floats]:
    """x and y in km of the polar stereographic projection, true to scale at its pole.

    The prime meridian points down in the north and up in the south, so that east is anticlockwise
    in the north and clockwise in the south, seen from above.
    """
    sign = 1 if north else -1
    away = np.radians(90 - sign * np.asarray(latitudes, dtype=float))
    turn = np.radians(np.asarray(longitudes, dtype=float))
    reach = 2 * RADIUS_KM * np.tan(away / 2)
    return reach * np.sin(turn), -sign * reach * np.cos(turn)


def from_polar(x: ArrayLike, y: ArrayLike, *, north: bool) -> tuple[Floats, Floats]:
    """Latitudes and longitudes of ``polar``."""
    sign = 1 if north else -1
    across, up = np.asarray(x, dtype=float), np.asarray(y, dtype=float)
    away = 2 * np.arctan(np.hypot(across, up) / (2 * RADIUS_KM))
    turn = np.degrees(np.arctan2(across, -sign * up))
    return sign * (90 - np.degrees(away)), np.mod(turn, 360)
