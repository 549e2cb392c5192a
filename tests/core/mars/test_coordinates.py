"""Coordinates of tiles of every map projection and body radius: PROJ's, and formulas by hand.

The formulas are those of Snyder, Map Projections: A Working Manual (USGS 1395, 1987), written out
here without any library.
"""

import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import rasterio
import rasterio.warp
from pyproj import CRS, Transformer
from rasterio import Affine

from mirs_core.datasets.strips import CutSettings, cut_strip
from mirs_core.datasets.tile_table import read_table

A, B = 3_396_190.0, 3_376_200.0
E2 = 1 - (B / A) ** 2
ECCENTRICITY = math.sqrt(E2)

Inverse = Callable[[float, float], tuple[float, float]]
"""Longitude and latitude in degrees, as the projection has it, of x and y."""


def equirectangular(radius: float, parallel: float, meridian: float) -> Inverse:
    def inverse(x: float, y: float) -> tuple[float, float]:
        east = meridian + math.degrees(x / (radius * math.cos(math.radians(parallel))))
        return east, math.degrees(y / radius)

    return inverse


def degrees(x: float, y: float) -> tuple[float, float]:
    return x, y


def sinusoidal(radius: float, meridian: float) -> Inverse:
    def inverse(x: float, y: float) -> tuple[float, float]:
        north = y / radius
        return meridian + math.degrees(x / (radius * math.cos(north))), math.degrees(north)

    return inverse


def mercator(radius: float, meridian: float) -> Inverse:
    def inverse(x: float, y: float) -> tuple[float, float]:
        north = math.pi / 2 - 2 * math.atan(math.exp(-y / radius))
        return meridian + math.degrees(x / radius), math.degrees(north)

    return inverse


def polar(radius: float, meridian: float, sign: int) -> Inverse:
    """Stereographic, true to scale at the pole."""

    def inverse(x: float, y: float) -> tuple[float, float]:
        away = 2 * math.atan(math.hypot(x, y) / (2 * radius))
        return meridian + math.degrees(math.atan2(x, -sign * y)), sign * (90 - math.degrees(away))

    return inverse


def orthographic(radius: float, north: float, meridian: float) -> Inverse:
    def inverse(x: float, y: float) -> tuple[float, float]:
        rho, middle = math.hypot(x, y), math.radians(north)
        c = math.asin(rho / radius)
        latitude = math.asin(
            math.cos(c) * math.sin(middle) + y * math.sin(c) * math.cos(middle) / rho
        )
        east = math.atan2(
            x * math.sin(c),
            rho * math.cos(middle) * math.cos(c) - y * math.sin(middle) * math.sin(c),
        )
        return meridian + math.degrees(east), math.degrees(latitude)

    return inverse


def conformal(radius: float, first: float, second: float, meridian: float) -> Inverse:
    """Lambert's conformal conic with the equator as latitude of origin."""

    def inverse(x: float, y: float) -> tuple[float, float]:
        one, two = math.radians(first), math.radians(second)
        n = math.log(math.cos(one) / math.cos(two)) / math.log(
            math.tan(math.pi / 4 + two / 2) / math.tan(math.pi / 4 + one / 2)
        )
        f = math.cos(one) * math.tan(math.pi / 4 + one / 2) ** n / n
        origin = radius * f
        rho = math.copysign(math.hypot(x, origin - y), n)
        north = 2 * math.atan((radius * f / rho) ** (1 / n)) - math.pi / 2
        return meridian + math.degrees(math.atan2(x, origin - y) / n), math.degrees(north)

    return inverse


def ellipsoid_latitude(t: float) -> float:
    """The latitude of an isometric colatitude, by iteration (Snyder 7-9)."""
    north = math.pi / 2 - 2 * math.atan(t)
    for _ in range(20):
        sine = ECCENTRICITY * math.sin(north)
        north = math.pi / 2 - 2 * math.atan(t * ((1 - sine) / (1 + sine)) ** (ECCENTRICITY / 2))
    return north


def ellipsoid_mercator(meridian: float) -> Inverse:
    def inverse(x: float, y: float) -> tuple[float, float]:
        return meridian + math.degrees(x / A), math.degrees(ellipsoid_latitude(math.exp(-y / A)))

    return inverse


def ellipsoid_polar(meridian: float) -> Inverse:
    """North polar stereographic, true to scale at the pole (Snyder 21-39)."""

    def inverse(x: float, y: float) -> tuple[float, float]:
        e = ECCENTRICITY
        scale = 2 * A / math.sqrt((1 + e) ** (1 + e) * (1 - e) ** (1 - e))
        north = ellipsoid_latitude(math.hypot(x, y) / scale)
        return meridian + math.degrees(math.atan2(x, -y)), math.degrees(north)

    return inverse


def ellipsoid_sinusoidal(meridian: float) -> Inverse:
    """By the length of the meridian, integrated step by step and inverted by bisection."""

    def length(north: float) -> float:
        count = 400
        step = north / count
        middles = ((k + 0.5) * step for k in range(count))
        return sum(A * (1 - E2) / (1 - E2 * math.sin(at) ** 2) ** 1.5 * step for at in middles)

    def inverse(x: float, y: float) -> tuple[float, float]:
        low, high = -math.pi / 2, math.pi / 2
        for _ in range(50):
            half = (low + high) / 2
            low, high = (half, high) if length(half) < y else (low, half)
        parallel = A * math.cos(low) / math.sqrt(1 - E2 * math.sin(low) ** 2)
        return meridian + math.degrees(x / parallel), math.degrees(low)

    return inverse


