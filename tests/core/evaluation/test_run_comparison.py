"""Runs beside each other: settings, curves, figures with what can be said of their difference."""

import json
import shutil
from pathlib import Path

import pytest

from mirs_core.config import presets
from mirs_core.errors import RunError
from mirs_core.evaluation.run_comparison import compare
from mirs_core.workspace import epochs, runs
from mirs_core.workspace.epochs import Epochs
from mirs_core.workspace.home import Home

RUNS = ("demo-mirs", "demo-mirs-dwt", "demo-baseline")


@pytest.fixture
def home(small_demo: Home, tmp_path: Path) -> Home:
    return Home(shutil.copytree(small_demo, tmp_path / "home"))


def change(path: Path, **values: object) -> None:
    path.write_text(json.dumps({**json.loads(path.read_text()), **values}))


def test_runs_are_compared_in_settings_curves_and_figures(home: Home) -> None:
    found = compare(home, RUNS)
    assert [run.id for run in found.runs] == list(RUNS) and found.one_data_set
    names = {one.name: one.values for one in found.settings}
    assert names["whitening.enabled"] == (False, True, False)
    assert "head.bits" not in names
    mirs, _, baseline = found.epochs
    assert len(mirs.epochs) > 3 and list(mirs.curves())[:2] == ["map_at_64", "total"]
    assert "triplet" in mirs.curves() and baseline == Epochs(terms={})
    first, second, third = found.scores
    assert first.difference is None and second.difference and third.difference
    assert second.difference.queries == 15


def test_the_comparison_is_plain_json(home: Home) -> None:
    value = json.loads(json.dumps(compare(home, RUNS).to_json(), allow_nan=False))
    assert value["runs"] == list(RUNS) and value["one_data_set"] is True
    first, second, _ = value["map_at_64"]
    assert first["difference"] is None and second["difference"]["queries"] == 15
    assert first["low"] <= first["value"] <= first["high"]
    assert len(value["epochs"]["demo-mirs"]["total"]) == len(value["epochs"]["demo-mirs"]["epoch"])


def test_other_archives_do_not_compare(home: Home) -> None:
    change(home.path / "runs" / "demo-mirs" / "provenance.json", archive_id="another")
    found = compare(home, RUNS).to_json()["map_at_64"]
    assert [one["same_archive"] for one in found] == [True, False, False]
    assert all(one["difference"] is None for one in found)


@pytest.mark.parametrize("values", [{"manifest": "0123456789"}, {"data_name": "other"}])
def test_one_query_cannot_go_through_other_data_sets(home: Home, values: dict[str, str]) -> None:
    change(home.path / "runs" / "demo-mirs" / "provenance.json", **values)
    assert not compare(home, RUNS).one_data_set


def test_unfinished_runs_are_compared_as_far_as_they_are(home: Home) -> None:
    runs.folder(home, "demo-mirs").set_status("failed")
    (home.path / "runs" / "demo-mirs" / "metrics.json").unlink()
    found = compare(home, RUNS)
    assert not found.one_data_set and len(found.scores) == 2 and found.epochs[0].epochs


@pytest.mark.parametrize("ids", [[], ["demo-mirs"], ["demo-mirs"] * 3, list("abcdef")])
def test_two_to_five_runs_are_compared(home: Home, ids: list[str]) -> None:
    with pytest.raises(RunError, match="Compare 2 to 5 different runs"):
        compare(home, ids)


def test_a_run_that_is_gone_is_named(home: Home) -> None:
    with pytest.raises(RunError, match="There is no run 'gone'"):
        compare(home, ["demo-mirs", "gone"])


@pytest.fixture
def run(tmp_path: Path) -> runs.RunFolder:
    made = presets.from_preset("mirs", data="/nowhere")
    return runs.create(Home(tmp_path), made, run_id="a-run", provenance={})


def test_terms_that_come_and_go_leave_gaps(run: runs.RunFolder) -> None:
    line = {"epoch": 1, "terms": {"a": 0.5}, "total": 0.5, "map_at_64": None, "seconds": 1}
    run.append_progress(line)
    run.append_progress({**line, "epoch": 2, "terms": {"b": 2}, "map_at_64": 0.25})
    with run.progress.open("a") as handle:
        handle.write('{"epoch": 3, "ter')
    found = epochs.read(run)
    assert found.epochs == (1, 2) and found.map_at_64 == (None, 0.25)
    assert found.terms == {"a": (0.5, None), "b": (None, 2.0)}
    assert list(found.curves()) == ["map_at_64", "total", "a", "b"]


@pytest.mark.parametrize("line", ['{"epoch": 1}', '{"epoch": "x", "terms": {}}',
                                  '{"epoch": 1, "terms": {"a": "b"}}'])  # fmt: skip
def test_damaged_lines_say_what_to_do(run: runs.RunFolder, line: str) -> None:
    run.progress.write_text(line + "\n")
    with pytest.raises(RunError, match="damaged"):
        epochs.read(run)


def test_values_that_are_no_numbers_are_gaps(run: runs.RunFolder) -> None:
    run.progress.write_text('{"epoch": 1, "terms": {"a": NaN}, "total": Infinity}\n')
    assert epochs.read(run).curves() == {}
