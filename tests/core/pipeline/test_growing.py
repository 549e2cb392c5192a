"""Archives that grow and shrink: what is known is copied, what is new is encoded once."""

import json
import os
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from archives import store_as_before
from fakes import FakeNetwork, make_fake_encoder, write_dataset
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from mirs_core.columns import writing
from mirs_core.config.presets import from_preset
from mirs_core.datasets import importing
from mirs_core.datasets.splits import grown_order
from mirs_core.datasets.tile_table import TileRecord, write_table
from mirs_core.encoders import run_encoder
from mirs_core.errors import DataError
from mirs_core.exchange import exported_runs, parquet_archives
from mirs_core.pipeline import growing, shared_segments, training
from mirs_core.pipeline.indexing import index
from mirs_core.retrieval import retriever
from mirs_core.retrieval.search import Searcher
from mirs_core.workspace import annotations, bin, runs
from mirs_core.workspace.home import Home

LAYOUT = {
    "train": {"cra": 8, "rid": 8, "smo": 8},
    "val": {"cra": 2, "rid": 2, "smo": 2},
    "test": {"cra": 3, "rid": 3, "smo": 3},
}
Run = tuple[Path, str]
SEGMENT = "segment-00000/codes.npy"


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home folder with a trained run of each kind; tests copy it."""
    root = tmp_path_factory.mktemp("growing")
    data, home = write_dataset(root / "tiles", LAYOUT), root / "home"
    encoder, _ = make_fake_encoder()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(run_encoder, "load_encoder", lambda name, home: encoder)
        for preset in ("baseline-centred", "mirs-dwt"):
            changes = ["training.epochs=2", "training.views=1"] if preset == "mirs-dwt" else []
            config = from_preset(preset, data=str(data), seed=3, changes=changes)
            training.train(Home(home), training.prepare(Home(home), config, run_id=preset))
    return root


@pytest.fixture(params=["written anew", "segments shared"], autouse=True)
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Whether archives of this size are written anew or share segments, as large ones do."""
    if request.param == "segments shared":
        monkeypatch.setattr(shared_segments, "SMALL", 0)
    return str(request.param)


@pytest.fixture
def home(trained: Path, tmp_path: Path) -> Home:
    """A copy whose runs look for their tiles in a copy of the data set."""
    data = shutil.copytree(trained / "tiles", tmp_path / "tiles")
    home = shutil.copytree(trained / "home", tmp_path / "home")
    for path in home.glob("runs/*/config.json"):
        value = json.loads(path.read_text())
        path.write_text(json.dumps({**value, "data": str(data)}))
    return Home(home)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_dataset(tmp_path / "own", 30, start=1000)


@pytest.fixture
def run(home: Home, folder: Path, network: FakeNetwork) -> str:
    """An archive of 30 tiles by the trained hash model."""
    found = index(home, "mirs-dwt", folder, name="Mine").id
    network.seen = 0
    return found


def loaded(home: Home, run_id: str) -> retriever.Retriever:
    return retriever.load(runs.folder(home, run_id))


def codes_by_id(home: Home, run_id: str) -> dict[str, bytes]:
    found = loaded(home, run_id)
    return {tile: found.codes[row].tobytes() for row, tile in enumerate(found.items.ids)}


def without(items: Any, gone: set[str]) -> list[str]:
    return [tile for tile in items.ids if tile not in gone]


@settings(deadline=None)
@given(old=st.integers(0, 40), new=st.integers(0, 40), digest=st.text(max_size=5))
def test_the_old_keep_their_order_and_the_new_are_shuffled_among_them(
    old: int, new: int, digest: str
) -> None:
    order = grown_order(old, new, digest)
    assert sorted(order) == list(range(old + new))
    assert [row for row in order if row < old] == list(range(old))
    assert np.array_equal(order, grown_order(old, new, digest))


def test_neither_old_nor_new_tiles_have_an_advantage() -> None:
    places = [np.flatnonzero(grown_order(30, 10, str(n)) >= 30) for n in range(400)]
    assert abs(np.mean(places) - 19.5) < 1
    assert len({tuple(grown_order(3, 3, str(n))) for n in range(200)}) > 40


@pytest.mark.parametrize("cache", ["there", "gone"])
def test_only_the_new_are_encoded(
    home: Home, folder: Path, run: str, network: FakeNetwork, cache: str
) -> None:
    before, codes = loaded(home, run).items, codes_by_id(home, run)
    write_dataset(folder, 7, start=2000)
    if cache == "gone":
        shutil.rmtree(home.path / "cache")
    grown = growing.add(home, run, keep=True)
    assert (grown.tiles, grown.added, grown.removed, grown.encoded) == (37, 7, 0, 7)
    assert network.seen == 7
    after = loaded(home, grown.run.id).items
    new = set(after.ids) - set(before.ids)
    assert without(after, new) == list(before.ids) and len(new) == 7
    assert {tile: code for tile, code in codes_by_id(home, grown.run.id).items()
            if tile not in new} == codes  # fmt: skip
    assert set(after.roles) == {"archive"}


