"""Tiles by place, against loops over all of them."""

import math

import numpy as np
import pytest

from mirs_core.errors import DataError
from mirs_core.landform_map import ground
from mirs_core.landform_map.ground import EDGE, Area, Ground


def places(n: int = 3000) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(5)
    north, east = rng.uniform(-90, 90, n), rng.uniform(0, 360, n)
    north[::3], east[::3] = (
        rng.normal(18, 0.2, len(north[::3])),
        rng.normal(0, 0.2, len(north[::3])),
    )
    north[:6], east[:6] = [90, -90, 0, 55, -55, 12], [0, 359.5, 360, 90, 180, 0]
    north[7], east[8] = np.nan, np.nan
    return north, np.mod(east, 360)


def slow_cell(area: Area, north: float, east: float) -> tuple[int, int] | None:
    """Row and column of a place, by the definition of cells."""
    north, east = float(np.float32(north)), float(np.float32(east) % np.float32(360))
    scale = 2.0**area.level
    if area.view == "global":
        turn = int(360 * scale)
        row = min(math.floor((90 - north) * scale), int(180 * scale) - 1)
        column = (math.floor(east * scale) - area.left) % turn + area.left
    else:
        sign = 1 if area.view == "north" else -1
        if sign * north < EDGE:
            return None
        reach = math.tan(math.radians(90 - sign * north) / 2) / math.tan(
            math.radians(90 - EDGE) / 2
        )
        x = reach * math.sin(math.radians(east))
        y = -sign * reach * math.cos(math.radians(east))
        row, column = math.floor((1 - y) * 64 * scale), math.floor((x + 1) * 64 * scale)
    if area.top <= row < area.bottom and area.left <= column < area.right:
        return row - area.top, column - area.left
    return None


AREAS = [
    Area.whole("global"),
    Area.whole("north"),
    Area.whole("south"),
    Area("global", -1, 170, 10, 210, 60),
    Area("global", 4, -30, 1100, 40, 1200),
    Area("global", 4, 5760 - 30, 1100, 5760 + 40, 1200),
    Area("global", 2, 300, 600, 1700, 720),
    Area("north", 2, 100, 300, 260, 512),
    Area("south", 1, 120, 120, 136, 136),
    Area("north", 3, 700, 10, 1000, 400),
]


@pytest.mark.parametrize("area", AREAS)
@pytest.mark.parametrize("batch", [1 << 20, 64])
def test_counts_and_rows_are_those_of_a_loop(
    area: Area, batch: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ground, "_BATCH", batch)
    north, east = places()
    counted = np.random.default_rng(1).random(len(north)) < 0.7
    expected = np.zeros(area.shape, dtype=int)
    rows = []
    for row, place in enumerate(zip(north, east, strict=True)):
        if not counted[row] or not np.isfinite(place).all():
            continue
        if cell := slow_cell(area, *place):
            expected[cell] += 1
            rows.append(row)
    index = Ground(north, east)
    assert len(index) == len(north) - 2
    few = index.look(area, len(rows), counted)
    assert few.counts is None and few.rows is not None and few.rows.tolist() == rows
    many = index.look(area, len(rows) - 1, counted)
    assert many.rows is None and many.counts is not None and many.total == len(rows)
    # A place on an edge may be in the next cell, as the projection is in single precision.
    assert np.abs(many.counts.astype(int) - expected).sum() <= (0 if area.view == "global" else 4)
    whole = index.look(area, 0)
    assert whole.total >= many.total


def test_nothing_has_a_place() -> None:
    nan = np.full(3, np.nan)
    sight = Ground(nan, nan).look(Area.whole("global"), 10)
    assert sight.total == 0 and sight.rows is not None and not len(sight.rows)


@pytest.mark.parametrize(
    "values",
    [
        ("sideways", 0, 0, 0, 1, 1),
        ("global", 13, 0, 0, 1, 1),
        ("north", -1, 0, 0, 1, 1),
        ("global", 0, 0, 0, 361, 1),
        ("global", 0, 0, -1, 1, 1),
        ("global", 0, 0, 0, 1, 181),
        ("global", 0, 5, 0, 5, 1),
        ("global", 5, 0, 0, 1000, 1000),
    ],
)
def test_areas_of_no_map_are_refused(values: tuple[str, int, int, int, int, int]) -> None:
    with pytest.raises(DataError):
        Area(*values)
