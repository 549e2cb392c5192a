"""``data label`` and ``data labels``: corrected, undone, merged, exported, read by training."""

import json
from pathlib import Path
from typing import Any

import pytest
from fakes import FakeNetwork, write_dataset

from mirs_core import cli
from mirs_core.datasets.tile_table import read_table
from mirs_core.workspace import runs
from mirs_core.workspace.home import Home


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    path = tmp_path / "home"
    monkeypatch.setenv("MIRS_HOME", str(path))
    return Home(path)


@pytest.fixture
def data(home: Home, tmp_path: Path) -> Path:
    layout = {"train": {"cra": 6, "Dune Field": 4, "dune_field": 2}, "test": {"cra": 2}}
    return write_dataset(tmp_path / "mine", layout)


def run(capsys: pytest.CaptureFixture[str], *words: str) -> Any:
    capsys.readouterr()
    assert cli.main([*words, "--json", "--quiet"]) == 0
    return json.loads(capsys.readouterr().out)


def classes(capsys: pytest.CaptureFixture[str], data: Path) -> dict[str, int]:
    answer: dict[str, int] = run(capsys, "data", "describe", str(data))["classes"]
    return answer


def test_a_label_is_corrected_listed_and_undone(
    data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tile = "train/cra/tile_0000.png"
    words = ("data", "label", str(data), tile, "--as", "rid", "--by", "Ann", "--note", "no rim")
    done = run(capsys, *words)
    assert (done["corrected"], done["confirmed"], done["corrections"][0]["by"]) == (1, 0, "Ann")
    assert classes(capsys, data) == {"Dune Field": 4, "cra": 7, "dune_field": 2, "rid": 1}
    (listed,) = run(capsys, "data", "labels", str(data))["corrections"]
    assert (listed["before"], listed["label"], listed["note"]) == ("cra", "rid", "no rim")
    assert run(capsys, "data", "label", str(data), "--undo", done["batch"])["undone"] == 1
    assert classes(capsys, data)["cra"] == 8
    assert run(capsys, "data", "labels", str(data))["corrections"] == []
    assert run(capsys, "data", "labels", str(data), "--all")["corrections"][0]["undone"] is True


def test_spellings_are_merged_and_come_apart_again(
    data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    done = run(capsys, "data", "label", str(data), "--merge")
    assert done["corrected"] == 2 and classes(capsys, data) == {"Dune Field": 6, "cra": 8}
    assert run(capsys, "data", "label", str(data), "--merge")["corrected"] == 0
    run(capsys, "data", "label", str(data), "--undo", done["batch"])
    assert classes(capsys, data)["dune_field"] == 2


def test_a_table_of_corrections_goes_to_another_copy_of_the_data(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tile, second = "train/cra/tile_0000.png", "train/cra/tile_0001.png"
    run(capsys, "data", "label", str(data), tile, "--as", "rid")
    run(capsys, "data", "label", str(data), second, "--none")
    out = tmp_path / "mended.csv"
    run(capsys, "data", "labels", str(data), "--out", str(out))
    copy = write_dataset(tmp_path / "copy", {"train": {"cra": 6}})
    assert run(capsys, "data", "label", str(copy), "--table", str(out))["corrected"] == 1
    assert classes(capsys, copy) == {"cra": 5, "rid": 1}
    assert not (data / "tiles.csv").exists()
    assert run(capsys, "data", "labels", str(data), "--into-table")["written"] == 1
    assert {p: r.label for p, r in read_table(data).items()} == {tile: "rid"}


def test_what_is_trained_from_then_on_has_the_corrected_labels(
    home: Home, data: Path, network: FakeNetwork, capsys: pytest.CaptureFixture[str]
) -> None:
    tile = "test/cra/tile_0012.png"
    old = run(capsys, "train", "--data", str(data), "--preset", "baseline")["run"]
    run(capsys, "data", "label", str(data), tile, "--as", "rid")
    (outdated,) = run(capsys, "data", "labels", str(data))["models"]
    assert outdated == {"run": old, "differing": 1}
    new = run(capsys, "train", "--data", str(data), "--preset", "baseline")["run"]
    assert runs.folder(home, new).provenance()["corrected_labels"] == 1
    assert "corrected_labels" not in runs.folder(home, old).provenance()
    assert len(run(capsys, "data", "labels", str(data))["models"]) == 1, "the new one is right"
    grown = run(capsys, "archive", "add", "--run", old)["run"]
    models = run(capsys, "data", "labels", str(data))["models"]
    assert grown not in {model["run"] for model in models}, "labels are read again"
    copied = run(capsys, "data", "import", str(data), "--copy", "--name", "copied")
    assert classes(capsys, Path(copied["dir"]))["rid"] == 1, "a copy takes them along"


def test_an_import_does_not_overrule_a_person_and_says_so(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tile = "train/cra/tile_0000.png"
    run(capsys, "data", "label", str(data), tile, "--as", "rid")
    table = tmp_path / "t.csv"
    table.write_text(f"path,label\n{tile},smo\ntrain/cra/tile_0001.png,smo\n")
    answer = run(capsys, "data", "import", str(data), "--table", str(table))
    assert any("1 label is not used" in note and tile in note for note in answer["notes"])
    assert classes(capsys, data)["rid"] == 1 and classes(capsys, data)["smo"] == 1


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["nowhere.png", "--as", "x"], "no tile 'nowhere.png'"),
        (["--as", "x"], "Name at least one tile"),
        (["--undo", "abc"], "does not exist"),
    ],
    ids=["tile", "none", "undo"],
)
def test_mistakes_are_said_in_a_line(
    data: Path, words: list[str], why: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["data", "label", str(data), *words, "--quiet"]) == 2
    assert why in capsys.readouterr().err.splitlines()[-1]
