"""Regions as texts in an address, there and back; texts of others."""

import string

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mirs_core.errors import DataError
from mirs_core.mars.geography import Region
from mirs_core.mars.region_texts import MOST_LETTERS, region_of_text, region_text
from mirs_core.mars.regions import AnyRegion, CircleRegion, PolygonRegion

RNG = np.random.default_rng(1)
NORTH, EAST = RNG.uniform(-90, 90, 300), RNG.uniform(0, 360, 300)
LONGITUDE = st.integers(-3_600_000, 7_200_000).map(lambda n: n / 10_000)
LATITUDE = st.integers(-900_000, 900_000).map(lambda n: n / 10_000)
CORNERS = st.lists(st.tuples(LONGITUDE, LATITUDE), min_size=3, max_size=4, unique=True)


@given(CORNERS)
def test_polygons_are_the_same_after_the_way_through_an_address(
    corners: list[tuple[float, float]],
) -> None:
    try:
        region = PolygonRegion(((tuple(corners),),))
    except DataError:
        return
    text = region_text(region)
    assert set(text) <= set(string.ascii_letters + string.digits + "-_.")
    assert region_of_text(text) == region


@pytest.mark.parametrize(
    ("region", "text"),
    [
        (None, ""),
        (Region(300, -10.5, 20, 35), "300..-10.5..20..35"),
        (CircleRegion(18.4, 77.7, 50), "circle..18.4..77.7..50"),
        (CircleRegion(-90, 0, 10_669.2), "circle..-90..0..10669.2"),
        (PolygonRegion(((((0, 0), (0.0001, 0), (0, 0.0001)),),)), "polygons..AACABC"),
    ],
)
def test_texts_are_short_and_stay_as_they_are(region: AnyRegion | None, text: str) -> None:
    """Links of today open tomorrow."""
    assert region_text(region) == text
    assert region_of_text(text) == region


def test_holes_and_several_polygons_are_in_the_text() -> None:
    region = PolygonRegion((
        (((0, 0), (40, 0), (40, 40), (0, 40)), ((10, 10), (20, 10), (15, 20))),
        (((350, -20), (370, -20), (360, -60)),),
    ))  # fmt: skip
    again = region_of_text(region_text(region))
    assert again == region
    assert (again.contains(NORTH, EAST) == region.contains(NORTH, EAST)).all()


def test_rings_that_repeat_their_first_corner_lose_nothing() -> None:
    ring = ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0))
    closed = PolygonRegion((((*ring, ring[0]),),))
    assert region_of_text(region_text(closed)) == PolygonRegion(((ring,),))


def test_what_an_address_cannot_hold_has_no_text() -> None:
    turns = np.linspace(0, 2 * np.pi, 4000, endpoint=False)
    circle = tuple(zip((50 + 30 * np.cos(turns)).tolist(), (30 * np.sin(turns)).tolist(),
                       strict=True))  # fmt: skip
    assert region_text(PolygonRegion(((circle,),))) == ""
    tiny = ((0.0, 0.0), (1e-6, 0.0), (1e-6, 1e-6))
    assert region_text(PolygonRegion(((tiny,),))) == "", "rounded, it has no area"


@given(st.text(alphabet="polygnscire.AZaz09-_ \n%", max_size=40))
def test_no_text_is_more_than_no_region(text: str) -> None:
    for start in ("", "circle..", "polygons.."):
        region_of_text(start + text)


@pytest.mark.parametrize(
    "text",
    ["circle", "circle..1..2", "circle..1..2..3..4", "circle..1..2..-3", "circle..95..2..3",
     "1..2..3", "1..2..3..4..5", "0..50..10..40", "1e3..0..0..1", "polygons", "polygons..",
     "polygons..A", "polygons..AA", "polygons..AACABg", "polygons..gggggggggggA", "polygons..ä",
     "polygons.." + "A" * MOST_LETTERS],
)  # fmt: skip
def test_other_texts_are_no_region(text: str) -> None:
    assert region_of_text(text) is None
