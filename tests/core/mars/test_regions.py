"""Circles and polygons on Mars: what lies inside, how they are written, their areas."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mirs_core.errors import DataError
from mirs_core.mars.geography import RADIUS_KM, Region, distance_km
from mirs_core.mars.regions import MOST_KM, CircleRegion, PolygonRegion, plain, polygons_of
from tests.reference import inside_ring

LATITUDES = st.floats(-90, 90).map(lambda value: round(value, 3))
LONGITUDES = st.floats(0, 359.999).map(lambda value: round(value, 3))
PLACES = st.tuples(LATITUDES, LONGITUDES)
DEGREE_KM = RADIUS_KM * math.pi / 180
RNG = np.random.default_rng(20)
NORTH = RNG.uniform(-90, 90, 400)
EAST = RNG.uniform(0, 360, 400)


def ring_of(*corners: tuple[float, float]) -> PolygonRegion:
    return PolygonRegion(((tuple(corners),),))


@given(PLACES, st.floats(0.1, 10_000), PLACES)
def test_a_circle_holds_what_is_near_its_centre_by_great_circles(
    centre: tuple[float, float], km: float, place: tuple[float, float]
) -> None:
    away = float(distance_km(*centre, *place))
    if abs(away - km) > 1e-3:
        assert bool(CircleRegion(*centre, km).contains(*place)) is (away < km)


def test_the_rim_and_the_centre_are_in_a_circle_and_unknown_places_are_not() -> None:
    circle = CircleRegion(0, 350, 20 * DEGREE_KM)
    assert circle.contains([20, 0, 0, -20], [350, 10, 330, 350]).all()
    assert not circle.contains([np.nan, 0], [350, np.nan]).any()
    assert circle.contains(0, 350).shape == ()
    assert CircleRegion(90, 17, MOST_KM).contains(NORTH, EAST).all()


@given(PLACES, st.floats(1, MOST_KM - 1))
def test_the_outline_of_a_circle_is_the_circle(centre: tuple[float, float], km: float) -> None:
    circle = CircleRegion(*centre, km)
    # Sides of the outline are at most a few percent of the radius inside the rim.
    away = distance_km(*centre, NORTH, EAST)
    rest = min(km, MOST_KM - km)
    clear = np.abs(away - km) > max(0.02 * rest, 0.5)
    inside = circle.outline().contains(NORTH, EAST)
    # Near a pole a side that is straight in longitude and latitude is a long way round.
    clear &= np.abs(NORTH) < 88
    assert (inside == circle.contains(NORTH, EAST))[clear].all()


def test_the_outline_of_a_circle_around_a_pole_and_of_the_planet() -> None:
    cap = CircleRegion(90, 0, 10 * DEGREE_KM)
    assert cap.outline().contains([89, 90, 80.01, 79.99], [12, 0, 359.5, 100]).tolist() == [
        True, True, True, False,
    ]  # fmt: skip
    assert cap.outline().km2 == pytest.approx(cap.km2, rel=1e-3)
    planet = CircleRegion(0, 0, MOST_KM)
    assert planet.outline().km2 == pytest.approx(planet.km2, rel=1e-6)
    assert planet.km2 == pytest.approx(4 * math.pi * RADIUS_KM**2)


@pytest.mark.parametrize(
    "values",
    [(91, 0, 1), (0, 400, 1), (0, 0, 0), (0, 0, -1), (0, 0, 10_670), (math.nan, 0, 1),
     (0, math.nan, 1), (0, 0, math.nan), (0, 0, math.inf)],
)  # fmt: skip
def test_what_is_no_circle_is_refused(values: tuple[float, float, float]) -> None:
    with pytest.raises(DataError, match="not a circle"):
        CircleRegion(*values)


@given(
    st.lists(st.tuples(st.integers(0, 60), st.integers(-40, 40)), min_size=3, max_size=3,
             unique=True),
    st.sampled_from([-400, -360, -200, -30, 0, 100, 330, 359]),
    st.integers(0, 60), st.integers(-40, 40),
)  # fmt: skip
def test_a_polygon_agrees_with_its_slow_twin_wherever_its_longitudes_start(
    corners: list[tuple[int, int]], start: int, x: int, y: int
) -> None:
    (a, b), (c, d), (e, f) = corners
    if (c - a) * (f - b) == (e - a) * (d - b):
        return
    shift = start if start + 60 <= 720 and start >= -360 else start + 40
    region = ring_of((a + shift, b), (c + shift, d), (e + shift, f))
    inside = inside_ring(corners, x + 0.25, y + 0.25)
    place = (y + 0.25, (x + 0.25 + shift) % 360)
    assert bool(region.contains(*place)) is inside
    assert bool(region.contains(place[0], place[1] - 360)) is inside


def test_the_corners_and_sides_of_a_polygon_are_inside_also_on_the_meridian_of_0() -> None:
    box = ring_of((350, -5), (370, -5), (370, 5), (350, 5))
    assert box.contains([5, -5, 0, 0, 0, 5], [350, 10, 0, 360, 359.99, 0]).all()
    assert not box.contains([0, 0, 5.01], [349.9, 10.1, 0]).any()
    ends = ring_of((340, 0), (360, 0), (360, 5), (340, 5))
    assert ends.contains([2, 2], [360, 0]).all()


def test_a_side_of_more_than_half_a_turn_goes_the_short_way_and_says_so() -> None:
    across = ring_of((350, -5), (10, -5), (10, 5), (350, 5))
    assert across.contains([0, 0], [0, 355]).all() and not across.contains(0, 180)
    assert "short way" in across.notes[0]
    negative = ring_of((170, 0), (-170, 0), (-170, 9), (170, 9))
    assert negative.contains(1, 180) and negative.notes
    assert not ring_of((0, 0), (179, 0), (179, 5), (0, 5)).notes
    band = ring_of((-180, 10), (180, 10), (180, 20), (-180, 20))
    assert band.contains([15] * 4, [0, 90, 180, 359]).all() and not band.notes
    assert band.bounds.is_whole_turn


def test_a_ring_round_the_planet_contains_the_pole_on_its_side() -> None:
    for corners in (
        ((0, 60), (90, 65), (180, 60), (270, 65)),
        ((-180, 60), (-90, 65), (0, 60), (90, 65)),
        ((270, 65), (180, 60), (90, 65), (0, 60)),
        ((-180, 60), (0, 60), (180, 60), (180, 90), (-180, 90)),
    ):
        north = ring_of(*corners)
        assert north.contains([90, 80, 66, 66], [0, 1, 359, 200]).all() and not north.notes
        assert not north.contains([-80, 0, 59], [0, 100, 200]).any()
    south = ring_of((0, -60), (120, -60), (240, -60))
    assert south.contains([-90, -61], [0, 300]).all() and not south.contains(61, 0)
    with pytest.raises(DataError, match="which pole"):
        ring_of((0, -10), (120, 10), (240, 0))
    ring = PolygonRegion(
        ((((0, 60), (120, 60), (240, 60)), ((0, 80), (120, 80), (240, 80))),),
    )
    assert ring.contains(70, 300) and not ring.contains(85, 300)


def test_holes_are_outside_wherever_their_longitudes_start() -> None:
    outer = ((340, -20), (380, -20), (380, 20), (340, 20))
    for shift in (0, 360):
        hole = tuple((lon + shift, lat) for lon, lat in ((-5, -5), (5, -5), (5, 5), (-5, 5)))
        region = PolygonRegion(((outer, hole),))
        assert region.contains([0, 0, 10], [345, 15, 0]).all()
        assert not region.contains([0, 0, 4], [0, 358, 2]).any()
        assert region.contains(5, 0), "the edge of a hole counts"
    # A hole across the ends of a ring round the pole.
    cap = PolygonRegion(
        ((((0, 60), (120, 60), (240, 60)), ((350, 70), (370, 70), (370, 80), (350, 80))),)
    )
    assert not cap.contains([75, 75], [355, 5]).any() and cap.contains(75, 20)


def test_several_polygons_count_once_and_tell_the_box_around_them() -> None:
    west = ((350, 0), (359, 0), (359, 10), (350, 10))
    wider = ((355, 0), (365, 0), (365, 10), (355, 10))
    both = PolygonRegion(((west,), (wider,)))
    assert both.bounds.values() == (350, 0, 5, 10)
    assert both.written() == "2 polygons within 0° N to 10° N, 350° E to 5° E"
    box = Region(350, 0, 5, 10)
    assert both.km2 == pytest.approx(polygons_of(box).km2)
    lune = math.radians(15) * math.sin(math.radians(10)) * RADIUS_KM**2
    assert both.km2 == pytest.approx(lune, rel=1e-9)


def test_boxes_become_the_same_area_as_polygons() -> None:
    for box in (Region(0, -90, 360, 90), Region(20, -30, 10, 60), Region(300, 0, 20, 5)):
        places = (NORTH, EAST)
        assert (polygons_of(box).contains(*places) == box.contains(*places)).all()
    with pytest.raises(DataError, match="no area"):
        polygons_of(Region(5, 0, 5, 10))


@pytest.mark.parametrize(
    ("rings", "message"),
    [
        ((), "at least three corners"),
        (((),), "at least three corners"),
        ((((0, 0), (1, 1)),), "2 corners"),
        ((((0, 0), (1, 1), (0, 0)),), "2 different corners"),
        ((((0, 0), (1, 1), (2, 2)),), "on a line"),
        ((((0, 0), (10, 10), (10, 0), (0, 10)),), "cross or touch at"),
        ((((0, 0), (1, 91), (2, 0)),), "no longitude"),
        ((((0, 0), (1_200_000, 3), (2, 0)),), "metres"),
        ((((0, 0), (math.nan, 3), (2, 0)),), "finite"),
        ((((0, 0), (9, 0), (9, 9), (0, 9)), ((-1, -1), (10, -1), (10, 10), (-1, 10))), "holes"),
        ((tuple((i / 1000, i * i % 7 / 10) for i in range(100_001)),), "Simplify"),
    ],
)
def test_what_is_no_polygon_is_refused(rings: tuple, message: str) -> None:
    with pytest.raises(DataError, match=message):
        PolygonRegion((rings,) if rings else ())


def test_regions_are_written_in_either_convention() -> None:
    circle = CircleRegion(18.4, -282.3, 50)
    assert circle.longitude == pytest.approx(77.7)
    assert circle.written() == "circle of 50 km around 18.40° N, 77.70° E"
    assert circle.written(as_west=True) == "circle of 50 km around 18.40° N, 282.30° W"
    assert CircleRegion(0, 0, 1234.5).written() == "circle of 1,234.5 km around 0.0° N, 0.0° E"
    assert ring_of((1, 1), (2, 1), (2, 2)).written(as_west=True).endswith("359° W to 358° W")


def test_regions_are_plain_for_provenance() -> None:
    assert plain(Region(1, 2, 3, 4)) == {"box": [1, 2, 3, 4]}
    assert plain(CircleRegion(1, 2, 3)) == {"circle": [1, 2, 3]}
    corners = [[[[0, 0], [1, 0], [1, 1]]]]
    assert plain(ring_of((0, 0), (1, 0), (1, 1))) == {"polygons": corners}
