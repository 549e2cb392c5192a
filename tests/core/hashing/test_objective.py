"""The objective: its terms, their weights, and nothing else."""

import numpy as np
import pytest
import reference
import torch
from fakes import triplet_objective

from mirs_core.hashing.losses import balance, entropy, nt_xent, push, similarity
from mirs_core.hashing.losses.entropy import softmax_entropy
from mirs_core.hashing.losses.order import class_order
from mirs_core.hashing.objective import Objective
from mirs_core.hashing.projection import ProjectedPairs
from mirs_core.hashing.terms import Batch


def batch(seed: int = 0) -> Batch:
    rng = np.random.default_rng(seed)
    logits = torch.from_numpy(rng.normal(0, 2, (12, 8))).requires_grad_()
    labels = torch.from_numpy(rng.integers(0, 3, 12))
    target = torch.from_numpy(rng.normal(0, 2, (7, 8)))
    return Batch(logits, logits.sigmoid(), labels, target_logits=target)


@pytest.mark.parametrize("form", ["sample", "bit"])
@pytest.mark.parametrize("entropy_weight", [0.0, 0.3])
def test_the_total_is_the_weighted_sum_of_the_loops(form: str, entropy_weight: float) -> None:
    step = batch()
    soft, labels = step.soft.tolist(), step.labels.tolist()
    assert step.target_logits is not None
    balance_loop = reference.balance_per_sample if form == "sample" else reference.balance_per_bit
    expected = {
        "triplet": reference.triplet(soft, labels, 0.2),
        "push": reference.push(soft),
        "balance": balance_loop(soft),
        "entropy": reference.bernoulli_entropy(step.target_logits.sigmoid().tolist()),
    }
    weights = {"triplet": 1.0, "push": 0.7, "balance": 1.9, "entropy": entropy_weight}
    if not entropy_weight:
        del expected["entropy"]
    objective = triplet_objective(0.2, 0.7, 1.9, form, entropy_weight)
    total, terms = objective(step)
    assert {name: value.item() for name, value in terms.items()} == pytest.approx(expected)
    assert total.item() == pytest.approx(sum(weights[n] * v for n, v in expected.items()))


def test_the_margin_reaches_the_triplets() -> None:
    step = batch()
    values = [triplet_objective(margin, 0, 0)(step)[1]["triplet"].item() for margin in (0.1, 0.4)]
    soft, labels = step.soft.tolist(), step.labels.tolist()
    expected = [reference.triplet(soft, labels, margin) for margin in (0.1, 0.4)]
    assert values == pytest.approx(expected)


def test_entropy_is_a_term_only_with_a_weight() -> None:
    assert "target" not in triplet_objective(0.2, 1, 1).needs
    assert "entropy" not in triplet_objective(0.2, 1, 1, entropy_weight=0.0).terms
    with_entropy = triplet_objective(0.2, 1, 1, entropy_weight=0.1)
    assert "target" in with_entropy.needs
    assert set(with_entropy.terms) == {"triplet", "push", "balance", "entropy"}


def test_the_gradient_of_the_total_is_the_weighted_sum_of_gradients() -> None:
    step = batch()
    total, terms = triplet_objective(0.2, 0.7, 1.9)(step)
    (whole,) = torch.autograd.grad(total, step.logits, retain_graph=True)
    weights = {"triplet": 1.0, "push": 0.7, "balance": 1.9}
    parts = [
        weight * torch.autograd.grad(terms[name], step.logits, retain_graph=True)[0]
        for name, weight in weights.items()
    ]
    assert all(bool((part != 0).any()) for part in parts)
    torch.testing.assert_close(whole, torch.stack(parts).sum(dim=0))


def test_any_terms_can_be_weighed() -> None:
    objective = Objective({"a": (2.0, lambda b: b.soft.sum()), "b": (0.0, lambda b: b.soft.max())})
    step = batch()
    total, terms = objective(step)
    assert total.item() == pytest.approx(2 * step.soft.sum().item())
    assert terms["b"].item() == step.soft.max().item()
    assert "target" not in objective.needs
    assert "target" in Objective(objective.terms, frozenset({"target"})).needs


def test_an_unknown_form_of_balance_is_refused() -> None:
    with pytest.raises(KeyError):
        triplet_objective(0.2, 1, 1, "row")


