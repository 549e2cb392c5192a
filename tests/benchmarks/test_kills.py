"""What ``bench kills`` checks, in short, and that its checks find what they look for."""

import json
import os
import random
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from fakes import write_dataset, write_job

from benchmarks import kills
from benchmarks.kills import apps, checks, rest, rounds
from benchmarks.kills.sandbox import Sandbox, configuration, until
from benchmarks.kills.tally import Tally
from mirs_core import jobs
from mirs_core.config.presets import from_preset
from mirs_core.files import write_json
from mirs_core.jobs import workers
from mirs_core.system.processes import this_process
from mirs_core.workspace import runs
from mirs_core.workspace.home import Home

TILES = {split: {"cra": 3, "rid": 3} for split in ("train", "val", "test")}


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[Sandbox]:
    with Sandbox(Home(tmp_path / "home"), write_dataset(tmp_path / "tiles", TILES)) as sandbox:
        yield sandbox


def test_kills_of_jobs_and_of_an_app_lose_nothing(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rounds, "_ROUNDS", ("warm", "warm"))
    monkeypatch.setattr(apps, "_SERVERS", 0)
    monkeypatch.setattr(apps, "_differences_after_a_restart", lambda sandbox: [])
    moments = random.Random(3)
    answer = [rounds.kill_jobs(sandbox, 2, moments), apps.kill_apps(sandbox, 1, moments)]
    assert [(tally.tried, tally.faults, tally.details) for tally in answer] == [
        (2, 0, []),
        (1, 0, []),
    ]
    assert sandbox.model


def test_a_reused_process_id_and_a_clock_that_jumps(sandbox: Sandbox, tmp_path: Path) -> None:
    sandbox.measure()
    reused = rest.reuse_pid(sandbox)
    jumped = rest.jump_clock(sandbox, tmp_path / "clock")
    assert (reused.details, jumped.details) == ([], [])


def test_half_files_are_found(tmp_path: Path) -> None:
    whole = {"a.json": "{}", "b.jsonl": '{"x": 1}\n{"x"', "c.txt": "{", ".new-run/d.json": "{"}
    for name, content in {**whole, "e.json": '{"x": ', "f.jsonl": '{"x"\n{"x": 1}\n'}.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(content)
    np.save(tmp_path / "g.npy", np.arange(100))
    (tmp_path / "h.npy").write_bytes((tmp_path / "g.npy").read_bytes()[:-9])
    np.save(tmp_path / "i.npy", np.array([{}], dtype=object))
    (tmp_path / "j.safetensors").write_bytes(b"\x10")
    answer = [line.partition(":")[0] for line in checks.corrupt_files(Home(tmp_path))]
    assert answer == ["e.json", "f.jsonl", "h.npy", "i.npy", "j.safetensors"]


def test_dead_jobs_and_runs_that_read_as_running_are_found(tmp_path: Path) -> None:
    # This process lives, so they read as running, but it is no worker of this home folder.
    write_job(tmp_path / "jobs" / "job-1")
    write_json(tmp_path / "jobs" / "job-1" / "process.json", this_process())
    run = runs.create(Home(tmp_path), from_preset("mirs", data="x"), run_id="one", provenance={})
    run.set_status("running")
    assert checks.dead_shown_running(Home(tmp_path)) == ["job-1", "one"]
    run.set_status("done")
    write_json(tmp_path / "jobs" / "job-1" / "ended.json", {"state": "done"})
    assert checks.dead_shown_running(Home(tmp_path)) == []


def test_lost_runs_are_found(tmp_path: Path) -> None:
    for name in ("one", "two", "three"):
        runs.create(Home(tmp_path), configuration(tmp_path), run_id=name, provenance={})
    (tmp_path / "runs" / "two" / "status.json").write_text("{")
    assert checks.lost_runs(Home(tmp_path), ["one", "two", "four"]) == ["four", "three", "two"]


def test_jobs_that_are_not_done_are_found(tmp_path: Path) -> None:
    write_job(tmp_path / "jobs" / "job-1")
    answer = checks.not_done(Home(tmp_path), ["job-1", "job-2"])
    assert [line.partition(":")[0] for line in answer] == ["job-1", "job-2"]


def test_intervals_that_overlap_are_counted() -> None:
    assert checks.overlaps([(4, 5), (0, 2), (2, 3)]) == 0
    assert checks.overlaps([(0, 9), (1, 2), (3, 4)]) == 2


def test_the_table_has_a_row_a_part() -> None:
    tally = Tally("a part", tried=2, seconds=[1.0, 3.0], note="said")
    tally.count("corrupt_files", ["x.json: half"])
    row = tally.to_json()
    assert (tally.faults, row["seconds_p50"], row["seconds_max"]) == (1, 2.0, 3.0)
    shown = kills.text({"parts": [row]})
    assert "| a part | 2 | 0 | 1 | 0 | 0 | 0 | 2.0 | 3.0 |" in shown and "a part: said" in shown
    json.dumps(row)


def test_a_job_killed_after_its_run_was_done_is_done_when_resumed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workers, "_start", lambda home, lane: pytest.fail("nothing is left to do"))
    run = runs.create(Home(tmp_path), from_preset("mirs", data="x"), run_id="one", provenance={})
    run.set_status("done")
    write_job(tmp_path / "jobs" / "job-1", run="one")
    write_json(tmp_path / "jobs" / "job-1" / "process.json", {"pid": 2**22 + 1, "started": 1})
    assert jobs.read(Home(tmp_path), "job-1").state == "failed"
    jobs.resume(Home(tmp_path), "job-1")
    assert jobs.read(Home(tmp_path), "job-1").state == "done"
    assert run.status()["state"] == "done"


def test_a_worker_that_cannot_write_the_end_of_a_job_ends(tmp_path: Path) -> None:
    # The preview's worker would else take the next job, and this one read as running meanwhile.
    write_job(tmp_path / "jobs" / "job-1", lane="preview", args=["runs", "list"])
    code = (
        "from mirs_core.jobs import reporter, worker, workers\n"
        "workers.tend = lambda home, lane: None\n"
        "reporter.write_ended = lambda *words, **more: None\n"
        "worker.main('preview')"
    )
    environment = {**os.environ, "MIRS_HOME": str(tmp_path)}
    worker = subprocess.Popen([sys.executable, "-c", code], env=environment)
    try:
        assert until(lambda: worker.poll() is not None)
    finally:
        worker.send_signal(signal.SIGKILL)
    assert jobs.read(Home(tmp_path), "job-1").state == "failed"
