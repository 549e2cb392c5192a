"""Codes of several views: each bit by the mean logit."""

import numpy as np
import pytest

from mirs_core.errors import RunError
from mirs_core.hashing.hash_function import HashFunction
from mirs_core.hashing.model import HashHead, shared
from mirs_core.hashing.whitening import Transform, of_scaled, part_spread, whitening
from mirs_core.ranking.codes import unpack

WIDTH, BITS = 10, 16


@pytest.fixture
def function() -> HashFunction:
    return shared(HashHead(WIDTH, BITS, (12,))).function()


@pytest.mark.parametrize("n", [1, 3, 9])
@pytest.mark.parametrize("views", [2, 4, 8])
def test_a_bit_is_the_sign_of_the_mean_logit(function: HashFunction, n: int, views: int) -> None:
    features = np.random.default_rng(views).normal(size=(n, views, WIDTH)).astype(np.float32)
    soft = function.soft(features.reshape(n, -1), "target")
    bits = unpack(function.encode(features.reshape(n, -1), "target"), BITS)
    for tile in range(n):
        each = function.soft(features[tile], "target").astype(np.float64)
        logits = np.log(each / (1 - each))
        for bit in range(BITS):
            mean = sum(logits[:, bit]) / views
            assert soft[tile, bit] == pytest.approx(1 / (1 + np.exp(-mean)), abs=1e-4)
            if abs(mean) > 1e-3:
                assert bits[tile, bit] == (mean > 0)


def test_the_order_of_views_does_not_matter_and_equal_views_are_one(
    function: HashFunction,
) -> None:
    features = np.random.default_rng(0).normal(size=(5, 4, WIDTH)).astype(np.float32)
    first = function.soft(features.reshape(5, -1), "source")
    turned = np.ascontiguousarray(features[:, [2, 0, 3, 1]]).reshape(5, -1)
    assert np.allclose(function.soft(turned, "source"), first, atol=1e-6)
    same = np.repeat(features[:, :1], 4, axis=1).reshape(5, -1)
    assert np.allclose(
        function.soft(same, "source"), function.soft(features[:, 0], "source"), atol=1e-6
    )


def test_features_of_another_width_are_refused(function: HashFunction) -> None:
    with pytest.raises(RunError, match="reads 10 features of a tile, and was given 13"):
        function.encode(np.zeros((2, 13), np.float32), "target")


def test_parts_count_equally_whatever_their_scale() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(50, 7)) * np.array([1, 2, 3, 0.01, 0.02, 90, 80])
    spread = part_spread(x, (3, 2, 2))
    totals = [(x / spread)[:, a:b].var(axis=0).sum() for a, b in ((0, 3), (3, 5), (5, 7))]
    assert totals == pytest.approx([1, 1, 1])
    # Within a part the proportions stay.
    assert len(set(spread[:3])) == len(set(spread[3:5])) == 1


@pytest.mark.parametrize("group", [1, 3, 4, 7, 32])
def test_whitening_divided_features_is_one_transform_of_the_features(group: int) -> None:
    rng = np.random.default_rng(1)
    x = (rng.normal(size=(60, 7)) * rng.uniform(0.1, 9, 7) + 5).astype(np.float32)
    spread = part_spread(x, (4, 3))
    divided = (x / spread).astype(np.float32)
    inner = whitening(divided, group, 0.1)
    assert isinstance(inner, Transform)
    import torch

    expected = inner(torch.from_numpy(divided)).numpy()
    assert np.allclose(of_scaled(inner, spread)(torch.from_numpy(x)).numpy(), expected, atol=1e-4)
