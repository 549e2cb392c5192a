"""The queue: jobs in their order, one a lane, with workers that may die at any moment."""

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from fakes import worker_processes

from mirs_core import jobs
from mirs_core.errors import RunError
from mirs_core.files import write_json
from mirs_core.jobs import queue, workers
from mirs_core.jobs.folder import optional
from mirs_core.jobs.kinds.data_import import Import
from mirs_core.jobs.kinds.data_synthetic import Synthetic
from mirs_core.system.processes import is_alive, lock_if_free, this_process
from mirs_core.workspace.home import Home

LIST = jobs.Command(("runs", "list"))


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home")


@pytest.fixture
def quiet(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """No worker is started; the lanes that wanted one are listed."""
    wanted: list[str] = []
    monkeypatch.setattr(workers, "_start", lambda home, lane: wanted.append(lane))
    return wanted


def until(condition: Callable[[], bool], seconds: float = 240) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)


def ended(home: Home, job_id: str) -> jobs.Job:
    until(lambda: not jobs.read(home, job_id).active)
    return jobs.read(home, job_id)


def folder(home: Home, job_id: str) -> Path:
    return home.path / "jobs" / job_id


def test_jobs_run_on_their_own_in_their_order_and_leave_their_answers(home: Home) -> None:
    ids = [
        jobs.submit(home, spec, "A job")
        for spec in (jobs.Command(("runs", "show", "nothing")), jobs.Command(("nonsense",)), LIST)
    ]
    found = [ended(home, job_id) for job_id in ids]
    assert [job.state for job in found] == ["failed", "failed", "done"]
    assert found[2].result == []
    assert "There is no run 'nothing'" in str(found[0].error)
    assert "nonsense" in str(found[1].error)
    assert [job.id for job in jobs.list_jobs(home)] == ids[::-1]


def test_one_job_a_key(home: Home, quiet: list[str]) -> None:
    first = jobs.submit_once(home, LIST, "List", key="list")
    assert jobs.submit_once(home, LIST, "List", key="list") == first
    jobs.stop(home, first)
    assert jobs.submit_once(home, LIST, "List", key="list") != first


def test_a_job_may_replace_those_of_its_key(home: Home, quiet: list[str]) -> None:
    one, other = (jobs.submit(home, LIST, "t", key=key) for key in ("mine", "theirs"))
    new = jobs.submit(home, LIST, "t", key="mine", replaces=True)
    states = {job.id: job.state for job in jobs.list_jobs(home)}
    assert states == {one: "stopped", other: "queued", new: "queued"}


@pytest.mark.parametrize("job_id", ["", "../x", "job-1", "lane-cpu.lock"])
def test_unknown_jobs(home: Home, job_id: str) -> None:
    for act in (jobs.read, jobs.stop, jobs.resume, jobs.start_over, jobs.run_first):
        with pytest.raises(RunError, match="There is no job"):
            act(home, job_id)
    assert jobs.log_tail(home, job_id) == ""


def test_the_queue_is_served_in_its_order_and_lane_by_lane(home: Home, quiet: list[str]) -> None:
    one, two, three = (jobs.submit(home, LIST, "t") for _ in range(3))
    elsewhere = jobs.submit(home, LIST, "t", lane=jobs.PREVIEW)
    jobs.run_first(home, three)
    jobs.stop(home, two)
    claimed = [queue.claim(home, jobs.CPU) for _ in range(3)]
    assert [job and job.id for job in claimed] == [three, one, None]
    assert jobs.read(home, two).state == "stopped"
    assert jobs.read(home, one).state == "running"
    other = queue.claim(home, jobs.PREVIEW)
    assert other is not None and other.id == elsewhere
    with pytest.raises(RunError, match="is not queued"):
        jobs.run_first(home, one)
    assert set(quiet) == {jobs.CPU, jobs.PREVIEW}


def test_a_job_whose_process_is_gone_has_failed_and_can_go_on(home: Home, quiet: list[str]) -> None:
    job_id = jobs.submit(home, LIST, "t")
    queue.claim(home, jobs.CPU)
    process = folder(home, job_id) / "process.json"
    # The same id belongs to another process now: it started at another time.
    for gone in ({"pid": 2**22 + 1, "started": 1}, {**this_process(), "started": 7}):
        write_json(process, gone)
        job = jobs.read(home, job_id)
        assert job.state == "failed" and "killed" in str(job.error)
    with pytest.raises(RunError, match="is over"):
        jobs.stop(home, job_id)
    jobs.resume(home, job_id)
    again = jobs.read(home, job_id)
    assert (again.state, again.attempt) == ("queued", 2)
    with pytest.raises(RunError, match="is queued; only a failed or stopped job"):
        jobs.resume(home, job_id)


