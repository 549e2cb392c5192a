"""A configuration and a folder of images become a run, or an error that leaves nothing behind."""

import dataclasses
import itertools
import json
import shutil
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fakes import FakeNetwork, make_fake_encoder, stripes, write_dataset
from PIL import Image

from mirs_core.columns.manifest import read_list
from mirs_core.config.presets import from_preset
from mirs_core.config.settings import RunConfig
from mirs_core.datasets import scanning
from mirs_core.datasets.items import Items
from mirs_core.datasets.stored_items import read_items
from mirs_core.encoders import run_encoder
from mirs_core.encoders.base import Encoder
from mirs_core.encoders.pytorch_engine import PyTorchEngine
from mirs_core.errors import DataError, EncoderError, RunError, StoppedError
from mirs_core.pipeline import encoding, sources, training
from mirs_core.retrieval.retriever import load
from mirs_core.workspace import runs
from mirs_core.workspace.home import Home

LAYOUT = {
    "train": {"cra": 8, "rid": 8, "smo": 8},
    "val": {"cra": 2, "rid": 2, "smo": 2},
    "test": {"cra": 3, "rid": 3, "smo": 3},
}
TILES, TRAINING_HALF = 39, 12
PRESETS = ("baseline", "baseline-centred", "mirs", "mirs-dwt")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return write_dataset(tmp_path / "tiles", LAYOUT)


@pytest.fixture
def home(tmp_path: Path, network: FakeNetwork) -> Home:
    return Home(tmp_path / "home")


def made(data: Path, preset: str = "mirs", seed: int = 0, views: int = 1) -> RunConfig:
    changes = [] if preset.startswith("baseline") else ["training.epochs=3"]
    changes += [f"training.views={views}"]
    return from_preset(preset, data=str(data), seed=seed, changes=changes)


def items_of(home: Home, run: str) -> dict[str, Any]:
    folder = runs.folder(home, run)
    distractors = [*read_list(folder.archive).distractors]
    return {**read_items(folder).to_json(), "distractors": distractors}


def runs_of(home: Home) -> list[str]:
    return sorted(path.name for path in (home.path / "runs").glob("*"))


@pytest.mark.parametrize("preset", PRESETS)
def test_trained_twice_a_run_is_the_same_to_the_bit(home: Home, data: Path, preset: str) -> None:
    one, two = (training.prepare_and_train(home, made(data, preset, 3)).run for _ in range(2))
    assert one != two
    for file in ("model.safetensors", "archive/archive.json", "metrics.json"):
        first, second = (runs.folder(home, run).path / file for run in (one, two))
        assert first.read_bytes() == second.read_bytes(), file


def test_a_fresh_home_gives_the_same_bits_too(tmp_path: Path, home: Home, data: Path) -> None:
    moved = shutil.copytree(data, tmp_path / "elsewhere")
    one = runs.folder(home, training.prepare_and_train(home, made(data, views=2)).run)
    other = tmp_path / "other"
    two = runs.folder(
        Home(other), training.prepare_and_train(Home(other), made(moved, views=2)).run
    )
    assert one.model.read_bytes() == two.model.read_bytes()
    assert read_list(one.archive) == read_list(two.archive)


def test_another_seed_gives_another_model(home: Home, data: Path) -> None:
    models = {
        runs.folder(home, training.prepare_and_train(home, made(data, seed=s)).run).model
        for s in (0, 1)
    }
    assert len({path.read_bytes() for path in models}) == 2


def test_a_tile_is_encoded_once_whatever_is_trained(
    home: Home, data: Path, network: FakeNetwork
) -> None:
    training.prepare_and_train(home, made(data))
    assert network.seen == TILES
    for preset in PRESETS:
        training.prepare_and_train(home, made(data, preset, seed=1))
    assert network.seen == TILES


