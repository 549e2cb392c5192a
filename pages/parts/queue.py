"""The jobs: running, waiting, and recently finished or failed, in a tray over the page.

The tray lies over the lower right corner, so that a job that comes, grows or goes moves nothing of
the page. If the server is open to other computers, visitors see the progress only: no buttons, no
messages.
"""

import time
from collections.abc import Sequence
from functools import partial

import streamlit as st

from mirs_core import jobs
from mirs_core.jobs import ACTIVE, Job
from mirs_core.workspace.home import Home
from pages.parts import job_card, notice
from pages.shared import access, words

_MAX_ENDED = 3
_REMEMBERED = 3600.0
_HIDDEN_KEYS = ("preview-", "demo")
_STATES, _FOLDED, _SEEN = "mirs.queue.states", "mirs.queue.folded", "mirs.queue.seen"


@st.fragment(run_every=1.0)
def draw(kind: str = "") -> None:
    """Draws the tray, updated every second; nothing where there is no job to show.

    Args:
        kind: show only jobs whose key starts with this.
    """
    notice.draw()
    home = Home.current()
    listed = jobs.list_jobs(home)
    matching = [
        job for job in listed if job.key.startswith(kind) and not job.key.startswith(_HIDDEN_KEYS)
    ]
    active = [job for job in reversed(matching) if job.active]
    for lane in {job.lane for job in active if job.state == "queued"}:
        jobs.tend(home, lane)
    states = {job.id: job.state for job in matching}
    previous = st.session_state.get(_STATES)
    st.session_state[_STATES] = states
    if previous is not None and _has_ended(previous, states):
        # The page around the tray may list what the job has produced.
        st.rerun(scope="app")
    ended = [job for job in matching if _is_news(job)][:_MAX_ENDED]
    if not active and not ended:
        return
    with st.container(key="mirs-jobs", gap=None):
        if _head(active, ended, listed):
            with st.container(key="mirs-jobs-list", gap=None):
                for job in [*active, *ended]:
                    job_card.draw(job, listed)


def _has_ended(previous: dict[str, str], now: dict[str, str]) -> bool:
    """Whether any job has ended since."""
    return any(previous.get(job) in ACTIVE and state not in ACTIVE for job, state in now.items())


def _is_news(job: Job) -> bool:
    """Whether a job that is over is still worth a card: a failure until it is dismissed."""
    if job.active or job.is_dismissed:
        return False
    return job.state == "failed" or time.time() - (job.ended or 0.0) < _REMEMBERED


def _head(active: Sequence[Job], ended: Sequence[Job], listed: Sequence[Job]) -> bool:
    """Draws the line that stays when the tray is folded; returns whether it is unfolded."""
    # What ended before this session began must not cover its pages.
    seen = st.session_state.setdefault(_SEEN, set())
    seen.update(job.id for job in active)
    is_old = not active and not any(job.id in seen for job in ended)
    folded = bool(st.session_state.get(_FOLDED, is_old))
    with st.container(
        key="mirs-jobs-head",
        horizontal=True,
        horizontal_alignment="distribute",
        vertical_alignment="center",
    ):
        st.button(
            _summary(active, ended, listed),
            key="mirs.queue.fold",
            icon=":material/expand_less:" if folded else ":material/expand_more:",
            type="tertiary",
            help="Show the jobs" if folded else "Fold the jobs",
            on_click=_fold,
            args=(not folded,),
        )
        if ended and access.is_private() and not folded:
            st.button(
                "Dismiss finished",
                key="mirs.queue.dismiss",
                type="tertiary",
                on_click=_dismiss,
                args=([job.id for job in ended],),
            )
    return not folded


def _summary(active: Sequence[Job], ended: Sequence[Job], listed: Sequence[Job]) -> str:
    if active:
        running = next((job for job in active if job.state != "queued"), active[0])
        waiting = f" · {len(active) - 1} more" if len(active) > 1 else ""
        return words.plain(f"{job_card.headline(running, listed)}{waiting}")
    failed = sum(job.state == "failed" for job in ended)
    if failed:
        return f"{failed} {'job' if failed == 1 else 'jobs'} failed"
    return f"{len(ended)} {'job' if len(ended) == 1 else 'jobs'} ended"


def _fold(folded: bool) -> None:
    st.session_state[_FOLDED] = folded


def _dismiss(ids: Sequence[str]) -> None:
    for job_id in ids:
        notice.run("", partial(jobs.dismiss, Home.current(), job_id))
