"""The jobs that run, wait or broke off, as every session sees them.

Other computers see what runs; what is done about it, and what names folders, is for this one.
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
from pages.shared import access, words

_SHOWN_OVER, _ENOUGH = 3, 2
_STATES = {
    "queued": "waits",
    "running": "runs",
    "stopping": "is stopping",
    "done": "done",
    "failed": "failed",
    "stopped": "stopped",
}
_HIDDEN_KEYS = ("preview-", "demo")


@st.fragment(run_every=1.0)
def draw(quiet: bool = False, kind: str = "") -> None:
    """Draws the queue; it looks again every second, in whatever session it was filled.

    Args:
        quiet: of the jobs that are over, show the last one alone.
        kind: show those alone whose keys begin so.
    """
    notice.draw()
    home = Home.current()
    found = [
        job
        for job in jobs.list_jobs(home)
        if job.key.startswith(kind) and not job.key.startswith(_HIDDEN_KEYS)
    ]
    active = [job for job in reversed(found) if job.active]
    for lane in {job.lane for job in active if job.state == "queued"}:
        jobs.tend(home, lane)
    states = {job.id: job.state for job in found}
    before = st.session_state.get("mirs.queue.states")
    st.session_state["mirs.queue.states"] = states
    if before is not None and _ended(before, states):
        # The list of runs around the queue has changed.
        st.rerun(scope="app")
    over = [job for job in found if not job.active][:_SHOWN_OVER]
    if quiet:
        over = over[:1]
    for job in [*active, *over]:
        _job(job)


def _ended(before: dict[str, str], now: dict[str, str]) -> bool:
    """Whether a job is over that was not."""
    return any(before.get(job) in ACTIVE and state not in ACTIVE for job, state in now.items())


def _job(job: Job) -> None:
    with st.container(key=f"mirs-job-{job.id}", border=True, gap="small"):
        left, right = st.columns([5, 2], vertical_alignment="center")
        with left:
            tried = f", attempt {job.attempt}" if job.attempt > 1 else ""
            st.html(
                f'<div class="mirs-job {job.state}"><b>{escape(job.title)}</b>'
                f"<span>{_STATES.get(job.state, escape(job.state))}{tried}{_time(job)}</span></div>"
            )
        with right:
            _acts(job)
        if job.state in {"running", "stopping"}:
            share = min(job.done / job.total, 1.0) if job.total else 0.0
            st.progress(share, text=words.plain(_stage(job)))
        elif job.error and job.state in {"failed", "stopped"} and access.is_private():
            st.caption(words.plain(job.error))
        elif job.state == "done" and access.is_private():
            for line in _second_looks(job):
                st.caption(words.plain(line))
        if job.state == "running" and job.run:
            _curves(job)
        if job.state in {"running", "failed"} and access.is_private():
            tail = jobs.log_tail(Home.current(), job.id, 12)
            if tail:
                with st.expander("Log"):
                    st.code(tail, language=None)


def _curves(job: Job) -> None:
    """How the validation and the loss go, beside each other."""
    try:
        found = epochs.read(runs.folder(Home.current(), job.run))
    except MirsError:
        return
    if len(found.epochs) < _ENOUGH:
        return
    from pages.parts import charts

    curves = found.curves()
    wanted = [name for name in ("map_at_64", "total") if name in curves]
    for cell, name in zip(st.columns(2, gap="medium"), wanted, strict=False):
        title = training_curves.curve_name(name)
        with cell:
            st.html(f'<p class="mirs-chart-title">{escape(title)}</p>')
            figure = charts.line(found.epochs, curves[name])
            charts.show(figure, f"mirs.queue.{name}.{job.id}", f"{title} by epoch")


def _stage(job: Job) -> str:
    count = f" {job.done:,} of {job.total:,}" if job.total > 1 else ""
    return f"{job.stage}{count}{_left(job)}"


def _left(job: Job) -> str:
    return f", {words.duration(job.left)} left" if job.left else ""


def _time(job: Job) -> str:
    return f" · {words.duration(job.seconds)}" if job.seconds >= 1 else ""


def _acts(job: Job) -> None:
    mine = access.is_private()
    with st.container(horizontal=True, horizontal_alignment="right", gap="small"):
        if job.state == "queued" and mine:
            _button(job, "First", "vertical_align_top", jobs.run_first, "moved to the front")
        if job.state in {"queued", "running"} and mine:
            _button(job, "Stop", "stop_circle", jobs.stop, "asked to stop")
        if job.state in {"done", "stopped"} and job.run:
            st.page_link(
                "pages/runs/runs.py",
                label="Look at it",
                icon=":material/list_alt:",
                query_params={"runs": job.run},
            )
        if made := _archives(job):
            st.page_link(
                "pages/search/search.py",
                label="Open it",
                icon=":material/travel_explore:",
                query_params={"models": ",".join(made)},
            )
        if job.state in {"failed", "stopped"} and mine:
            _button(job, "Resume", "play_circle", jobs.resume, "queued again")
            if job.run:
                _button(job, "Start over", "replay", jobs.start_over, "queued again")


def _second_looks(job: Job) -> list[str]:
    """What a job that has brought data in leaves to be looked at, a line each."""
    found = job.result if isinstance(job.result, dict) and job.key.startswith(jobs.DATA) else {}
    lines = [one for name in ("warnings", "notes") for one in _list(found, name)]
    if few := _list(found, "unmatched"):
        count, names = found.get("unmatched_rows"), ", ".join(map(str, few[:5]))
        lines.append(f"Rows of the table that name no file: {count} ({names})")
    if bad := _list(found, "unreadable"):
        paths = [str(one["path"]) for one in bad[:5] if isinstance(one, dict) and "path" in one]
        lines.append(f"Left out: {len(bad):,} ({', '.join(paths)})")
    return [str(line) for line in lines]


def _list(found: dict[str, Any], name: str) -> list[Any]:
    value = found.get(name)
    return value if isinstance(value, list) else []


def _archives(job: Job) -> list[str]:
    """The runs that a job has made by bringing data in or changing an archive."""
    found = job.result if isinstance(job.result, dict) and job.key.startswith(jobs.DATA) else {}
    made = found.get("runs") or [found.get("run")]
    return [run for run in made if isinstance(run, str)] if isinstance(made, list) else []


def _button(job: Job, label: str, icon: str, act: Callable[[Home, str], None], said: str) -> None:
    st.button(
        label,
        key=f"mirs.queue.{label}.{job.id}",
        icon=f":material/{icon}:",
        on_click=_do,
        args=(job, act, said),
    )


def _do(job: Job, act: Callable[[Home, str], None], said: str) -> None:
    notice.act(f"{job.title}: {said}.", lambda: act(Home.current(), job.id))
