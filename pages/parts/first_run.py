"""The first screen of a new installation, while the demo is built."""

from collections.abc import Sequence
from html import escape

import streamlit as st

from mirs_core import jobs
from mirs_core.jobs.kinds.demo import Demo
from mirs_core.pipeline import demo
from mirs_core.workspace import runs
from mirs_core.workspace.home import Home
from pages.parts import real_mars
from pages.shared import access, loaders, theme, words

_JOB = "mirs.demo_job"
# Job title, text, and typical share of the total time of each step.
_STEPS = (
    ("", "Generate 1,200 tiles of synthetic Mars", 0.32),
    (demo.NAMES["baseline"], "Compute features for the baseline", 0.48),
    (demo.NAMES["mirs"], "Train MIRS and hash the archive", 0.10),
    (demo.NAMES["mirs-dwt"], "Train MIRS with domain whitening", 0.10),
)
_NEWEST = 9
_SOON, _MINUTE, _MEASURED = 15, 60, 0.04


def is_wanted(all_runs: Sequence[runs.RunSummary]) -> bool:
    """Whether there is nothing to show yet: no finished run, or only an incomplete demo."""
    done = {run.id for run in all_runs if run.state == "done"}
    only_demo = done <= set(demo.DEMO_RUNS.values())
    return not done or (only_demo and demo.is_half_built(Home.current()))


def draw() -> None:
    """Starts the demo, once for all sessions, and shows its progress beside what else there is."""
    st.html(
        f'<div class="mirs-hero">{theme.mark()}<h1>Setting up a demo of Mars</h1>'
        "<p>Tiles of <b>synthetic Mars</b>, built on this computer in two to three minutes, with"
        " no download. Or begin with real images.</p></div>"
    )
    with st.container(key="mirs-start"):
        left, right = st.columns([1.15, 1], gap="large")
        with left:
            _watch()
        with right:
            if access.is_private():
                _real_mars()
                _own_folder()


@st.fragment(run_every=1.5)
def _real_mars() -> None:
    home = Home.current()
    if real_mars.is_ready(home):
        # Its models are the default now, so the page opens with them.
        st.rerun(scope="app")
    real_mars.draw(home)


def _own_folder() -> None:
    with st.container(border=True, key="mirs-own-folder", gap="small"):
        st.html(
            '<div class="mirs-set"><h3>My own images</h3>'
            "<p>A folder of tiles, with or without labels, or an image strip of CTX, HiRISE or"
            " HRSC. Nothing is uploaded, and your images are never modified.</p></div>"
        )
        with st.container(horizontal=True):
            for label, icon, section in (
                ("Folder of tiles", "folder_open", "folder"),
                ("Image strip", "satellite_alt", "strip"),
            ):
                st.page_link(
                    "pages/data/data.py",
                    label=label,
                    icon=f":material/{icon}:",
                    query_params={"section": section},
                )


@st.fragment(run_every=0.8)
def _watch() -> None:
    home = Home.current()
    if _JOB not in st.session_state:
        st.session_state[_JOB] = jobs.submit_once(home, Demo())
    job = jobs.read(home, st.session_state[_JOB])
    if job.state == "done" or demo.is_complete(home):
        del st.session_state[_JOB]
        st.rerun(scope="app")
    if job.state in {"failed", "stopped"}:
        _failed(job)
        return
    pictures = loaders.newest_images(demo.data_folder(home).parent, _NEWEST)
    images = "".join(f'<img src="{uri}" alt="">' for uri in pictures)
    st.html(f'<div class="mirs-fresh">{images}</div>')
    step = _step_of(job)
    done_of_step = min(job.done / max(job.total, 1), 1.0)
    st.html(_steps(step, f"{done_of_step:.0%}" if job.total else ""))
    whole = sum(share for _, _, share in _STEPS[:step]) + _STEPS[step][2] * done_of_step
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
        with st.expander("Log"):
            st.code(tail, language=None)


def _step_of(job: jobs.Job) -> int:
    """The step of a job's stage, which is ``run title: stage``, or a stage of the generator."""
    name = job.stage.split(": ")[0] if ": " in job.stage else ""
    return next((place for place, (title, _, _) in enumerate(_STEPS) if title == name), 0)


def _steps(current: int, note: str) -> str:
    rows = []
    for place, (_, title, _) in enumerate(_STEPS):
        kind = "done" if place < current else "now" if place == current else ""
        status = note if place == current else "done" if place < current else ""
        rows.append(f'<li class="{kind}"><i></i>{escape(title)}<span>{status}</span></li>')
    return f'<ol class="mirs-steps">{"".join(rows)}</ol>'


def _time_left(job: jobs.Job, whole: float) -> str:
    """The remaining time, extrapolated from the progress so far."""
    remaining = job.seconds / whole * (1 - whole) if whole > _MEASURED else None
    if remaining is None:
        return "Starting"
    if remaining < _SOON:
        return "A few seconds left"
    if remaining < _MINUTE:
        return f"About {round(remaining / 10) * 10} seconds left"
    minutes = round(remaining / _MINUTE)
    return f"About {minutes} minute{'s' if minutes > 1 else ''} left"
