"""Parity with the code of 2021: what each quirk changes, and that nothing else changes it.

The settings that stand for quirks of their own (softmax entropy, absolute shrinkage, choice by the
loss, features before the ReLU) are tested where they live.
"""

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch
from fakes import archive_of, fit_tiles, permuted

from mirs_core.config import presets
from mirs_core.config import settings as config
from mirs_core.errors import ConfigError, DataError
from mirs_core.hashing.hash_function import HashFunction
from mirs_core.hashing.mining import interclass
from mirs_core.hashing.model import HashModel
from mirs_core.hashing.terms import Batch
from mirs_core.hashing.whitening import MovingStatistics, whitening
from mirs_core.pipeline import assembly, fitting
from mirs_core.pipeline.learning_tiles import learning_rows
from mirs_core.retrieval.retriever import load_model, save_model

MOVING = ["whitening.enabled=true", "whitening.estimator=moving", "training.epochs=3"]


def batch(groups: torch.Tensor | None = None) -> Batch:
    torch.manual_seed(0)
    logits = torch.randn(24, 128)
    labels = torch.arange(24) % 4
    return Batch(logits, logits.sigmoid(), labels, groups=groups)


def made(*changes: str) -> config.RunConfig:
    return presets.from_preset("mirs", data="", changes=changes)


def test_the_preset_switches_every_quirk_on() -> None:
    quirks = presets.from_preset("mirs-2021-as-coded", data="").quirks
    assert all(dataclasses.asdict(quirks).values())
    for preset in set(presets.PRESETS) - {"mirs-2021-as-coded"}:
        assert not any(dataclasses.asdict(presets.from_preset(preset, data="").quirks).values())


def test_faint_push_is_the_push_loss_divided_by_the_bits_again() -> None:
    plain, quirk = (
        assembly.objective_of(made(f"quirks.faint_push={value}"), 4)(batch())[1]["push"]
        for value in ("false", "true")
    )
    assert quirk.item() == pytest.approx(plain.item() / 128)
    # At its weight of 0.001 the knob is dead: below 2e-6, as measured in 2021.
    assert 0 < -1e-3 * quirk.item() < 2e-6


def test_the_slope_follows_the_margin_in_training_and_from_the_file(tmp_path: Path) -> None:
    items, features = archive_of()
    config_ = made("quirks.slope_is_margin=true", "loss.margin=0.4", "training.epochs=2")
    assert made("loss.margin=0.4").slope == 0.2
    model = fit_tiles(config_, features, items).model
    assert isinstance(model, HashModel)
    assert model.head.activation.negative_slope == 0.4
    save_model(tmp_path / "model.safetensors", model)
    read = load_model(tmp_path / "model.safetensors", config_)
    assert isinstance(read, HashFunction) and read.slope == 0.4
    assert np.array_equal(read.soft(features, "target"), model.function().soft(features, "target"))


def test_raw_groups_cluster_the_features_as_they_are() -> None:
    items, features = archive_of()
    changes = ["loss.interclass_weight=1", "loss.groups=4", "training.epochs=1"]
    rows = learning_rows(made(*changes), items)
    labels = np.array([items.labels[row] for row in rows])
    numbers = np.unique(labels, return_inverse=True)[1]
    raw, sound = (
        fitting.groups_of(made(*changes, f"quirks.raw_groups={on}"), features[rows], numbers)
        for on in ("true", "false")
    )
    assert raw is not None and sound is not None

    def purity(groups: np.ndarray) -> float:
        return float(
            np.mean([np.bincount(numbers[groups == g]).max() for g in np.unique(groups)])
            / np.mean([np.sum(groups == g) for g in np.unique(groups)])
        )

    # Raw groups are the classes over again; sound ones are what is left without them.
    assert purity(raw) > 0.95 and purity(sound) < 0.6


def test_two_classes_will_do_lets_the_negative_share_the_positives_class() -> None:
    labels, groups = torch.tensor([0, 1, 1, 2]), torch.tensor([0, 0, 1, 1])
    distances = torch.tensor(
        [[0, 0.5, 0.6, 0.6], [0.5, 0, 0.6, 0.6], [0.6, 0.6, 0, 0.5], [0.6, 0.6, 0.5, 0]]
    )
    found = [
        {
            tuple(triple)
            for triple in torch.stack(
                interclass(distances, labels, groups, 0.2, third).triplets(), dim=1
            ).tolist()
        }
        for third in (True, False)
    ]
    assert (0, 1, 2) in found[1] and (0, 1, 2) not in found[0] and found[0] < found[1]
    on, off = (
        assembly.objective_of(made("loss.interclass_weight=1", f"quirks.two_classes={value}"), 4)(
            batch(torch.arange(24) % 5)
        )[1]["interclass"]
        for value in ("true", "false")
    )
    assert on.item() != off.item()


