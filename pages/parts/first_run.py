"""The screen of a fresh machine: the demo is being built."""

from collections.abc import Sequence
from html import escape

import streamlit as st

from mirs_core import jobs
from mirs_core.pipeline import demo
from mirs_core.workspace import runs
from mirs_core.workspace.home import Home
from pages.shared import loaders, theme, words

_JOB, _KEY = "mirs.demo_job", "demo"
# The steps with their usual share of the time: scenes are painted, tiles encoded, heads trained.
_STEPS = (
    ("", "Paint 1,200 tiles of synthetic Mars", 0.32),
    (demo.NAMES["baseline"], "Encode them for the baseline", 0.48),
    (demo.NAMES["mirs"], "Train MIRS and hash the archive", 0.10),
    (demo.NAMES["mirs-dwt"], "Train MIRS with domain whitening", 0.10),
)
_FRESH = 9
_SOON, _MINUTE, _MEASURED = 15, 60, 0.04


def is_wanted(known: Sequence[runs.RunSummary]) -> bool:
    """Whether there is nothing to look at yet: no run, or a demo that never came to its end."""
    done = {run.id for run in known if run.state == "done"}
    only_demo = done <= set(demo.DEMO_RUNS.values())
    return not done or (only_demo and demo.is_half_built(Home.current()))


def draw() -> None:
    """Starts the demo, once for all sessions, and shows how far it is."""
    st.html(
        f'<div class="mirs-hero">{theme.mark()}<h1>Making you a Mars to search</h1>'
        "<p>The demo is built on this computer: fifteen landforms of <b>synthetic Mars</b>,"
        " painted by a program and archived by three models. Once, in about two or three"
        " minutes, with nothing downloaded.</p></div>"
    )
    _, middle, _ = st.columns([1, 1.6, 1])
    with middle:
        _watch()
        st.page_link(
            "pages/data/data.py",
            label="Rather real Mars, or images of your own? They can come in meanwhile",
            icon=":material/database:",
            query_params={"section": "published"},
        )


@st.fragment(run_every=0.8)
def _watch() -> None:
    home = Home.current()
    if _JOB not in st.session_state:
        st.session_state[_JOB] = jobs.submit_once(home, _KEY, ["demo"], "Build the demo")
    job = jobs.read(home, st.session_state[_JOB])
    if job.state == "done" or demo.is_complete(home):
        del st.session_state[_JOB]
        st.rerun(scope="app")
    if job.state in {"failed", "stopped"}:
        _failed(job)
        return
    fresh = loaders.newest_pictures(demo.data_folder(home).parent, _FRESH)
    images = "".join(f'<img src="{uri}" alt="">' for uri in fresh)
    st.html(f'<div class="mirs-fresh">{images}</div>')
    step = _step_of(job)
    inside = min(job.done / max(job.total, 1), 1.0)
    st.html(_steps(step, f"{inside:.0%}" if job.total else ""))
    whole = sum(share for _, _, share in _STEPS[:step]) + _STEPS[step][2] * inside
    st.progress(min(whole, 1.0), text=_time_left(job, whole))


def _failed(job: jobs.Job) -> None:
    st.error(
        f"The demo could not be built. {words.plain(job.error or '')}", icon=":material/error:"
    )
    if st.button("Try again", icon=":material/refresh:", type="primary"):
        del st.session_state[_JOB]
        st.rerun(scope="app")
    tail = jobs.log_tail(Home.current(), job.id)
    if tail:
        with st.expander("What the process said last"):
            st.code(tail, language=None)


def _step_of(job: jobs.Job) -> int:
    """Which step a job's stage, ``name: stage`` or a stage of the painting, belongs to."""
    name = job.stage.split(": ")[0] if ": " in job.stage else ""
    return next((place for place, (known, _, _) in enumerate(_STEPS) if known == name), 0)


def _steps(current: int, note: str) -> str:
    rows = []
    for place, (_, title, _) in enumerate(_STEPS):
        kind = "done" if place < current else "now" if place == current else ""
        said = note if place == current else "done" if place < current else ""
        rows.append(f'<li class="{kind}"><i></i>{escape(title)}<span>{said}</span></li>')
    return f'<ol class="mirs-steps">{"".join(rows)}</ol>'


def _time_left(job: jobs.Job, whole: float) -> str:
    """How long it takes still, by what was done in the time so far."""
    left = job.seconds / whole * (1 - whole) if whole > _MEASURED else None
    if left is None:
        return "Starting"
    if left < _SOON:
        return "A few seconds left"
    if left < _MINUTE:
        return f"About {round(left / 10) * 10} seconds left"
    minutes = round(left / _MINUTE)
    return f"About {minutes} minute{'s' if minutes > 1 else ''} left"
