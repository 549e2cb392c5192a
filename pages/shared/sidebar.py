"""The sidebar of Explore and Evaluate: data set, models, and archiving a folder of tiles."""

from collections.abc import Sequence
from pathlib import Path

import streamlit as st

from mirs_core import jobs
from mirs_core.jobs.kinds.index import Index
from mirs_core.workspace import runs
from mirs_core.workspace.home import Home
from pages.shared import access, lineup, link, missing, navigation, state, theme, words

_INDEX_JOBS = "mirs.index_jobs"


def data_set(data_sets: Sequence[lineup.DataSet]) -> lineup.DataSet:
    """Draws the brand, the links to all pages and the choice of data set; returns the choice."""
    by_key = {item.key: item for item in data_sets}
    if st.session_state.get(state.DATA) not in by_key:
        if st.session_state.get(state.DATA):
            missing.note(missing.DATA, [st.session_state[state.DATA]])
            state.forget_query()
        st.session_state[state.DATA] = _of_the_models(data_sets).key
    with st.sidebar:
        theme.brand()
        navigation.draw()
        key = st.selectbox(
            "Data set",
            list(by_key),
            format_func=lineup.set_titles(data_sets).__getitem__,
            key=state.DATA,
            on_change=state.forget_query,
        )
    return by_key[key]


def _of_the_models(data_sets: Sequence[lineup.DataSet]) -> lineup.DataSet:
    """The data set of the models in a link without a data set; otherwise the first."""
    ids = set(st.session_state.get(state.MODELS) or ())
    return next((item for item in data_sets if ids & {run.id for run in item.runs}), data_sets[0])


def models(data_set: lineup.DataSet) -> list[str]:
    """Draws the choice of models; returns the ids to compare, the simplest preset first."""
    names = titles(data_set.runs)
    ids = [run.id for run in data_set.runs]
    unknown = state.invalid(state.MODELS, ids)
    if state.keep_valid(state.MODELS, ids):
        missing.note(missing.MODELS, unknown)
    else:
        missing.note(missing.ALL_MODELS, unknown)
        st.session_state[state.MODELS] = list(data_set.default())
    with st.sidebar:
        picked = st.multiselect(
            "Models to compare",
            ids,
            format_func=names.__getitem__,
            key=state.MODELS,
            max_selections=lineup.MOST,
            help="Finished runs on this data set. By default the newest run of each method.",
        )
        if picked:
            st.page_link(
                "pages/runs/runs.py",
                label="Model cards",
                icon=":material/description:",
                query_params={"runs": link.listed(picked)},
            )
    return [run_id for run_id in ids if run_id in picked]


def titles(selected: Sequence[runs.RunSummary]) -> dict[str, str]:
    """What choosers call runs, by id: their own names first, see ``lineup.choices``."""
    return lineup.choices(selected)


def synthetic() -> None:
    """Shows that the data set is synthetic."""
    with st.sidebar:
        st.html(
            '<div class="mirs-synthetic"><b>Synthetic Mars.</b> These tiles are procedural,'
            " not real imagery; their coordinates are synthetic.</div>"
        )


def archive_folder(models: Sequence[str]) -> None:
    """Draws the form that archives a folder of tiles with the chosen models, if allowed."""
    if not access.is_private():
        return
    with (
        st.sidebar,
        st.expander("Archive a folder of tiles", icon=":material/create_new_folder:"),
    ):
        with st.form("mirs.index", border=False, enter_to_submit=False):
            folder = st.text_input("Folder on this computer", placeholder="/home/me/tiles")
            name = st.text_input("Name", placeholder="optional")
            keeps_features = st.checkbox(
                "Keep features for training",
                help="Training on these tiles later then need not encode them again. Takes 5 GB for"
                " a million tiles.",
            )
            submitted = st.form_submit_button("Archive", type="primary", width="stretch")
        if submitted:
            _start(folder.strip(), name.strip(), models, keeps_features)
        if st.session_state.get(_INDEX_JOBS):
            _watch()


def _start(folder: str, name: str, models: Sequence[str], keeps_features: bool) -> None:
    root = Path(folder).expanduser()
    if not folder or not root.is_dir():
        st.error("No such folder on this computer.", icon=":material/folder_off:")
        return
    if not models:
        st.error("Choose the models above first.", icon=":material/compare:")
        return
    spec = Index(run=tuple(models), data=root, name=name or None, keep_features=keeps_features)
    job = jobs.submit(Home.current(), spec)
    st.session_state.setdefault(_INDEX_JOBS, []).append(job)


@st.fragment(run_every=1.0)
def _watch() -> None:
    home = Home.current()
    current = [jobs.read(home, job) for job in st.session_state.get(_INDEX_JOBS, [])]
    for job in current:
        if job.active:
            st.progress(min(job.done / max(job.total, 1), 1.0), text=job.stage)
        elif job.state != "done":
            st.error(
                words.plain(job.error or "Failed with no error message."), icon=":material/error:"
            )
    if any(job.active for job in current):
        return
    st.session_state[_INDEX_JOBS] = []
    archives = [run for job in current if job.result for run in job.result["runs"]]
    if archives:
        _open(archives)


def _open(archives: Sequence[str]) -> None:
    """Switches to the data set that was just archived, in the next run of the page."""
    for item in lineup.data_sets(runs.list_runs(Home.current())):
        if {run.id for run in item.runs} & set(archives):
            state.forget_query()
            st.query_params.from_dict({"data": item.key})
            st.session_state[state.PENDING_DATA] = item.key
            st.rerun(scope="app")