def test_views_encode_the_training_half_only(home: Home, data: Path, network: FakeNetwork) -> None:
    training.prepare_and_train(home, made(data, views=4))
    assert network.seen == TILES + 3 * TRAINING_HALF
    training.prepare_and_train(home, made(data, "mirs-dwt", views=4))
    assert network.seen == TILES + 3 * TRAINING_HALF


def test_a_baseline_encodes_no_views(home: Home, data: Path, network: FakeNetwork) -> None:
    for preset in ("baseline", "baseline-centred"):
        training.prepare_and_train(home, from_preset(preset, data=str(data)))
    assert network.seen == TILES


def test_views_reach_the_model(home: Home, data: Path) -> None:
    plain, turned = (
        runs.folder(home, training.prepare_and_train(home, made(data, views=v)).run) for v in (1, 8)
    )
    assert plain.model.read_bytes() != turned.model.read_bytes()


def test_the_first_view_is_the_tile_itself(home: Home, data: Path, fake_encoder: Encoder) -> None:
    manifest = scanning.scan_cached(home, data)
    items = scanning.order_tiles(manifest, 0, False)
    plain = encoding.extract_items(home, manifest, items, fake_encoder, lambda *_: None)
    rows = items.rows(["train"])
    views = encoding.extract_views(home, manifest, items, fake_encoder, rows, 2, lambda *_: None)
    assert views.shape == (2, TRAINING_HALF, 48)
    assert np.array_equal(views[0], plain[rows])
    assert not np.array_equal(views[1], views[0])


@pytest.mark.parametrize("after", [0, 16, 32, TILES])
def test_a_resumed_run_goes_on_where_it_was_interrupted(
    home: Home, data: Path, network: FakeNetwork, after: int
) -> None:
    whole = training.prepare_and_train(Home(home.path.parent / "whole"), made(data, views=2))
    network.seen = 0
    run = training.prepare(home, made(data, views=2))

    def interrupt(stage: str, done: int, total: int) -> None:
        if stage == "Encoding tiles" and done >= after:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        training.train(home, run, interrupt)
    assert run.status()["state"] == "stopped"
    assert network.seen == min(after, TILES)
    training.train(home, run)
    assert run.status()["state"] == "done"
    assert network.seen == TILES + TRAINING_HALF
    expected = runs.folder(Home(home.path.parent / "whole"), whole.run)
    assert run.model.read_bytes() == expected.model.read_bytes()
    assert read_list(run.archive) == read_list(expected.archive)


def test_a_resumed_training_starts_its_progress_anew(home: Home, data: Path) -> None:
    run = training.prepare(home, made(data))

    def interrupt(stage: str, done: int, total: int) -> None:
        if stage == "Training" and done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        training.train(home, run, interrupt)
    assert len(run.progress.read_text().splitlines()) == 2
    training.train(home, run)
    epochs = [json.loads(line)["epoch"] for line in run.progress.read_text().splitlines()]
    assert epochs == [1, 2, 3]


def test_presets_with_one_seed_share_roles_rows_and_archive(home: Home, data: Path) -> None:
    outcomes = [training.prepare_and_train(home, made(data, preset, 5)) for preset in PRESETS]
    items = [items_of(home, outcome.run) for outcome in outcomes]
    for one in items[1:]:
        assert (one["ids"], one["roles"]) == (items[0]["ids"], items[0]["roles"])
    assert len({outcome.archive_id for outcome in outcomes}) == 1
    other = training.prepare_and_train(home, made(data, "baseline", 6))
    theirs = items_of(home, other.run)
    assert other.archive_id != outcomes[0].archive_id
    assert theirs["ids"] != items[0]["ids"]
    halves = [
        {i for i, role in zip(one["ids"], one["roles"], strict=True) if role == "archive"}
        for one in (items[0], theirs)
    ]
    assert halves[0] != halves[1] and len(halves[0]) == len(halves[1]) == 12


