"""The terms of the loss against loops: values, ranges and gradients."""

import math
from collections.abc import Callable

import numpy as np
import pytest
import reference
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray
from torch import Tensor

from mirs_core.hashing.losses.balance import balance_per_bit, balance_per_sample
from mirs_core.hashing.losses.entropy import bernoulli_entropy
from mirs_core.hashing.losses.push import push
from mirs_core.hashing.losses.triplet import triplet

Soft = NDArray[np.float64]

SHAPES = st.tuples(st.integers(1, 5), st.sampled_from([1, 2, 8]))
SOFT = hnp.arrays(np.float64, SHAPES, elements=st.floats(0, 1, allow_subnormal=False))
LOGITS = hnp.arrays(np.float64, SHAPES, elements=st.floats(-20, 20, allow_subnormal=False))


@settings(deadline=None)
@given(soft=SOFT)
def test_push_is_the_loop_and_keeps_its_range(soft: Soft) -> None:
    value = push(torch.from_numpy(soft)).item()
    assert value == pytest.approx(reference.push(soft.tolist()), abs=1e-12)
    assert -0.25 <= value <= 0


@settings(deadline=None)
@given(soft=SOFT)
def test_balance_is_the_loop_and_keeps_its_range(soft: Soft) -> None:
    per_sample = balance_per_sample(torch.from_numpy(soft)).item()
    per_bit = balance_per_bit(torch.from_numpy(soft)).item()
    assert per_sample == pytest.approx(reference.balance_per_sample(soft.tolist()), abs=1e-12)
    assert per_bit == pytest.approx(reference.balance_per_bit(soft.tolist()), abs=1e-12)
    assert 0 <= per_sample <= 0.25 + 1e-12
    assert 0 <= per_bit <= 0.25 + 1e-12


@settings(deadline=None)
@given(logits=LOGITS)
def test_entropy_is_the_loop_and_keeps_its_range(logits: Soft) -> None:
    value = bernoulli_entropy(torch.from_numpy(logits)).item()
    soft = 1 / (1 + np.exp(-logits))
    assert value == pytest.approx(reference.bernoulli_entropy(soft.tolist()), abs=1e-7)
    assert -1e-12 <= value <= math.log(2) + 1e-12


def test_the_ends_of_the_ranges() -> None:
    half, ones = torch.full((3, 8), 0.5), torch.ones(3, 8)
    alternating = torch.tensor([[0.0, 1.0] * 4] * 3)
    assert push(half).item() == 0
    assert push(alternating).item() == -0.25
    assert balance_per_sample(ones).item() == 0.25
    assert balance_per_sample(alternating).item() == 0
    assert bernoulli_entropy(torch.zeros(3, 8)).item() == pytest.approx(math.log(2))


def test_only_the_balance_per_bit_sees_that_all_codes_are_equal() -> None:
    collapsed = torch.tensor([[0.0, 1.0] * 4] * 5)
    assert balance_per_sample(collapsed).item() == 0
    assert balance_per_bit(collapsed).item() == 0.25


@pytest.mark.parametrize("size", [50.0, 1000.0])
def test_the_entropy_of_decided_bits_is_zero_with_a_finite_gradient(size: float) -> None:
    logits = torch.tensor([[size, -size]], requires_grad=True)
    value = bernoulli_entropy(logits)
    value.backward()
    assert value.item() == pytest.approx(0, abs=1e-12)
    assert logits.grad is not None
    assert torch.isfinite(logits.grad).all()


@pytest.mark.parametrize("term", [push, balance_per_sample, balance_per_bit, bernoulli_entropy])
def test_gradients_are_right(term: Callable[[Tensor], Tensor]) -> None:
    x = torch.from_numpy(np.random.default_rng(0).random((5, 8))).requires_grad_()
    assert torch.autograd.gradcheck(term, (x,))


def codes_with_triplets(seed: int = 0) -> tuple[Tensor, Tensor]:
    rng = np.random.default_rng(seed)
    return torch.from_numpy(rng.random((12, 8))), torch.from_numpy(rng.integers(0, 3, 12))


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("margin", [0.05, 0.2, 1.0])
def test_triplet_is_the_loop(seed: int, margin: float) -> None:
    soft, labels = codes_with_triplets(seed)
    expected = reference.triplet(soft.tolist(), labels.tolist(), margin)
    assert 0 < expected < margin
    assert triplet(soft, labels, margin).item() == pytest.approx(expected)


def test_the_length_of_a_code_does_not_matter_to_the_triplet_loss() -> None:
    soft, labels = codes_with_triplets()
    longer = soft * torch.linspace(0.2, 1, 12, dtype=torch.float64)[:, None]
    assert triplet(longer, labels, 0.2).item() == pytest.approx(triplet(soft, labels, 0.2).item())


def test_the_gradient_of_the_triplet_loss_is_right() -> None:
    soft, labels = codes_with_triplets()
    assert torch.autograd.gradcheck(lambda x: triplet(x, labels, 0.2), (soft.requires_grad_(),))


@pytest.mark.parametrize("labels", [[0, 0, 0, 0], [0, 1, 2, 3]])
def test_a_batch_without_triplets_gives_zero_with_a_gradient(labels: list[int]) -> None:
    soft = torch.rand(4, 8, requires_grad=True)
    value = triplet(soft, torch.tensor(labels), 0.2)
    assert value.item() == 0
    value.backward()
    assert soft.grad is not None
    assert (soft.grad == 0).all()


def test_codes_that_coincide_leave_the_triplet_gradient_finite() -> None:
    soft = torch.rand(1, 8).repeat(6, 1)
    soft[4:] += 0.01
    soft.requires_grad_()
    value = triplet(soft, torch.tensor([0, 0, 1, 1, 1, 0]), 0.2)
    value.backward()
    assert value.item() > 0
    assert soft.grad is not None
    assert torch.isfinite(soft.grad).all()
