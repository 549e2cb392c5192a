import json
from pathlib import Path

import pytest

from mirs_core.config import presets
from mirs_core.errors import RunError
from mirs_core.system.processes import this_process
from mirs_core.workspace import runs
from mirs_core.workspace.home import Home


def make(home: Home, run_id: str = "a-run", state: str = "done") -> runs.RunFolder:
    made = presets.from_preset("mirs", data="/nowhere")
    run = runs.create(home, made, run_id=run_id, provenance={"data_name": "d", "manifest": "m"})
    run.set_status(state)
    return run


def test_a_new_run_is_queued_and_remembers_what_made_it(tmp_path: Path) -> None:
    made = presets.from_preset("mirs", data="/nowhere", seed=7)
    run = runs.create(Home(tmp_path), made, provenance={"data_name": "Mars Ω tiles"})
    assert run.id.startswith("mirs-mars-tiles-s7-")
    assert run.config() == made
    assert run.status()["state"] == "queued"
    assert run.provenance()["versions"]["torch"]


def test_ids_are_taken_once_and_must_be_safe(tmp_path: Path) -> None:
    make(Home(tmp_path))
    for run_id in ("a-run", "../evil", "UPPER"):
        with pytest.raises(RunError):
            make(Home(tmp_path), run_id)
    assert [path.name for path in (tmp_path / "runs").iterdir()] == ["a-run"]


@pytest.mark.parametrize("run_id", ["", "..", "../a-run", "a-run/../a-run", "other"])
def test_unknown_or_hostile_ids_are_no_runs(tmp_path: Path, run_id: str) -> None:
    make(Home(tmp_path))
    with pytest.raises(RunError, match="There is no run"):
        runs.folder(Home(tmp_path), run_id)


def test_a_run_whose_process_is_gone_reads_as_failed(tmp_path: Path) -> None:
    run = make(Home(tmp_path), state="running")
    assert run.status()["state"] == "running"
    gone = {**this_process(), "started": -1}
    status = {"state": "running", "error": None, "process": gone, "updated": ""}
    (run.path / "status.json").write_text(json.dumps(status))
    assert run.status()["state"] == "failed"
    assert "ended with no error message" in runs.list_runs(Home(tmp_path))[0].error


def test_only_finished_runs_are_served_and_the_served_one_is_not_deleted(tmp_path: Path) -> None:
    make(Home(tmp_path), "one")
    make(Home(tmp_path), "two", state="failed")
    with pytest.raises(RunError, match="only a finished run"):
        runs.serve(Home(tmp_path), "two")
    runs.serve(Home(tmp_path), "one")
    assert runs.served_run(Home(tmp_path)) == "one"
    assert {run.id: run.served for run in runs.list_runs(Home(tmp_path))} == {
        "one": True,
        "two": False,
    }
    with pytest.raises(RunError, match="is the default model"):
        runs.delete(Home(tmp_path), "one")
    runs.delete(Home(tmp_path), "two")
    assert [run.id for run in runs.list_runs(Home(tmp_path))] == ["one"]


def test_a_running_run_is_not_deleted(tmp_path: Path) -> None:
    make(Home(tmp_path), state="running")
    with pytest.raises(RunError, match="is running"):
        runs.delete(Home(tmp_path), "a-run")


def test_a_damaged_folder_does_not_hide_the_others(tmp_path: Path) -> None:
    make(Home(tmp_path), "good")
    bad = make(Home(tmp_path), "bad")
    (bad.path / "config.json").write_text("{}")
    states = {run.id: run.state for run in runs.list_runs(Home(tmp_path))}
    assert states == {"good": "done", "bad": "failed"}
    runs.delete(Home(tmp_path), "bad")
    assert [run.id for run in runs.list_runs(Home(tmp_path))] == ["good"]


@pytest.mark.parametrize(
    "name", ["config.json", "provenance.json", "status.json", "metrics.json", "progress.jsonl"]
)
@pytest.mark.parametrize("text", ["", "{", "null", "[1]", "\ud800", "[" * 100_000, "\0", "NaN"])
def test_no_file_of_a_run_hides_the_others(name: str, text: str, tmp_path: Path) -> None:
    make(Home(tmp_path), "good")
    bad = make(Home(tmp_path), "bad")
    (bad.path / name).write_bytes(text.encode(errors="surrogatepass"))
    summaries = {run.id: run for run in runs.list_runs(Home(tmp_path))}
    assert set(summaries) == {"good", "bad"} and summaries["good"].state == "done"
    assert bad.history() == [] and "\n" not in (summaries["bad"].error or "")


@pytest.mark.parametrize("metrics", ["{", "[]", '{"map_at_64": 5}', '{"map_at_64": null}'])
def test_damaged_metrics_are_a_damaged_run(tmp_path: Path, metrics: str) -> None:
    make(Home(tmp_path), "good")
    make(Home(tmp_path), "bad").metrics.write_text(metrics)
    states = {run.id: run.state for run in runs.list_runs(Home(tmp_path))}
    assert states == {"good": "done", "bad": "failed"}


def test_an_unreadable_served_file_serves_nothing(tmp_path: Path) -> None:
    (tmp_path / "served.json").write_text("garbage")
    make(Home(tmp_path))
    assert runs.served_run(Home(tmp_path)) is None and len(runs.list_runs(Home(tmp_path))) == 1


def test_a_hostile_served_file_serves_nothing(tmp_path: Path) -> None:
    (tmp_path / "served.json").write_text(json.dumps({"run": "../../etc"}))
    assert runs.served_run(Home(tmp_path)) is None


def test_the_home_folder_follows_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MIRS_HOME", str(tmp_path))
    assert Home.current() == Home(tmp_path)
    monkeypatch.delenv("MIRS_HOME")
    monkeypatch.chdir(tmp_path)
    assert Home.current() == Home(tmp_path / ".mirs")
