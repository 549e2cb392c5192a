"""Contrastive and centre losses, and triplets across classes, against loops."""

import itertools
import math

import numpy as np
import pytest
import torch

from mirs_core.hashing.losses.entropy import softmax_entropy
from mirs_core.hashing.losses.interclass import interclass_triplet
from mirs_core.hashing.losses.nt_xent import nt_xent
from mirs_core.hashing.losses.orthohash import orthogonal_centres, orthohash
from mirs_core.hashing.losses.triplet import triplet
from mirs_core.hashing.mining import interclass, pairwise_euclidean, violating

RNG = np.random.default_rng(3)


def cosine(a: list[float], b: list[float]) -> float:
    return sum(x * y for x, y in zip(a, b, strict=True)) / math.hypot(*a) / math.hypot(*b)


def log_sum_exp(values: list[float]) -> float:
    return math.log(sum(math.exp(value) for value in values))


@pytest.mark.parametrize("temperature", [0.1, 1.0])
def test_nt_xent_is_the_loop(temperature: float) -> None:
    first, second = RNG.normal(size=(5, 4)), RNG.normal(size=(5, 4))
    rows, losses = [*first.tolist(), *second.tolist()], []
    for i, row in enumerate(rows):
        partner = rows[(i + 5) % 10]
        others = [cosine(row, other) / temperature for j, other in enumerate(rows) if j != i]
        losses.append(log_sum_exp(others) - cosine(row, partner) / temperature)
    value = nt_xent(torch.from_numpy(first), torch.from_numpy(second), temperature).item()
    assert value == pytest.approx(sum(losses) / 10)


def test_nt_xent_of_one_tile_is_zero() -> None:
    assert nt_xent(torch.ones(1, 3), -torch.ones(1, 3), 0.1).item() == pytest.approx(0)


@pytest.mark.parametrize(("classes", "bits"), [(3, 8), (15, 128), (7, 8), (20, 16), (4, 24)])
def test_centres_are_orthogonal_where_they_can_be(classes: int, bits: int) -> None:
    centres = orthogonal_centres(classes, bits, seed=1)
    assert centres.shape == (classes, bits) and set(centres.unique().tolist()) <= {-1.0, 1.0}
    assert torch.equal(centres, orthogonal_centres(classes, bits, seed=1))
    assert not torch.equal(centres, orthogonal_centres(classes, bits, seed=2))
    if bits & (bits - 1) == 0 and classes < bits:
        assert torch.equal(centres @ centres.T, bits * torch.eye(classes))
        assert (centres.sum(dim=1) == 0).all()


def test_orthohash_is_the_loop() -> None:
    logits, labels = RNG.normal(size=(6, 8)), [0, 1, 2, 2, 1, 0]
    centres, scale, margin = orthogonal_centres(3, 8, 0).double(), 8.0, 0.2
    losses = []
    for row, label in zip(logits.tolist(), labels, strict=True):
        scores = [
            scale * (cosine(row, centre) - (margin if c == label else 0))
            for c, centre in enumerate(centres.tolist())
        ]
        losses.append(log_sum_exp(scores) - scores[label])
    value = orthohash(torch.from_numpy(logits), torch.tensor(labels), centres, scale, margin)
    assert value.item() == pytest.approx(sum(losses) / 6)


def test_softmax_entropy_is_the_loop_and_hardly_moves() -> None:
    soft = RNG.random((4, 6))
    entropies = []
    for row in soft.tolist():
        total = sum(math.exp(h) for h in row)
        entropies.append(-sum(math.exp(h) / total * math.log(math.exp(h) / total) for h in row))
    assert softmax_entropy(torch.from_numpy(soft)).item() == pytest.approx(sum(entropies) / 4)
    ends = torch.cat([torch.ones(1, 43), torch.zeros(1, 85)], dim=1)
    assert softmax_entropy(ends).item() == pytest.approx(4.73, abs=0.005)
    assert softmax_entropy(torch.ones(1, 128)).item() == pytest.approx(math.log(128))


def triples(n: int) -> list[tuple[int, int, int]]:
    return list(itertools.product(range(n), repeat=3))


@pytest.mark.parametrize("third_class", [True, False])
def test_interclass_triplets_are_the_loop(third_class: bool) -> None:
    soft = torch.from_numpy(RNG.random((14, 6)))
    y, g = RNG.integers(0, 4, 14).tolist(), RNG.integers(0, 3, 14).tolist()
    d, margin = pairwise_euclidean(soft), 0.3
    expected = [
        (a, p, n)
        for a, p, n in triples(14)
        if g[a] == g[p] and y[a] != y[p] and g[n] != g[a] and y[n] != y[a]
        if not third_class or y[n] != y[p]
        if d[a, p] < d[a, n] <= d[a, p] + margin
    ]
    found = interclass(d, torch.tensor(y), torch.tensor(g), margin, third_class).triplets()
    assert expected and list(zip(*(part.tolist() for part in found), strict=True)) == expected


def test_violating_triplets_are_the_loop() -> None:
    d, y = pairwise_euclidean(torch.from_numpy(RNG.random((10, 6)))), [0, 1] * 5
    expected = [
        (a, p, n)
        for a, p, n in triples(10)
        if a != p and y[a] == y[p] and y[n] != y[a] and d[a, n] <= d[a, p] + 0.2
    ]
    found = violating(d, torch.tensor(y), 0.2).triplets()
    assert list(zip(*(part.tolist() for part in found), strict=True)) == expected


def test_a_batch_without_a_triplet_gives_zero_with_a_gradient() -> None:
    soft = torch.rand(4, 6, requires_grad=True)
    same = torch.zeros(4, dtype=torch.long)
    for value in (
        interclass_triplet(soft, same, same, 0.2),
        triplet(soft, same, 0.2, "violating"),
    ):
        value.backward()
        assert value.item() == 0 and soft.grad is not None