def test_a_grown_archive_holds_what_a_new_index_would_hold(
    home: Home, folder: Path, run: str
) -> None:
    write_dataset(folder, 7, start=2000)
    grown, fresh = growing.add(home, run).run.id, index(home, "mirs-dwt", folder).id
    assert codes_by_id(home, grown) == codes_by_id(home, fresh)
    one, other = (Searcher.open(home, run_id) for run_id in (grown, fresh))
    tile = one.items.ids[0]
    hits = [searcher.search(searcher.query_by_id(tile), 36) for searcher in (one, other)]
    assert [h.distance for h in hits[0]] == [h.distance for h in hits[1]]
    assert {h.id for h in hits[0]} == {h.id for h in hits[1]}


def test_a_thousand_and_a_hundred(home: Home, tmp_path: Path, network: FakeNetwork) -> None:
    root = write_dataset(tmp_path / "many", 1000, start=10_000, side=16)
    run = index(home, "mirs-dwt", root).id
    write_dataset(root, 100, start=20_000, side=16)
    network.seen = 0
    shutil.rmtree(home.path / "cache")
    grown = growing.add(home, run)
    assert (grown.tiles, grown.added, grown.encoded, network.seen) == (1100, 100, 100, 100)


def test_the_new_run_says_where_it_comes_from_and_takes_the_place_of_the_old(
    home: Home, folder: Path, run: str
) -> None:
    annotations.change(home, run, name="Ours", tags=["x"])
    runs.serve(home, run)
    write_dataset(folder, 2, start=2000)
    grown = growing.add(home, run)
    made = grown.run.provenance()
    assert (made["parent"], made["grown_from"], made["origin"]) == (run, run, "mirs-dwt")
    assert (made["added"], made["removed"], made["data_title"]) == (2, 0, "Mine")
    assert grown.binned and [one.id for one in bin.discarded(home)] == [run]
    assert runs.served_run(home) == grown.run.id
    summary = runs.summary(home, grown.run, None)
    assert (summary.name, summary.tags, summary.state) == ("Ours", ("x",), "done")
    again = growing.remove(home, grown.run.id, [loaded(home, grown.run.id).items.ids[0]])
    assert again.run.provenance()["origin"] == "mirs-dwt"
    bin.restore(home, run)
    assert len(loaded(home, run).items) == 30


def test_a_kept_run_stays_as_it_is(home: Home, folder: Path, run: str) -> None:
    runs.serve(home, run)
    write_dataset(folder, 2, start=2000)
    before = {p.name: p.read_bytes() for p in (home.path / "runs" / run).iterdir() if p.is_file()}
    grown = growing.add(home, run, keep=True)
    assert not grown.binned and runs.served_run(home) == run
    after = {p.name: p.read_bytes() for p in (home.path / "runs" / run).iterdir() if p.is_file()}
    assert after == before
    assert runs.summary(home, grown.run, None).name == "Mine (32 tiles)"


@pytest.mark.parametrize("parent", ["mirs-dwt", "baseline-centred"])
def test_a_trained_run_stays_and_its_learnt_tiles_keep_their_roles(
    home: Home, network: FakeNetwork, parent: str
) -> None:
    old = loaded(home, parent)
    data = Path(runs.folder(home, parent).config().data)
    write_dataset(data, {"train": {"cra": 3}, "test": {"rid": 1}}, start=3000)
    shutil.copy(data / "train/cra/tile_0000.png", data / "test/cra/copy.png")
    grown = growing.add(home, parent)
    assert not grown.binned and (home.path / "runs" / parent).is_dir()
    assert (grown.added, grown.encoded, network.seen) == (5, 4, 4)
    new = loaded(home, grown.run.id)
    roles = dict(zip(new.items.ids, new.items.roles, strict=True))
    for tile, role in zip(old.items.ids, old.items.roles, strict=True):
        assert roles[tile] == role
    added = {tile: roles[tile] for tile in set(new.items.ids) - set(old.items.ids)}
    twin = roles["train/cra/tile_0000.png"]
    assert added.pop("test/cra/copy.png") == (twin if twin in ("train", "val") else "test")
    assert sorted(added.values()) == ["archive"] * 3 + ["test"]
    row = new.items.row("train/cra/tile_0000.png")
    assert np.array_equal(new.codes[row], old.codes[old.items.row("train/cra/tile_0000.png")])
    assert np.array_equal(new.codes[row], new.codes[new.items.row("test/cra/copy.png")])
    metrics = json.loads(grown.run.metrics.read_text())
    assert metrics["n_archive"] == sum(role == "archive" for role in new.items.roles)


