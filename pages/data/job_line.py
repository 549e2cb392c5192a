"""What became of a click: the job that a form has queued, in a line below its button."""

from html import escape

import streamlit as st

from mirs_core import jobs
from mirs_core.errors import MirsError
from mirs_core.workspace.home import Home
from pages.shared import words

_KEY = "mirs.job_line."


def submit(home: Home, place: str, spec: jobs.JobSpec, title: str, key: str) -> None:
    """Queues a job, unless an equal one is not over yet; ``draw`` shows it from then on.

    Args:
        place: of the button.
    """
    try:
        st.session_state[_KEY + place] = jobs.submit_once(home, spec, title, key=key)
    except MirsError as error:
        st.session_state[_KEY + place] = error


def draw(place: str) -> None:
    """Draws the line of the last job that was submitted at this place, if there was one."""
    if _KEY + place in st.session_state:
        _line(place)


@st.fragment(run_every=1.0)
def _line(place: str) -> None:
    submitted = st.session_state.get(_KEY + place)
    if isinstance(submitted, MirsError):
        st.error(words.plain(str(submitted)), icon=":material/error:")
        return
    try:
        job = jobs.read(Home.current(), str(submitted))
    except MirsError:
        return
    if job.state == "failed":
        st.error(f"{words.plain(job.title)}: {words.plain(job.error or 'failed')}",
                 icon=":material/error:")  # fmt: skip
    elif job.state == "done":
        st.success(
            f"{words.plain(job.title)}: {words.plain(_answer(job))}.", icon=":material/check:"
        )
    elif job.state == "stopped":
        st.info(f"{words.plain(job.title)}: stopped.", icon=":material/stop_circle:")
    else:
        state = job.stage if job.state == "running" and job.stage else job.state
        count = f" {job.done:,} of {job.total:,}" if job.total > 1 else ""
        st.html(
            f'<p class="mirs-note" role="status">{escape(job.title)}: {escape(state)}{count}</p>'
        )


def _answer(job: jobs.Job) -> str:
    result = job.result if isinstance(job.result, dict) else {}
    tiles, labelled = result.get("tiles"), result.get("labelled")
    if not isinstance(tiles, int):
        return "done"
    parts = [f"{tiles:,} tiles"]
    if isinstance(labelled, int):
        parts.append(f"{labelled:,} labelled" if labelled else "no labels")
    if isinstance(rows := result.get("problem_rows"), int) and rows:
        parts.append(f"{rows:,} rows of the table left out")
    return ", ".join(parts)
