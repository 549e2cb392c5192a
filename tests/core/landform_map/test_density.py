"""Densities on the sphere, against a loop, and by what they add up to."""

import math

import numpy as np
import pytest

from mirs_core.landform_map import density
from mirs_core.landform_map.density import grid_centres, on_sphere
from mirs_core.mars.geography import RADIUS_KM, distance_km


def integral(grid: np.ndarray, step: float) -> float:
    rows, _ = grid_centres(step)
    edges = np.radians(step / 2)
    bands = np.sin(np.radians(rows) + edges) - np.sin(np.radians(rows) - edges)
    return float((grid * bands[:, None]).sum() * math.radians(step))


def test_it_agrees_with_a_loop() -> None:
    rng = np.random.default_rng(2)
    latitudes, longitudes = rng.uniform(-90, 90, 7), rng.uniform(0, 360, 7)
    grid = on_sphere(latitudes, longitudes, width=8, step=30)
    rows, columns = grid_centres(30)
    assert grid.shape == (6, 12) and rows[0] == 75 and columns[0] == 15
    sharp = 1 / math.radians(8) ** 2
    for row, north in enumerate(rows):
        for column, turn in enumerate(columns):
            total = 0.0
            for latitude, longitude in zip(latitudes, longitudes, strict=True):
                angle = float(distance_km(north, turn, latitude, longitude)) / RADIUS_KM
                total += sharp / (2 * math.pi) * math.exp(sharp * (math.cos(angle) - 1))
            assert grid[row, column] == pytest.approx(total, rel=1e-6, abs=1e-12)


@pytest.mark.parametrize("latitude", [0.0, 60.0, 85.0, -90.0])
def test_a_place_counts_the_same_at_every_latitude(latitude: float) -> None:
    grid = on_sphere(np.array([latitude, latitude, np.nan]), np.array([10.0, 10.0, 3.0]), step=1)
    assert integral(grid, 1) == pytest.approx(2, rel=5e-3)
    peak = 2 / math.radians(6) ** 2 / (2 * math.pi)
    assert grid.max() == pytest.approx(peak, rel=0.1)


def test_no_place_gives_no_density() -> None:
    assert not on_sphere(np.array([np.nan]), np.array([np.nan])).any()


@pytest.mark.parametrize("latitudes", [(-90, 90), (80, 90), (-90, -89.9), (12.26, 12.26)])
def test_cells_of_many_places_give_the_density_of_places(
    latitudes: tuple[float, float], monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = np.random.default_rng(4)
    north = rng.uniform(*latitudes, 400)
    east = np.where(rng.random(400) < 0.5, rng.normal(0, 0.3, 400), 93.27)
    exact = on_sphere(north, east)
    monkeypatch.setattr(density, "_EXACT", 399)
    cells = on_sphere(north, east)
    assert not np.array_equal(cells, exact)
    assert np.abs(cells - exact).max() < 3e-3 * exact.max()
