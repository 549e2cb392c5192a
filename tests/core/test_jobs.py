import json
import time
from pathlib import Path

import pytest

from mirs_core import jobs
from mirs_core.errors import RunError


def wait(home: Path, job_id: str, seconds: float = 30) -> jobs.Job:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        job = jobs.read(home, job_id)
        if job.state != "running":
            return job
        time.sleep(0.05)
    raise AssertionError("the job did not end")


def test_a_job_runs_on_its_own_and_leaves_its_answer(tmp_path: Path) -> None:
    job = wait(tmp_path, jobs.launch(tmp_path, ["runs", "list"], "List"))
    assert (job.state, job.result, job.title) == ("done", [], "List")


def test_a_failed_job_says_why(tmp_path: Path) -> None:
    job = wait(tmp_path, jobs.launch(tmp_path, ["runs", "show", "nothing"], "Show"))
    assert job.state == "failed" and "There is no run 'nothing'" in job.error


def test_a_command_that_does_not_parse_is_a_failed_job(tmp_path: Path) -> None:
    job = wait(tmp_path, jobs.launch(tmp_path, ["nonsense"], "Nonsense"))
    assert job.state == "failed" and "nonsense" in job.error


def test_one_job_a_key(tmp_path: Path) -> None:
    first = jobs.launch_once(tmp_path, "list", ["runs", "list"], "List")
    second = jobs.launch_once(tmp_path, "list", ["runs", "list"], "List")
    assert first == second
    wait(tmp_path, first)
    third = jobs.launch_once(tmp_path, "list", ["runs", "list"], "List")
    assert third != first
    wait(tmp_path, third)
    assert [job.id for job in jobs.list_jobs(tmp_path)] == sorted([first, third], reverse=True)


@pytest.mark.parametrize("job_id", ["", "../x", "job-1"])
def test_unknown_jobs(tmp_path: Path, job_id: str) -> None:
    with pytest.raises(RunError):
        jobs.read(tmp_path, job_id)


def test_a_killed_job_reads_as_failed(tmp_path: Path) -> None:
    path = tmp_path / "jobs" / "job-1"
    path.mkdir(parents=True)
    about = {"title": "t", "key": "", "args": [], "started": time.time() - 60}
    (path / "job.json").write_text(json.dumps(about))
    (path / "process.json").write_text(json.dumps({"pid": 2**22 + 1, "started": 1}))
    (path / "log.txt").write_text("going on\nKilled")
    job = jobs.read(tmp_path, "job-1")
    assert (job.state, job.error) == ("failed", "Killed")


def test_progress_is_written_only_inside_a_job(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MIRS_JOB", raising=False)
    jobs.Reporter().progress("x", 1, 2)
    path = tmp_path / "jobs" / "job-1"
    path.mkdir(parents=True)
    (path / "job.json").write_text(json.dumps({"title": "t", "started": time.time()}))
    monkeypatch.setenv("MIRS_JOB", str(path))
    reporter = jobs.Reporter()
    reporter.progress("Encoding", 3, 10)
    job = jobs.read(tmp_path, "job-1")
    assert (job.stage, job.done, job.total, job.state) == ("Encoding", 3, 10, "running")
    reporter.end(0)
    assert jobs.read(tmp_path, "job-1").state == "done"
