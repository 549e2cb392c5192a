"""Labels of archive and test never reach a model: they are permuted, and no bit changes."""

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from fakes import archive_of, fit_tiles, permuted

from mirs_core.config import presets
from mirs_core.config import settings as config
from mirs_core.datasets.items import Items
from mirs_core.errors import ConfigError, DataError
from mirs_core.evaluation.run_report import evaluate_run
from mirs_core.hashing.model import HashModel
from mirs_core.pipeline.learning_tiles import learning_rows
from mirs_core.retrieval.retriever import Retriever, save_model

MADE = {name: presets.from_preset(name, data="") for name in presets.PRESETS}
UNSUPERVISED = [name for name, made in MADE.items() if made.unsupervised]
SUPERVISED = [name for name, made in MADE.items() if made.trains and not made.unsupervised]


def views_of(made: config.RunConfig, items: Items, features: np.ndarray) -> np.ndarray | None:
    """Two views of each tile that is learnt from, where the run compares views."""
    if not made.contrastive:
        return None
    plain = features[learning_rows(made, items)]
    noise = np.random.default_rng(9).normal(0, 0.1, plain.shape).astype(np.float32)
    return np.stack([plain, plain + noise])


def model_bytes(preset: str, items: Items, features: np.ndarray, path: Path) -> bytes:
    changes = ["training.epochs=6"] if preset.startswith("mirs") else []
    made = presets.from_preset(preset, data="", seed=2, changes=changes)
    model = fit_tiles(made, features, items, views_of(made, items, features)).model
    save_model(path, model)
    return path.read_bytes()


@pytest.mark.parametrize("preset", presets.PRESETS)
def test_archive_and_test_labels_are_never_read(preset: str, tmp_path: Path) -> None:
    items, features = archive_of()
    first = model_bytes(preset, items, features, tmp_path / "a")
    shuffled = permuted(items, ("archive", "test"))
    assert shuffled.labels != items.labels
    assert model_bytes(preset, shuffled, features, tmp_path / "b") == first


@pytest.mark.parametrize("preset", UNSUPERVISED)
def test_unsupervised_presets_read_no_label_at_all(preset: str, tmp_path: Path) -> None:
    items, features = archive_of()
    first = model_bytes(preset, items, features, tmp_path / "a")
    shuffled = permuted(items, ("train", "val", "archive", "test"))
    assert model_bytes(preset, shuffled, features, tmp_path / "b") == first
    unlabelled = dataclasses.replace(items, labels=(None,) * len(items))
    assert model_bytes(preset, unlabelled, features, tmp_path / "c") == first


@pytest.mark.parametrize("preset", SUPERVISED)
def test_training_labels_do_reach_the_model(preset: str, tmp_path: Path) -> None:
    # Without this the test above could pass on a model that learns nothing.
    items, features = archive_of()
    first = model_bytes(preset, items, features, tmp_path / "a")
    assert model_bytes(preset, permuted(items, ("train",)), features, tmp_path / "b") != first


def test_whitening_reads_the_archive_as_its_target(tmp_path: Path) -> None:
    items, features = archive_of()
    first = model_bytes("mirs-dwt", items, features, tmp_path / "a")
    changed = features.copy()
    changed[items.rows(["archive"])] *= 2
    assert model_bytes("mirs-dwt", items, changed, tmp_path / "b") != first


def test_distractors_and_copies_of_training_tiles_choose_no_epoch(tmp_path: Path) -> None:
    items, features = archive_of()
    val = items.rows(["val"])
    made = presets.from_preset("mirs", data="", seed=2, changes=["training.epochs=6"])
    lines: dict[str, list[float]] = {"all": [], "fewer": [], "copies": []}

    def values(name: str, known: Items, distractors: tuple[str, ...] = ()) -> list[float]:
        def keep(line: dict[str, Any]) -> None:
            lines[name].append(line["map_at_64"])

        fit_tiles(made, features, known, distractors=distractors, on_epoch=keep)
        return lines[name]

    everything = values("all", items)
    kept = [row for row in val if items.labels[row] != "cra"]
    roles = np.array(items.roles, dtype=object)
    roles[np.setdiff1d(val, kept)] = "test"
    without = dataclasses.replace(items, roles=tuple(roles.tolist()))
    assert values("fewer", items, ("cra",)) != everything
    assert lines["fewer"] == values("copies", without)
    trained = items.rows(["train"])[0]
    contents = [
        items.contents[trained] if row in val else c for row, c in enumerate(items.contents)
    ]
    copies = dataclasses.replace(items, contents=tuple(contents))
    fitted = fit_tiles(made, features, copies)
    assert fitted.best_epoch == fitted.epochs == 6


@pytest.mark.parametrize("change", ["metric=triplet", "mining=violating", "metric=orthohash"])
def test_hashing_learns_what_the_baseline_cannot_see(change: str) -> None:
    items, features = archive_of()
    changes = ["training.epochs=20", f"loss.{change}"]
    made = presets.from_preset("mirs", data="", changes=changes)
    fitted = fit_tiles(made, features, items)
    report = evaluate_run(Retriever.build(fitted.model, features, items, ()))
    assert fitted.epochs == 20 and 1 <= fitted.best_epoch <= 20 and report is not None
    assert report.to_json()["map_at_64"]["min_r_k"]["value"] > 0.9