def test_a_clock_that_jumps_moves_neither_order_nor_times(
    home: Home, quiet: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    first = jobs.submit(home, LIST, "t")

    class Yesterday(queue.datetime):
        @classmethod
        def now(cls, tz=None):  # type: ignore[no-untyped-def]
            return super().now(tz).replace(year=1999)

    monkeypatch.setattr(queue, "datetime", Yesterday)
    second = jobs.submit(home, LIST, "t")
    assert second < first and [job.id for job in jobs.list_jobs(home)] == [second, first]
    assert queue.claim(home, jobs.CPU).id == first  # type: ignore[union-attr]
    monkeypatch.setenv("MIRS_JOB", str(folder(home, first)))
    monkeypatch.setattr(time, "time", lambda: -1e9)
    reporter = jobs.Reporter()
    reporter.progress("Training", 1, 4)
    reporter.end("done")
    assert 0 <= jobs.read(home, first).seconds < 5


def test_progress_is_written_only_inside_a_job(
    home: Home, quiet: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MIRS_JOB", raising=False)
    outside = jobs.Reporter()
    outside.progress("x", 1, 2)
    assert not outside.should_stop()
    job_id = jobs.submit(home, LIST, "t")
    queue.claim(home, jobs.CPU)
    monkeypatch.setenv("MIRS_JOB", str(folder(home, job_id)))
    reporter = jobs.Reporter()
    reporter.progress("Encoding", 3, 10)
    job = jobs.read(home, job_id)
    assert (job.stage, job.done, job.total, job.state) == ("Encoding", 3, 10, "running")
    assert not reporter.should_stop()
    jobs.stop(home, job_id)
    assert reporter.should_stop() and jobs.read(home, job_id).state == "stopping"
    reporter.end("stopped", "as asked")
    job = jobs.read(home, job_id)
    assert (job.state, job.error) == ("stopped", "as asked")


def test_a_damaged_job_hides_no_other(home: Home, quiet: list[str]) -> None:
    good, bad = (jobs.submit(home, LIST, "t") for _ in range(2))
    (folder(home, bad) / "job.json").write_text('{"title": 3}')
    assert [job.id for job in jobs.list_jobs(home)] == [good]
    with pytest.raises(RunError, match="is damaged"):
        jobs.read(home, bad)


def test_old_jobs_are_swept_but_none_that_waits(
    home: Home, quiet: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue, "_MOST_OVER", 2)
    waiting = jobs.submit(home, LIST, "t")
    over = [jobs.submit(home, LIST, "t") for _ in range(4)]
    for job_id in over:
        jobs.stop(home, job_id)
    jobs.submit(home, LIST, "t")
    left = {job.id for job in jobs.list_jobs(home)}
    assert waiting in left and left & set(over) == set(over[2:])


def test_nothing_is_queued_where_nothing_can_be_written(
    home: Home, quiet: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    jobs.submit(home, LIST, "t")

    def full(path: Path, value: object) -> None:
        raise RunError("no space left")

    monkeypatch.setattr(queue, "write_json", full)
    with pytest.raises(RunError, match="no space"):
        jobs.submit(home, LIST, "t")
    assert len(jobs.list_jobs(home)) == 1
    assert not list((home.path / "jobs").glob(".new-*"))


def test_one_worker_is_started_and_only_where_one_is_missing(home: Home, quiet: list[str]) -> None:
    workers.tend(home)
    assert quiet == ["cpu"]
    with lock_if_free(workers.lane_lock(home, "cpu")):
        workers.tend(home)
        assert quiet == ["cpu"]
        jobs.submit(home, LIST, "t")
        queue.claim(home, "cpu")
        with lock_if_free(workers.standby_lock(home, "cpu")):
            workers.tend(home)
        assert quiet == ["cpu"]
        workers.tend(home)
        assert quiet == ["cpu", "cpu"]


@pytest.mark.parametrize("who", ["worker", "both"])
def test_the_queue_outlives_its_workers(home: Home, tmp_path: Path, who: str) -> None:
    long = Synthetic(folder=tmp_path / "tiles", per_class=8)
    one, two = jobs.submit(home, long, "Long"), jobs.submit(home, LIST, "Next")
    until(lambda: jobs.read(home, one).done > 0)
    worker = optional(folder(home, one), "process")
    assert is_alive(worker)
    if who == "both":
        until(lambda: bool(worker_processes(home.path) - {worker["pid"]}))
        for pid in worker_processes(home.path) - {worker["pid"]}:
            os.kill(pid, signal.SIGKILL)
    os.killpg(worker["pid"], signal.SIGKILL)
    until(lambda: jobs.read(home, one).state == "failed", 2)

    def over() -> bool:
        # Pages look every second: one look may meet a lock whose holder is just dying.
        if who == "both":
            jobs.tend(home)
        return not jobs.read(home, two).active

    until(over)
    assert jobs.read(home, two).state == "done"
    jobs.resume(home, one)
    until(lambda: jobs.read(home, one).done > 0)
    jobs.stop(home, one)
    again = ended(home, one)
    assert (again.state, again.attempt) == ("stopped", 2)


def test_a_job_says_whether_it_would_fail_again(home: Home, tmp_path: Path) -> None:
    spec = Import(folder=tmp_path / "no folder")
    failed = ended(home, jobs.submit(home, spec))
    assert failed.state == "failed" and failed.repeats


def test_a_killed_job_may_succeed_the_next_time(home: Home, quiet: list[str]) -> None:
    killed = jobs.submit(home, LIST)
    write_json(folder(home, killed) / "process.json", {"pid": 1, "started": 0})
    job = jobs.read(home, killed)
    assert job.state == "failed" and not job.repeats


def test_a_job_remembers_its_stages(home: Home, tmp_path: Path) -> None:
    spec = Synthetic(folder=tmp_path / "tiles", per_class=1)
    job = ended(home, jobs.submit(home, spec))
    assert job.state == "done" and job.ended is not None
    assert job.stages and job.stages[-1].total == 15
    assert sum(stage.seconds for stage in job.stages) <= job.seconds + 0.1


def test_a_job_that_is_over_can_be_dismissed(home: Home, quiet: list[str]) -> None:
    job = jobs.submit(home, LIST)
    with pytest.raises(RunError, match="not over"):
        jobs.dismiss(home, job)
    jobs.stop(home, job)
    assert not jobs.read(home, job).is_dismissed
    jobs.dismiss(home, job)
    assert jobs.read(home, job).is_dismissed
    jobs.resume(home, job)
    assert not jobs.read(home, job).is_dismissed and jobs.read(home, job).state == "queued"
