"""Semi-hard triplets against a triple loop and against an independent library."""

import numpy as np
import pytest
import reference
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from pytorch_metric_learning.distances import BaseDistance
from pytorch_metric_learning.miners import TripletMarginMiner
from torch import Tensor

from mirs_core.hashing.mining import pairwise_euclidean, semi_hard

Triplets = list[tuple[int, int, int]]


def mined(distances: Tensor, labels: list[int], margin: float) -> Triplets:
    found = semi_hard(distances, torch.tensor(labels), margin).triplets()
    return list(zip(*(part.tolist() for part in found), strict=True))


class Given(BaseDistance):
    """Hands the miner the very distances under test, so that both round alike."""

    def __init__(self, distances: Tensor) -> None:
        super().__init__(normalize_embeddings=False)
        self.distances = distances

    def compute_mat(self, query_emb: Tensor, ref_emb: Tensor) -> Tensor:
        return self.distances

    def pairwise_distance(self, query_emb: Tensor, ref_emb: Tensor) -> Tensor:
        return self.distances.diagonal()


@st.composite
def quarter_distances(draw: st.DrawFn) -> tuple[Tensor, list[int]]:
    """Multiples of 1/4, exact in binary: equal distances and exact margins happen often."""
    size = draw(st.integers(1, 7))
    labels = draw(st.lists(st.integers(0, 2), min_size=size, max_size=size))
    values = draw(st.lists(st.integers(0, 6), min_size=size * size, max_size=size * size))
    return torch.tensor(values).reshape(size, size) / 4, labels


@settings(deadline=None)
@given(case=quarter_distances(), margin=st.sampled_from([0.0, 0.25, 0.5, 2.0]))
def test_triplets_are_those_of_the_triple_loop(
    case: tuple[Tensor, list[int]], margin: float
) -> None:
    distances, labels = case
    expected = reference.semi_hard_triplets(distances.tolist(), labels, margin)
    assert mined(distances, labels, margin) == expected


@pytest.mark.parametrize("seed", range(5))
def test_triplets_are_those_of_an_independent_library(seed: int) -> None:
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 4, 40).tolist()
    soft = torch.from_numpy(rng.random((40, 16)))
    distances = pairwise_euclidean(torch.nn.functional.normalize(soft, dim=1))
    miner = TripletMarginMiner(margin=0.2, type_of_triplets="semihard", distance=Given(distances))
    expected = zip(*(part.tolist() for part in miner(soft, torch.tensor(labels))), strict=True)
    found = mined(distances, labels, 0.2)
    # The library subtracts where this code adds; no random distance lies on the boundary itself.
    assert found == sorted(expected)
    assert len(found) > 100


def test_the_boundaries_belong_where_the_method_says() -> None:
    # Anchor 0, positive 1 at 0.5; negatives at 0.5 (too near), 0.625, 0.75 (just in), 0.875 (out).
    distances = torch.full((6, 6), 9.0)
    distances[0] = torch.tensor([0.0, 0.5, 0.5, 0.625, 0.75, 0.875])
    assert mined(distances, [0, 0, 1, 2, 3, 4], 0.25) == [(0, 1, 3), (0, 1, 4)]


@pytest.mark.parametrize("labels", [[0, 0, 0, 0], [0, 1, 2, 3], [0]])
def test_no_triplet_without_a_positive_and_a_negative(labels: list[int]) -> None:
    distances = pairwise_euclidean(torch.rand(len(labels), 8))
    assert mined(distances, labels, 10.0) == []


def test_distances_are_those_of_the_loop() -> None:
    x = np.random.default_rng(0).normal(size=(9, 5))
    x[4] = x[7]
    found = pairwise_euclidean(torch.from_numpy(x))
    np.testing.assert_allclose(found, reference.pairwise_euclidean(x.tolist()), atol=1e-6)
    assert float(found.min()) == pytest.approx(1e-6)


def test_rows_that_coincide_leave_the_gradient_finite() -> None:
    x = torch.ones(3, 4, requires_grad=True)
    pairwise_euclidean(x).sum().backward()
    assert x.grad is not None
    assert torch.isfinite(x.grad).all()


def test_distances_have_the_right_gradient() -> None:
    x = torch.from_numpy(np.random.default_rng(1).normal(size=(4, 3))).requires_grad_()
    off = ~torch.eye(4, dtype=torch.bool)
    assert torch.autograd.gradcheck(lambda t: pairwise_euclidean(t)[off], (x,))
