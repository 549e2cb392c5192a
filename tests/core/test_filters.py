"""Filters that make no sense; what they let through is tested with the search."""

import pytest

from mirs_core.errors import DataError
from mirs_core.filters import Filters


@pytest.mark.parametrize("band", [(10.0, -10.0), (-91.0, 0.0), (0.0, 90.5), (float("nan"), 3.0)])
def test_a_band_of_latitudes_must_be_one(band: tuple[float, float]) -> None:
    with pytest.raises(DataError, match="Latitudes"):
        Filters(latitudes=band)


@pytest.mark.parametrize("within", [-0.5, float("nan")])
def test_a_threshold_must_find_something(within: float) -> None:
    with pytest.raises(DataError, match="finds nothing"):
        Filters(within=within)
