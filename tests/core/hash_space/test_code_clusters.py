"""Clusters of codes: each figure against looking at each tile, and what cannot be asked."""

import numpy as np
import pytest
from searchers import space

from mirs_core.errors import DataError
from mirs_core.hash_space import code_clusters


def three_heaps(seed: int = 0) -> tuple[np.ndarray, list[str | None]]:
    """Heaps of 30, 20 and 10 codes of 64 bits, three bits from their middles at most."""
    rng = np.random.default_rng(seed)
    codes, labels = [], []
    for label, count in (("a", 30), ("b", 20), ("c", 10)):
        middle = rng.integers(0, 2, 64)
        for _ in range(count):
            one = middle.copy()
            one[rng.choice(64, 3, replace=False)] ^= 1
            codes.append(np.packbits(one))
            labels.append(label)
    return np.array(codes), labels


def test_heaps_are_found_largest_first_and_described() -> None:
    codes, labels = three_heaps()
    labels[0], labels[1] = "b", None
    found = code_clusters.cluster(space(codes, labels), 3)
    assert [len(one.rows) for one in found.clusters] == [30, 20, 10]
    bits = np.unpackbits(codes, axis=1).astype(int)
    for number, one in enumerate(found.clusters):
        assert sorted(one.rows) == np.flatnonzero(found.numbers == number).tolist()
        away = [
            np.mean([(bits[row] != bits[other]).sum() for other in one.rows]) for row in one.rows
        ]
        assert (np.diff(np.round(away, 9)) <= 0).all(), "the least typical first"
        assert one.spread == pytest.approx(np.mean(away), abs=1e-3)
        assert one.strip == "S1" and one.of_strip == sum(row % 3 > 0 for row in one.rows)
    first = found.clusters[0]
    assert (first.label, first.same, first.purity) == ("a", 28, pytest.approx(28 / 29))


def test_clusters_are_the_same_twice_and_without_labels() -> None:
    codes, labels = three_heaps()
    bare = space(codes, [None] * len(labels))
    once, again = (code_clusters.cluster(bare, 4, seed=3) for _ in range(2))
    np.testing.assert_array_equal(once.numbers, again.numbers)
    assert once.clusters[0].label is None and np.isnan(once.clusters[0].purity)


def test_fewer_codes_than_clusters_leave_no_cluster_empty() -> None:
    codes = np.repeat(np.array([[0, 0], [255, 255]], np.uint8), 8, axis=0)
    found = code_clusters.cluster(space(codes, [None] * 16), 6)
    assert [len(one.rows) for one in found.clusters] == [8, 8]
    assert set(found.numbers) == {0, 1}


@pytest.mark.parametrize("count", [1, 0, -3, 61, 100])
def test_counts_out_of_range_are_refused(count: int) -> None:
    codes, labels = three_heaps()
    with pytest.raises(DataError, match="clusters of 60 tiles"):
        code_clusters.cluster(space(codes, labels), count)


def test_float_features_are_clustered_as_they_are_compared() -> None:
    rng = np.random.default_rng(1)
    values = np.concatenate([rng.normal(size=(12, 5)) + 9, rng.normal(size=(9, 5)) - 9])
    found = code_clusters.cluster(space(values.astype(np.float32), [None] * 21), 2)
    assert [len(one.rows) for one in found.clusters] == [12, 9]


def test_groups_across_classes_leave_tiles_without_a_label_out() -> None:
    codes, labels = three_heaps()
    labels[5] = None
    groups = code_clusters.groups_across_classes(space(codes, labels), 3)
    assert groups[5] == -1 and (np.delete(groups, 5) >= 0).all()
    with pytest.raises(DataError, match="three classes"):
        code_clusters.groups_across_classes(space(codes, ["a"] * 60))
