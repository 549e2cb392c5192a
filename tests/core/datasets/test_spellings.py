"""Spellings of one label: pointed out with their counts, merged only when asked."""

import json
from pathlib import Path

import pytest
from fakes import stripes, write_dataset
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from mirs_core import cli
from mirs_core.datasets import importing
from mirs_core.datasets.importing import FolderDescription, spellings
from mirs_core.datasets.manifest import scan
from mirs_core.workspace.home import Home

LABELS = ["Crater", "crater", "crater", "crater_rim", "crater rim", "Crater-Rim", "pit"]


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """One folder of images with a label for each."""
    root = tmp_path / "own"
    root.mkdir()
    lines = ["file,label"]
    for number, label in enumerate(LABELS):
        Image.fromarray(stripes(70 + number)).save(root / f"{number}.png")
        lines.append(f"{number}.png,{label}")
    (tmp_path / "t.csv").write_text("\n".join(lines))
    return root


def labels(root: Path) -> list[str | None]:
    return [tile.label for tile in sorted(scan(root).tiles, key=lambda tile: tile.id)]


def imported(own: Path, merge: bool) -> tuple[str, ...]:
    stated = FolderDescription(own.parent / "t.csv", merge_labels=merge)
    return importing.import_in_place(Home(own.parent / "home"), own, stated).notes


def test_spellings_are_pointed_out_and_nothing_changes(own: Path) -> None:
    notes = imported(own, merge=False)
    assert labels(own) == LABELS and len(notes) == 2
    assert notes[0].startswith(
        "'crater', 'Crater' differ in upper and lower case only (2, 1 tiles)"
    )
    assert "'Crater-Rim', 'crater rim', 'crater_rim' differ in upper and lower" in notes[1]
    assert "underscores" in notes[1] and all("--merge-labels" in note for note in notes)


def test_spellings_become_the_commonest_when_asked(own: Path) -> None:
    notes = imported(own, merge=True)
    assert labels(own) == ["crater"] * 3 + ["Crater-Rim"] * 3 + ["pit"]
    assert notes[0] == "'crater', 'Crater' (2, 1 tiles) were merged into 'crater'."
    assert len(notes) == 2 and imported(own, merge=False) == imported(own, merge=False)


def test_folders_are_merged_too_and_stay_where_they_are(tmp_path: Path) -> None:
    root = write_dataset(tmp_path / "set", {"train": {"cra": 3, "CRA": 1}, "test": {"cra": 1}})
    notes = importing.import_in_place(
        Home(tmp_path / "home"), root, FolderDescription(merge_labels=True)
    ).notes
    assert "'cra', 'CRA' (4, 1 tiles) were merged into 'cra'." in notes
    assert scan(root).classes == {"cra": 5} and (root / "train" / "CRA").is_dir()


def test_the_spelling_of_the_data_set_that_tiles_are_added_to_wins(
    own: Path, tmp_path: Path
) -> None:
    target = write_dataset(tmp_path / "set", {"train": {"CRATER": 1, "rid": 2}})
    home, table = Home(tmp_path / "home"), own.parent / "t.csv"
    stated = FolderDescription(table, merge_labels=True)
    notes = importing.import_into(home, own, target, stated).notes
    assert scan(target).classes == {"CRATER": 4, "rid": 2, "Crater-Rim": 3, "pit": 1}
    assert "'crater', 'CRATER', 'Crater' (2, 1, 1 tiles) were merged into 'CRATER'." in notes


def test_the_command_has_the_option(own: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MIRS_HOME", str(own.parent / "home"))
    table = str(own.parent / "t.csv")
    assert cli.main(["data", "import", str(own), "--table", table, "--merge-labels"]) == 0
    assert labels(own)[0] == "crater"


_labels = st.text(st.sampled_from("aAbB _-\u00e4\u0308"), min_size=1, max_size=5)


@given(counts=st.dictionaries(_labels, st.integers(1, 9), max_size=8))
def test_what_is_merged_has_no_spellings_left(counts: dict[str, int]) -> None:
    becomes = spellings.merged(counts, {})
    after: dict[str, int] = {}
    for label, count in counts.items():
        label = becomes.get(label, label)
        after[label] = after.get(label, 0) + count
    assert spellings.variants(after) == [] and sum(after.values()) == sum(counts.values())
    assert set(after) <= set(counts) and bool(becomes) == bool(spellings.variants(counts))


def test_describing_points_spellings_out(
    own: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MIRS_HOME", str(own.parent / "home"))
    imported(own, merge=False)
    assert cli.main(["data", "describe", str(own), "--json"]) == 0
    answer = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert answer["spellings"] == [
        ["crater", "Crater"],
        ["Crater-Rim", "crater rim", "crater_rim"],
    ]
    assert cli.main(["data", "describe", str(own)]) == 0
    assert "'crater', 'Crater' differ in upper and lower case only" in capsys.readouterr().out
