"""Copies of archive and test tiles teach nothing: by their files, or by their pixels alone."""

import dataclasses
import io
from pathlib import Path

import numpy as np
import pytest
from fakes import FakeNetwork, archive_of, stripes, write_dataset
from PIL import Image

from mirs_core.config.presets import from_preset
from mirs_core.datasets import scanning
from mirs_core.errors import DataError
from mirs_core.evaluation.model_card import model_card
from mirs_core.pipeline import sources, training
from mirs_core.pipeline.copies import pixel_copies
from mirs_core.pipeline.learning_tiles import learning_rows, left_out
from mirs_core.workspace import runs
from mirs_core.workspace.home import Home

LAYOUT = {"train": {"cra": 8, "rid": 8}, "val": {"cra": 2, "rid": 2}, "test": {"cra": 3, "rid": 3}}


def copy_tests(data: Path, *, again: bool) -> int:
    """Copies the test tiles into train, as they are or saved ``again``; returns how many."""
    paths = sorted((data / "test").rglob("*.png"))
    for path in paths:
        target = data / "train" / path.parent.name / f"copy_{path.name}"
        content = path.read_bytes()
        if again:
            saved = io.BytesIO()
            Image.open(path).save(saved, "PNG", compress_level=1)
            content = saved.getvalue()
            assert content != path.read_bytes()
        target.write_bytes(content)
    return len(paths)


@pytest.mark.parametrize("again", [False, True], ids=["files", "pixels"])
@pytest.mark.parametrize("preset", ["mirs", "mirs-unsupervised", "pca-sign"])
def test_training_tiles_that_are_also_test_tiles_are_left_out_and_counted(
    tmp_path: Path, network: FakeNetwork, preset: str, again: bool
) -> None:
    data, home = write_dataset(tmp_path / "tiles", LAYOUT), Home(tmp_path / "home")
    copy_tests(data, again=again)
    changes = ["training.epochs=2", "training.views=2"] if preset.startswith("mirs") else []
    config = from_preset(preset, data=str(data), changes=changes)
    items = sources.gather(home, config).learning_items
    halves = [row for row in items.rows(["train"]) if "copy_" in items.ids[row]]
    assert halves
    outcome = training.prepare_and_train(home, config)
    assert outcome.to_json()["copies_left_out"] == len(halves)
    provenance = runs.folder(home, outcome.run).provenance()
    assert provenance["copies_left_out"] == len(halves)
    expected = len(items.rows(["train"])) - len(halves)
    if config.training.tiles == "half+archive" and config.contrastive:
        expected += len(items.rows(["archive"]))
    assert provenance["learnt_tiles"] == expected
    assert f"copies of archive or test tiles: {len(halves)}" in model_card(home, outcome.run)


def test_a_run_without_copies_says_nothing_of_them(tmp_path: Path, network: FakeNetwork) -> None:
    data, home = write_dataset(tmp_path / "tiles", LAYOUT), Home(tmp_path / "home")
    config = from_preset("mirs", data=str(data), changes=["training.epochs=2", "training.views=1"])
    outcome = training.prepare_and_train(home, config)
    assert outcome.copies_left_out == 0 and "copies_left_out" not in outcome.to_json()
    assert "left out" not in model_card(home, outcome.run)


def test_where_only_copies_are_left_the_training_is_refused(
    tmp_path: Path, network: FakeNetwork
) -> None:
    layout = {"database": {"cra": 4, "rid": 4}, "test": {"cra": 3, "rid": 3}}
    data, home = write_dataset(tmp_path / "tiles", layout), Home(tmp_path / "home")
    for label in ("cra", "rid"):
        (data / "train" / label).mkdir(parents=True)
    copy_tests(data, again=False)
    with pytest.raises(DataError, match="nothing is left to learn from"):
        training.prepare_and_train(home, from_preset("mirs", data=str(data)))
    assert not list(home.runs.glob("*"))


def test_copies_in_every_pair_of_splits() -> None:
    items, _ = archive_of()
    config, contents = from_preset("mirs", data=""), list(items.contents)
    train, val, test, archive = (items.rows([r]) for r in ("train", "val", "test", "archive"))
    contents[train[0]], contents[train[1]] = contents[test[0]], contents[archive[0]]
    contents[train[2]] = contents[val[0]]
    copied = dataclasses.replace(items, contents=tuple(contents))
    assert set(train) - set(learning_rows(config, copied)) == {train[0], train[1]}
    assert left_out(copied) == 2
    assert left_out(copied, np.array([train[1], train[3], val[1]])) == 3


def test_pixels_are_compared_only_where_features_are_equal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from mirs_core.pipeline import copies

    data = write_dataset(tmp_path / "tiles", LAYOUT)
    items = scanning.order_tiles(scanning.scan_cached(Home(tmp_path / "home"), data), 0, False)
    features = np.random.default_rng(0).normal(size=(len(items), 6)).astype(np.float32)
    train, test, archive = (items.rows([role]) for role in ("train", "test", "archive"))
    features[train[0]], features[train[1]] = features[test[0]] * (1 + 1e-6), features[archive[1]]
    Image.fromarray(stripes(0)).save(data / items.ids[train[0]])
    Image.fromarray(stripes(0)).save(data / items.ids[test[0]])
    read: list[str] = []
    plain = copies.read_pixels

    def counted(root: Path, tile: str) -> np.ndarray:
        read.append(tile)
        return plain(root, tile)

    monkeypatch.setattr(copies, "read_pixels", counted)
    assert pixel_copies(data, items, features).tolist() == [train[0]]
    pairs = {items.ids[row] for row in (train[0], test[0], train[1], archive[1])}
    assert sorted(read) == sorted(pairs)
    # The same against another data set, and against none at all.
    other = items.take(test)
    assert pixel_copies(data, items, features, (data, other, features[test])).tolist() == [train[0]]
    assert not len(pixel_copies(data, items.take(train), features[train]))