@pytest.mark.parametrize("selection", ["last", "loss"])
def test_unsupervised_hashing_keeps_the_neighbours(selection: str) -> None:
    items, features = archive_of()
    changes = ["training.epochs=20", f"training.selection={selection}"]
    made = presets.from_preset("mirs-unsupervised", data="", changes=changes)
    val = features[items.rows(["val"])]
    lines: list[dict[str, Any]] = []
    fitted = fit_tiles(
        made,
        features,
        items,
        views_of(made, items, features),
        val + 0.1,
        on_epoch=lines.append,
    )
    report = evaluate_run(Retriever.build(fitted.model, features, items, ()))
    assert report is not None
    assert report.to_json()["map_at_64"]["min_r_k"]["value"] > 0.8
    assert all(line["map_at_64"] is None for line in lines)
    losses = [line["validation_loss"] for line in lines]
    if selection == "last":
        assert fitted.best_epoch == 20 and losses == [None] * 20
    else:
        assert fitted.best_epoch == 1 + losses.index(min(losses))


def test_a_choice_by_contrast_needs_a_second_view_of_validation() -> None:
    items, features = archive_of()
    made = presets.from_preset("mirs-unsupervised", data="", changes=["training.selection=loss"])
    with pytest.raises(DataError, match=r"training\.selection to last"):
        fit_tiles(made, features, items, views_of(made, items, features))


def test_the_archive_teaches_an_unsupervised_head_only_where_it_is_asked_to() -> None:
    items, _ = archive_of()
    for tiles, roles in (("half", ["train"]), ("half+archive", ["train", "archive"])):
        changes = [f"training.tiles={tiles}", "training.epochs=2"]
        made = presets.from_preset("mirs-unsupervised", data="", changes=changes)
        assert np.array_equal(learning_rows(made, items), items.rows(roles))
    with pytest.raises(ConfigError, match=r"loss\.metric=nt-xent"):
        presets.from_preset("mirs", data="", changes=["training.tiles=half+archive"])


def test_a_folder_without_splits_teaches_the_unsupervised_head() -> None:
    items, features = archive_of()
    loose = dataclasses.replace(items, roles=("archive",) * len(items))
    made = presets.from_preset("mirs-unsupervised", data="", changes=["training.epochs=2"])
    assert np.array_equal(learning_rows(made, loose), np.arange(len(items)))
    assert fit_tiles(made, features, loose, views_of(made, loose, features)).epochs == 2


def test_the_inter_class_term_is_learnt_and_needs_three_classes() -> None:
    items, features = archive_of()
    made = presets.from_preset("mirs-interclass", data="", changes=["training.epochs=3"])
    lines: list[dict[str, Any]] = []
    fit_tiles(made, features, items, on_epoch=lines.append)
    assert all(line["terms"]["interclass"] > 0 for line in lines)
    two = tuple("cra" if label == "cra" else "rid" for label in items.labels)
    with pytest.raises(DataError, match="three classes"):
        fit_tiles(made, features, dataclasses.replace(items, labels=two))


def test_another_target_moves_the_target_transform_only() -> None:
    items, features = archive_of()
    made = presets.from_preset("mirs-dwt", data="", changes=["training.epochs=2"])
    models = [
        fit_tiles(made, features, items, target=target).model for target in (None, features * 3)
    ]
    states = [model.state() for model in models if isinstance(model, HashModel)]
    assert torch.equal(states[0]["source.blocks"], states[1]["source.blocks"])
    assert not torch.equal(states[0]["target.blocks"], states[1]["target.blocks"])


READS = {
    "baseline": (),
    "baseline-centred": ("archive",),
    "pca-sign": ("train",),
    "mirs": ("train", "val"),
    "mirs-interclass": ("train", "val"),
    "mirs-best": ("train", "val"),
    "mirs-2021": ("train", "val"),
    "mirs-dwt": ("train", "val", "archive"),
    "mirs-2021-as-coded": ("train", "val", "archive"),
    "mirs-unsupervised": ("train", "archive"),
    "mirs-unsupervised-dwt": ("train", "archive"),
}
"""The splits whose features may reach a model; those of the test split may reach none."""


@pytest.mark.parametrize("preset", presets.PRESETS)
def test_features_reach_a_model_from_the_splits_that_it_may_read(
    preset: str, tmp_path: Path
) -> None:
    items, features = archive_of()
    first = model_bytes(preset, items, features, tmp_path / "a")
    assert model_bytes(preset, items, features, tmp_path / "again") == first
    reads = READS[preset]
    for role in ("train", "val", "test", "archive"):
        # Of validation an epoch is chosen at most, which may be the same again.
        if role == "val" and role in reads:
            continue
        changed = features.copy()
        rows = items.rows([role])
        noise = np.random.default_rng(3).normal(4, 3, (len(rows), features.shape[1]))
        changed[rows] += noise.astype(np.float32)
        same = model_bytes(preset, items, changed, tmp_path / role) == first
        assert same != (role in reads), f"{preset} and the features of {role}"
