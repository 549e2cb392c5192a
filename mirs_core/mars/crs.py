"""Coordinate reference systems of Mars rasters, and conversion to planetocentric degrees."""

from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mirs_core.errors import DataError

RADIUS = 3_396_190.0
"""Radius of the reference sphere (IAU_2015:49900) in metres."""

_LEAST_RADIUS, _MOST_RADIUS = 3_370_000.0, 3_400_000.0
_MAX_WKT = 100_000
_WARP = "warp it first, e.g.: gdalwarp -t_srs IAU_2015:49910"

Degrees = NDArray[np.float64]


@dataclass(frozen=True)
class MarsCrs:
    """A coordinate system of Mars. Create it with :meth:`of`, which validates it.

    PROJ passes latitudes from an ellipsoid to the sphere unchanged, as if a planetographic latitude
    were a planetocentric one (up to 0.34 degrees or 20 km of difference on Mars). So PROJ
    converts positions to degrees on the system's own ellipsoid, and the planetocentric latitude
    is computed here: tan(centric) = (b / a)^2 tan(graphic), which is exact on the surface. Most
    products are projected from a sphere, where both are the same.
    """

    name: str
    wkt: str
    is_geographic: bool
    metres_per_unit: float
    _flattening: float
    _transformers: tuple[Any, Any] | None = field(repr=False, compare=False, default=None)

    @classmethod
    def of(cls, wkt: str, name: str) -> "MarsCrs":
        """The system described by a WKT text.

        Args:
            name: of the raster, for messages.

        Raises:
            DataError: there is none, it cannot be parsed, or it is not of Mars.
        """
        if not wkt:
            raise DataError(
                f"{name} has no coordinate system, so its tiles would have no coordinates;"
                " use the map-projected product (GeoTIFF or JPEG 2000 with its CRS inside)."
            )
        return _of(wkt[: _MAX_WKT + 1], name)

    def to_degrees(self, x: ArrayLike, y: ArrayLike) -> tuple[Degrees, Degrees]:
        """Longitudes east in [0, 360) and planetocentric latitudes; NaN where undefined."""
        if self._transformers is None:
            longitude, graphic = np.array(x, np.float64), np.array(y, np.float64)
        else:
            degrees = self._transformers[0].transform(
                np.array(x, np.float64), np.array(y, np.float64)
            )
            longitude, graphic = (np.array(axis, np.float64) for axis in degrees)
        off = ~np.isfinite(longitude) | ~np.isfinite(graphic) | (np.abs(graphic) > 90 + 1e-9)
        latitude = _scaled_tangent(np.where(off, 0.0, graphic), self._flattening)
        # The remainder of a tiny negative number rounds to 360.
        east = np.where(off, 0.0, longitude) % 360 % 360
        return np.where(off, np.nan, east), np.where(off, np.nan, latitude)

    def from_degrees(self, longitude: ArrayLike, latitude: ArrayLike) -> tuple[Degrees, Degrees]:
        """Positions, in the system's units, of planetocentric coordinates; not finite if undefined.

        In geographic systems longitudes are returned unchanged.
        """
        east = np.array(longitude, np.float64)
        graphic = _scaled_tangent(np.array(latitude, np.float64), 1 / self._flattening)
        if self._transformers is None:
            return east, graphic
        x, y = self._transformers[1].transform(east, graphic)
        return np.array(x, np.float64), np.array(y, np.float64)


@lru_cache(maxsize=64)
def _of(wkt: str, name: str) -> MarsCrs:
    from pyproj import CRS, Transformer
    from pyproj.exceptions import ProjError

    if len(wkt) > _MAX_WKT:
        raise DataError(f"The coordinate system of {name} is too long.")
    try:
        crs = CRS.from_wkt(wkt)
        ellipsoid = crs.ellipsoid
    except ProjError:
        raise DataError(f"The coordinate system of {name} cannot be parsed; {_WARP}.") from None
    if crs.is_compound:
        crs = crs.sub_crs_list[0]
    kind = crs.type_name
    if (
        ellipsoid is None
        or not (crs.is_projected or "Geo" in kind)
        or kind.startswith("Geocentric")
    ):
        raise DataError(
            f"The coordinate system of {name} ({crs.name}) is not one of Mars; {_WARP}."
        )
    a, b = float(ellipsoid.semi_major_metre), float(ellipsoid.semi_minor_metre)
    _check_body(crs.name, a, b, name)
    if any(axis.direction == "west" for axis in crs.axis_info):
        raise DataError(f"{name} has west longitudes ({crs.name}); {_WARP}.")
    # GeoTIFF cannot store that a geographic latitude is planetocentric; the name still tells.
    centric = kind == "Geodetic CRS" or (not crs.is_projected and "ocentric" in crs.name.lower())
    flattening = 1.0 if centric else (b / a) ** 2
    if not crs.is_projected:
        return MarsCrs(crs.name, wkt, True, np.pi / 180 * a, flattening)
    try:
        plain = CRS.from_proj4(f"+proj=longlat +a={a!r} +b={b!r} +no_defs")
        both = (
            Transformer.from_crs(crs, plain, always_xy=True),
            Transformer.from_crs(plain, crs, always_xy=True),
        )
    except ProjError:
        raise DataError(
            f"The map projection of {name} ({crs.name}) is not supported; {_WARP}."
        ) from None
    factor = float(crs.axis_info[0].unit_conversion_factor) if crs.axis_info else 1.0
    return MarsCrs(crs.name, wkt, False, factor, flattening, both)


def _check_body(crs: str, a: float, b: float, name: str) -> None:
    if _LEAST_RADIUS <= b <= a <= _MOST_RADIUS:
        return
    where = " It is on Earth." if abs(a - 6_378_137) < 50_000 else ""
    raise DataError(
        f"The coordinate system of {name} ({crs}) has radii of {a / 1000:,.2f} and {b / 1000:,.2f}"
        f" km, which is not Mars (3,396.19 and 3,376.20 km).{where} Choose a raster of Mars."
    )


def _scaled_tangent(latitude: Degrees, factor: float) -> Degrees:
    """The latitude whose tangent is ``factor`` times that of ``latitude``; poles are unchanged."""
    if factor == 1.0:
        return latitude
    radians = np.radians(latitude)
    return np.degrees(np.arctan2(factor * np.sin(radians), np.cos(radians)))
