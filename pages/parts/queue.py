"""The queue of jobs: running, waiting, and recently finished or failed.

If the server is open to other computers, visitors see the progress only: no buttons, no messages.
"""

from collections.abc import Callable
from html import escape
from typing import Any

import streamlit as st

from mirs_core import jobs
from mirs_core.errors import MirsError
from mirs_core.jobs import ACTIVE, Job
from mirs_core.workspace import epochs, runs
from mirs_core.workspace.home import Home
from pages.parts import notice, training_curves
from pages.shared import access, link, words

_MAX_ENDED, _MIN_EPOCHS = 3, 2
_STATES = {
    "queued": "queued",
    "running": "running",
    "stopping": "stopping",
    "done": "done",
    "failed": "failed",
    "stopped": "stopped",
}
_HIDDEN_KEYS = ("preview-", "demo")


@st.fragment(run_every=1.0)
def draw(quiet: bool = False, kind: str = "") -> None:
    """Draws the queue, updated every second.

    Args:
        quiet: of the jobs that have ended, show only the last one.
        kind: show only jobs whose key starts with this.
    """
    notice.draw()
    home = Home.current()
    matching = [
        job
        for job in jobs.list_jobs(home)
        if job.key.startswith(kind) and not job.key.startswith(_HIDDEN_KEYS)
    ]
    active = [job for job in reversed(matching) if job.active]
    for lane in {job.lane for job in active if job.state == "queued"}:
        jobs.tend(home, lane)
    states = {job.id: job.state for job in matching}
    previous = st.session_state.get("mirs.queue.states")
    st.session_state["mirs.queue.states"] = states
    if previous is not None and _has_ended(previous, states):
        # The page around the queue may list what the job has produced.
        st.rerun(scope="app")
    ended = [job for job in matching if not job.active][: 1 if quiet else _MAX_ENDED]
    for job in [*active, *ended]:
        _job(job)


def _has_ended(previous: dict[str, str], now: dict[str, str]) -> bool:
    """Whether any job has ended since."""
    return any(previous.get(job) in ACTIVE and state not in ACTIVE for job, state in now.items())


def _job(job: Job) -> None:
    with st.container(key=f"mirs-job-{job.id}", border=True, gap="small"):
        left, right = st.columns([5, 2], vertical_alignment="center")
        with left:
            attempt = f", attempt {job.attempt}" if job.attempt > 1 else ""
            st.html(
                f'<div class="mirs-job {job.state}"><b>{escape(job.title)}</b>'
                f"<span>{_STATES.get(job.state, escape(job.state))}{attempt}{_time(job)}</span>"
                "</div>"
            )
        with right:
            _actions(job)
        if job.state in {"running", "stopping"}:
            share = min(job.done / job.total, 1.0) if job.total else 0.0
            st.progress(share, text=words.plain(_stage(job)))
        elif job.error and job.state in {"failed", "stopped"} and access.is_private():
            st.caption(words.plain(job.error))
        elif job.state == "done" and access.is_private():
            for line in _remarks(job):
                st.caption(words.plain(line))
        if job.state == "running" and job.run:
            _curves(job)
        if job.state in {"running", "failed"} and access.is_private():
            tail = jobs.log_tail(Home.current(), job.id, 12)
            if tail:
                with st.expander("Log"):
                    st.code(tail, language=None)


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


def _stage(job: Job) -> str:
    count = f" {job.done:,} of {job.total:,}" if job.total > 1 else ""
    return f"{job.stage}{count}{_left(job)}"


def _left(job: Job) -> str:
    return f", {words.duration(job.left)} left" if job.left else ""


def _time(job: Job) -> str:
    return f" · {words.duration(job.seconds)}" if job.seconds >= 1 else ""


def _actions(job: Job) -> None:
    allowed = access.is_private()
    with st.container(horizontal=True, horizontal_alignment="right", gap="small"):
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
        if job.state in {"failed", "stopped"} and allowed:
            _button(job, "Resume", "play_circle", jobs.resume, "queued again")
            if job.run:
                _button(job, "Start over", "replay", jobs.start_over, "queued again")


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
        on_click=_do,
        args=(job, action, message),
    )


def _do(job: Job, action: Callable[[Home, str], None], message: str) -> None:
    notice.run(f"{job.title}: {message}.", lambda: action(Home.current(), job.id))
