"""The screen of a fresh machine: the demo is being built."""

import base64

import streamlit as st

from mirs_core import demo, jobs, runs
from pages.ui import theme

_JOB = "mirs.demo_job"


def draw() -> None:
    """Starts the demo, once for all sessions, and shows how far it is."""
    mark = base64.b64encode((theme.ASSETS / "mark.svg").read_bytes()).decode()
    st.html(
        f'<div class="mirs-hero"><img alt="" src="data:image/svg+xml;base64,{mark}">'
        "<h1>Setting up MIRS Explorer</h1>"
        "<p>A demo is being made on this computer: fifteen landforms of <b>synthetic Mars</b>,"
        " painted by a program, then archived by three models. It takes two or three minutes,"
        " once. Nothing is downloaded.</p></div>"
    )
    _, middle, _ = st.columns([1, 2, 1])
    with middle:
        _watch()


@st.fragment(run_every=0.8)
def _watch() -> None:
    home = runs.home_folder()
    if _JOB not in st.session_state:
        st.session_state[_JOB] = jobs.launch_once(home, "demo", ["demo"], "Build the demo")
    job = jobs.read(home, st.session_state[_JOB])
    if job.state == "done" or demo.is_complete(home):
        del st.session_state[_JOB]
        st.rerun(scope="app")
    if job.state == "failed":
        st.error(job.error or "It failed without a word.", icon=":material/error:")
        tail = jobs.log_tail(home, job.id)
        if tail:
            st.code(tail, language=None)
        if st.button("Try again", icon=":material/refresh:", type="primary"):
            del st.session_state[_JOB]
            st.rerun(scope="app")
        return
    st.progress(min(job.done / max(job.total, 1), 1.0), text=f"{job.stage} · {_time(job)}")


def _time(job: jobs.Job) -> str:
    return f"{job.seconds // 60:.0f}:{job.seconds % 60:02.0f} so far"
