"""Filters that make no sense; what they let through is tested with the search."""

import pytest

from mirs_core.datasets.items import Items
from mirs_core.errors import DataError
from mirs_core.mars.geography import Region
from mirs_core.retrieval.filters import Filters


@pytest.mark.parametrize("band", [(10.0, -10.0), (-91.0, 0.0), (0.0, 90.5), (float("nan"), 3.0)])
def test_a_band_of_latitudes_must_be_one(band: tuple[float, float]) -> None:
    with pytest.raises(DataError, match="Latitudes"):
        Filters(latitudes=band)


@pytest.mark.parametrize("within", [-0.5, float("nan")])
def test_a_threshold_must_find_something(within: float) -> None:
    with pytest.raises(DataError, match="must be 0 or more"):
        Filters(within=within)


def test_a_region_lets_through_what_lies_inside_even_across_the_meridian_of_0() -> None:
    items = Items(
        ids=("a", "b", "c", "d", "e"),
        labels=(None,) * 5,
        roles=("archive",) * 5,
        strips=(None,) * 5,
        contents=("1", "2", "3", "4", "5"),
        latitudes=(0.0, 30.0, 0.0, 10.0, None),
        longitudes=(350.0, 10.0, 180.0, None, None),
    )
    region = Region(340, -10, 20, 35)
    assert Filters(region=region).rows(items).tolist() == [0, 1]
    assert Filters(region=region, latitudes=(-10, 10)).rows(items).tolist() == [0]
    assert Filters().rows(items).tolist() == [0, 1, 2, 3, 4]
