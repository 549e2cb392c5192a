"""The training loop: repeatable, honest about its epochs, and able to learn."""

import dataclasses
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import reference
import torch
from fakes import fit_head, triplet_objective
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from torch import Tensor

from mirs_core.errors import DataError, RunError
from mirs_core.hashing import validation
from mirs_core.hashing.model import HashHead, HashModel, shared
from mirs_core.hashing.objective import Objective
from mirs_core.hashing.plan import Validation
from mirs_core.hashing.records import EpochRecord, FitResult
from mirs_core.hashing.terms import Batch
from mirs_core.hashing.validation import validation_map
from mirs_core.hashing.whitening import MovingStatistics, scaling, whitening
from mirs_core.ranking.codes import pack, unpack

Features = NDArray[np.float32]
Labels = NDArray[np.int64]

CLASSES, WIDTH = 4, 12


def toy(n: int, seed: int, noise: float = 0.6) -> tuple[Features, Labels]:
    """Rows whose first channels say the class, below louder channels that say nothing."""
    rng = np.random.default_rng(seed)
    labels = np.arange(n) % CLASSES
    x = rng.normal(0, 3, (n, WIDTH))
    x[:, :CLASSES] = 2 * np.eye(CLASSES)[labels] + rng.normal(0, noise, (n, CLASSES))
    return x.astype(np.float32), labels.astype(np.int64)


def views(n: int, seed: int, count: int = 3) -> tuple[Features, Labels]:
    """Training rows (count, n, D): the plain row and copies with noise."""
    x, labels = toy(n, seed)
    noise = np.random.default_rng(seed).normal(0, 0.3, (count, *x.shape)).astype(np.float32)
    noise[0] = 0
    return x + noise, labels


def validation_data(n: int = 24, seed: int = 100, noise: float = 0.6) -> Validation:
    return Validation(*toy(n, seed, noise))


def small_model(dropout: float = 0.0) -> HashModel:
    """A model with its own transform a domain; the same start whoever calls."""
    x, other = toy(60, 7)[0], toy(60, 8)[0]
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        head = HashHead(WIDTH, 16, (20,), dropout=dropout)
    return HashModel(head, scaling(x, "standardised"), whitening(other, 6, 0.1))


def train(
    model: HashModel, n: int = 40, check: Validation | None = None, **options: Any
) -> FitResult:
    x, labels = views(n, 1)
    defaults: dict[str, Any] = {"epochs": 4, "batch_size": 16, "learning_rate": 3e-3}
    objective = options.pop("objective", None) or triplet_objective(0.2, 0.01, 1.0)
    return fit_head(model, objective, x, labels, check, **{**defaults, **options})


def same(a: HashModel, b: HashModel) -> bool:
    first, second = a.state(), b.state()
    return all(torch.equal(first[name], second[name]) for name in first)


def curve(result: FitResult) -> list[EpochRecord]:
    """The history without the only part that may differ between two runs."""
    return [dataclasses.replace(record, seconds=0.0) for record in result.history]


def figure(model: HashModel, x: Features, labels: Labels, check: Validation) -> float:
    """Validation mAP of a model, by loops over bits."""
    archive = unpack(model.encode(x, "source"), model.bits).tolist()
    queries = unpack(model.encode(check.features, "target"), model.bits).tolist()
    value = reference.validation_map(archive, labels.tolist(), queries, check.labels.tolist())
    assert value is not None
    return value


@pytest.mark.parametrize("averaging", [0.0, 0.9])
def test_a_training_is_repeatable_bit_for_bit(averaging: float) -> None:
    results, models = [], []
    for noise in (1, 2):
        torch.manual_seed(noise)
        np.random.seed(noise)
        random.seed(noise)
        models.append(small_model(dropout=0.2))
        results.append(train(models[-1], check=validation_data(), averaging=averaging, seed=5))
    assert same(*models)
    assert curve(results[0]) == curve(results[1])
    assert results[0].best_epoch == results[1].best_epoch
    assert not same(models[0], small_model())


def test_another_seed_is_another_training() -> None:
    models = [small_model(), small_model()]
    for seed, model in enumerate(models):
        train(model, seed=seed)
    assert not same(*models)


def test_the_global_random_state_is_left_alone() -> None:
    torch.manual_seed(3)
    np.random.seed(3)
    random.seed(3)
    before = torch.get_rng_state(), random.getstate()
    train(small_model(dropout=0.2), check=validation_data())
    assert torch.equal(torch.get_rng_state(), before[0])
    assert random.getstate() == before[1]
    assert np.random.random() == np.random.RandomState(3).random()


