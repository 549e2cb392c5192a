"""The sidebar: data set, models, length and filters of the lists, an own folder."""

from collections.abc import Sequence
from pathlib import Path

import streamlit as st

from mirs_core import jobs
from mirs_core.workspace import runs
from mirs_core.workspace.home import Home
from pages.shared import access, lineup, navigation, state, theme, words

_INDEX_JOBS = "mirs.index_jobs"


def data_set(known: Sequence[lineup.DataSet]) -> lineup.DataSet:
    """Draws the brand, the pages and the choice of the data set; returns the chosen one."""
    by_key = {one.key: one for one in known}
    if st.session_state.get(state.DATA) not in by_key:
        if st.session_state.get(state.DATA):
            st.warning("The data set of this link is not on this machine.")
            state.forget_query()
        st.session_state[state.DATA] = _of_the_models(known).key
    with st.sidebar:
        theme.brand()
        navigation.draw()
        key = st.selectbox(
            "Data set",
            list(by_key),
            format_func=lambda key: by_key[key].title,
            key=state.DATA,
            on_change=state.forget_query,
        )
    return by_key[key]


def _of_the_models(known: Sequence[lineup.DataSet]) -> lineup.DataSet:
    """The data set of the models that a link names without one; else the first."""
    asked = set(st.session_state.get(state.MODELS) or ())
    return next((one for one in known if asked & {run.id for run in one.runs}), known[0])


def models(chosen: lineup.DataSet) -> list[str]:
    """Draws the choice of models; returns the ids to compare, the simplest first."""
    names = titles(chosen.runs)
    known = [run.id for run in chosen.runs]
    asked = st.session_state.get(state.MODELS) or []
    if not state.keep_known(state.MODELS, known):
        if asked:
            st.warning("The models of this link are not on this machine; these are shown instead.")
        st.session_state[state.MODELS] = list(chosen.default())
    with st.sidebar:
        picked = st.multiselect(
            "Models to compare",
            known,
            format_func=names.__getitem__,
            key=state.MODELS,
            max_selections=lineup.MOST,
            help="Finished runs on this data set. The newest of each method is chosen at first.",
        )
        if picked:
            st.page_link(
                "pages/runs/runs.py",
                label="Their model cards",
                icon=":material/description:",
                query_params={"runs": ",".join(picked)},
            )
    return [run_id for run_id in known if run_id in picked]


def titles(found: Sequence[runs.RunSummary]) -> dict[str, str]:
    """A title a run; where a method has several, the seed and the end of the id tell them apart."""
    names = [lineup.title_of(run) for run in found]
    return {
        run.id: name if names.count(name) == 1 else f"{name}, seed {run.seed} ({run.id[-6:]})"
        for run, name in zip(found, names, strict=True)
    }


def synthetic() -> None:
    """Says that the data set is synthetic."""
    with st.sidebar:
        st.html(
            '<div class="mirs-synthetic"><b>Synthetic Mars.</b> These tiles are procedural,'
            " not real imagery; their places are invented.</div>"
        )


def own_folder(models: Sequence[str]) -> None:
    """Draws the form that archives a folder with the models on show, where that is allowed."""
    if not access.is_private():
        return
    with (
        st.sidebar,
        st.expander("Index a folder of your own", icon=":material/create_new_folder:"),
    ):
        with st.form("mirs.index", border=False, enter_to_submit=False):
            folder = st.text_input("Folder on this computer", placeholder="/home/me/tiles")
            name = st.text_input("Name", placeholder="optional")
            sent = st.form_submit_button("Index it", type="primary", width="stretch")
        if sent:
            _start(folder.strip(), name.strip(), models)
        if st.session_state.get(_INDEX_JOBS):
            _watch()


def _start(folder: str, name: str, models: Sequence[str]) -> None:
    root = Path(folder).expanduser()
    if not folder or not root.is_dir():
        st.error("There is no such folder on this computer.", icon=":material/folder_off:")
        return
    if not models:
        st.error("Choose the models to index it with, above.", icon=":material/compare:")
        return
    words_of = [f"--run={run}" for run in models] + ([f"--name={name}"] if name else [])
    command = ["index", f"--data={root}", *words_of]
    job = jobs.submit(Home.current(), command, f"Index {root.name}")
    st.session_state.setdefault(_INDEX_JOBS, []).append(job)


@st.fragment(run_every=1.0)
def _watch() -> None:
    home = Home.current()
    found = [jobs.read(home, job) for job in st.session_state.get(_INDEX_JOBS, [])]
    for job in found:
        if job.active:
            st.progress(min(job.done / max(job.total, 1), 1.0), text=job.stage)
        elif job.state != "done":
            st.error(words.plain(job.error or "It failed without a word."), icon=":material/error:")
    if any(job.active for job in found):
        return
    st.session_state[_INDEX_JOBS] = []
    made = [run for job in found if job.result for run in job.result["runs"]]
    if made:
        _open(made)


def _open(made: Sequence[str]) -> None:
    """Shows the data set that was just archived, at the start of the next run."""
    for one in lineup.data_sets(runs.list_runs(Home.current())):
        if {run.id for run in one.runs} & set(made):
            state.forget_query()
            st.query_params.from_dict({"data": one.key})
            st.session_state[state.PENDING_DATA] = one.key
            st.rerun(scope="app")
