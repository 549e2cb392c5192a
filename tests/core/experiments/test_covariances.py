"""Figures of covariances against loops over rows and channels, and what they are blind to."""

import math

import numpy as np
import pytest
import reference
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from mirs_core.experiments.domains.covariances import (
    Moments,
    covariance_gap,
    distance_to_identity,
    distance_to_scaled_identity,
    mean_gap,
    off_diagonal_correlation,
)

Floats = NDArray[np.float64]
SIZES = (1, 3, 4, 10, 99)


def rows(n: int = 30, width: int = 10, seed: int = 0) -> Floats:
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, width)) @ rng.normal(size=(width, width)) + rng.normal(size=width)


def blocks(x: Floats, size: int) -> list[list[list[float]]]:
    """The covariance of each group, with loops."""
    starts = range(0, x.shape[1], size)
    return [reference.covariance(x[:, start : start + size].tolist()) for start in starts]


def squares(groups: list[list[list[float]]]) -> float:
    return sum(value**2 for group in groups for row in group for value in row)


def trace(groups: list[list[list[float]]]) -> float:
    return sum(group[i][i] for group in groups for i in range(len(group)))


@pytest.mark.parametrize("size", SIZES)
def test_correlation_is_the_mean_over_pairs_of_channels_of_a_group(size: int) -> None:
    x = rows()
    found = []
    for c in blocks(x, size):
        for i in range(len(c)):
            for j in range(i):
                found.append(abs(c[i][j]) / math.sqrt(c[i][i] * c[j][j]))
    expected = sum(found) / len(found) if found else None
    assert off_diagonal_correlation(Moments.of(x, size)) == pytest.approx(expected)


def test_channels_that_do_not_vary_have_no_correlation() -> None:
    x = rows(width=3)
    still = np.concatenate([x, np.full((len(x), 1), 2.0)], axis=1)
    alone = off_diagonal_correlation(Moments.of(x, 4))
    assert off_diagonal_correlation(Moments.of(still, 4)) == pytest.approx(alone)
    assert off_diagonal_correlation(Moments.of(still[:, 2:], 4)) is None


@pytest.mark.parametrize("size", SIZES)
def test_distances_to_the_identity_are_those_of_loops(size: int) -> None:
    x = rows()
    groups = blocks(x, size)

    def away(scale: float) -> float:
        total = 0.0
        for c in groups:
            for i in range(len(c)):
                for j in range(len(c)):
                    total += (scale * c[i][j] - (i == j)) ** 2
        return math.sqrt(total / x.shape[1])

    found = Moments.of(x, size)
    assert distance_to_identity(found) == pytest.approx(away(1.0))
    best = min(away(scale) for scale in np.geomspace(1e-4, 10, 20_001))
    assert distance_to_scaled_identity(found) == pytest.approx(best, abs=1e-6)


def test_white_features_are_at_distance_nought_and_a_constant_at_one() -> None:
    x = rows(200)
    white = (x - x.mean(axis=0)) @ np.linalg.inv(np.linalg.cholesky(np.cov(x.T, bias=True))).T
    assert distance_to_identity(Moments.of(white, 4)) == pytest.approx(0, abs=1e-6)
    assert distance_to_scaled_identity(Moments.of(3 * white, 4)) == pytest.approx(0, abs=1e-6)
    assert distance_to_identity(Moments.of(3 * white, 4)) == pytest.approx(8)
    still = Moments.of(np.ones((5, 10)), 4)
    assert distance_to_identity(still) == distance_to_scaled_identity(still) == 1


@pytest.mark.parametrize("size", SIZES)
def test_gaps_between_domains_are_those_of_loops(size: int) -> None:
    a, b = rows(), rows(20, seed=1)
    both = [blocks(x, size) for x in (a, b)]
    means = [[sum(row[i] for row in x.tolist()) / len(x) for i in range(10)] for x in (a, b)]
    away = math.sqrt(sum((p - q) ** 2 for p, q in zip(*means, strict=True)))
    spread = math.sqrt((trace(both[0]) + trace(both[1])) / 2)
    left = [
        [[p - q for p, q in zip(*lines, strict=True)] for lines in zip(*pair, strict=True)]
        for pair in zip(*both, strict=True)
    ]
    size_of = math.sqrt((squares(both[0]) + squares(both[1])) / 2)
    first, second = Moments.of(a, size), Moments.of(b, size)
    assert mean_gap(first, second) == pytest.approx(away / spread)
    assert covariance_gap(first, second) == pytest.approx(math.sqrt(squares(left)) / size_of)


@given(st.floats(0.01, 100), st.integers(0, 5))
def test_gaps_have_no_unit_and_no_direction(scale: float, seed: int) -> None:
    a, b = rows(seed=seed), rows(seed=seed + 9)
    plain = [Moments.of(x, 4) for x in (a, b)]
    scaled = [Moments.of(scale * x, 4) for x in (b, a)]
    for gap in (mean_gap, covariance_gap):
        assert gap(*scaled) == pytest.approx(gap(*plain))
        assert gap(plain[0], plain[0]) == 0
        assert gap(*plain) > 0


def test_domains_without_any_variance_are_apart_or_not() -> None:
    here, there = (Moments.of(np.full((4, 3), value), 2) for value in (0.0, 1.0))
    assert (mean_gap(here, here), mean_gap(here, there)) == (0, 1)
    assert covariance_gap(here, there) == 0


def test_the_last_group_has_the_channels_that_are_left() -> None:
    x = rows()
    found = Moments.of(x, 4)
    assert [found.channels(group) for group in range(3)] == [(0, 4), (4, 8), (8, 10)]
    for group, expected in enumerate(blocks(x, 4)):
        np.testing.assert_allclose(found.covariance(group), expected)
    assert found.variance == pytest.approx(trace(blocks(x, 4)))