@pytest.mark.parametrize("averaging", [0.0, 0.5])
def test_the_model_left_is_that_of_the_best_epoch(averaging: float) -> None:
    model, check = small_model(), validation_data(noise=1.0)
    x, labels = views(40, 1)
    options: dict[str, Any] = {"learning_rate": 0.05, "betas": (0.9, 0.99), "averaging": averaging}
    result = train(model, check=check, epochs=12, **options)
    values = [record.map_at_64 for record in result.history]
    assert None not in values
    best = max(value for value in values if value is not None)
    assert result.best_epoch == values.index(best) + 1
    # The case says something: the last epoch is worse, and the first is not the best.
    assert values[-1] != best != values[0]
    assert figure(model, x[0], labels, check) == pytest.approx(best)
    # The loop's own figure of every epoch is also that of a training that ends there.
    shorter = small_model()
    train(shorter, epochs=result.best_epoch, **options)
    assert same(model, shorter)


def test_the_earliest_of_equally_good_epochs_wins() -> None:
    # Steps so small that weights move and codes do not.
    model, shorter, longer = small_model(), small_model(), small_model()
    result = train(model, check=validation_data(), learning_rate=1e-7)
    assert len({record.map_at_64 for record in result.history}) == 1
    assert result.best_epoch == 1
    train(shorter, epochs=1, learning_rate=1e-7)
    train(longer, learning_rate=1e-7)
    assert same(model, shorter)
    assert not same(model, longer)


def test_validation_does_not_change_the_course_of_a_training() -> None:
    plain, checked = (
        train(small_model(dropout=0.2)),
        train(small_model(dropout=0.2), check=validation_data()),
    )
    assert [r.terms for r in plain.history] == [r.terms for r in checked.history]


@pytest.mark.parametrize(
    "check",
    [
        None,
        Validation(np.zeros((0, WIDTH), np.float32), np.zeros(0, np.int64)),
        Validation(toy(5, 3)[0], np.full(5, CLASSES)),
    ],
    ids=["none", "empty", "classes of its own"],
)
def test_without_an_answer_in_validation_the_last_epoch_is_kept(check: Validation | None) -> None:
    model, states = small_model(), []
    result = train(
        model, check=check, on_epoch=lambda record: states.append(model.state()), epochs=5
    )
    assert result.best_epoch == 5
    assert [record.map_at_64 for record in result.history] == [None] * 5
    last = model.state()
    assert all(torch.equal(last[name], states[-1][name]) for name in last)
    assert not all(torch.equal(last[name], states[-2][name]) for name in last)


def test_a_training_can_be_stopped_between_epochs() -> None:
    seen: list[EpochRecord] = []
    model, check = small_model(), validation_data()
    result = train(
        model,
        check=check,
        epochs=50,
        on_epoch=seen.append,
        should_stop=lambda: len(seen) == 3,
    )
    assert [record.epoch for record in seen] == [1, 2, 3]
    assert list(result.history) == seen
    best = result.history[result.best_epoch - 1].map_at_64
    x, labels = views(40, 1)
    assert figure(model, x[0], labels, check) == pytest.approx(best)


def test_the_head_is_left_ready_to_encode() -> None:
    model = small_model(dropout=0.5)
    train(model)
    assert not model.head.training
    train(model, check=validation_data(), averaging=0.9)
    assert not model.head.training


def recorded(batches: list[Batch]) -> Objective:
    """The size of the logits as a loss, and a record of the batches it saw."""

    def term(batch: Batch) -> Tensor:
        batches.append(batch)
        return (batch.logits**2).mean()

    return Objective({"size": (0.5, term)})


@pytest.mark.parametrize(
    ("batch_size", "sizes"),
    [(4, [4, 3, 3]), (5, [5, 5]), (9, [5, 5]), (10, [10]), (256, [10]), (1, [1] * 10)],
)
def test_every_tile_is_seen_once_an_epoch_in_even_batches(
    batch_size: int, sizes: list[int]
) -> None:
    x, _ = views(10, 1)
    labels = np.arange(10)
    batches: list[Batch] = []
    fit_head(small_model(), recorded(batches), x, labels, None, epochs=2, batch_size=batch_size)
    assert [len(batch.labels) for batch in batches] == sizes * 2
    half = len(sizes)
    orders = [
        torch.cat([batch.labels for batch in part]).tolist()
        for part in (batches[:half], batches[half:])
    ]
    assert sorted(orders[0]) == sorted(orders[1]) == list(range(10))
    assert orders[0] != orders[1]
    assert all(batch.target_logits is None for batch in batches)
    for batch in batches:
        torch.testing.assert_close(batch.soft, batch.logits.sigmoid())


