"""Data sets are renamed, removed and restored; images are never deleted."""

import json
from pathlib import Path

import pytest
from fakes import FakeNetwork, write_dataset

from mirs_core import cli
from mirs_core.datasets import registry, removal
from mirs_core.errors import DataError
from mirs_core.workspace import bin, data_set_titles, runs
from mirs_core.workspace.home import Home


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    path = tmp_path / "home"
    monkeypatch.setenv("MIRS_HOME", str(path))
    return Home(path)


def tree(root: Path) -> dict[str, bytes]:
    return {str(p.relative_to(root)): p.read_bytes() for p in root.rglob("*") if p.is_file()}


def titles(home: Home) -> list[str]:
    return [data_set.title for data_set in registry.known_data_sets(home, counted=False)]


@pytest.fixture
def trained(home: Home, tmp_path: Path, network: FakeNetwork) -> Path:
    """A folder of the user with an archive, which is the default model."""
    root = write_dataset(tmp_path / "mine", {"train": {"cra": 6, "rid": 6}, "test": {"cra": 2}})
    assert cli.main(["data", "import", str(root), "--title", "My tiles", "--quiet"]) == 0
    assert cli.main(["train", "--data", str(root), "--preset", "baseline", "--quiet"]) == 0
    (run,) = runs.list_runs(home)
    runs.serve(home, run.id)
    return root


def test_a_folder_of_the_user_is_taken_off_the_list_and_stays_as_it_is(
    home: Home, trained: Path
) -> None:
    before, (run,) = tree(trained), runs.list_runs(home)
    removed = removal.remove(home, trained)
    assert tree(trained) == before and titles(home) == []
    assert removed.runs == (run.id,) and removed.moved == ""
    assert [b.id for b in bin.discarded(home)] == [run.id] and runs.list_runs(home) == []
    assert runs.served_run(home) is None
    restored = removal.restore(home, "My tiles")
    assert restored == removed and titles(home) == ["My tiles"] and tree(trained) == before
    assert [r.id for r in runs.list_runs(home)] == [run.id] and runs.served_run(home) == run.id
    with pytest.raises(DataError, match="was removed"):
        removal.restore(home, "My tiles")


def test_a_copy_in_the_home_folder_is_moved_aside_and_back(home: Home, tmp_path: Path) -> None:
    own = write_dataset(tmp_path / "own", 4)
    assert cli.main(["data", "import", str(own), "--copy", "--name", "plains", "--quiet"]) == 0
    root, before = home.data / "plains", tree(home.data)
    removed = removal.remove(home, root)
    assert not root.exists() and titles(home) == [] and tree(own)
    assert set(tree(Path(removed.moved)).values()) == set(before.values())
    root.mkdir()
    with pytest.raises(DataError, match="exists already"):
        removal.restore(home, str(root))
    root.rmdir()
    removal.restore(home, str(root))
    assert tree(home.data) == before and titles(home) == ["plains"]


def test_another_default_model_takes_over(home: Home, trained: Path, tmp_path: Path) -> None:
    other = write_dataset(tmp_path / "other", 6, start=500)
    (mine,) = runs.list_runs(home)
    assert cli.main(["index", "--run", mine.id, "--data", str(other), "--quiet"]) == 0
    removal.remove(home, trained)
    (left_over,) = runs.list_runs(home)
    assert runs.served_run(home) == left_over.id and left_over.data_root == other


def test_what_cannot_be_removed_changes_nothing(home: Home, trained: Path, tmp_path: Path) -> None:
    (run,) = runs.list_runs(home)
    runs.folder(home, run.id).set_status("running")
    before = tree(home.path)
    with pytest.raises(DataError, match="being trained"):
        removal.remove(home, trained)
    with pytest.raises(DataError, match="not on the list"):
        removal.remove(home, tmp_path)
    after = {k: v for k, v in tree(home.path).items() if not k.startswith("locks/")}
    assert after == {k: v for k, v in before.items() if not k.startswith("locks/")}


def test_a_title_is_used_in_all_lists_and_changes_no_folder(home: Home, trained: Path) -> None:
    before = tree(trained)
    assert cli.main(["data", "rename", "My tiles", "  Crater  rims "]) == 0
    assert titles(home) == ["Crater rims"] == [run.data_title for run in runs.list_runs(home)]
    assert registry.root_of(home, "crater rims") == trained and tree(trained) == before
    for bad in ("x" * 200, "a\x1b[0m"):
        with pytest.raises(DataError, match="title"):
            removal.rename(home, trained, bad)
    assert titles(home) == ["Crater rims"]
    removal.rename(home, trained, "")
    assert titles(home) == ["My tiles"]
    home.data_set_titles.write_text("[]")
    assert data_set_titles.title_of(home, trained) is None


def test_two_data_sets_do_not_share_a_title(home: Home, tmp_path: Path) -> None:
    for number in (1, 2):
        root = write_dataset(tmp_path / f"set{number}", 3, start=number * 10)
        assert cli.main(["data", "import", str(root), "--quiet"]) == 0
    with pytest.raises(DataError, match="Another data set is called"):
        removal.rename(home, tmp_path / "set1", "SET2")


def test_the_command_line_removes_and_restores(
    home: Home, trained: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (run,) = runs.list_runs(home)
    capsys.readouterr()
    assert cli.main(["data", "remove", "My tiles", "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["runs"] == [run.id] and answer["root"] == str(trained)
    assert cli.main(["data", "restore", str(trained)]) == 0 and titles(home) == ["My tiles"]
    assert cli.main(["data", "remove", "nothing"]) == 2
    assert "There is no data set 'nothing'" in capsys.readouterr().err
