"""Real tiles of Mars by one click: the offer of a published data set, and how far it is."""

import shutil
from html import escape

import streamlit as st

from mirs_core import jobs
from mirs_core.datasets import download
from mirs_core.datasets.download import PublishedDataSet, RemoteFile, needed_space
from mirs_core.errors import MirsError
from mirs_core.jobs import Job
from mirs_core.jobs.kinds.data_prepare import Prepare
from mirs_core.workspace import runs
from mirs_core.workspace.home import Home
from pages.parts import notice, record_lookup
from pages.shared import link, state, words

OFFERED = "domars16k"
LANE = "download"
"""Jobs of this lane do not wait for the demo: they are idle while the network is slow."""

_JOB, _SEEN = "mirs.real_mars.job", "mirs.real_mars.seen"
_PATIENCE = 3.0
_COMPUTING = "about ten minutes of computing on two processor cores"


def source() -> PublishedDataSet | None:
    """The data set that is offered; None where the catalogue lacks it."""
    return download.DATA_SETS.get(OFFERED)


def job(home: Home) -> Job | None:
    """The newest job that prepares the data set, of any session; None if there is none."""
    matching = [
        job
        for job in jobs.list_jobs(home)
        if isinstance(job.spec, Prepare) and job.spec.name == OFFERED and job.spec.folder
    ]
    return matching[0] if matching else None


def draw(home: Home) -> None:
    """Draws the offer, or the progress of the job; only for a private server."""
    offered, current = source(), job(home)
    if offered is None:
        return
    with st.container(border=True, key="mirs-real-mars", gap="small"):
        st.html(
            f'<div class="mirs-set"><h3>Real Mars: {escape(offered.title)}</h3>'
            f"<p>{escape(offered.about)} · {escape(offered.instrument)} · {escape(offered.licence)}"
            "</p></div>"
        )
        if current is not None and current.state in {"failed", "stopped"}:
            st.error(words.plain(current.error or current.state), icon=":material/error:")
        if current is not None and current.active:
            progress(current)
            st.caption("Goes on in the background, and opens here when it is ready.")
            return
        _offer(home, offered)


def _offer(home: Home, offered: PublishedDataSet) -> None:
    lookup = record_lookup.look_up(offered)
    if lookup.file is None:
        if lookup.error or lookup.seconds > _PATIENCE:
            reason = words.plain(lookup.error) if lookup.error else "Its server does not answer."
            st.warning(
                f"No connection to the published record. {reason} Everything else works offline.",
                icon=":material/cloud_off:",
            )
            st.button(
                "Try again", icon=":material/refresh:", key="mirs.real_mars.again",
                on_click=record_lookup.ask_again, args=(offered,),
            )  # fmt: skip
        else:
            st.html('<p class="mirs-note" role="status">Asking for its size …</p>')
        return
    fits = _cost(home, lookup.file)
    st.button(
        "Download and open",
        type="primary",
        icon=":material/download:",
        key="mirs.real_mars.start",
        disabled=not fits,
        on_click=_start,
        args=(home, offered),
    )


def _cost(home: Home, file: RemoteFile) -> bool:
    """Draws what the download costs; returns whether the disk has room for it."""
    base = next(path for path in (home.path, *home.path.parents) if path.exists())
    free, needed = shutil.disk_usage(base).free, needed_space(file)
    st.html(
        f'<p class="mirs-note">{file.size / 1e6:,.0f} MB to download, {needed / 1e9:,.1f} GB on'
        f" disk ({free / 1e9:,.0f} GB free), then {_COMPUTING}.</p>"
    )
    if free < needed:
        st.error("Not enough free space on this disk.", icon=":material/hard_drive:")
    return free >= needed


def _start(home: Home, offered: PublishedDataSet) -> None:
    spec = Prepare(name=offered.name, folder=home.data / offered.name, yes=True)
    title = f"Prepare {offered.title}"
    try:
        st.session_state[_JOB] = jobs.submit_once(home, spec, title, lane=LANE)
    except MirsError as error:
        notice.fail(str(error))


def progress(current: Job) -> None:
    """Draws how far the job is."""
    share = min(current.done / current.total, 1.0) if current.total else 0.0
    if current.state == "queued":
        st.html('<p class="mirs-note" role="status">Starting</p>')
        return
    left = f", {words.duration(current.left)} left" if current.left else ""
    st.progress(share, text=words.plain(f"{current.stage or 'Starting'}{left}"))


def is_ready(home: Home) -> bool:
    """Whether the newest job is done, of any session, and its models can be opened."""
    return bool(_models(home, job(home)))


def announce() -> None:
    """Draws a card in the corner of every page while this session waits for its data set."""
    if _JOB in st.session_state and st.session_state.get(_SEEN) != st.session_state[_JOB]:
        _card()


@st.fragment(run_every=2.0)
def _card() -> None:
    home = Home.current()
    current = _mine(home)
    if current is None or st.session_state.get(_SEEN) == current.id:
        return
    if set(_models(home, current)) & set(st.session_state.get(state.MODELS) or ()):
        see()
        return
    with st.container(key="mirs-arrival", border=True, gap="small"):
        if current.active:
            st.html(f'<p class="mirs-note"><b>{escape(current.title)}</b></p>')
            progress(current)
        elif models := _models(home, current):
            st.html('<p class="mirs-note" role="status"><b>Real tiles of Mars are ready.</b></p>')
            st.page_link(
                "pages/search/search.py",
                label="Open",
                icon=":material/travel_explore:",
                query_params={"models": link.listed(models)},
            )
        else:
            st.html(
                f'<p class="mirs-note" role="alert"><b>{escape(current.title)}:'
                f" {escape(current.state)}</b><br>{escape(current.error or '')}</p>"
            )
        st.button("Hide", type="tertiary", key="mirs.arrival.hide", on_click=see)


def see() -> None:
    """Ends the announcements of the job of this session."""
    st.session_state[_SEEN] = st.session_state.get(_JOB)


def _mine(home: Home) -> Job | None:
    try:
        return jobs.read(home, str(st.session_state.get(_JOB, "")))
    except MirsError:
        return None


def _models(home: Home, current: Job | None) -> list[str]:
    """The models of a finished job that still exist."""
    result = current.result if current is not None and current.state == "done" else None
    listed = result.get("runs") if isinstance(result, dict) else None
    usable = {run.id for run in runs.list_runs(home) if run.usable} if listed else set()
    return [run for run in listed or [] if run in usable]