def numbered(count: int, n: int) -> Features:
    """Rows that say which view of which tile they are, in their first two channels."""
    x = np.zeros((count, n, WIDTH), np.float32)
    x[..., 0] = np.arange(count)[:, None]
    x[..., 1] = np.arange(n)
    return x


def inputs_of(head: HashHead) -> list[Tensor]:
    seen: list[Tensor] = []
    head.register_forward_pre_hook(lambda module, args: seen.append(args[0].detach()))
    return seen


def test_a_step_takes_a_random_view_of_each_tile() -> None:
    model, batches = shared(HashHead(WIDTH, 16, ())), list[Batch]()
    seen = inputs_of(model.head)
    labels = np.arange(30)
    fit_head(model, recorded(batches), numbered(3, 30), labels, None, epochs=20, batch_size=8)
    rows = torch.cat(seen)
    np.testing.assert_array_equal(rows[:, 1], torch.cat([batch.labels for batch in batches]))
    shares = np.bincount(rows[:, 0].int().numpy(), minlength=3) / len(rows)
    assert shares == pytest.approx(1 / 3, abs=0.08)
    # In one batch, tiles come in different views.
    assert len(set(seen[0][:, 0].tolist())) > 1


def test_target_tiles_pass_the_transform_of_the_target() -> None:
    model = small_model()
    seen = inputs_of(model.head)
    target = toy(9, 55)[0]
    x, labels = views(20, 1)
    objective = triplet_objective(0.2, 0.01, 1.0, entropy_weight=0.1)
    result = fit_head(model, objective, x, labels, None, target=target, epochs=3, batch_size=8)
    assert [len(rows) for rows in seen] == [7, 7, 7, 7, 6, 6] * 3
    known = [
        {row.tobytes() for row in model.transforms[domain](torch.from_numpy(rows)).numpy()}
        for domain, rows in (("source", x.reshape(-1, WIDTH)), ("target", target))
    ]
    for place, rows in enumerate(seen):
        assert {row.tobytes() for row in rows.numpy()} <= known[place % 2]
    assert all(0 < record.terms["entropy"] <= np.log(2) for record in result.history)


@pytest.mark.parametrize("target", [None, np.zeros((0, WIDTH), np.float32)])
def test_entropy_without_target_tiles_is_refused(target: Features | None) -> None:
    objective = triplet_objective(0.2, 0.01, 1.0, entropy_weight=0.1)
    with pytest.raises(DataError, match=r"archive is empty\. Set loss\.entropy_weight to 0"):
        train(small_model(), objective=objective, target=target)


def test_a_training_that_diverges_says_so() -> None:
    seen: list[EpochRecord] = []
    with pytest.raises(RunError, match=r"diverged in epoch \d+: .* Lower training\.learning_rate"):
        train(small_model(), learning_rate=1e25, epochs=9, on_epoch=seen.append)
    assert all(np.isfinite(record.total) for record in seen)


def test_target_tiles_without_entropy_change_nothing() -> None:
    models = [small_model(), small_model()]
    train(models[0])
    train(models[1], target=toy(9, 55)[0])
    assert same(*models)


def test_the_record_holds_the_means_over_steps() -> None:
    seen: list[tuple[float, float]] = []

    def first(batch: Batch) -> Tensor:
        value = (batch.logits**2).mean()
        seen.append((value.item(), batch.soft.mean().item()))
        return value

    objective = Objective({"a": (0.5, first), "b": (3.0, lambda batch: batch.soft.mean())})
    result = train(small_model(), objective=objective, epochs=2)
    assert len(seen) == 6
    for record, steps in zip(result.history, (seen[:3], seen[3:]), strict=True):
        a, b = (sum(step[i] for step in steps) / 3 for i in (0, 1))
        assert record.terms == pytest.approx({"a": a, "b": b})
        assert record.total == pytest.approx(0.5 * a + 3 * b)
        assert record.seconds > 0


