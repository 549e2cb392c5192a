"""Numbers by tile: each measure comes from its own source, computed or given."""

import dataclasses
from typing import get_args

import numpy as np
import pytest
from searchers import items_of, searcher_of

from mirs_core.hash_space import neighbourhoods, tile_values
from mirs_core.retrieval.retriever import Retriever


def retriever() -> Retriever:
    codes = np.array([[0], [0], [1], [3], [255]], dtype=np.uint8)
    items = items_of(["a", "a", "b", None, "b"])
    items = dataclasses.replace(items, latitudes=(10.0, None, -5.0, 0.0, 90.0))
    return searcher_of(codes, items).retriever


def test_latitudes_are_those_of_the_tiles() -> None:
    latitudes = tile_values.values("latitude", retriever())
    assert np.array_equal(latitudes, [10, np.nan, -5, 0, 90], equal_nan=True)


def test_shared_codes_are_counted_with_the_tile_itself() -> None:
    assert tile_values.values("shared code", retriever()).tolist() == [2, 2, 1, 1, 1]


def test_the_mean_distance_is_in_bits() -> None:
    # Hamming distances of the first tile: 0, 1, 2 and 8 bits.
    assert tile_values.values("mean distance", retriever())[0] == pytest.approx(11 / 4)


def test_purity_and_errors_count_labelled_neighbours_only() -> None:
    # The first tile has the labelled neighbours a, b and b.
    assert tile_values.values("purity", retriever())[0] == pytest.approx(1 / 3)
    assert tile_values.values("top-k error rate", retriever())[0] == pytest.approx(2 / 3)
    assert np.isnan(tile_values.values("top-k error rate", retriever())[3])


@pytest.mark.parametrize("measure", get_args(tile_values.Measure))
def test_known_results_are_used_instead_of_computing_them(
    measure: tile_values.Measure, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = retriever()
    expected = tile_values.values(measure, run)
    near, errors = (
        neighbourhoods.look(run),
        neighbourhoods.top_k_error_rates(run, tile_values.TOP_K),
    )
    for name in ("look", "top_k_error_rates"):
        monkeypatch.delattr(neighbourhoods, name)
    result = tile_values.values(measure, run, lambda: near, lambda: errors)
    assert np.array_equal(result, expected, equal_nan=True)