def test_removed_tiles_do_not_come_back_by_surprise(
    home: Home, folder: Path, run: str, network: FakeNetwork
) -> None:
    before = loaded(home, run).items
    gone = set(before.ids[3:8])
    less = growing.remove(home, run, sorted(gone))
    assert (less.tiles, less.removed, less.encoded) == (25, 5, 0)
    assert list(loaded(home, less.run.id).items.ids) == without(before, gone)
    assert all((folder / tile).is_file() for tile in gone)
    with pytest.raises(DataError, match="removed before"):
        growing.add(home, less.run.id)
    # Not under another name either.
    first = sorted(gone)[0]
    (folder / first).rename(folder / "renamed.png")
    write_dataset(folder, 1, start=2000)
    more = growing.add(home, less.run.id)
    assert (more.tiles, more.added, more.held_back) == (26, 1, 5)
    back = growing.add(home, more.run.id, again=True)
    # Nothing keeps the features of archived tiles, so they are encoded again.
    assert (back.tiles, back.added, back.encoded) == (31, 5, 5)
    assert growing.remove(home, back.run.id, ["renamed.png"]).run.excluded_tiles().keys() == {
        before.contents[before.row(first)]
    }
    assert network.seen == 1 + 5


def test_what_was_removed_travels_with_an_export(home: Home, run: str, tmp_path: Path) -> None:
    less = growing.remove(home, run, [loaded(home, run).items.ids[0]])
    file = exported_runs.save_run(home, less.run.id, tmp_path / "x.mirs.zip")
    exported_runs.load_run(Home(tmp_path / "other"), file)
    there = runs.folder(Home(tmp_path / "other"), less.run.id)
    assert there.excluded_tiles() == less.run.excluded_tiles() != {}


def test_moved_changed_and_lost_files(home: Home, folder: Path, run: str) -> None:
    before = loaded(home, run)
    moved, changed, lost, told = before.items.ids[:4]
    (folder / "deep").mkdir()
    (folder / moved).rename(folder / "deep" / "moved.png")
    Image.new("L", (40, 40), 7).save(folder / changed)
    os.utime(folder / changed, ns=(1, 1))
    (folder / lost).unlink()
    write_table(folder, [TileRecord(told, label="dune", latitude=1.0, longitude=2.0)])
    grown = growing.add(home, run)
    assert (grown.tiles, grown.added, grown.removed, grown.encoded) == (30, 1, 1, 1)
    after = loaded(home, grown.run.id)
    kept = [tile for tile in after.items.ids if tile != changed]
    assert kept == ["deep/moved.png", lost, told, *before.items.ids[4:]]
    row, was = after.items.row("deep/moved.png"), before.items.row(moved)
    assert np.array_equal(after.codes[row], before.codes[was])
    row = after.items.row(told)
    assert (after.items.labels[row], after.items.places[row]) == ("dune", "tile")
    assert after.items.contents[after.items.row(changed)] != before.items.contents[1]


def test_what_cannot_be_done_is_refused_and_leaves_no_run(
    home: Home, folder: Path, run: str
) -> None:
    before = sorted(path.name for path in (home.path / "runs").iterdir())
    for call, says in (
        (lambda: growing.add(home, run), "no tiles that run"),
        (lambda: growing.remove(home, run, ["../x.png"]), "no tile '../x.png'"),
        (lambda: growing.remove(home, run, []), "Name at least one tile"),
        (lambda: growing.remove(home, run, loaded(home, run).items.ids), "would remove every tile"),
    ):
        with pytest.raises(DataError, match=says):
            call()
    shutil.rmtree(folder)
    with pytest.raises(DataError, match="no folder"):
        growing.add(home, run)
    assert sorted(path.name for path in (home.path / "runs").iterdir()) == before


