"""The list of data sets on this machine."""

import json
import shutil
from pathlib import Path

import pytest
from fakes import write_dataset

from mirs_core.config.presets import from_preset
from mirs_core.datasets import images, importing, registry
from mirs_core.datasets.registry import known_data_sets
from mirs_core.pipeline import training
from mirs_core.workspace.home import Home


@pytest.mark.usefixtures("network")
def test_folders_runs_and_imports_are_listed_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = Home(tmp_path / "home")
    card = {"name": "a", "title": "A set", "licence": "CC0"}
    inside = write_dataset(home.data / "a", {"train": {"cra": 4, "rid": 4}}, card=card)
    loose = write_dataset(tmp_path / "loose", 3, strips=2, start=50)
    apart = write_dataset(tmp_path / "apart", 5, start=90)
    importing.import_in_place(home, loose, importing.FolderDescription(title="Loose"))
    importing.import_in_place(home, inside, importing.FolderDescription())
    for data, run_id in ((inside, "one"), (apart, "two"), (apart, "three")):
        config = from_preset("baseline", data=str(data))
        training.train(home, training.prepare(home, config, run_id=run_id))
    (home.data / ".half.import").mkdir()
    monkeypatch.setattr(images, "read_bytes", None)
    found = {one.title: one.to_json() for one in known_data_sets(home)}
    assert set(found) == {"A set", "Loose", "apart"}
    first = found["A set"]
    assert (first["tiles"], first["labelled"], first["placed"]) == (8, 8, 0)
    assert (first["licence"], first["models"], first["dir"]) == ("CC0", ["one"], str(inside))
    assert (found["Loose"]["tiles"], found["Loose"]["placed"], found["Loose"]["models"]) == (
        3,
        3,
        [],
    )
    assert sorted(found["apart"]["models"]) == ["three", "two"]
    shutil.rmtree(apart)
    (inside / "dataset.json").write_text("{")
    found = {one["dir"]: one for one in (one.to_json() for one in known_data_sets(home))}
    gone, damaged = found[str(apart)], found[str(inside)]
    assert (gone["tiles"], gone["labelled"], gone["there"]) == (5, 0, False)
    assert (damaged["tiles"], damaged["title"]) == (None, "a")


def test_a_damaged_list_is_no_list(tmp_path: Path) -> None:
    assert known_data_sets(Home(tmp_path)) == []
    for value in ("{", "[]", '{"folders": [3, "relative", null]}'):
        (tmp_path / "data-sets.json").write_text(value)
        assert known_data_sets(Home(tmp_path)) == []
    folder = write_dataset(tmp_path / "x", 1)
    importing.import_in_place(Home(tmp_path), folder, importing.FolderDescription())
    assert json.loads((tmp_path / "data-sets.json").read_text()) == {"folders": [str(folder)]}
    importing.import_in_place(Home(tmp_path), folder, importing.FolderDescription(name="y"))
    assert len(known_data_sets(Home(tmp_path))) == 1


def test_without_counts_no_names_of_tiles_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_dataset(tmp_path / "data" / "a", 3, card={"name": "a", "title": "A set"})
    (counted,) = known_data_sets(Home(tmp_path))
    monkeypatch.setattr(registry, "tiles_named", None)
    (plain,) = known_data_sets(Home(tmp_path), counted=False)
    assert (counted.tiles, plain.tiles) == (3, None)
    assert (plain.root, plain.title) == (counted.root, counted.title)
