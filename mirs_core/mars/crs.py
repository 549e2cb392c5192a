"""Coordinate reference systems of Mars rasters, and conversion to planetocentric degrees."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mirs_core.errors import DataError
from mirs_core.mars.crs_labels import (
    CENTRIC,
    ELLIPSOID_SYSTEM,
    GRAPHIC,
    RADIUS,
    SPHERE_SYSTEM,
    Linear,
    assumed_latitude,
    check_west,
    linear,
    on_sphere,
    with_true_parallel,
)
from mirs_core.mars.crs_parsing import MAX_WKT, parsed, radii

__all__ = ["CENTRIC", "GRAPHIC", "RADIUS", "Degrees", "MarsCrs"]

_BISECTIONS = 50
# Metres.
_SAME_PLACE = 0.1

Degrees = NDArray[np.float64]


@dataclass(frozen=True)
class MarsCrs:
    """A coordinate system of Mars. Create it with :meth:`of`, which validates it.

    PROJ passes latitudes from an ellipsoid to the sphere unchanged, as if a planetographic latitude
    were a planetocentric one (up to 0.34 degrees or 20 km of difference on Mars). So PROJ
    converts positions to degrees on the system's own ellipsoid, and the planetocentric latitude
    is computed here: tan(centric) = (b / a)^2 tan(graphic), which is exact on the surface. Most
    products are projected from a sphere, where both are the same.

    Attributes:
        name: of the system.
        wkt: its text, corrected if its label was known to be wrong.
        is_geographic: whether positions are degrees.
        metres_per_unit: of positions, where the projection is true to scale.
        note: what was corrected, a sentence; empty if nothing was.
        warp_target: the system that ``gdalwarp -t_srs`` can warp rasters of this one to, without
            moving them.
        radii: equatorial and polar, in metres.
        latitude: what its latitudes are taken as on an ellipsoid, ``GRAPHIC`` or ``CENTRIC``; empty
            on a sphere, where both are the same.
        linear: degrees as a linear function of positions; None in other projections than the
            equirectangular.
    """

    name: str
    wkt: str
    is_geographic: bool
    metres_per_unit: float
    _flattening: float
    _transformers: tuple[Any, Any] | None = field(repr=False, compare=False, default=None)
    note: str = ""
    warp_target: str = SPHERE_SYSTEM
    radii: tuple[float, float] = (RADIUS, RADIUS)
    latitude: str = ""
    linear: Linear | None = None

    @classmethod
    def of(cls, wkt: str, name: str, latitude: str | None = None) -> "MarsCrs":
        """The system described by a WKT text.

        Args:
            name: of the raster, for messages.
            latitude: ``GRAPHIC`` or ``CENTRIC``, what its latitudes are on an ellipsoid; None for
                what its name tells, which is usually planetographic. Ignored on a sphere.

        Raises:
            DataError: there is none, it cannot be parsed, or it is not of Mars.
        """
        if not wkt:
            raise DataError(
                f"{name} has no coordinate system, so its tiles would have no coordinates;"
                " use the map-projected product (GeoTIFF or JPEG 2000 with its CRS inside)."
            )
        return _of(wkt[: MAX_WKT + 1], name, latitude or None)

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
        graphic = np.clip(graphic, -90.0, 90.0)
        latitude = _scaled_tangent(np.where(off, 0.0, graphic), self._flattening)
        # The remainder of a tiny negative number rounds to 360.
        east = np.where(off, 0.0, longitude) % 360 % 360
        return np.where(off, np.nan, east), np.where(off, np.nan, latitude)

    def to_clamped_degrees(
        self, x: ArrayLike, y: ArrayLike, middle: tuple[ArrayLike, ArrayLike]
    ) -> tuple[Degrees, Degrees]:
        """Degrees as by :meth:`to_degrees`; positions beyond a pole or a full turn are moved to it.

        Global rasters reach half a pixel beyond the poles and the meridian at which they end. Other
        positions outside the map projection are moved towards ``middle``, up to its edge.

        Args:
            middle: x and y of positions inside the map projection, which broadcast to ``x``.
        """
        shape = np.shape(x)
        middle_x, middle_y = (
            np.broadcast_to(np.asarray(axis, np.float64), shape) for axis in middle
        )
        width, south, north = self.extent()
        xs: Degrees = np.clip(np.array(x, np.float64), middle_x - width / 2, middle_x + width / 2)
        ys: Degrees = np.clip(np.array(y, np.float64), south, north)
        longitude, latitude = self.to_degrees(xs, ys)
        off = ~self._is_inside(xs, ys, is_cylindrical=math.isfinite(width))
        if off.any():
            start_x, start_y = middle_x[off], middle_y[off]
            way_x, way_y = xs[off] - start_x, ys[off] - start_y
            share = _largest_share(
                lambda part: self._is_inside(
                    start_x + part * way_x, start_y + part * way_y, math.isfinite(width)
                ),
                len(way_x),
            )
            longitude[off], latitude[off] = self.to_degrees(
                start_x + share * way_x, start_y + share * way_y
            )
        return longitude, latitude

    def _is_inside(self, x: Degrees, y: Degrees, is_cylindrical: bool) -> NDArray[np.bool_]:
        """Whether positions are in the map: others have no degrees, or those of another one."""
        longitude, latitude = self.to_degrees(x, y)
        is_place: NDArray[np.bool_] = np.isfinite(latitude)
        if is_cylindrical:
            return is_place
        back_x, back_y = self.from_degrees(longitude, np.where(is_place, latitude, 0.0))
        apart = np.hypot(back_x - x, back_y - y) * self.metres_per_unit
        inside: NDArray[np.bool_] = is_place & (apart < _SAME_PLACE)
        return inside

    def extent(self) -> tuple[float, float, float]:
        """Width of a full turn, and y of both poles: infinite if not a cylindrical projection."""
        if self._transformers is None:
            return 360.0, -90.0, 90.0
        east = np.array([0.0, 1.0, 0.0, 1.0, 0.0, 0.0])
        x, y = self._transformers[1].transform(east, np.array([0.0, 0.0, 60.0, 60.0, -90.0, 90.0]))
        turn = 360 * abs(x[1] - x[0])
        if not (np.isfinite(x[:4]).all() and np.allclose([x[0], x[1]], [x[2], x[3]], atol=1e-3)):
            return math.inf, -math.inf, math.inf
        south, north = float(y[4]), float(y[5])
        if not (np.isfinite([south, north]).all() and south < north):
            south, north = -math.inf, math.inf
        return float(turn), south, north

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
def _of(wkt: str, name: str, latitude: str | None) -> MarsCrs:
    crs = parsed(wkt, name)
    a, b = radii(crs)
    check_west(crs, name)
    crs, note = with_true_parallel(crs, a, b, name)
    kind = "" if a == b else latitude or assumed_latitude(crs)
    return MarsCrs(
        name=crs.name,
        wkt=crs.to_wkt() if note else wkt,
        is_geographic=not crs.is_projected,
        metres_per_unit=_metres(crs, a),
        _flattening=(b / a) ** 2 if kind == GRAPHIC else 1.0,
        _transformers=_transformers(crs, (a, b), name) if crs.is_projected else None,
        note=note,
        warp_target=SPHERE_SYSTEM if a == b else ELLIPSOID_SYSTEM,
        radii=(a, b),
        latitude=kind,
        linear=linear(crs, a),
    )


def _metres(crs: Any, a: float) -> float:
    if not crs.is_projected:
        return float(np.pi / 180 * a)
    return float(crs.axis_info[0].unit_conversion_factor) if crs.axis_info else 1.0


def _transformers(crs: Any, body: tuple[float, float], name: str) -> tuple[Any, Any]:
    """From positions to degrees on the system's own ellipsoid, and back."""
    from pyproj import CRS, Transformer
    from pyproj.exceptions import ProjError

    crs, (a, b) = on_sphere(crs, body)
    try:
        plain = CRS.from_proj4(f"+proj=longlat +a={a!r} +b={b!r} +no_defs")
        return (
            Transformer.from_crs(crs, plain, always_xy=True),
            Transformer.from_crs(plain, crs, always_xy=True),
        )
    except ProjError:
        raise DataError(
            f"The map projection of {name} ({crs.name}) is not supported; warp it first, e.g.:"
            f" gdalwarp -t_srs {SPHERE_SYSTEM if a == b else ELLIPSOID_SYSTEM}."
        ) from None


def _largest_share(is_inside: Callable[[Degrees], NDArray[np.bool_]], count: int) -> Degrees:
    """For each of ``count`` ways out, the share of it that is inside, by bisection."""
    inside, outside = np.zeros(count), np.ones(count)
    for _ in range(_BISECTIONS):
        half = (inside + outside) / 2
        is_in = is_inside(half)
        inside, outside = np.where(is_in, half, inside), np.where(is_in, outside, half)
    return inside


def _scaled_tangent(latitude: Degrees, factor: float) -> Degrees:
    """The latitude whose tangent is ``factor`` times that of ``latitude``; poles are unchanged."""
    if factor == 1.0:
        return latitude
    radians = np.radians(latitude)
    return np.degrees(np.arctan2(factor * np.sin(radians), np.cos(radians)))