def test_a_record_is_one_plain_line() -> None:
    record = EpochRecord(
        3, {"push": -0.123456789123}, 1.987654321987, 0.12345678, 0.123456, None, {"push": 1 / 3}
    )
    assert record.to_json() == {
        "epoch": 3,
        "terms": {"push": -0.12345679},
        "total": 1.98765432,
        "map_at_64": 0.123457,
        "validation_loss": None,
        "seconds": 0.1235,
        "gradients": {"push": 0.33333333},
    }
    assert dataclasses.replace(record, map_at_64=None).to_json()["map_at_64"] is None


def test_steps_are_those_of_adam() -> None:
    x = np.random.default_rng(0).normal(size=(6, 2)).astype(np.float32)
    torch.manual_seed(0)
    model = shared(HashHead(2, 8, ()))
    layer = model.head.layers[0]
    start = [float(v) for p in (layer.weight, layer.bias) for v in p.detach().flatten()]
    rows = x.astype(np.float64)

    def gradient(value: list[float]) -> list[float]:
        weight, bias = np.array(value[:16]).reshape(8, 2), np.array(value[16:])
        slope = 2 * (rows @ weight.T + bias) / 48 * 0.5
        return [*(slope.T @ rows).flatten().tolist(), *slope.sum(axis=0).tolist()]

    options: dict[str, Any] = {"learning_rate": 0.02, "weight_decay": 0.3, "betas": (0.8, 0.95)}
    fit_head(model, recorded([]), x[None], np.zeros(6, np.int64), None, epochs=15, **options)
    expected = reference.adam(gradient, start, 15, **options)
    found = [float(v) for p in (layer.weight, layer.bias) for v in p.detach().flatten()]
    assert found == pytest.approx(expected, abs=1e-5)
    assert max(abs(a - b) for a, b in zip(start, found, strict=True)) > 0.05


def test_the_average_is_that_of_the_weights_of_every_step() -> None:
    def bias_of(model: HashModel) -> Tensor:
        return model.state()["head.layers.1.bias"]

    plain, course = small_model(), list[Tensor]()
    start = bias_of(plain)
    train(plain, epochs=15, batch_size=40, on_epoch=lambda record: course.append(bias_of(plain)))
    averaged = small_model()
    train(averaged, epochs=15, batch_size=40, averaging=0.5)
    expected = [
        reference.moving_average(float(start[i]), [float(step[i]) for step in course], 0.5)
        for i in range(len(start))
    ]
    np.testing.assert_allclose(bias_of(averaged), expected, atol=1e-6)
    assert not torch.allclose(bias_of(averaged), bias_of(plain), atol=1e-4)


@pytest.mark.parametrize("averaging", [0.0, 0.9])
@pytest.mark.parametrize("form", ["sample", "bit"])
def test_a_separable_problem_is_learnt(averaging: float, form: str) -> None:
    x, labels = views(80, 1)
    check = validation_data(40)
    model = small_model()
    model.transforms["target"] = model.transforms["source"]
    before = figure(model, x[0], labels, check)
    objective = triplet_objective(0.2, 0.01, 1.0, form)
    result = fit_head(
        model,
        objective,
        x,
        labels,
        check,
        epochs=60,
        batch_size=32,
        learning_rate=0.01,
        averaging=averaging,
    )
    after = figure(model, x[0], labels, check)
    assert before < 0.55
    assert after > 0.85
    assert result.history[-1].total < result.history[0].total


@st.composite
def labelled_codes(draw: st.DrawFn, least: int = 1) -> tuple[list[list[int]], list[int]]:
    """Codes of 8 bits of which 5 never differ, so that ties are many."""
    rows = draw(st.lists(st.tuples(st.integers(0, 7), st.integers(0, 3)), min_size=least))
    codes = [[value >> 2 & 1, value >> 1 & 1, value & 1, 0, 1, 0, 1, 1] for value, _ in rows]
    return codes, [label for _, label in rows]


@settings(deadline=None)
@given(archive=labelled_codes(), queries=labelled_codes())
def test_the_validation_figure_is_the_loop(
    archive: tuple[list[list[int]], list[int]], queries: tuple[list[list[int]], list[int]]
) -> None:
    found = validation_map(
        pack(np.array(archive[0])),
        np.array(archive[1]),
        pack(np.array(queries[0])),
        np.array(queries[1]),
    )
    assert found == pytest.approx(reference.validation_map(*archive, *queries))


