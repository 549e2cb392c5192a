"""Deleting a run, and thinking better of it."""

from pathlib import Path

import pytest

from mirs_core.config import presets
from mirs_core.errors import RunError
from mirs_core.workspace import annotations, bin, runs
from mirs_core.workspace.home import Home


def make(home: Home, run_id: str, state: str = "done") -> runs.RunFolder:
    made = presets.from_preset("mirs", data="/nowhere")
    run = runs.create(home, made, run_id=run_id, provenance={"data_name": "d", "data_title": "D"})
    run.set_status(state)
    return run


def files(path: Path) -> dict[str, bytes]:
    return {str(one.relative_to(path)): one.read_bytes() for one in path.rglob("*.json")}


def test_a_run_comes_back_as_it_went(tmp_path: Path) -> None:
    path = make(Home(tmp_path), "one").path
    annotations.change(Home(tmp_path), "one", name="First", tags=["kept"], notes="n")
    before, said = files(path), annotations.read(Home(tmp_path), "one")
    bin.discard(Home(tmp_path), "one")
    assert runs.list_runs(Home(tmp_path)) == [] and not list((tmp_path / "annotations").iterdir())
    (found,) = bin.discarded(Home(tmp_path))
    assert (found.id, found.name, found.preset, found.data_title) == ("one", "First", "mirs", "D")
    assert found.bytes > 100 and found.discarded.startswith("20")
    bin.restore(Home(tmp_path), "one")
    assert files(path) == before and annotations.read(Home(tmp_path), "one") == said
    assert bin.discarded(Home(tmp_path)) == []


def test_running_and_served_runs_stay(tmp_path: Path) -> None:
    make(Home(tmp_path), "busy", "running")
    make(Home(tmp_path), "shown")
    runs.serve(Home(tmp_path), "shown")
    for run_id, why in (
        ("busy", "is running"),
        ("shown", "is the default model"),
        ("../x", "no run"),
    ):
        with pytest.raises(RunError, match=why):
            bin.discard(Home(tmp_path), run_id)
    assert len(runs.list_runs(Home(tmp_path))) == 2 and bin.discarded(Home(tmp_path)) == []


def test_a_run_is_not_put_over_another_one(tmp_path: Path) -> None:
    make(Home(tmp_path), "one")
    bin.discard(Home(tmp_path), "one")
    make(Home(tmp_path), "one")
    with pytest.raises(RunError, match="Another run has the id 'one'"):
        bin.restore(Home(tmp_path), "one")
    with pytest.raises(RunError, match="delete it permanently first"):
        bin.discard(Home(tmp_path), "one")
    assert bin.empty(Home(tmp_path), "one") == ["one"]
    bin.discard(Home(tmp_path), "one")


def test_emptying_removes_one_or_all(tmp_path: Path) -> None:
    for run_id in ("one", "two", "three"):
        make(Home(tmp_path), run_id)
        bin.discard(Home(tmp_path), run_id)
    assert bin.empty(Home(tmp_path), "two") == ["two"]
    assert sorted(bin.empty(Home(tmp_path))) == ["one", "three"]
    assert list((tmp_path / "bin").iterdir()) == [] and bin.empty(Home(tmp_path)) == []


@pytest.mark.parametrize("run_id", ["one", "..", "../runs/kept"])
def test_what_the_bin_does_not_hold_is_not_touched(tmp_path: Path, run_id: str) -> None:
    make(Home(tmp_path), "kept")
    for act in (bin.restore, bin.empty):
        with pytest.raises(RunError, match=r"There is no run .* in the bin"):
            act(Home(tmp_path), run_id)
    assert len(runs.list_runs(Home(tmp_path))) == 1


def test_a_damaged_run_can_be_discarded_and_is_listed_by_its_id(tmp_path: Path) -> None:
    run = make(Home(tmp_path), "bad")
    (run.path / "config.json").write_text("{")
    bin.discard(Home(tmp_path), "bad")
    (tmp_path / "bin" / "bad" / "discarded.json").write_text("[")
    (found,) = bin.discarded(Home(tmp_path))
    assert (found.id, found.name, found.preset, found.discarded) == ("bad", "bad", "", "")
    bin.restore(Home(tmp_path), "bad")
    assert runs.list_runs(Home(tmp_path))[0].state == "failed"
