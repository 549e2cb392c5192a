"""Jobs on a Ray cluster: with a client that plays one, and on a local Ray where it is installed."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from mirs_core import jobs
from mirs_core.errors import RunError
from mirs_core.jobs import cluster, queue, workers
from mirs_core.jobs.folder import folder_of
from mirs_core.workspace.home import Home

LIST = jobs.Command(("runs", "list"))


class Status:
    """A status of Ray Jobs."""

    def __init__(self, value: str) -> None:
        self.value = value

    def is_terminal(self) -> bool:
        return self.value in {"SUCCEEDED", "FAILED", "STOPPED"}


class Ray:
    """A cluster that goes through the given states, one at each look."""

    def __init__(self, *states: str, log: str = "") -> None:
        self.states, self.log = list(states), log
        self.submitted: list[dict[str, Any]] = []
        self.known: list[Any] = []
        self.stopped = False

    def list_jobs(self) -> list[Any]:
        return self.known

    def submit_job(self, **words: Any) -> None:
        self.submitted.append(words)

    def get_job_status(self, name: str) -> Status:
        if self.stopped:
            return Status("STOPPED")
        return Status(self.states.pop(0) if len(self.states) > 1 else self.states[0])

    def get_job_logs(self, name: str) -> str:
        return self.log

    def stop_job(self, name: str) -> None:
        self.stopped = True


@pytest.fixture
def job(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Home, jobs.Job]:
    """A job of the cluster's that this process has claimed."""
    monkeypatch.setattr(workers, "_start", lambda home, lane: None)
    lane = cluster.new_lane()
    job_id = jobs.submit(Home(tmp_path), LIST, "List", lane=lane)
    claimed = queue.claim(Home(tmp_path), lane)
    assert claimed is not None and claimed.id == job_id
    monkeypatch.setenv("MIRS_JOB", str(folder_of(Home(tmp_path), job_id)))
    return Home(tmp_path), claimed


def followed(monkeypatch: pytest.MonkeyPatch, ray: Ray, job: tuple[Home, jobs.Job]) -> jobs.Job:
    monkeypatch.setattr(cluster, "_client", lambda: ray)
    cluster.follow(*job, pause=lambda seconds: None)
    return jobs.read(job[0], job[1].id)


def test_a_job_is_submitted_and_its_answer_kept(
    job: tuple[Home, jobs.Job], monkeypatch: pytest.MonkeyPatch
) -> None:
    ray = Ray("PENDING", "RUNNING", "SUCCEEDED", log="Scanning\n")
    answer = folder_of(job[0], job[1].id) / "result.json"
    answer.write_text('[{"run": "one"}]')
    found = followed(monkeypatch, ray, job)
    assert (found.state, found.result) == ("done", [{"run": "one"}])
    (words,) = ray.submitted
    assert words["entrypoint"] == f"python -m mirs_core runs list --json > {answer}"
    assert words["runtime_env"]["env_vars"]["MIRS_HOME"] == str(job[0])
    assert jobs.log_tail(job[0], job[1].id, 2).startswith("Scanning")


def test_a_job_that_failed_says_its_last_line(
    job: tuple[Home, jobs.Job], monkeypatch: pytest.MonkeyPatch
) -> None:
    found = followed(monkeypatch, Ray("FAILED", log="working\nno space left"), job)
    assert found.state == "failed" and "no space left" in str(found.error)


def test_a_stop_reaches_the_cluster(
    job: tuple[Home, jobs.Job], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster, "_GRACE", -1.0)
    jobs.stop(job[0], job[1].id)
    ray = Ray("RUNNING")
    assert followed(monkeypatch, ray, job).state == "stopped" and ray.stopped


def test_a_submission_whose_follower_died_is_found_again(
    job: tuple[Home, jobs.Job], monkeypatch: pytest.MonkeyPatch
) -> None:
    ray = Ray("RUNNING", "SUCCEEDED", log="[]")
    name = f"{job[1].id}-1"
    ray.known = [SimpleNamespace(submission_id=name, status=Status("RUNNING"))]
    assert followed(monkeypatch, ray, job).state == "done" and ray.submitted == []


def test_without_an_address_there_is_no_cluster(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    assert not cluster.is_there()


@pytest.mark.skipif(importlib.util.find_spec("ray") is None, reason="ray is not installed")
def test_a_job_on_a_local_ray(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from test_jobs import ended

    ray = Path(sys.executable).with_name("ray")
    start = [ray, "start", "--head", "--port=0", "--dashboard-port=8281", "--num-cpus=1"]
    done = subprocess.run(start, capture_output=True, text=True, timeout=120, check=False)
    if done.returncode:
        pytest.skip(f"no local Ray: {done.stderr[-200:]}")
    try:
        monkeypatch.setenv("RAY_ADDRESS", "http://127.0.0.1:8281")
        monkeypatch.setenv("MIRS_RAY_PYTHON", sys.executable)
        assert cluster.is_there()
        lanes = [cluster.new_lane() for _ in range(2)]
        specs = (LIST, jobs.Command(("runs", "show", "nothing")))
        ids = [
            jobs.submit(Home(tmp_path), spec, "On Ray", lane=lane)
            for spec, lane in zip(specs, lanes, strict=True)
        ]
        good, bad = (ended(Home(tmp_path), job_id) for job_id in ids)
        assert (good.state, good.result) == ("done", []), jobs.log_tail(Home(tmp_path), good.id)
        assert bad.state == "failed" and "There is no run" in str(bad.error)
    finally:
        subprocess.run([ray, "stop", "--force"], capture_output=True, check=False, timeout=60)
        os.environ.pop("RAY_ADDRESS", None)


def test_a_cluster_that_does_not_answer_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("ray")
    monkeypatch.setenv("RAY_ADDRESS", "http://127.0.0.1:9")
    with pytest.raises(RunError, match="does not answer"):
        cluster._client()