def local_radius(latitude: float) -> float:
    angle = math.radians(latitude)
    return A * B / math.hypot(B * math.cos(angle), A * math.sin(angle))


SPHERES = {"sphere": A, "polar": B, "local 5": local_radius(5), "local 62.5": local_radius(62.5)}
BODY = "+a=3396190 +b=3376200"
GRAPHIC, CENTRIC = "planetographic", "planetocentric"

CASES: list[tuple[str, Inverse, str | None, tuple[float, float], float]] = [
    case
    for radius in SPHERES.values()
    for case in (
        (f"+proj=eqc +lat_ts=0 +lon_0=0 +R={radius!r}", equirectangular(radius, 0, 0),
         None, (-3e6, 2e6), 50.0),
        (f"+proj=eqc +lat_ts=-62.5 +lon_0=180 +R={radius!r}", equirectangular(radius, -62.5, 180),
         None, (-1e6, -3.7e6), 0.5),
        (f"+proj=longlat +R={radius!r}", degrees, None, (359.9, 45.0), 0.002),
        (f"+proj=sinu +lon_0=137 +R={radius!r}", sinusoidal(radius, 137), None, (5e5, -2e6), 6.0),
        (f"+proj=merc +lon_0=-20 +R={radius!r}", mercator(radius, -20), None, (-4e5, 3e6), 6.0),
        (f"+proj=stere +lat_0=90 +lon_0=0 +R={radius!r}", polar(radius, 0, 1),
         None, (-1_000.0, 900.0), 6.0),
        (f"+proj=stere +lat_0=-90 +lon_0=30 +R={radius!r}", polar(radius, 30, -1),
         None, (3e5, -4e5), 25.0),
        (f"+proj=ortho +lat_0=20 +lon_0=77 +R={radius!r}", orthographic(radius, 20, 77),
         None, (-2e6, 1.5e6), 20.0),
        (f"+proj=lcc +lat_1=20 +lat_2=50 +lat_0=0 +lon_0=300 +R={radius!r}",
         conformal(radius, 20, 50, 300), None, (1e5, 2e6), 20.0),
    )
] + [
    case
    for latitude in (GRAPHIC, CENTRIC)
    for case in (
        (f"+proj=eqc +lat_ts=30 +lon_0=10 {BODY}", equirectangular(A, 30, 10),
         latitude, (-3e5, 2e6), 12.0),
        (f"+proj=longlat {BODY}", degrees, latitude, (-0.1, -45.0), 0.002),
        (f"+proj=merc +lon_0=0 {BODY}", ellipsoid_mercator(0), latitude, (-4e5, -3e6), 6.0),
        (f"+proj=stere +lat_0=90 +lon_0=0 {BODY}", ellipsoid_polar(0), latitude, (4e5, 9e5), 25.0),
        (f"+proj=sinu +lon_0=70 {BODY}", ellipsoid_sinusoidal(70), latitude, (1e5, 2.6e6), 6.0),
    )
]  # fmt: skip


def apart(one: tuple[float, float], other: tuple[float, float]) -> float:
    """Metres between two places (longitude, latitude) on the sphere."""
    east, north = np.radians([one[0], other[0]]), np.radians([one[1], other[1]])
    places = np.stack([np.cos(north) * np.cos(east), np.cos(north) * np.sin(east), np.sin(north)])
    return float(np.linalg.norm(places[:, 0] - places[:, 1])) * A


def centric(place: tuple[float, float], latitude: str | None) -> tuple[float, float]:
    east, north = place
    if latitude != GRAPHIC:
        return east, north
    angle = math.radians(north)
    return east, math.degrees(math.atan2(B**2 * math.sin(angle), A**2 * math.cos(angle)))


@pytest.mark.parametrize(
    ("system", "inverse", "latitude", "corner", "size"),
    CASES,
    ids=[" ".join([case[0], case[2] or ""]) for case in CASES],
)
def test_a_hundred_tiles_agree_with_gdal_with_proj_and_with_a_formula(
    system: str, inverse: Inverse, latitude: str | None, corner: tuple[float, float], size: float,
    tmp_path: Path,
) -> None:  # fmt: skip
    crs = CRS.from_proj4(f"{system} +no_defs").to_wkt()
    path = tmp_path / "a.tif"
    values = np.random.default_rng(0).integers(1, 255, (1, 160, 160)).astype(np.uint8)
    with rasterio.open(
        path, "w", driver="GTiff", width=160, height=160, count=1, dtype="uint8", crs=crs,
        transform=Affine(size, 0, corner[0], 0, -size, corner[1]),
    ) as out:  # fmt: skip
        out.write(values)
    cut_strip(path, tmp_path / "out", CutSettings(size=16, latitude=latitude))
    records = list(read_table(tmp_path / "out").values())
    assert len(records) == 100
    own = CRS.from_wkt(crs).geodetic_crs
    proj = Transformer.from_crs(crs, own, always_xy=True)
    for record in records:
        column, row = (int(word[1:]) for word in Path(record.path).stem.split("_")[-2:])
        x, y = corner[0] + size * (column + 8), corner[1] - size * (row + 8)
        assert record.longitude is not None and record.latitude is not None
        here = record.longitude, record.latitude
        assert 0 <= here[0] < 360
        assert apart(here, centric(inverse(x, y), latitude)) < 1
        assert apart(here, centric(proj.transform(x, y), latitude)) < 1
        (east,), (north,) = rasterio.warp.transform(crs, own.to_wkt(), [x], [y])
        assert apart(here, centric((east, north), latitude)) < 1
