"""Distances of results beside chance, against slow twins."""

import numpy as np
import pytest

from mirs_core.datasets.items import Items
from mirs_core.landform_map import spread as spread_module
from mirs_core.landform_map.spread import distances, measure
from mirs_core.mars.geography import distance_km


def items(places: list[tuple[float | None, float | None]]) -> Items:
    n = len(places)
    return Items(
        ids=tuple(f"{i}.png" for i in range(n)),
        labels=(None,) * n,
        roles=("archive",) * n,
        strips=(None,) * n,
        contents=tuple(str(i) for i in range(n)),
        latitudes=tuple(latitude for latitude, _ in places),
        longitudes=tuple(longitude for _, longitude in places),
    )


def scattered(n: int = 60) -> Items:
    rng = np.random.default_rng(3)
    found = rng.uniform([-60, 0], [60, 360], (n, 2)).tolist()
    return items([*map(tuple, found), (10.0, None), (None, None)])


def test_means_are_those_of_a_loop() -> None:
    all_tiles = scattered()
    found, pool = np.array([3, 7, 60, 11]), np.arange(2, 62)
    spread = measure(all_tiles, (5.0, 100.0), found, pool)
    assert spread is not None

    def slow(rows: np.ndarray) -> list[float]:
        return [
            float(distance_km(5.0, 100.0, all_tiles.latitudes[row], all_tiles.longitudes[row]))
            for row in rows
            if all_tiles.latitudes[row] is not None and all_tiles.longitudes[row] is not None
        ]

    assert spread.mean == pytest.approx(np.mean(slow(found)))
    assert spread.chance == pytest.approx(np.mean(slow(pool)))
    assert (spread.count, spread.without_place, spread.pool) == (3, 1, 58)
    rng = np.random.default_rng(99)
    means = [np.mean(rng.permutation(slow(pool))[:3]) for _ in range(4000)]
    low, high = np.quantile(means, [0.025, 0.975])
    assert spread.low == pytest.approx(low, rel=0.06) and spread.high == pytest.approx(
        high, rel=0.06
    )
    assert measure(all_tiles, (5.0, 100.0), found, pool) == spread


def test_chance_of_very_many_candidates_is_that_of_a_sample(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    all_tiles, results, pool = scattered(3000), np.array([3, 7]), np.arange(3002)
    exact = measure(all_tiles, (5.0, 100.0), results, pool)
    monkeypatch.setattr(spread_module, "MOST_CANDIDATES", 2000)
    sample = measure(all_tiles, (5.0, 100.0), results, pool)
    assert exact is not None and sample is not None
    assert sample.sampled and not exact.sampled and 1900 < sample.pool <= 2000
    assert sample.mean == exact.mean and sample.chance != exact.chance
    assert sample.chance == pytest.approx(exact.chance, rel=0.05)


def test_verdicts() -> None:
    all_tiles, place = scattered(), (5.0, 100.0)
    pool = np.arange(60)
    order = np.argsort(distances(all_tiles, place)[:60])
    verdicts = []
    for rows in (order[:12], np.arange(0, 60, 5), order[-12:], np.arange(60)):
        spread = measure(all_tiles, place, rows, pool)
        assert spread is not None
        verdicts.append(spread.verdict)
    # All tiles there are: exactly chance, whatever the rounding of a mean.
    assert verdicts[:3] == ["nearer", "like chance", "farther"]
    assert spread.low == pytest.approx(spread.mean) == pytest.approx(spread.high)


def test_without_places_there_is_nothing_to_say() -> None:
    all_tiles = scattered()
    assert measure(all_tiles, (0.0, 0.0), np.array([60, 61]), np.arange(60)) is None
    assert measure(all_tiles, (0.0, 0.0), np.array([1]), np.array([60])) is None
