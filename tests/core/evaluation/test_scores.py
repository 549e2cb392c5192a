"""Runs beside each other: figures, paired differences, archives that differ."""

import json
import shutil
from pathlib import Path

import pytest

from mirs_core.errors import RunError
from mirs_core.evaluation.scores import Difference, scores_of
from mirs_core.ranking import metrics
from mirs_core.ranking.metrics import Interval
from mirs_core.workspace.home import Home

RUNS = ("demo-baseline", "demo-mirs", "demo-mirs-dwt")


@pytest.fixture
def home(small_demo: Home, tmp_path: Path) -> Home:
    return Home(shutil.copytree(small_demo, tmp_path / "home"))


def change(path: Path, **values: object) -> None:
    path.write_text(json.dumps({**json.loads(path.read_text()), **values}))


def test_the_first_run_is_what_the_others_are_measured_against(home: Home) -> None:
    found = scores_of(home, RUNS)
    assert [score.run.id for score in found] == list(RUNS)
    assert found[0].difference is None
    for score in found[1:]:
        assert score.difference and score.same_archive
        mean = score.value.value - found[0].value.value
        assert score.difference.interval.value == pytest.approx(mean, abs=1e-5)
        assert score.difference.queries == score.queries == 15
        assert score.ties[2] <= score.ties[1] <= score.ties[0]
        assert score.best_epoch <= score.epochs


def test_runs_on_other_archives_are_flagged_and_not_compared(home: Home) -> None:
    change(home.path / "runs" / "demo-mirs" / "provenance.json", archive_id="another")
    _, mirs, dwt = scores_of(home, RUNS)
    assert not mirs.same_archive and mirs.difference is None
    assert dwt.same_archive and dwt.difference


def test_runs_that_measured_nothing_are_left_out(home: Home) -> None:
    (home.path / "runs" / "demo-baseline" / "metrics.json").unlink()
    assert [score.run.id for score in scores_of(home, RUNS)] == list(RUNS[1:])


def test_without_a_shared_query_there_is_no_difference(home: Home) -> None:
    path = home.path / "runs" / "demo-mirs" / "metrics.json"
    change(path, per_query={"x": {"label": "a", "min_r_k": 1, "hits": 1}})
    assert scores_of(home, RUNS[:2])[1].difference is None


@pytest.mark.parametrize("values", [{"per_query": None}, {"ties": {}}, {"n_queries": "many"}])
def test_a_damaged_report_says_what_to_do(home: Home, values: dict[str, object]) -> None:
    change(home.path / "runs" / "demo-mirs" / "metrics.json", **values)
    with pytest.raises(RunError, match="damaged"):
        scores_of(home, RUNS)


@pytest.mark.parametrize(
    ("low", "high", "none"),
    [(-0.1, 0.1, True), (0, 0.1, True), (0.01, 0.1, False), (-2, -1, False)],
)
def test_no_difference_is_an_interval_that_holds_0(low: float, high: float, none: bool) -> None:
    assert Difference(Interval((low + high) / 2, low, high), 9).is_none is none
    assert metrics.not_worse(Interval(0, low, high)) is (high >= 0)


def test_a_row_of_the_table_holds_the_scores_and_the_difference(home: Home) -> None:
    baseline, mirs, _ = scores_of(home, RUNS)
    row = mirs.to_row()
    assert (row["run"], row["queries"], row["bits"]) == ("demo-mirs", 15, mirs.run.bits)
    assert (row["map_at_64"], row["low"]) == (mirs.value.value, mirs.value.low)
    assert (row["ties_best"], row["ties_worst"]) == (mirs.ties[0], mirs.ties[2])
    assert mirs.difference and row["difference"] == mirs.difference.interval.value
    assert baseline.to_row()["difference"] is None and list(baseline.to_row()) == list(row)


def test_class_rows_hold_every_class_once(home: Home) -> None:
    (mirs,) = scores_of(home, RUNS[1:2])
    rows = mirs.class_rows()
    assert {row["class"]: (row["queries"], row["map_at_64"]) for row in rows} == mirs.per_class
    assert len(rows) == len(mirs.per_class) and {row["run"] for row in rows} == {"demo-mirs"}
