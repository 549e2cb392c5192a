"""Distances, longitudes, boxes and projections, against slow twins and pyproj."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyproj import Geod, Transformer

from mirs_core.errors import DataError
from mirs_core.mars.geography import (
    RADIUS_KM,
    Region,
    distance_km,
    east,
    equirectangular,
    from_equirectangular,
    from_polar,
    polar,
    west,
    written_longitude,
    written_place,
)

LATITUDES = st.floats(-90, 90)
LONGITUDES = st.floats(0, 360, exclude_max=True)
PLACES = st.tuples(LATITUDES, LONGITUDES)


def slow_distance(one: tuple[float, float], other: tuple[float, float]) -> float:
    """By the angle between two vectors, in the form that is exact at all angles."""

    def vector(place: tuple[float, float]) -> tuple[float, float, float]:
        north, turn = (math.radians(value) for value in place)
        return (
            math.cos(north) * math.cos(turn),
            math.cos(north) * math.sin(turn),
            math.sin(north),
        )

    a, b = vector(one), vector(other)
    cross = (
        a[1] * b[2] - a[2] * b[1],
        a[2] * b[0] - a[0] * b[2],
        a[0] * b[1] - a[1] * b[0],
    )
    dot = sum(x * y for x, y in zip(a, b, strict=True))
    return RADIUS_KM * math.atan2(math.hypot(*cross), dot)


@given(PLACES, PLACES)
def test_distance_agrees_with_its_slow_twin(
    one: tuple[float, float], other: tuple[float, float]
) -> None:
    found = float(distance_km(*one, *other))
    assert found == pytest.approx(slow_distance(one, other), rel=1e-9, abs=1e-4)
    assert found == pytest.approx(float(distance_km(*other, *one)), abs=1e-6)


def test_distance_agrees_with_pyproj_and_is_sharp_at_antipodes() -> None:
    rng = np.random.default_rng(4)
    latitudes, longitudes = rng.uniform(-90, 90, 50), rng.uniform(0, 360, 50)
    geod = Geod(a=RADIUS_KM * 1000, f=0)
    _, _, away = geod.inv([72.0] * 50, [20.5] * 50, longitudes, latitudes)
    assert np.allclose(distance_km(20.5, 72.0, latitudes, longitudes), np.array(away) / 1000)
    half = math.pi * RADIUS_KM
    assert float(distance_km(0, 0, 0, 180)) == pytest.approx(half, abs=1e-6)
    short = math.radians(1e-5) * RADIUS_KM
    assert float(distance_km(30, 10, -30 + 1e-5, 190)) == pytest.approx(half - short, abs=1e-6)
    assert np.isnan(distance_km(0, 0, [np.nan, 1.0], [3.0, np.nan])).all()


@given(LONGITUDES)
def test_west_of_west_is_east(longitude: float) -> None:
    assert 0 <= west(longitude) < 360
    assert math.isclose(west(west(longitude)), longitude, abs_tol=1e-9)


def test_places_are_written_both_ways() -> None:
    assert written_place(20.5, 288) == "20.5° N, 288.0° E"
    assert written_place(-4.61, 137.44, 2, as_west=True) == "4.61° S, 222.56° W"
    assert written_place(0.0, None) == "0.0° N"
    assert written_longitude(288, as_west=True) == "72° W"
    # What rounds to the full turn is 0.
    assert [written_longitude(one) for one in (359.7, -0.2, 720.0)] == ["0° E"] * 3
    assert written_longitude(0.3, as_west=True) == "0° W"
    assert east(-72) == 288 and east(-1e-18) == 0


def slowly_inside(region: Region, latitude: float, longitude: float) -> bool:
    """By walking: from the western edge eastwards, is the place met before the eastern edge?"""
    width = 360 if (region.west, region.east) == (0, 360) else (region.east - region.west) % 360
    return region.south <= latitude <= region.north and (longitude - region.west) % 360 <= width


WHOLE = st.integers(0, 359).map(float)


@given(WHOLE, WHOLE, st.tuples(LATITUDES, LATITUDES).map(sorted), LATITUDES, WHOLE)
def test_a_region_agrees_with_its_slow_twin(
    start: float, end: float, band: list[float], latitude: float, longitude: float
) -> None:
    region = Region(start, band[0], end, band[1])
    inside = slowly_inside(region, latitude, longitude)
    assert bool(region.contains(latitude, longitude)) is inside
    assert bool(region.contains(latitude, longitude - 360)) is inside


def test_regions_cross_the_meridian_of_0_and_may_be_whole() -> None:
    region = Region.between(300, -10, 380, 35)
    assert region.values() == (300, -10, 20, 35) and region.crosses
    assert region.contains([0, 0, 36, 0], [310, 10, 0, 100]).tolist() == [True, True, False, False]
    assert not region.contains([0.0], [np.nan])[0]
    whole = Region.between(-200, -90, 170, 90)
    assert whole.values() == (0, -90, 360, 90)
    assert whole.contains([0, 90], [0, 359.9]).all()
    assert region.written() == "10° S to 35° N, 300° E to 20° E"
    assert region.written(as_west=True) == "10° S to 35° N, 60° W to 340° W"
    small = Region(77.0332, 18.3646, 77.1353, 18.4328)
    assert small.written() == "18.365° N to 18.433° N, 77.033° E to 77.135° E"
    assert Region(5, 1.5, 5, 1.5).written() == "1.5° N to 1.5° N, 5° E to 5° E"
    ends_at_0 = Region(270, -5, 360, 5)
    assert ends_at_0.contains([0, 0, 0, 0], [0, 360, 270, 1]).tolist() == [True, True, True, False]
    assert whole.written() == whole.written(as_west=True) == "90° S to 90° N, all longitudes"


@pytest.mark.parametrize(
    "values", [(-1, 0, 5, 1), (0, 0, 361, 1), (0, 5, 9, 1), (0, -91, 9, 1), (float("nan"), 0, 1, 1)]
)
def test_what_is_no_region_is_refused(values: tuple[float, float, float, float]) -> None:
    with pytest.raises(DataError, match="not a region"):
        Region(*values)


def test_a_region_needs_numbers() -> None:
    with pytest.raises(DataError, match="four numbers"):
        Region.between(float("inf"), 0, 3, 4)


@pytest.mark.parametrize("kind", ["+proj=stere +lat_0=90", "+proj=stere +lat_0=-90", "+proj=eqc"])
def test_projections_agree_with_pyproj(kind: str) -> None:
    rng = np.random.default_rng(1)
    north = "=90" in kind
    latitudes, longitudes = rng.uniform(-80, 80, 60), rng.uniform(0, 179.9, 60)
    body = f"+R={RADIUS_KM * 1000} +lon_0=0 +units=km +type=crs"
    degrees = f"+proj=longlat +R={RADIUS_KM * 1000}"
    known = Transformer.from_crs(degrees, f"{kind} {body}", always_xy=True)
    expected = known.transform(longitudes, latitudes)
    if "eqc" in kind:
        found, back = equirectangular(latitudes, longitudes), from_equirectangular
        returned = back(*found)
    else:
        found = polar(latitudes, longitudes, north=north)
        returned = from_polar(*found, north=north)
    assert np.allclose(found, expected, rtol=1e-9, atol=1e-6)
    assert np.allclose(returned, [latitudes, longitudes], atol=1e-9)


@given(LATITUDES.filter(lambda one: abs(one) < 89.9), LONGITUDES, st.booleans())
def test_polar_places_come_back(latitude: float, longitude: float, north: bool) -> None:
    found = from_polar(*polar(latitude, longitude, north=north), north=north)
    assert float(distance_km(latitude, longitude, *found)) < 1e-3
