"""Domains: what whitening does between this data set and another one."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import streamlit as st

from mirs_core import jobs
from mirs_core.config.presets import PRESETS
from mirs_core.errors import MirsError
from mirs_core.experiments import domains
from mirs_core.workspace.home import Home
from mirs_core.workspace.runs import RunSummary
from pages.evaluate import domains_report
from pages.parts import data_choice, notice
from pages.shared import lineup, reach, words

_OTHER, _SEEDS, _PRESETS = "mirs.domains.other", "mirs.domains.seeds", "mirs.domains.presets"
_USUAL_SEEDS, _MOST_SEEDS = 3, 20
_KEY = "domains-"


def draw(home: Home, chosen: lineup.DataSet, known: Sequence[RunSummary]) -> None:
    """Draws the choice of the other data set, and what was measured between the two."""
    st.html(
        '<p class="mirs-lead">Whitening gives a head the same kind of input from two domains. In'
        " 2021 the second domain was only the unlabelled archive half of the same data set. Here it"
        " is another data set: a head learns from the one, archive and queries are the other's.</p>"
    )
    root = chosen.runs[0].data_root
    if not root.is_dir():
        st.info(
            words.plain(f"The tiles of {chosen.title} are not on this machine ({root})."),
            icon=":material/folder_off:",
        )
        return
    root = root.resolve()
    folders = data_choice.titles(home)
    folders.pop(str(root), None)
    if not folders:
        _alone()
    if not folders and not reach.is_private():
        return
    other = _form(home, root, folders)
    if other is None:
        return
    key = _KEY + domains.path_of(home, root, other).stem
    job = next((job for job in jobs.list_jobs(home) if job.key == key), None)
    if job is not None and job.active:
        _watch(home, key)
    elif job is not None and job.state != "done":
        st.error(words.plain(job.error or "It failed without a word."), icon=":material/error:")
    _report(home, root, other, known)


def _alone() -> None:
    st.info(
        "This is the only data set known here, and two domains need two. Fetch or import another"
        " one on the page Data sets, or name a folder of this computer below."
        if reach.is_private()
        else "This is the only data set known here, and two domains need two.",
        icon=":material/join_inner:",
    )


def _form(home: Home, root: Path, folders: dict[str, str]) -> Path | None:
    """Draws what can be asked for; returns the other data set, None where none is chosen."""
    st.session_state.setdefault(_OTHER, next(iter(folders), None))
    kept = st.session_state[_OTHER]
    typed_before = bool(kept) and reach.is_private()
    if (kept not in folders and not typed_before) or kept == str(root):
        kept = st.session_state[_OTHER] = next(iter(folders), None)
    notice.draw()
    with st.container(border=True, key="mirs-domains-form"):
        left, right = st.columns([2.2, 1], gap="medium", vertical_alignment="bottom")
        with left:
            typed = data_choice.select(
                folders,
                label="Other data set",
                value=kept or "",
                key=_OTHER,
                placeholder="A folder on this computer",
                help="Where archive and queries come from; both directions are measured.",
            )
        other = Path(data_choice.whole(typed)) if typed else None
        if other is not None and not other.is_dir():
            st.error("There is no such folder on this computer.", icon=":material/folder_off:")
            return None
        with right:
            seeds = st.number_input(
                "Seeds", 1, _MOST_SEEDS, _USUAL_SEEDS, key=_SEEDS,
                help="Trainings of each model, with other halves of the data sets.",
            )  # fmt: skip
        presets = st.multiselect(
            "Models", list(PRESETS), list(domains.USUAL), format_func=lineup.title_of_preset,
            key=_PRESETS, help="Each is measured in both directions; what is known stays.",
        )  # fmt: skip
        if not reach.is_private():
            reach.say_why_not("Measuring")
        elif other is not None:
            st.button(
                "Measure",
                type="primary",
                icon=":material/compare_arrows:",
                disabled=not presets,
                on_click=_submit,
                args=(home, root, other, int(seeds), tuple(presets)),
            )
    return other


def _submit(home: Home, root: Path, other: Path, seeds: int, presets: tuple[str, ...]) -> None:
    key = _KEY + domains.path_of(home, root, other).stem
    words_of = [
        "domains", "--data", str(root), "--other", str(other),
        "--seeds", str(seeds), "--presets", ",".join(presets),
    ]  # fmt: skip
    title = f"Domains: {root.name} and {other.name}"
    notice.act("It is queued.", lambda: jobs.submit_once(home, key, words_of, title))


@st.fragment(run_every=1.0)
def _watch(home: Home, key: str) -> None:
    found = next((job for job in jobs.list_jobs(home) if job.key == key), None)
    if found is None or not found.active:
        st.rerun(scope="app")
    with st.container(horizontal=True, vertical_alignment="center", key="mirs-domains-job"):
        share = min(found.done / max(found.total, 1), 1.0)
        st.progress(share, text=words.plain(found.stage))
        if reach.is_private():
            st.button("Stop", icon=":material/stop_circle:", on_click=_stop, args=(home, found.id))


def _stop(home: Home, job_id: str) -> None:
    notice.act("It stops; what is measured is kept.", lambda: jobs.stop(home, job_id))


def _report(home: Home, root: Path, other: Path, known: Sequence[RunSummary]) -> None:
    try:
        report: dict[str, Any] | None = domains.find(home, root, other)
        if report is None:
            return
        covariances = domains.covariances(home, root, other)
    except MirsError as error:
        st.error(words.plain(str(error)), icon=":material/error:")
        return
    digests = {str(run.data_root.resolve()): run.manifest_digest for run in reversed(known)}
    domains_report.draw(report, covariances, digests)
