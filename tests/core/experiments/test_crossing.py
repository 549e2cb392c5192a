"""Runs that learn from one data set and search another."""

from pathlib import Path

import numpy as np
import pytest
from fakes import FakeNetwork, write_dataset

from mirs_core.config.presets import from_preset
from mirs_core.config.settings import RunConfig
from mirs_core.datasets.items import Items
from mirs_core.errors import ConfigError, DataError
from mirs_core.pipeline import indexing, training
from mirs_core.retrieval.retriever import load
from mirs_core.retrieval.search import Searcher
from mirs_core.workspace import runs
from mirs_core.workspace.home import Home

HERE = {"train": {"cra": 8, "rid": 8, "smo": 8}, "test": {"cra": 2, "rid": 2}}
THERE = {"train": {"dune": 6, "spider": 6}, "val": {"dune": 2}, "test": {"dune": 2, "spider": 2}}


@pytest.fixture
def here(tmp_path: Path) -> Path:
    return write_dataset(tmp_path / "here", HERE)


@pytest.fixture
def there(tmp_path: Path) -> Path:
    return write_dataset(tmp_path / "there", THERE, start=700)


@pytest.fixture
def home(tmp_path: Path, network: FakeNetwork) -> Home:
    return Home(tmp_path / "home")


def made(here: Path, *changes: str, preset: str = "mirs-dwt") -> RunConfig:
    short = () if preset.startswith("baseline") else ("training.epochs=2", "training.views=1")
    return from_preset(preset, data=str(here), changes=[*short, *changes])


def run_of(home: Home, config: RunConfig) -> runs.RunFolder:
    return runs.folder(home, training.prepare_and_train(home, config).run)


@pytest.mark.parametrize("preset", ["baseline", "baseline-centred", "mirs", "mirs-dwt"])
def test_archive_and_queries_are_those_of_the_other_data_set(
    home: Home, here: Path, there: Path, preset: str
) -> None:
    run = run_of(home, made(here, f"archive.data={there}", preset=preset))
    own = run_of(home, made(there, preset=preset))
    items, known = load(run).items, load(own).items
    assert set(items.labels) == {"dune", "spider"} and set(items.roles) == {"archive", "test"}
    rows = known.rows(["archive", "test"])
    assert items == Items(**{n: getattr(known.take(rows), n) for n in items.to_json()})
    assert run.provenance()["archive_id"] == own.provenance()["archive_id"]
    assert run.provenance()["data_name"] == "there"
    assert run.provenance()["trained_on"]["data_name"] == "here"
    assert Searcher.open(home, run.id).root == there.resolve()


def test_the_head_is_the_one_that_the_training_data_teach(
    home: Home, here: Path, there: Path
) -> None:
    across, own = (
        load(run_of(home, config)).model.state()
        for config in (
            made(here, f"archive.data={there}", preset="mirs"),
            made(here, preset="mirs"),
        )
    )
    assert set(across) == set(own)
    assert all(np.array_equal(across[name], own[name]) for name in own)


def test_a_target_data_set_chooses_the_statistics_only(home: Home, here: Path, there: Path) -> None:
    plain = run_of(home, made(here, "loss.entropy_weight=0"))
    moved = run_of(home, made(here, "loss.entropy_weight=0", f"whitening.target={there}"))
    first, second = (load(run).model.state() for run in (plain, moved))
    assert np.array_equal(first["source.blocks"], second["source.blocks"])
    assert not np.array_equal(first["target.blocks"], second["target.blocks"])
    assert load(plain).items == load(moved).items
    assert moved.provenance()["whitening_target"]["data_name"] == "there"


def test_tiles_learnt_from_are_no_archive_when_they_are_indexed_later(
    home: Home, here: Path, there: Path
) -> None:
    run = run_of(home, made(here, f"archive.data={there}", preset="mirs"))
    indexed = load(indexing.index(home, run.id, here)).items
    own = load(run_of(home, made(here, preset="mirs"))).items
    roles = dict(zip(own.contents, own.roles, strict=True))
    learnt = {"train", "val"}
    for content, role in zip(indexed.contents, indexed.roles, strict=True):
        assert (role in learnt) == (roles[content] in learnt)


def test_a_change_of_either_data_set_is_noticed(home: Home, here: Path, there: Path) -> None:
    run = training.prepare(home, made(here, f"archive.data={there}", preset="mirs"))
    next((here / "train" / "cra").iterdir()).unlink()
    with pytest.raises(DataError, match="changed"):
        training.train(home, run)


def test_a_copy_of_what_is_learnt_is_no_archive(home: Home, here: Path, there: Path) -> None:
    for tile in (here / "train" / "cra").iterdir():
        (there / "train" / "dune" / f"copy {tile.name}").write_bytes(tile.read_bytes())
    with pytest.raises(DataError, match="learns from"):
        training.prepare(home, made(here, f"archive.data={there}", preset="mirs"))


def test_an_index_of_an_index_still_knows_what_was_learnt(
    home: Home, here: Path, there: Path
) -> None:
    run = run_of(home, made(here, preset="mirs"))
    middle = indexing.index(home, run.id, there)
    again = load(indexing.index(home, middle.id, here)).items
    own = load(run).items
    roles = dict(zip(own.contents, own.roles, strict=True))
    assert {c for c, r in zip(again.contents, again.roles, strict=True) if r == "train"} == {
        c for c, r in roles.items() if r == "train"
    }


def test_a_missing_archive_folder_is_refused(home: Home, here: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError):
        training.prepare(home, made(here, f"archive.data={tmp_path / 'nowhere'}"))
    assert not list((home.path / "runs").glob("*"))


def test_moving_statistics_take_no_other_target(there: Path) -> None:
    with pytest.raises(ConfigError, match=r"whitening\.estimator=exact"):
        made(there, "whitening.estimator=moving", f"whitening.target={there}")