def test_the_validation_figure_counts_64_ranks() -> None:
    rng = np.random.default_rng(0)
    # So many rows that a partial sort does not sort them all.
    archive, queries = rng.integers(0, 2, (2000, 16)), rng.integers(0, 2, (20, 16))
    labels, wanted = rng.integers(0, 3, 2000), rng.integers(0, 4, 20)
    found = validation_map(pack(archive), labels, pack(queries), wanted)
    assert (wanted == 3).any()
    expected = reference.validation_map(
        archive.tolist(), labels.tolist(), queries.tolist(), wanted.tolist()
    )
    assert found == pytest.approx(expected)
    assert validation_map(pack(archive), labels, pack(queries), np.full(20, 9)) is None


def test_keys_that_would_overflow_are_kept_in_wider_numbers(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rng = np.random.default_rng(8)
    archive, queries = (rng.integers(0, 256, (n, 4), dtype=np.uint8) for n in (90, 7))
    labels, wanted = rng.integers(0, 3, 90), rng.integers(0, 3, 7)
    narrow = validation_map(archive, labels, queries, wanted)
    monkeypatch.setattr(validation, "_INT32", 1)
    assert validation_map(archive, labels, queries, wanted) == narrow


class Stop:
    """Asks for a stop after so many epochs."""

    def __init__(self, after: int) -> None:
        self.left = after

    def __call__(self) -> bool:
        self.left -= 1
        return self.left == 0


@pytest.mark.parametrize("averaging", [0.0, 0.9])
@pytest.mark.parametrize("moving", [False, True])
@pytest.mark.parametrize("breaks", [(1,), (2, 1, 3)])
def test_a_training_that_broke_off_ends_in_the_same_bits(
    tmp_path: Path, averaging: float, moving: bool, breaks: tuple[int, ...]
) -> None:
    path = tmp_path / "checkpoint.safetensors"

    def go(model: HashModel, **more: Any) -> FitResult:
        statistics = MovingStatistics(6, 0.1) if moving else None
        return fit_head(
            model, triplet_objective(0.2, 0.01, 1.0), *views(40, 3), validation_data(),
            target=toy(30, 9)[0], moving=statistics, epochs=8, batch_size=16,
            averaging=averaging, **more,
        )  # fmt: skip

    whole, model = small_model(0.3), small_model(0.3)
    expected = go(whole)
    for after in breaks:
        model = small_model(0.3)
        stopped = go(model, checkpoint=path, should_stop=Stop(after))
        assert len(stopped.history) < 8
    seen: list[int] = []
    model = small_model(0.3)
    found = go(model, checkpoint=path, on_epoch=lambda record: seen.append(record.epoch))
    assert seen == list(range(1, 9))
    assert found.best_epoch == expected.best_epoch
    assert [one.terms for one in found.history] == [one.terms for one in expected.history]
    states = (model.state(), whole.state())
    assert all(torch.equal(states[0][name], states[1][name]) for name in states[1])


def test_a_checkpoint_of_another_model_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "checkpoint.safetensors"
    settings_ = {"epochs": 4, "checkpoint": path}
    fit_head(
        small_model(),
        triplet_objective(0.2, 0.01, 1.0),
        *views(40, 3),
        None,
        should_stop=Stop(1),
        **settings_,
    )
    other = shared(HashHead(WIDTH, 8, (20,)))
    with pytest.raises(RunError, match="does not fit its run"):
        fit_head(other, triplet_objective(0.2, 0.01, 1.0), *views(40, 3), None, **settings_)
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(RunError, match="is damaged"):
        fit_head(small_model(), triplet_objective(0.2, 0.01, 1.0), *views(40, 3), None, **settings_)


def test_gradients_are_those_of_each_weighted_term_alone() -> None:
    """Against the gradient of one term at a time, its weight worked in by hand."""
    x, labels = toy(24, 1)
    logits = torch.from_numpy(x) @ torch.randn(WIDTH, 16, generator=torch.manual_seed(3))
    logits.requires_grad_()
    batch = Batch(logits, logits.sigmoid(), torch.from_numpy(labels))
    objective = triplet_objective(0.2, 0.01, 1.0)
    found = objective.gradients(batch, objective(batch)[1])
    for name, (weight, term) in objective.terms.items():
        logits.grad = None
        (weight * term(batch)).backward(retain_graph=True)
        expected = 0.0 if logits.grad is None else float(logits.grad.norm())
        assert found[name] == pytest.approx(expected, rel=1e-5)