def test_a_failure_while_writing_keeps_the_old_run(
    home: Home, folder: Path, run: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise OSError("disk full")

    write_dataset(folder, 2, start=2000)
    runs.serve(home, run)
    before = sorted(path.name for path in (home.path / "runs").iterdir())
    monkeypatch.setattr(writing, "write_array", fail)
    with pytest.raises(OSError, match="disk full"):
        growing.add(home, run)
    assert sorted(path.name for path in (home.path / "runs").iterdir()) == before
    assert runs.served_run(home) == run and not bin.discarded(home)


def test_tiles_of_another_folder_are_imported_and_archived(
    home: Home, folder: Path, run: str, tmp_path: Path
) -> None:
    other = write_dataset(tmp_path / "other", 3, start=4000)
    importing.import_into(
        home, other, folder, importing.FolderDescription(licence="CC0", credit="Me")
    )
    grown = growing.add(home, run)
    assert grown.added == 3
    searcher = Searcher.open(home, grown.run.id)
    (tile, *_) = [tile for tile in searcher.items.ids if tile.startswith("import-other/")]
    assert searcher.image_path(tile).is_file()
    assert (searcher.metadata(tile).licence, searcher.metadata(tile).credit) == ("CC0", "Me")


def hits_of(home: Home, run_id: str) -> dict[str, list[tuple[str, float]]]:
    searcher = Searcher.open(home, run_id)
    return {
        tile: [(hit.id, hit.distance) for hit in searcher.search(searcher.query_by_id(tile), 50)]
        for tile in searcher.items.ids
    }


def places_of(home: Home, run_id: str) -> list[str]:
    """Ids in the order that breaks ties."""
    found = loaded(home, run_id)
    return list(found.items.ids.take(found.in_order(np.arange(len(found.items)))))


def test_large_archives_share_their_segments(home: Home, folder: Path, run: str, way: str) -> None:
    before = runs.folder(home, run).archive
    write_dataset(folder, 7, start=5000)
    grown = growing.add(home, run, keep=True).run
    shared = (grown.archive / SEGMENT).samefile(before / SEGMENT)
    assert shared == (way == "segments shared")
    gone = [*loaded(home, grown.id).items.ids[3:6]]
    less = growing.remove(home, grown.id, gone, keep=True).run
    assert (less.archive / SEGMENT).samefile(before / SEGMENT) == shared
    assert (less.archive / "removed.npy").exists() == shared
    assert not list(home.runs.glob(".*"))
    # What is shared stays when the old runs are deleted for good.
    expected = hits_of(home, less.id)
    for old in (run, grown.id):
        shutil.rmtree(runs.folder(home, old).path)
    assert hits_of(home, less.id) == expected


def test_added_tiles_get_random_places_among_ties(
    home: Home, folder: Path, run: str, way: str
) -> None:
    order = places_of(home, run)
    for start in (5000, 6000):
        write_dataset(folder, 30, start=start)
        run = growing.add(home, run).run.id
        after = places_of(home, run)
        new = set(after) - set(order)
        assert [tile for tile in after if tile not in new] == order and len(new) == 30
        ranks = [place for place, tile in enumerate(after) if tile in new]
        assert 0.3 < np.mean(ranks) / len(after) < 0.7
        order = after


def test_ties_rank_in_that_order(home: Home, folder: Path, run: str) -> None:
    write_dataset(folder, 12, start=5000)
    run = growing.add(home, run).run.id
    place = {tile: number for number, tile in enumerate(places_of(home, run))}
    ties = 0
    for hits in hits_of(home, run).values():
        assert hits == sorted(hits, key=lambda hit: (hit[1], place[hit[0]]))
        ties += len(hits) - len({distance for _, distance in hits})
    assert ties


def test_compacting_changes_the_files_and_no_result(home: Home, folder: Path, run: str) -> None:
    write_dataset(folder, 9, start=5000)
    grown = growing.add(home, run).run.id
    less = growing.remove(home, grown, loaded(home, grown).items.ids[2:4]).run.id
    expected, order = hits_of(home, less), places_of(home, less)
    if growing.is_compact(runs.folder(home, less)):
        with pytest.raises(DataError, match="compact already"):
            growing.compact(home, less)
        return
    packed = growing.compact(home, less)
    assert (packed.tiles, packed.added, packed.removed, packed.binned) == (37, 0, 0, True)
    assert hits_of(home, packed.run.id) == expected
    after = loaded(home, packed.run.id)
    assert list(after.items.ids) == order and after.ties is None
    assert growing.is_compact(packed.run) and not list(home.runs.glob(".*"))
    before = runs.RunFolder(home.bin / less).provenance()["archive_id"]
    assert packed.run.provenance()["archive_id"] == before
    assert packed.run.excluded_tiles() == runs.RunFolder(home.bin / less).excluded_tiles()


def test_a_run_of_version_0_3_0_is_stored_anew(home: Home, run: str) -> None:
    expected = hits_of(home, run)
    store_as_before(runs.folder(home, run).path)
    assert hits_of(home, run) == expected
    packed = growing.compact(home, run)
    assert growing.is_compact(packed.run) and hits_of(home, packed.run.id) == expected
    assert not packed.run.old_items.exists()


def test_an_archive_that_grew_is_exported_in_the_order_of_ties(
    home: Home, folder: Path, run: str, tmp_path: Path
) -> None:
    write_dataset(folder, 12, start=5000)
    run = growing.add(home, run).run.id
    parquet_archives.write_archive(home, run, tmp_path / "a.parquet")
    table = pd.read_parquet(tmp_path / "a.parquet", columns=["id"])
    assert table["id"].tolist() == places_of(home, run)
    copy = parquet_archives.read_archive(home, tmp_path / "a.parquet", run)
    assert hits_of(home, copy[0].id) == hits_of(home, run)
