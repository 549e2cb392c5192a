"""Filters that make no sense; what they let through is tested with the search."""

import itertools

import numpy as np
import pytest

from mirs_core.columns.blocks import Blocks, Layout
from mirs_core.columns.numbers import Numbers
from mirs_core.datasets.items import Items
from mirs_core.errors import DataError
from mirs_core.mars.geography import Region
from mirs_core.retrieval.filters import Filters, mask_of


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


@pytest.mark.parametrize("cuts", [(0, 60), (0, 7, 7, 30, 60)])
def test_places_in_blocks_of_which_rows_are_removed_are_tested_one_by_one(
    monkeypatch: pytest.MonkeyPatch, cuts: tuple[int, ...]
) -> None:
    monkeypatch.setattr("mirs_core.retrieval.filters._STEP", 4)
    rng = np.random.default_rng(0)
    north, east = rng.uniform(-90, 90, 60), rng.uniform(0, 360, 60)
    north[rng.random(60) < 0.2] = np.nan
    pieces = list(itertools.pairwise(cuts))
    removed = [np.flatnonzero(rng.random(end - start) < 0.3) for start, end in pieces]
    layout = Layout(tuple(end - start for start, end in pieces), tuple(removed))
    latitudes, longitudes = (
        Numbers(Blocks([column[start:end] for start, end in pieces], layout))
        for column in (north, east)
    )
    passing = mask_of(lambda n, e: (n >= -30) & (n <= 30) & (e < 200), latitudes, longitudes)
    pairs = zip(latitudes, longitudes, strict=True)
    assert len(passing) == len(layout) and passing.any()
    assert passing.tolist() == [n is not None and -30 <= n <= 30 and e < 200 for n, e in pairs]


def test_several_filters_are_all_met() -> None:
    items = Items(
        ids=tuple("abcd"),
        labels=("cra", "cra", None, "dun"),
        roles=("archive", "train", "archive", "archive"),
        strips=(None,) * 4,
        contents=tuple("1234"),
        latitudes=(1.0, 2.0, 3.0, 4.0),
        longitudes=(10.0,) * 4,
    )
    several = Filters(roles=("archive",), labels=("cra", "dun"), latitudes=(0, 3))
    assert several.rows(items).tolist() == [0]
    assert items.roles.mask(["archive"]).tolist() == [True, False, True, True]
