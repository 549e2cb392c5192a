"""Labels of archive and test never reach a model: they are permuted, and no bit changes."""

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mirs_core import config, fitting
from mirs_core.items import Items
from mirs_core.retriever import Retriever, save_model

CLASSES = ("cra", "rid", "smo", "fse")


def archive_of(n: int = 160, width: int = 24) -> tuple[Items, np.ndarray]:
    """Items with all four roles and features that clearly depend on the class."""
    rng = np.random.default_rng(5)
    classes = rng.integers(0, len(CLASSES), n)
    roles = np.array(["train", "archive", "val", "test"])[rng.choice(4, n, p=[0.4, 0.4, 0.1, 0.1])]
    centres = rng.normal(size=(len(CLASSES), width)) * 2
    features = (centres[classes] + rng.normal(size=(n, width))).astype(np.float32)
    items = Items(
        ids=tuple(f"{i}.jpg" for i in range(n)),
        labels=tuple(CLASSES[c] for c in classes),
        roles=tuple(roles.tolist()),
        strips=(None,) * n,
        contents=tuple(f"content {i}" for i in range(n)),
        latitudes=(None,) * n,
        longitudes=(None,) * n,
    )
    return items, features


def permuted(items: Items, roles: tuple[str, ...]) -> Items:
    """The same items with the labels of ``roles`` shuffled among themselves."""
    rows = items.rows(roles)
    labels = np.array(items.labels, dtype=object)
    labels[rows] = labels[np.random.default_rng(1).permutation(rows)]
    return dataclasses.replace(items, labels=tuple(labels.tolist()))


def model_bytes(preset: str, items: Items, features: np.ndarray, path: Path) -> bytes:
    changes = ["training.epochs=6"] if preset.startswith("mirs") else []
    made = config.from_preset(preset, data="", seed=2, changes=changes)
    model = fitting.fit(made, features, items).model
    save_model(path, model)
    return path.read_bytes()


@pytest.mark.parametrize("preset", config.PRESETS)
def test_archive_and_test_labels_are_never_read(preset: str, tmp_path: Path) -> None:
    items, features = archive_of()
    first = model_bytes(preset, items, features, tmp_path / "a")
    shuffled = permuted(items, ("archive", "test"))
    assert shuffled.labels != items.labels
    assert model_bytes(preset, shuffled, features, tmp_path / "b") == first


@pytest.mark.parametrize("preset", [name for name in config.PRESETS if name.startswith("mirs")])
def test_training_labels_do_reach_the_model(preset: str, tmp_path: Path) -> None:
    # Without this the test above could pass on a model that learns nothing.
    items, features = archive_of()
    first = model_bytes(preset, items, features, tmp_path / "a")
    assert model_bytes(preset, permuted(items, ("train",)), features, tmp_path / "b") != first


def test_test_features_do_not_reach_the_model(tmp_path: Path) -> None:
    items, features = archive_of()
    first = model_bytes("mirs-dwt", items, features, tmp_path / "a")
    changed = features.copy()
    changed[items.rows(["test"])] += 1
    assert model_bytes("mirs-dwt", items, changed, tmp_path / "b") == first


def test_whitening_reads_the_archive_as_its_target(tmp_path: Path) -> None:
    items, features = archive_of()
    first = model_bytes("mirs-dwt", items, features, tmp_path / "a")
    changed = features.copy()
    changed[items.rows(["archive"])] *= 2
    assert model_bytes("mirs-dwt", items, changed, tmp_path / "b") != first


def test_distractors_and_copies_of_training_tiles_choose_no_epoch(tmp_path: Path) -> None:
    items, features = archive_of()
    val = items.rows(["val"])
    made = config.from_preset("mirs", data="", seed=2, changes=["training.epochs=6"])
    lines: dict[str, list[float]] = {"all": [], "fewer": [], "copies": []}

    def values(name: str, known: Items, distractors: tuple[str, ...] = ()) -> list[float]:
        def keep(line: dict[str, Any]) -> None:
            lines[name].append(line["map_at_64"])

        fitting.fit(made, features, known, distractors=distractors, on_epoch=keep)
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
    fitted = fitting.fit(made, features, copies)
    assert fitted.best_epoch == fitted.epochs == 6


@pytest.mark.parametrize("change", ["metric=triplet", "mining=violating", "metric=orthohash"])
def test_hashing_learns_what_the_baseline_cannot_see(change: str) -> None:
    items, features = archive_of()
    changes = ["training.epochs=20", f"loss.{change}"]
    made = config.from_preset("mirs", data="", changes=changes)
    fitted = fitting.fit(made, features, items)
    report = Retriever.build(fitted.model, features, items, ()).evaluate()
    assert fitted.epochs == 20 and 1 <= fitted.best_epoch <= 20 and report is not None
    assert report.to_json()["map_at_64"]["min_r_k"]["value"] > 0.9
