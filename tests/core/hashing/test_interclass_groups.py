"""Groups across classes: standardisation against a loop, k-means against its own definition."""

import statistics

import numpy as np
import pytest

from mirs_core.errors import DataError
from mirs_core.hashing.interclass_groups import interclass_groups, standardised_by_class

RNG = np.random.default_rng(4)


def test_standardisation_is_the_loop_over_classes() -> None:
    x, labels = RNG.normal(3, 2, size=(11, 3)), np.array([0, 1, 0, 2, 1, 1, 0, 2, 2, 0, 7])
    x[labels == 1, 2] = 5.0
    found = standardised_by_class(x, labels)
    for row, label in enumerate(labels):
        for channel in range(3):
            own = [x[i, channel] for i in range(11) if labels[i] == label]
            spread = max(statistics.pstdev(own), 1e-6) if len(own) > 1 else 1.0
            expected = (x[row, channel] - statistics.fmean(own)) / spread
            assert found[row, channel] == pytest.approx(expected)


def made_of_two_traits() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Tiles whose class moves them far and whose trait, shared by classes, moves them little."""
    labels, traits = RNG.integers(0, 4, 160), RNG.integers(0, 2, 160)
    x = np.zeros((160, 6))
    x[np.arange(160), labels] = 50
    x[:, 4] = np.where(traits == 1, 1.0, -1.0)
    return x + RNG.normal(0, 0.05, x.shape), labels, traits


def test_groups_are_what_classes_share() -> None:
    x, labels, traits = made_of_two_traits()
    # Only the shared trait varies within a class beyond noise once the rest is dropped.
    groups = interclass_groups(x[:, 4:5], labels, 2, seed=0)
    assert len({(int(g), int(t)) for g, t in zip(groups, traits, strict=True)}) == 2
    raw = interclass_groups(x, labels, 4, seed=0, standardise=False)
    assert len({(int(g), int(c)) for g, c in zip(raw, labels, strict=True)}) == 4


def test_groups_are_seeded_and_no_more_than_one_for_eight_tiles() -> None:
    x, labels, _ = made_of_two_traits()
    first = interclass_groups(x, labels, 30, seed=1)
    assert np.array_equal(first, interclass_groups(x, labels, 30, seed=1))
    assert len(np.unique(first)) == 160 // 8
    assert len(np.unique(interclass_groups(x, labels, 5, seed=1))) == 5


def test_equal_tiles_leave_groups_empty_without_a_warning(recwarn: pytest.WarningsRecorder) -> None:
    groups = interclass_groups(np.ones((32, 2)), np.arange(32) % 3, 4, seed=0)
    assert groups.shape == (32,) and not recwarn.list


def test_too_little_to_group_is_refused() -> None:
    with pytest.raises(DataError, match="three classes"):
        interclass_groups(np.ones((32, 2)), np.arange(32) % 2, 4, seed=0)
    with pytest.raises(DataError, match="16 training tiles"):
        interclass_groups(np.ones((15, 2)), np.arange(15) % 3, 4, seed=0)
