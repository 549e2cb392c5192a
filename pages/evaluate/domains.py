"""The Domains part of Evaluate: the effect of whitening between this data set and another."""

from collections.abc import Sequence
from pathlib import Path

import streamlit as st

from mirs_core import jobs
from mirs_core.config.presets import PRESETS, title_of
from mirs_core.errors import MirsError
from mirs_core.experiments import domains
from mirs_core.jobs.kinds.domains import Domains
from mirs_core.workspace.home import Home
from mirs_core.workspace.runs import RunSummary
from pages.evaluate import domains_report
from pages.parts import data_choice, notice
from pages.shared import access, lineup, words

_OTHER, _SEEDS, _PRESETS = "mirs.domains.other", "mirs.domains.seeds", "mirs.domains.presets"
_DEFAULT_SEEDS, _MAX_SEEDS = 3, 20
_KEY = "domains-"


def draw(home: Home, data_set: lineup.DataSet, all_runs: Sequence[RunSummary]) -> None:
    """Draws the choice of the other data set and the report on the two."""
    st.html(
        '<p class="mirs-lead">Whitening aligns the features of two domains before they reach the'
        " hash head. In 2021 the second domain was only the unlabelled archive half of the same"
        " data set. Here it is another data set: the head is trained on one, while archive and"
        " queries come from the other.</p>"
    )
    root = data_set.runs[0].data_root
    if not root.is_dir():
        st.info(
            words.plain(f"The tiles of {data_set.title} are not on this computer ({root})."),
            icon=":material/folder_off:",
        )
        return
    root = root.resolve()
    folders = data_choice.titles(home)
    folders.pop(str(root), None)
    if not folders:
        _only_one()
    if not folders and not access.is_private():
        return
    other = _form(home, root, folders)
    if other is None:
        return
    key = _KEY + domains.path_of(home, root, other).stem
    job = next((job for job in jobs.list_jobs(home) if job.key == key), None)
    if job is not None and job.active:
        _watch(home, key)
    elif job is not None and job.state != "done":
        st.error(words.plain(job.error or "Failed with no error message."), icon=":material/error:")
    _report(home, root, other, all_runs)


def _only_one() -> None:
    st.info(
        "This is the only data set on this computer, but the comparison needs two. Download or"
        " import another one on the Data sets page, or enter a folder below."
        if access.is_private()
        else "This is the only data set on this computer, but the comparison needs two.",
        icon=":material/join_inner:",
    )


def _form(home: Home, root: Path, folders: dict[str, str]) -> Path | None:
    """Draws what can be asked for; returns the other data set, or None if none is chosen."""
    st.session_state.setdefault(_OTHER, next(iter(folders), None))
    previous = st.session_state[_OTHER]
    is_typed = bool(previous) and access.is_private()
    if (previous not in folders and not is_typed) or previous == str(root):
        previous = st.session_state[_OTHER] = next(iter(folders), None)
    notice.draw()
    with st.container(border=True, key="mirs-domains-form"):
        left, right = st.columns([2.2, 1], gap="medium", vertical_alignment="bottom")
        with left:
            typed = data_choice.select(
                folders,
                label="Other data set",
                value=previous or "",
                key=_OTHER,
                placeholder="A folder on this computer",
                help="Source of archive and queries; both directions are measured.",
            )
        other = Path(data_choice.absolute(typed)) if typed else None
        if other is not None and not other.is_dir():
            st.error("No such folder on this computer.", icon=":material/folder_off:")
            return None
        with right:
            seeds = st.number_input(
                "Seeds", 1, _MAX_SEEDS, _DEFAULT_SEEDS, key=_SEEDS,
                help="Number of trainings of each model, each with other halves of the data sets.",
            )  # fmt: skip
        presets = st.multiselect(
            "Models", list(PRESETS), list(domains.USUAL), format_func=title_of,
            key=_PRESETS, help="Each is measured in both directions; results so far are reused.",
        )  # fmt: skip
        if not access.is_private():
            access.explain_disabled("Measuring")
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
    spec = Domains(data=root, other=other, seeds=seeds, presets=",".join(presets))
    notice.run("Measurement queued.", lambda: jobs.submit_once(home, spec, key=key))


@st.fragment(run_every=1.0)
def _watch(home: Home, key: str) -> None:
    job = next((job for job in jobs.list_jobs(home) if job.key == key), None)
    if job is None or not job.active:
        st.rerun(scope="app")
    with st.container(horizontal=True, vertical_alignment="center", key="mirs-domains-job"):
        share = min(job.done / max(job.total, 1), 1.0)
        st.progress(share, text=words.plain(job.stage))
        if access.is_private():
            st.button("Stop", icon=":material/stop_circle:", on_click=_stop, args=(home, job.id))


def _stop(home: Home, job_id: str) -> None:
    notice.run("Stopping; results so far are kept.", lambda: jobs.stop(home, job_id))


def _report(home: Home, root: Path, other: Path, all_runs: Sequence[RunSummary]) -> None:
    try:
        report = domains.find(home, root, other)
        if report is None:
            return
        covariances = domains.covariances(home, root, other)
    except MirsError as error:
        st.error(words.plain(str(error)), icon=":material/error:")
        return
    digests = {str(run.data_root.resolve()): run.manifest_digest for run in reversed(all_runs)}
    domains_report.draw(report, covariances, digests)
