"""A job as a card of the tray: what it is, how far it is, what it left, and what can be done."""

from collections.abc import Callable, Sequence
from html import escape
from typing import Any

import streamlit as st

from mirs_core import jobs
from mirs_core.errors import MirsError
from mirs_core.jobs import Job, pace
from mirs_core.jobs.specs import kind_of
from mirs_core.workspace import epochs, runs
from mirs_core.workspace.home import Home
from pages.parts import notice, training_curves
from pages.shared import access, link, words

_MIN_EPOCHS = 2
_AGAIN = "It would fail again until its cause is mended."


def draw(job: Job, listed: Sequence[Job]) -> None:
    """Draws the card of a job; ``listed`` are all jobs, newest first."""
    private = access.is_private()
    with st.container(key=f"mirs-job-{job.id}", gap="small"):
        _head(job, private)
        if job.state in {"running", "stopping"}:
            share, text = progress(job, listed)
            st.progress(share, text=words.plain(text))
        elif job.error and job.state in {"failed", "stopped"} and private:
            st.caption(words.plain(f"{job.error} {_AGAIN if job.repeats else ''}".strip()))
        elif job.state == "done" and private:
            for line in _remarks(job):
                st.caption(words.plain(line))
        if job.state == "running" and job.run:
            _curves(job)
        _actions(job)
        if job.state in {"running", "failed"} and private:
            tail = jobs.log_tail(Home.current(), job.id, 12)
            if tail:
                with st.expander("Log"):
                    st.code(tail, language=None)


def progress(job: Job, listed: Sequence[Job]) -> tuple[float, str]:
    """How far a job is, 0 to 1 and in words; ``listed`` are all jobs, newest first.

    Where this machine has finished no such job before, both are of the present step.
    """
    at = pace.of(job, listed)
    count = f": {job.done:,} of {job.total:,}" if job.total > 1 else ""
    left = ""
    if at.left:
        left = f", {words.duration(at.left)} left{'' if at.is_whole else ' in this step'}"
    return at.share, f"{job.stage}{count}{left}"


def headline(job: Job, listed: Sequence[Job]) -> str:
    """How far a job is, in a few words."""
    if job.state == "queued":
        return "Queued"
    at = pace.of(job, listed)
    if not at.is_whole:
        return job.stage.split(":")[0]
    return f"{at.share:.0%}, {words.duration(at.left or 0.0)} left"


def _head(job: Job, private: bool) -> None:
    attempt = f", attempt {job.attempt}" if job.attempt > 1 else ""
    with st.container(
        horizontal=True,
        horizontal_alignment="distribute",
        vertical_alignment="top",
        key=f"mirs-job-head-{job.id}",
    ):
        st.html(
            f'<div class="mirs-job {job.state}"><b>{escape(job.title)}</b>'
            f"<span>{escape(job.state)}{attempt}{_time(job)}</span></div>"
        )
        if private and not job.active:
            st.button(
                f"Dismiss {words.plain(job.title)}",
                key=f"mirs.queue.Dismiss.{job.id}",
                icon=":material/close:",
                type="tertiary",
                on_click=_do,
                args=(job, jobs.dismiss, ""),
            )


def _time(job: Job) -> str:
    return f" · {words.duration(job.seconds)}" if job.seconds >= 1 else ""


def _continues(job: Job) -> bool:
    """Whether a job goes on from what it has finished when it is run again."""
    return isinstance(job.spec, jobs.Command) or kind_of(job.spec).resumable


def _curves(job: Job) -> None:
    """Draws validation score and loss by epoch, side by side."""
    try:
        history = epochs.read(runs.folder(Home.current(), job.run))
    except MirsError:
        return
    if len(history.epochs) < _MIN_EPOCHS:
        return
    from pages.parts import charts

    curves = history.curves()
    names = [name for name in ("map_at_64", "total") if name in curves]
    for cell, name in zip(st.columns(2, gap="medium"), names, strict=False):
        title = training_curves.curve_name(name)
        with cell:
            st.html(f'<p class="mirs-chart-title">{escape(title)}</p>')
            figure = charts.line(history.epochs, curves[name])
            charts.show(figure, f"mirs.queue.{name}.{job.id}", f"Line chart: {title} by epoch")


def _actions(job: Job) -> None:
    allowed = access.is_private()
    over = job.state in {"failed", "stopped"}
    with st.container(horizontal=True, gap="small", key=f"mirs-job-acts-{job.id}"):
        if job.state == "queued" and allowed:
            _button(job, "Run next", "vertical_align_top", jobs.run_first, "moved to the front")
        if job.state in {"queued", "running"} and allowed:
            _button(job, "Stop", "stop_circle", jobs.stop, "stopping")
        if job.state in {"done", "stopped"} and job.run:
            st.page_link(
                "pages/runs/runs.py",
                label="Open run",
                icon=":material/list_alt:",
                query_params={"runs": job.run},
            )
        if archives := _archives(job):
            st.page_link(
                "pages/search/search.py",
                label="Open in Explore",
                icon=":material/travel_explore:",
                query_params={"models": link.listed(archives)},
            )
        if over and allowed and not job.repeats:
            if _continues(job):
                _button(job, "Resume", "play_circle", jobs.resume, "queued again")
            if job.run or not _continues(job):
                _button(job, "Start over", "replay", jobs.start_over, "queued again")
        if over and allowed and job.repeats:
            _button(job, "Try again", "replay", jobs.resume, "queued again")


def _remarks(job: Job) -> list[str]:
    """Warnings and notes of a data job, one line each."""
    result = job.result if isinstance(job.result, dict) else {}
    if not (job.key.startswith(jobs.DATA) or _list(result, "notes")):
        return []
    lines = [line for name in ("warnings", "notes") for line in _list(result, name)]
    table = result.get("table")
    if isinstance(table, dict) and table.get("described"):
        lines.append(f"Table read as: {table['described']}")
    if unmatched := _list(result, "unmatched"):
        count, names = result.get("unmatched_rows"), ", ".join(map(str, unmatched[:5]))
        lines.append(f"Rows of the table without a file: {count} ({names})")
    if unreadable := _list(result, "unreadable"):
        paths = [
            str(file["path"])
            for file in unreadable[:5]
            if isinstance(file, dict) and "path" in file
        ]
        lines.append(f"Files left out: {len(unreadable):,} ({', '.join(paths)})")
    return [str(line) for line in lines]


def _list(result: dict[str, Any], name: str) -> list[Any]:
    value = result.get(name)
    return value if isinstance(value, list) else []


def _archives(job: Job) -> list[str]:
    """The runs that a job has created by importing data or changing an archive."""
    result = job.result if isinstance(job.result, dict) and job.key.startswith(jobs.DATA) else {}
    archives = result.get("runs") or [result.get("run")]
    if not isinstance(archives, list):
        return []
    return [run for run in archives if isinstance(run, str)]


def _button(
    job: Job, label: str, icon: str, action: Callable[[Home, str], None], message: str
) -> None:
    st.button(
        label,
        key=f"mirs.queue.{label}.{job.id}",
        icon=f":material/{icon}:",
        type="tertiary",
        on_click=_do,
        args=(job, action, message),
    )


def _do(job: Job, action: Callable[[Home, str], None], message: str) -> None:
    done = f"{job.title}: {message}." if message else ""
    notice.run(done, lambda: action(Home.current(), job.id))
