"""The progress of a whole job, from what finished jobs of its kind needed."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mirs_core import jobs
from mirs_core.jobs import pace
from mirs_core.jobs.folder import Job
from mirs_core.jobs.kinds.data_synthetic import Synthetic
from mirs_core.jobs.stages import Stage, of_rows

LIST = jobs.Command(("runs", "list"))
RUNNING = Job(
    id="job-1", key="", title="A job", lane="cpu", state="running", run="", place=1, created="",
    attempt=1, stage="", done=0, total=0, seconds=0.0, left=None, stages=(), error=None,
    repeats=False, is_dismissed=False, ended=None, result=None, spec=LIST,
)  # fmt: skip
STAGES = st.lists(
    st.builds(
        Stage, st.sampled_from("abcd"), st.integers(1, 1000), st.floats(0.1, 100, allow_nan=False)
    ),
    min_size=1,
    max_size=6,
)


def finished(*stages: Stage, spec: jobs.JobSpec = LIST) -> Job:
    return replace(RUNNING, id="job-0", state="done", stages=stages, spec=spec)


def running(*stages: Stage, done: int = 0, left: float | None = None) -> Job:
    return replace(
        RUNNING,
        stages=stages,
        stage=stages[-1].name,
        done=done,
        total=stages[-1].total,
        seconds=sum(stage.seconds for stage in stages),
        left=left,
    )


def test_without_a_finished_job_of_its_kind_only_the_present_step_is_known() -> None:
    job = running(Stage("Encoding", 40, 5.0), done=10, left=15.0)
    for others in (
        [],
        [finished(Stage("Encoding", 40, 9.0), spec=Synthetic(folder=Path("x")))],
        [job],
    ):
        assert pace.of(job, others) == pace.Pace(0.25, 15.0, False)


def test_the_stages_to_come_count_as_the_finished_job_says() -> None:
    measure = finished(Stage("Encoding", 100, 10.0), Stage("Training", 50, 30.0))
    at = pace.of(running(Stage("Encoding", 100, 5.0), done=50), [measure])
    assert at.is_whole and at.left == pytest.approx(5 + 30)
    assert at.share == pytest.approx(5 / 40)
    late = pace.of(
        running(Stage("Encoding", 100, 9.0), Stage("Training", 50, 20.0), done=25), [measure]
    )
    assert late.left == pytest.approx(20) and late.share == pytest.approx(29 / 49)


def test_a_larger_job_takes_longer() -> None:
    measure = finished(Stage("Encoding", 100, 10.0), Stage("Hashing", 100, 2.0))
    at = pace.of(running(Stage("Encoding", 300, 0.0)), [measure])
    assert at.left == pytest.approx(36)


def test_the_second_view_is_not_taken_for_the_first() -> None:
    view = Stage("Encoding", 100, 10.0)
    measure = finished(view, Stage("Looking", 1, 1.0), view, Stage("Training", 1, 4.0))
    second = running(view, Stage("Looking", 1, 1.0), Stage("Encoding", 100, 0.0))
    assert pace.of(second, [measure]).left == pytest.approx(14)


@given(STAGES, st.integers(0, 5), st.floats(0, 1))
def test_a_share_is_a_share_and_a_job_as_fast_as_its_measure_is_predicted(
    stages: list[Stage], place: int, part: float
) -> None:
    place = min(place, len(stages) - 1)
    now = stages[place]
    done = int(part * now.total)
    spent = now.seconds * done / now.total
    job = running(*stages[:place], replace(now, seconds=spent), done=done)
    at = pace.of(job, [finished(*stages)])
    expected = now.seconds - spent + sum(stage.seconds for stage in stages[place + 1 :])
    assert at.is_whole and at.left == pytest.approx(expected, abs=1e-6)
    assert 0 <= at.share <= 1


@pytest.mark.parametrize(
    "rows", [None, 3, "ab", [["a", 1]], [["a", "x", 1]], [1], [["a", 1e999, 1]]]
)
def test_stages_of_a_damaged_file_are_none(rows: Any) -> None:
    assert of_rows(rows) == ()