def test_leaky_statistics_move_by_every_batch_of_validation_before_the_epoch_is_kept() -> None:
    """One batch of training and two of validation: the kept average is worked out by hand."""
    items, features = archive_of()
    val = features[items.rows(["val"])] + 3
    changed = features.copy()
    changed[items.rows(["val"])] = val
    half = len(val) - len(val) // 2
    size = f"training.batch_size={half}"
    changes = (*MOVING, "training.epochs=1", "whitening.momentum=0.25", size)
    means = {}
    for on in ("false", "true"):
        config_ = made(*changes, f"quirks.leaky_statistics={on}")
        model = fit_tiles(config_, changed, items).model
        assert isinstance(model, HashModel)
        means[on] = model.state()["target.mean"].numpy()
    by_hand = means["false"]
    for part in (val[:half], val[half:]):
        by_hand = 0.75 * by_hand + 0.25 * part.mean(axis=0)
    assert means["true"] == pytest.approx(by_hand, abs=1e-4)


def test_a_batch_of_one_tile_is_refused_by_the_moving_average() -> None:
    with pytest.raises(DataError, match="batch of one tile"):
        MovingStatistics(3, 0.1).step("source", torch.zeros(1, 6))


def test_terms_that_read_features_see_them_whitened_alone() -> None:
    rng = np.random.default_rng(0)
    x = torch.from_numpy(rng.normal(2, 3, size=(40, 6))).float()
    moving = MovingStatistics(3, 0.1)
    white = moving.step("source", x)
    before = moving.transforms()["source"].mean.clone()
    assert torch.equal(moving.alone(x), white)
    moving.alone(x + 5)
    assert torch.equal(moving.transforms()["source"].mean, before)


def test_validation_tiles_reach_the_model_only_where_statistics_leak() -> None:
    items, features = archive_of()
    changed = features.copy()
    changed[items.rows(["val"])] += 3
    for on, reached in (("true", True), ("false", False)):
        # The last epoch is kept either way, so that only the statistics can differ.
        config_ = made(*MOVING, f"quirks.leaky_statistics={on}", "quirks.late_statistics=true")
        states = [
            model.state()["target.mean"]
            for model in (fit_tiles(config_, f, items).model for f in (features, changed))
            if isinstance(model, HashModel)
        ]
        assert torch.equal(*states) is not reached


def test_late_statistics_serve_the_last_average_with_the_best_head() -> None:
    items, features = archive_of()
    items = permuted(items, ("val",))
    kept, late = (
        fit_tiles(made(*MOVING, "training.epochs=30", f"quirks.late_statistics={on}"), f, items)
        for on, f in (("false", features), ("true", features))
    )
    assert kept.best_epoch == late.best_epoch < 30
    assert isinstance(kept.model, HashModel) and isinstance(late.model, HashModel)
    first, second = kept.model.state(), late.model.state()
    assert torch.equal(first["head.layers.0.weight"], second["head.layers.0.weight"])
    assert not torch.equal(first["target.mean"], second["target.mean"])


def test_quirks_of_statistics_need_a_moving_average() -> None:
    for quirk in ("leaky_statistics", "late_statistics"):
        with pytest.raises(ConfigError, match=r"whitening\.estimator=moving"):
            made("whitening.enabled=true", f"quirks.{quirk}=true")


def test_a_moving_average_of_equal_batches_is_the_exact_transform() -> None:
    x = np.random.default_rng(1).normal(2, 3, size=(50, 7)).astype(np.float32)
    moving = MovingStatistics(3, 0.2)
    for _ in range(4):
        whitened = moving.step("source", torch.from_numpy(x))
    exact = whitening(x, 3, 0.2)
    assert torch.allclose(whitened, exact(torch.from_numpy(x)), atol=1e-5)
    assert torch.allclose(moving.transforms()["source"].blocks, exact.blocks, atol=1e-5)


def test_a_moving_average_forgets_by_its_momentum() -> None:
    moving = MovingStatistics(2, 0.5, momentum=0.5)
    for value in (0.0, 4.0, 8.0):
        moving.step("source", torch.tensor([[value - 1, value], [value + 1, value + 2]]))
    mean = moving.transforms()["source"].mean.tolist()
    # Batch means are (v, v + 1): 0, 4, 8, the first one starting the average.
    assert mean == pytest.approx([5.0, 6.0])
