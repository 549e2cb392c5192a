"""Pairs of the same ground: found where there is one, and not where tiles merely look alike."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import gaussian_filter

from mirs_core.hash_space import overlaps
from mirs_core.hash_space.neighbourhoods import Neighbourhoods

SIDE = overlaps.SIDE


def ground(seed: int, side: int = 3 * SIDE) -> np.ndarray:
    noise = np.random.default_rng(seed).normal(size=(side, side))
    smooth = gaussian_filter(noise, 2)
    return 128 + 40 * smooth / smooth.std()


def cut(scene: np.ndarray, x: int, y: int) -> np.ndarray:
    return scene[y : y + SIDE, x : x + SIDE]


def slow_correlation(one: np.ndarray, other: np.ndarray, down: int, right: int) -> float:
    rows = [row for row in range(SIDE) if 0 <= row - down < SIDE]
    columns = [column for column in range(SIDE) if 0 <= column - right < SIDE]
    first = one[np.ix_(rows, columns)]
    second = other[np.ix_([r - down for r in rows], [c - right for c in columns])]
    return float(np.corrcoef(first.ravel(), second.ravel())[0, 1])


def neighbours(rows: list[list[int]]) -> Neighbourhoods:
    count = len(rows)
    empty = np.zeros(count)
    return Neighbourhoods(
        np.array(rows), empty, (), np.zeros((count, 0)), empty, np.ones(count, dtype=np.int64)
    )


@settings(deadline=None, max_examples=60)
@given(x=st.integers(-32, 32), y=st.integers(-32, 32), seed=st.integers(0, 50))
def test_two_cuts_of_one_scene_are_laid_over_each_other(x: int, y: int, seed: int) -> None:
    scene = ground(seed)
    one, other = cut(scene, SIDE, SIDE), cut(scene, SIDE + x, SIDE + y)
    shift, share, likeness = overlaps.compare(one, other)
    assert shift == (x / SIDE, y / SIDE)
    assert share == pytest.approx((SIDE - abs(x)) * (SIDE - abs(y)) / SIDE**2)
    assert likeness == pytest.approx(1)


@pytest.mark.parametrize(("x", "y"), [(33, -21), (-7, 40)])
def test_no_other_shift_correlates_better(x: int, y: int) -> None:
    rng = np.random.default_rng(5)
    scene = ground(9)
    one = cut(scene, SIDE, SIDE) + rng.normal(scale=8, size=(SIDE, SIDE))
    other = cut(scene, SIDE + x, SIDE + y)
    best = max(
        ((down, right) for down in range(-48, 49, 1) for right in range(-48, 49, 3)),
        key=lambda corner: slow_correlation(one, other, *corner),
    )
    shift, _, likeness = overlaps.compare(one, other)
    assert likeness >= slow_correlation(one, other, *best) - 1e-9
    assert shift == (x / SIDE, y / SIDE)


def test_different_ground_does_not_pass() -> None:
    likeness = [
        overlaps.compare(cut(ground(a), 0, 0), cut(ground(a + 100), 0, 0)) for a in range(20)
    ]
    assert max(one[2] for one in likeness) < 0.8


def test_brightness_and_contrast_do_not_matter() -> None:
    scene = ground(3)
    one, other = cut(scene, 0, 0), 0.4 * cut(scene, 30, 10) + 60
    assert overlaps.compare(one, other)[0] == (30 / SIDE, 10 / SIDE)


def test_black_borders_make_no_two_tiles_one() -> None:
    one, other = (np.clip(cut(ground(seed), 0, 0), 3, 255).astype(np.uint8) for seed in (1, 2))
    for picture in (one, other):
        picture[:, :25] = 0
    assert np.isnan(overlaps.shrunk(one)[:, :25]).all()
    found = overlaps.compare(overlaps.shrunk(one), overlaps.shrunk(other))
    assert found[2] < 0.5


def test_a_slope_from_light_to_dark_is_no_structure() -> None:
    rng = np.random.default_rng(0)
    step = np.where(np.arange(SIDE) < SIDE // 2, 90.0, 160.0)[None].repeat(SIDE, 0)
    one, other = (np.clip(step + rng.normal(scale=9, size=(2, SIDE, SIDE)), 3, 255)).astype("u1")
    assert np.corrcoef(one.ravel(), other.ravel())[0, 1] > 0.9
    assert overlaps.compare(overlaps.shrunk(one), overlaps.shrunk(other))[2] < 0.7


def test_correlation_is_that_of_numpy() -> None:
    rng = np.random.default_rng(0)
    one, other = rng.normal(size=(2, 9, 7))
    assert overlaps.correlation(one, other) == pytest.approx(
        np.corrcoef(one.ravel(), other.ravel())[0, 1]
    )
    assert overlaps.correlation(one, np.full((9, 7), 3.0)) == 0


def test_only_pairs_that_have_each_other_are_compared() -> None:
    scene, other = ground(1), ground(2)
    pictures = [cut(scene, 0, 0), cut(scene, 20, 8), cut(other, 0, 0), cut(scene, 10, 0)]
    read = [np.clip(one, 0, 255).astype(np.uint8) for one in pictures]
    seen = []

    def pixels(row: int) -> np.ndarray:
        seen.append(row)
        return read[row]

    found = overlaps.find(neighbours([[1, 2], [0, -1], [0, -1], [1, 2]]), pixels)
    assert [one.rows for one in found] == [(0, 1)]
    assert found[0].shift == (20 / SIDE, 8 / SIDE)
    # 3 names 1 and 2, which do not name it.
    assert sorted(seen) == [0, 1, 2]