def test_the_archive_id_names_content_and_order() -> None:
    items = Items(
        ids=("a", "b", "c"),
        labels=("x", "y", "x"),
        roles=("archive", "train", "archive"),
        strips=(None,) * 3,
        contents=("1", "2", "3"),
        latitudes=(None,) * 3,
        longitudes=(None,) * 3,
    )
    name = scanning.archive_id(items)
    change = dataclasses.replace
    assert scanning.archive_id(change(items, contents=("1", "9", "3"))) == name
    assert scanning.archive_id(change(items, labels=(None, None, None))) == name
    assert scanning.archive_id(change(items, contents=("1", "2", "9"))) != name
    assert scanning.archive_id(change(items, ids=("c", "b", "a"), contents=("3", "2", "1"))) != name
    assert scanning.archive_id(change(items, roles=("archive",) * 3)) != name


def test_whole_strips_stay_on_one_side_where_that_is_asked(home: Home, tmp_path: Path) -> None:
    data = write_dataset(tmp_path / "strips", LAYOUT, strips=6)
    config = from_preset("baseline", data=str(data), changes=["archive.by_strip=true"])
    items = items_of(home, training.prepare_and_train(home, config).run)
    of_role = {
        role: {s for s, r in zip(items["strips"], items["roles"], strict=True) if r == role}
        for role in ("train", "archive")
    }
    assert of_role["train"] and of_role["archive"]
    assert not of_role["train"] & of_role["archive"]
    plain = items_of(home, training.prepare_and_train(home, made(data, "baseline")).run)
    mixed = [
        {s for s, r in zip(plain["strips"], plain["roles"], strict=True) if r == role}
        for role in ("train", "archive")
    ]
    assert mixed[0] & mixed[1]


@pytest.mark.parametrize("change", ["added", "removed", "rewritten", "moved to another class"])
def test_a_data_set_changed_after_prepare_is_refused(home: Home, data: Path, change: str) -> None:
    run = training.prepare(home, made(data))
    tile = sorted((data / "train" / "cra").iterdir())[0]
    if change == "added":
        Image.fromarray(stripes(999)).save(data / "test" / "cra" / "new.png")
    elif change == "removed":
        tile.unlink()
    elif change == "rewritten":
        Image.fromarray(stripes(999)).save(tile)
    else:
        tile.rename(data / "train" / "rid" / tile.name)
    with pytest.raises(DataError, match="changed after run"):
        training.train(home, run)
    status = run.status()
    assert status["state"] == "failed" and "Start a new run" in status["error"]
    assert not run.model.exists() and not run.archive.exists()


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (EncoderError("The weights are gone."), "The weights are gone."),
        (ValueError("odd"), "ValueError: odd"),
        (MemoryError(), "MemoryError: "),
    ],
)
def test_a_failing_encoder_leaves_a_prepared_run_failed(
    home: Home, data: Path, monkeypatch: pytest.MonkeyPatch, error: Exception, reason: str
) -> None:
    run = training.prepare(home, made(data))

    def fail(self: PyTorchEngine, inputs: object) -> None:
        raise error

    with monkeypatch.context() as patch:
        patch.setattr(PyTorchEngine, "__call__", fail)
        with pytest.raises(type(error)):
            training.train(home, run)
    status = run.status()
    assert (status["state"], status["error"], status["process"]) == ("failed", reason, None)
    assert not run.model.exists()
    training.train(home, run)
    assert run.status()["state"] == "done" and run.status()["error"] is None


