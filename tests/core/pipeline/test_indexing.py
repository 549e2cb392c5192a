"""Any folder of tiles, archived with a model that is trained already."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fakes import FakeNetwork, make_fake_encoder, stripes, write_dataset
from PIL import Image

from mirs_core import files
from mirs_core.columns import writing
from mirs_core.columns.manifest import read_list
from mirs_core.config.presets import from_preset
from mirs_core.datasets import scanning
from mirs_core.datasets.stored_items import read_items
from mirs_core.encoders import run_encoder
from mirs_core.encoders.feature_store import STAGE, count_missing
from mirs_core.errors import DataError, RunError
from mirs_core.hashing.hash_function import HashFunction
from mirs_core.pipeline import archive_codes, encoding, training
from mirs_core.pipeline.indexing import index, index_all
from mirs_core.retrieval import retriever
from mirs_core.retrieval.search import Searcher
from mirs_core.workspace import runs
from mirs_core.workspace.home import Home

LAYOUT = {
    "train": {"cra": 8, "rid": 8, "smo": 8},
    "val": {"cra": 2, "rid": 2, "smo": 2},
    "test": {"cra": 3, "rid": 3, "smo": 3},
}


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return write_dataset(tmp_path / "tiles", LAYOUT)


@pytest.fixture
def home(tmp_path: Path, network: FakeNetwork, data: Path) -> Home:
    """A home folder with one trained run of each model."""
    home = tmp_path / "home"
    for preset in ("baseline-centred", "mirs-dwt"):
        changes = ["training.epochs=2", "training.views=1"] if preset == "mirs-dwt" else []
        config = from_preset(preset, data=str(data), seed=3, changes=changes)
        training.train(Home(home), training.prepare(Home(home), config, run_id=preset))
    return Home(home)


def own_folder(root: Path, tiles: int = 5) -> Path:
    """Images of no class, in folders of any depth, other than those of any data set here."""
    for number in range(tiles):
        folder = root / ("deep/er" if number % 2 else "")
        folder.mkdir(parents=True, exist_ok=True)
        Image.fromarray(stripes(5000 + number)).save(folder / f"own {number}.png")
    return root


def runs_of(home: Home) -> list[str]:
    return sorted(path.name for path in (home.path / "runs").glob("*"))


def columns(run: runs.RunFolder) -> dict[str, Any]:
    return read_items(run).to_json()


@pytest.mark.parametrize("parent", ["baseline-centred", "mirs-dwt"])
def test_a_folder_without_labels_is_all_archive(home: Home, tmp_path: Path, parent: str) -> None:
    folder = own_folder(tmp_path / "Мои тайлы 火星")
    run = index(home, parent, folder)
    items = columns(run)
    assert sorted(items["ids"]) == [
        "deep/er/own 1.png", "deep/er/own 3.png", "own 0.png", "own 2.png", "own 4.png",
    ]  # fmt: skip
    assert set(items["roles"]) == {"archive"} and set(items["labels"]) == {None}
    assert run.status()["state"] == "done" and not run.metrics.exists()
    searcher = Searcher.open(home, run.id)
    query = searcher.query_by_image((folder / "own 0.png").read_bytes())
    assert query.tile_id == "own 0.png" and len(searcher.search(query)) == 4


def test_all_codes_pass_the_stored_target_transform(home: Home, tmp_path: Path) -> None:
    run = index(home, "mirs-dwt", own_folder(tmp_path / "own"))
    trained, made = (retriever.load(one) for one in (runs.folder(home, "mirs-dwt"), run))
    assert runs.folder(home, "mirs-dwt").model.read_bytes() == run.model.read_bytes()
    manifest = scanning.scan_cached(home, tmp_path / "own")
    encoder, _ = make_fake_encoder()
    features = encoding.extract_items(home, manifest, made.items, encoder, lambda *_: None)
    assert isinstance(trained.model, HashFunction)
    assert np.array_equal(made.codes, trained.model.encode(features, "target"))
    assert not np.array_equal(made.codes, trained.model.encode(features, "source"))


def test_tiles_seen_in_training_keep_their_roles(home: Home, data: Path, tmp_path: Path) -> None:
    trained = columns(runs.folder(home, "mirs-dwt"))
    role_of = dict(zip(trained["contents"], trained["roles"], strict=True))
    loose = own_folder(tmp_path / "mixed", 3)
    for number, path in enumerate(sorted(data.rglob("*.png"))):
        shutil.copy(path, loose / f"copy {number}.png")
    items = columns(index(home, "mirs-dwt", loose))
    assert len(items["ids"]) == 3 + len(role_of)
    for content, role in zip(items["contents"], items["roles"], strict=True):
        seen = role_of.get(content)
        assert role == (seen if seen in ("train", "val") else "archive")
    assert {"train", "val", "archive"} == set(items["roles"])


def test_seen_tiles_have_the_codes_of_the_trained_run(home: Home, data: Path) -> None:
    trained = retriever.load(runs.folder(home, "mirs-dwt"))
    made = retriever.load(index(home, "mirs-dwt", data))
    for row, tile in enumerate(made.items.ids):
        before = trained.items.row(tile)
        assert made.items.roles[row] == trained.items.roles[before]
        assert np.array_equal(made.codes[row], trained.codes[before]), made.items.roles[row]


def test_of_another_labelled_data_set_test_is_queried_and_the_rest_is_archive(
    home: Home, tmp_path: Path
) -> None:
    layout = {"train": {"dune": 4, "pit": 4}, "val": {"pit": 1}, "test": {"dune": 2, "pit": 2}}
    card = {"name": "hills", "title": "Hills", "distractors": ["pit"]}
    other = write_dataset(tmp_path / "other", layout, card=card, side=48)
    run = index(home, "mirs-dwt", other)
    items = columns(run)
    for tile, role in zip(items["ids"], items["roles"], strict=True):
        split = tile.split("/")[0]
        assert role == {"train": "archive"}.get(split, split)
    found = json.loads(run.metrics.read_text())
    assert found["n_queries"] == 2 and set(found["per_class"]) == {"dune"}
    assert set(found["per_query"]) == {
        tile for tile in items["ids"] if tile.startswith("test/dune")
    }
    assert found["archive_id"] == run.provenance()["archive_id"]
    assert read_list(run.archive).distractors == ("pit",)


def test_an_index_says_where_it_comes_from(home: Home, tmp_path: Path, data: Path) -> None:
    parent = runs.folder(home, "mirs-dwt")
    folder = own_folder(tmp_path / "own")
    run = index(home, "mirs-dwt", folder, name="My plains")
    made, before = run.provenance(), parent.provenance()
    assert (made["parent"], made["origin"]) == ("mirs-dwt", "mirs-dwt")
    assert (made["name"], made["data_title"], made["data_name"]) == (
        "My plains",
        "My plains",
        "own",
    )
    assert made["encoder"] == before["encoder"] and made["manifest"] != before["manifest"]
    assert run.config().data == str(folder) and parent.config().data == str(data)
    assert (run.config().preset, run.config().seed) == ("mirs-dwt", 3)
    unnamed = index(home, "mirs-dwt", folder).provenance()
    assert (unnamed["name"], unnamed["data_title"]) == ("mirs-dwt on own", "own")


def test_an_index_of_an_index_keeps_its_origin_and_what_was_seen(
    home: Home, data: Path, tmp_path: Path
) -> None:
    first = index(home, "mirs-dwt", data)
    second = index(home, first.id, data)
    made = second.provenance()
    assert (made["parent"], made["origin"]) == (first.id, "mirs-dwt")
    assert columns(second)["roles"] == columns(first)["roles"]
    assert read_list(second.archive) == read_list(first.archive)
    assert second.model.read_bytes() == first.model.read_bytes()


def test_tiles_that_are_known_are_not_encoded_again(
    home: Home, data: Path, tmp_path: Path, network: FakeNetwork
) -> None:
    before = network.seen
    index(home, "mirs-dwt", data)
    assert network.seen == before == 39
    index(home, "baseline-centred", own_folder(tmp_path / "own"), keep_features=True)
    index(home, "mirs-dwt", tmp_path / "own")
    assert network.seen == before + 5


def test_features_of_archived_tiles_are_kept_only_if_asked(
    home: Home, tmp_path: Path, network: FakeNetwork
) -> None:
    folder = own_folder(tmp_path / "own")
    contents = {tile.content for tile in scanning.scan_cached(home, folder).tiles}
    encoder, _ = make_fake_encoder()
    index(home, "mirs-dwt", folder)
    assert count_missing(contents, encoder, home.feature_cache) == 5
    index(home, "mirs-dwt", folder, keep_features=True)
    assert count_missing(contents, encoder, home.feature_cache) == 0
    assert not any(home.unfinished_codes.iterdir())


def test_several_models_encode_a_tile_once(
    home: Home, tmp_path: Path, network: FakeNetwork
) -> None:
    before, folder = network.seen, own_folder(tmp_path / "own")
    ids = ["mirs-dwt", "baseline-centred"]
    together = index_all(home, ids, folder)
    assert network.seen == before + 5
    for run_id, run in zip(ids, together, strict=True):
        assert run.provenance()["parent"] == run_id
        (engine,) = run.provenance()["engines"]
        assert engine.startswith("torch ") and run.provenance()["engines"][engine] == 5
        alone = retriever.load(index(home, run_id, folder))
        assert retriever.load(run).items == alone.items
        assert np.array_equal(retriever.load(run).codes, alone.codes)


@pytest.mark.parametrize("models", [["mirs-dwt"], ["mirs-dwt", "baseline-centred"]])
def test_an_interrupted_archive_goes_on_where_it_ended(
    home: Home,
    data: Path,
    tmp_path: Path,
    network: FakeNetwork,
    monkeypatch: pytest.MonkeyPatch,
    models: list[str],
) -> None:
    monkeypatch.setattr(archive_codes, "_BLOCK", 4)
    folder = own_folder(tmp_path / "own", 13)
    shutil.copy(next(data.rglob("*.png")), folder / "learnt.png")
    before, at_once = network.seen, index_all(home, models, folder)
    expected = [retriever.load(run) for run in at_once]
    network.seen, present = before, runs_of(home)

    def interrupt(stage: str, done: int, total: int) -> None:
        if stage == STAGE and done >= 9:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        index_all(home, models, folder, progress=interrupt)
    assert runs_of(home) == present
    steps: list[tuple[int, int]] = []

    def report(stage: str, done: int, total: int) -> None:
        if stage == STAGE:
            steps.append((done, total))

    again = index_all(home, models, folder, progress=report)
    # The block that was interrupted is encoded again, and nothing before it.
    assert network.seen - before <= 13 + 4
    assert steps[0][0] >= 5 and steps[-1] == (14, 14)
    for run, whole in zip(again, expected, strict=True):
        assert np.array_equal(retriever.load(run).codes, whole.codes)
    assert not any(home.unfinished_codes.iterdir())


def test_other_encoder_weights_are_refused(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other, network = make_fake_encoder("other weights")
    monkeypatch.setattr(run_encoder, "load_encoder", lambda name, home: other)
    before = runs_of(home)
    with pytest.raises(RunError, match="other weights"):
        index(home, "mirs-dwt", own_folder(tmp_path / "own"))
    assert runs_of(home) == before and network.seen == 0


@pytest.mark.parametrize("content", [None, "no image"])
def test_a_folder_without_tiles_is_refused(home: Home, tmp_path: Path, content: str | None) -> None:
    (tmp_path / "bare").mkdir()
    if content is not None:
        (tmp_path / "bare" / "text.png").write_text(content)
    before = runs_of(home)
    for folder in (tmp_path / "bare", tmp_path / "nowhere"):
        with pytest.raises(DataError):
            index(home, "mirs-dwt", folder)
    assert runs_of(home) == before


def test_a_run_that_is_not_finished_has_no_model_to_index_with(home: Home, tmp_path: Path) -> None:
    runs.folder(home, "mirs-dwt").set_status("failed")
    with pytest.raises(RunError, match="only a finished run"):
        index(home, "mirs-dwt", own_folder(tmp_path / "own"))


def test_a_disk_that_is_full_to_the_last_byte_leaves_no_run(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From one file of the new run on nothing finds room, not even a last word."""
    own, before, real = own_folder(tmp_path / "own"), runs_of(home), files.replace_file
    full: list[Path] = []

    def replace_file(path: Path, write: Callable[..., object]) -> None:
        if full or path.name == "learnt.json":
            full.append(path)
            raise RunError("no room")
        real(path, write)

    monkeypatch.setattr(files, "replace_file", replace_file)
    with pytest.raises(RunError, match="no room"):
        index(home, "mirs-dwt", own)
    assert full and runs_of(home) == before


@pytest.mark.parametrize("error", [OSError("disk full"), KeyboardInterrupt()])
def test_a_failure_while_writing_leaves_no_run(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(writing, "write_array", fail)
    before = runs_of(home)
    with pytest.raises(type(error)):
        index(home, "mirs-dwt", own_folder(tmp_path / "own"))
    assert runs_of(home) == before