def test_contrast_is_between_the_projections_of_two_views() -> None:
    torch.manual_seed(0)
    first, second = torch.randn(6, 8), torch.randn(6, 8)
    projection = nt_xent.build(bits=8, width=32, temperature=0.3, seed=0)
    assert isinstance(projection, ProjectedPairs)
    pair = Batch(first, first.sigmoid(), torch.full((6,), -1), other_logits=second)
    weights = [layer.weight for layer in (projection.first, projection.last)]
    assert [tuple(weight.shape) for weight in weights] == [(8, 8), (32, 8)]
    assert len(list(projection.parameters())) == 2

    def projected(x: torch.Tensor) -> torch.Tensor:
        return (x @ weights[0].T).clamp_min(0) @ weights[1].T

    expected = nt_xent.nt_xent(projected(first), projected(second), 0.3)
    assert torch.allclose(projection(pair), expected)
    assert list(Objective({"nt-xent": (1.0, projection)}).layers) == [projection]


def test_push_and_balance_see_both_views() -> None:
    torch.manual_seed(0)
    first, second = torch.randn(6, 8), torch.randn(6, 8)
    pair = Batch(first, first.sigmoid(), torch.full((6,), -1), other_logits=second)
    every = torch.cat([first, second]).sigmoid().tolist()
    assert push.build()(pair).item() == pytest.approx(reference.push(every))
    for form in ("sample", "bit"):
        twin = reference.balance_per_sample if form == "sample" else reference.balance_per_bit
        assert balance.build(form)(pair).item() == pytest.approx(twin(every))


def test_similarity_is_the_loop_over_pairs() -> None:
    rng = np.random.default_rng(2)
    logits, inputs = rng.normal(size=(5, 4)), rng.normal(size=(5, 7))

    def cosine(a: np.ndarray, b: np.ndarray) -> float:
        return float(a @ b / np.sqrt((a @ a) * (b @ b)))

    gaps = [
        (cosine(logits[i], logits[j]) - cosine(inputs[i], inputs[j])) ** 2
        for i in range(5)
        for j in range(5)
        if i != j
    ]
    z, x = torch.from_numpy(logits), torch.from_numpy(inputs).requires_grad_()
    value = similarity.build()(Batch(z, z.sigmoid(), torch.zeros(5), inputs=x))
    assert value.item() == pytest.approx(sum(gaps) / len(gaps))
    assert not value.requires_grad
    one = similarity.build()(Batch(z[:1], z[:1].sigmoid(), torch.zeros(1), inputs=x[:1]))
    assert one.item() == 0


def test_class_order_is_one_less_the_mean_correlation_within_classes() -> None:
    rng = np.random.default_rng(3)
    z, x = rng.normal(size=(12, 4)), rng.normal(size=(12, 7))
    labels = np.array([0] * 5 + [1] * 4 + [2] * 2 + [3])

    def cosine(a: np.ndarray, b: np.ndarray) -> float:
        return float(a @ b / np.sqrt((a @ a) * (b @ b)))

    losses = []
    for i in range(12):
        own = [j for j in range(12) if j != i and labels[j] == labels[i]]
        if len(own) >= 2:
            pair = [[cosine(y[i], y[j]) for j in own] for y in (z, x)]
            losses.append(1 - np.corrcoef(pair)[0, 1])
    value = class_order(*(torch.from_numpy(part) for part in (z, x, labels)))
    assert len(losses) == 9
    assert value.item() == pytest.approx(np.mean(losses), abs=1e-6)


def test_class_order_of_small_classes_is_zero_and_of_the_features_themselves_too() -> None:
    x = torch.randn(6, 5, requires_grad=True)
    alone = class_order(x, x, torch.arange(6) // 2)
    assert alone.item() == 0 and alone.requires_grad
    assert class_order(x, x, torch.zeros(6)).item() == pytest.approx(0, abs=1e-4)


def test_the_softmax_form_reads_soft_codes_of_the_target() -> None:
    step = batch()
    assert step.target_logits is not None
    expected = softmax_entropy(step.target_logits.sigmoid())
    assert torch.equal(entropy.build("softmax")(step), expected)
    assert not torch.allclose(entropy.build()(step), expected)


def test_the_metric_is_the_first_term_without_its_weight() -> None:
    step = batch()
    objective = Objective({"a": (0.5, lambda b: b.soft.mean()), "b": (1.0, push.build())})
    assert objective.metric(step).item() == pytest.approx(step.soft.mean().item())