def test_an_expected_failure_of_a_new_run_leaves_no_run(
    home: Home, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(self: PyTorchEngine, inputs: object) -> None:
        raise EncoderError("The weights are gone.")

    monkeypatch.setattr(PyTorchEngine, "__call__", fail)
    with pytest.raises(EncoderError, match="weights are gone"):
        training.prepare_and_train(home, made(data))
    assert runs_of(home) == []


def test_an_encoder_that_cannot_be_had_prevents_the_run(
    home: Home, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def none(name: str, home: Home) -> Encoder:
        raise EncoderError(f"no {name} in {home.path.name}")

    monkeypatch.setattr(run_encoder, "load_encoder", none)
    with pytest.raises(EncoderError, match=f"no efficientnet-lite0 in {home.path.name}"):
        training.prepare(home, made(data))
    assert runs_of(home) == []


def test_a_finished_run_is_not_trained_again(home: Home, data: Path) -> None:
    run = runs.folder(home, training.prepare_and_train(home, made(data)).run)
    before = run.model.stat().st_mtime_ns
    with pytest.raises(RunError, match="already done"):
        training.train(home, run)
    assert run.status()["state"] == "done" and run.model.stat().st_mtime_ns == before


def test_a_taken_id_is_refused_and_the_run_that_has_it_stays(home: Home, data: Path) -> None:
    run = training.prepare(home, made(data), run_id="mine")
    with pytest.raises(RunError, match="already"):
        training.prepare(home, made(data, seed=9), run_id="mine")
    assert run.config().seed == 0 and runs_of(home) == ["mine"]


@pytest.mark.parametrize(
    ("layout", "says"),
    [
        ({"train": {"cra": 8}, "test": {"cra": 2, "rid": 2}}, "at least two classes"),
        ({"database": {"cra": 4}, "test": {"cra": 4, "rid": 4}}, "learns from labels"),
        (5, "learns from labels"),
    ],
    ids=["one class", "no train split", "no labels"],
)
def test_data_that_cannot_teach_a_head_is_refused_before_any_work(
    home: Home, tmp_path: Path, network: FakeNetwork, layout: Any, says: str
) -> None:
    data = write_dataset(tmp_path / "poor", layout)
    with pytest.raises(DataError, match=says) as caught:
        training.prepare_and_train(home, made(data))
    assert "\n" not in str(caught.value) and "baseline" in str(caught.value)
    assert runs_of(home) == [] and network.seen == 0


def test_an_empty_archive_is_refused_for_a_baseline(home: Home, tmp_path: Path) -> None:
    data = write_dataset(tmp_path / "queries", {"train": {"cra": 1}, "test": {"cra": 3}})
    manifest = scanning.scan_cached(home, data)
    # A coin puts the only training tile in either half; this seed puts it in the training half.
    seeds = (
        s for s in range(99) if "archive" not in scanning.order_tiles(manifest, s, False).roles
    )
    seed = next(seeds)
    for preset in ("baseline", "baseline-centred"):
        with pytest.raises(DataError, match="archive is empty"):
            training.prepare_and_train(home, made(data, preset, seed))
    assert runs_of(home) == []


def test_a_folder_without_images_is_refused(home: Home, tmp_path: Path) -> None:
    (tmp_path / "none").mkdir()
    with pytest.raises(DataError, match="image"):
        training.prepare_and_train(home, made(tmp_path / "none"))
    assert runs_of(home) == []


def test_without_labels_there_are_no_figures(home: Home, tmp_path: Path) -> None:
    data = write_dataset(tmp_path / "plain", 6)
    outcome = training.prepare_and_train(home, made(data, "baseline"))
    assert outcome.metrics is None
    assert outcome.to_json()["map_at_64"] == {"min_r_k": None, "hits": None}
    run = runs.folder(home, outcome.run)
    assert not run.metrics.exists()
    assert runs.summary(home, run, None).map_at_64 is None


def test_the_outcome_is_what_the_files_say(home: Home, data: Path) -> None:
    outcome = training.prepare_and_train(home, made(data, seed=2), name="My run")
    run = runs.folder(home, outcome.run)
    written = json.loads(run.metrics.read_text())
    printed = outcome.to_json()
    assert printed["map_at_64"] == {
        name: written["map_at_64"][name]["value"] for name in ("min_r_k", "hits")
    }
    assert 0 < printed["map_at_64"]["min_r_k"] <= printed["map_at_64"]["hits"] <= 1
    assert written["archive_id"] == printed["archive_id"] == run.provenance()["archive_id"]
    assert written["n_queries"] == len(written["per_query"]) == 9
    assert all(query.startswith("test/") for query in written["per_query"])
    mean = np.mean([result["min_r_k"] for result in written["per_query"].values()])
    assert printed["map_at_64"]["min_r_k"] == pytest.approx(mean, abs=1e-6)
    assert (printed["epochs"], printed["seed"], printed["preset"]) == (3, 2, "mirs")


def test_the_provenance_says_what_a_run_was_made_with(home: Home, tmp_path: Path) -> None:
    card = {"name": "plains", "title": "Plains of Mars", "synthetic": True}
    data = write_dataset(tmp_path / "carded", LAYOUT, card=card)
    outcome = training.prepare_and_train(home, made(data), name="My run")
    found = runs.folder(home, outcome.run).provenance()
    encoder, _ = make_fake_encoder()
    expected = {
        "name": "My run",
        "data_name": "plains",
        "data_title": "Plains of Mars",
        "synthetic": True,
        "manifest": scanning.scan_cached(home, data).digest,
        "encoder": encoder.fingerprint,
        "archive_id": outcome.archive_id,
        "epochs": 3,
        "seconds": outcome.seconds,
    }
    assert {name: found[name] for name in expected} == expected
    assert found["seconds"]["total"] >= found["seconds"]["training"] > 0
    assert {"mirs", "commit", "python", "platform", "versions", "created"} <= set(found)


@pytest.mark.parametrize(
    ("preset", "terms"),
    [
        ("mirs", {"triplet", "push", "balance"}),
        ("mirs-dwt", {"triplet", "push", "balance", "entropy"}),
    ],
)
def test_progress_has_one_line_an_epoch_with_every_term(
    home: Home, data: Path, preset: str, terms: set[str]
) -> None:
    seen: list[tuple[int, int]] = []

    def watch(stage: str, done: int, total: int) -> None:
        if stage == "Training":
            seen.append((done, total))

    config = made(data, preset)
    run = runs.folder(home, training.prepare_and_train(home, config, progress=watch).run)
    lines = [json.loads(line) for line in run.progress.read_text().splitlines()]
    assert [line["epoch"] for line in lines] == [1, 2, 3]
    assert seen == [(1, 3), (2, 3), (3, 3)]
    weights = {
        "triplet": 1.0,
        "push": config.loss.push_weight,
        "balance": config.loss.balance_weight,
        "entropy": config.loss.entropy_weight,
    }
    for line in lines:
        assert set(line) == {
            "epoch",
            "terms",
            "total",
            "map_at_64",
            "validation_loss",
            "seconds",
            "gradients",
        }
        assert set(line["gradients"]) == terms
        assert all(value >= 0 for value in line["gradients"].values())
        assert line["validation_loss"] is None
        assert set(line["terms"]) == terms
        total = sum(weights[name] * value for name, value in line["terms"].items())
        assert line["total"] == pytest.approx(total, abs=1e-5)
        assert -0.25 <= line["terms"]["push"] <= 0 <= line["terms"]["balance"] <= 0.25
        assert 0 <= line["map_at_64"] <= 1


def test_without_a_val_split_a_tenth_of_the_training_half_chooses_the_epoch(
    home: Home, tmp_path: Path
) -> None:
    data = write_dataset(tmp_path / "two", {"train": {"a": 20, "b": 20}, "test": {"a": 2, "b": 2}})
    run = runs.folder(home, training.prepare_and_train(home, made(data)).run)
    roles = items_of(home, run.id)["roles"]
    assert {role: roles.count(role) for role in set(roles)} == {
        "train": 18,
        "val": 2,
        "archive": 20,
        "test": 4,
    }
    assert json.loads(run.progress.read_text().splitlines()[0])["map_at_64"] is not None


def test_a_database_split_is_the_archive(home: Home, tmp_path: Path) -> None:
    layout = {**LAYOUT, "database": {"cra": 2, "rid": 2, "smo": 2}}
    data = write_dataset(tmp_path / "with-database", layout)
    items = items_of(home, training.prepare_and_train(home, made(data)).run)
    for tile, role in zip(items["ids"], items["roles"], strict=True):
        split = tile.split("/")[0]
        assert role == {"database": "archive"}.get(split, split)


def test_distractors_of_the_card_are_never_queried(home: Home, tmp_path: Path) -> None:
    data = write_dataset(tmp_path / "odd", LAYOUT, card={"name": "odd", "distractors": ["smo"]})
    run = runs.folder(home, training.prepare_and_train(home, made(data)).run)
    written = json.loads(run.metrics.read_text())
    assert set(written["per_class"]) == {"cra", "rid"}
    assert written["skipped"] == {"distractor": 3}
    assert items_of(home, run.id)["distractors"] == ["smo"]


def test_an_encoder_that_has_seen_the_archives_labels_is_refused(
    home: Home, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    items = scanning.order_tiles(scanning.scan_cached(home, data), 0, False)
    by_role = {role: items.contents[items.rows([role])[0]] for role in ("train", "archive", "test")}
    for role in ("archive", "test"):
        seen = frozenset({by_role[role]})
        monkeypatch.setattr(sources, "labels_seen", lambda home, name, seen=seen: seen)
        with pytest.raises(DataError, match="trained on the labels of 1 of the tiles"):
            training.prepare(home, made(data))
    assert runs_of(home) == []
    monkeypatch.setattr(sources, "labels_seen", lambda home, name: frozenset({by_role["train"]}))
    assert training.prepare(home, made(data)).status()["state"] == "queued"


def after(calls: int) -> Callable[[], bool]:
    """Asks for a stop at the given call and ever after."""
    asked = itertools.count(1)
    return lambda: next(asked) >= calls


@pytest.mark.parametrize("preset", ["mirs", "mirs-best", "mirs-unsupervised", "mirs-dwt"])
def test_a_stopped_run_can_be_used_and_ends_as_if_nothing_had_been(
    home: Home, data: Path, preset: str
) -> None:
    config = made(data, preset, views=2)
    whole = runs.folder(home, training.prepare_and_train(home, config).run)
    run = training.prepare(home, config)
    stop = threading.Event()

    def at_the_second_epoch(stage: str, done: int, total: int) -> None:
        if stage == "Training" and done == 2:
            stop.set()

    outcome = training.train(home, run, at_the_second_epoch, stop.is_set)
    assert outcome.stopped and outcome.epochs == 2
    assert run.status()["state"] == "stopped" and run.checkpoint.is_file()
    assert {one.id: one.usable for one in runs.list_runs(home)}[run.id]
    assert load(run).codes.shape == load(whole).codes.shape
    runs.serve(home, run.id)
    training.train(home, run)
    assert run.status()["state"] == "done" and not run.checkpoint.exists()
    assert run.model.read_bytes() == whole.model.read_bytes()
    assert [line["terms"] for line in run.history()] == [line["terms"] for line in whole.history()]


def test_a_run_stopped_while_tiles_are_encoded_goes_on_from_the_cache(
    home: Home, data: Path
) -> None:
    run = training.prepare(home, made(data))
    with pytest.raises(StoppedError):
        training.train(home, run, should_stop=after(2))
    assert run.status()["state"] == "stopped"
    (listed,) = runs.list_runs(home)
    assert not listed.usable
    with pytest.raises(RunError, match="only a finished run can be the default model"):
        runs.serve(home, run.id)
    training.train(home, run)
    assert run.status()["state"] == "done"


def test_a_half_written_last_line_of_progress_is_left_out(home: Home, data: Path) -> None:
    run = runs.folder(home, training.prepare_and_train(home, made(data)).run)
    whole = run.history()
    with run.progress.open("a") as handle:
        handle.write('{"epoch": 4, "ter')
    assert run.history() == whole and len(whole) == 3
