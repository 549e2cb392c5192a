"""Runs: find, name, compare, serve, take along and throw away what was trained."""

from collections.abc import Sequence

import streamlit as st

from mirs_core.evaluation import run_comparison
from mirs_core.workspace import bin, runs
from mirs_core.workspace.home import Home
from pages.parts import first_run, notice, queue
from pages.runs import bin as bin_part
from pages.runs import compare as compare_part
from pages.runs import import_run as import_part
from pages.runs import run as run_part
from pages.runs import runs_table
from pages.shared import access, lineup, link, navigation, state, theme

_VIEW, _FILTER = "mirs.r.view", "mirs.r.filter"


def main() -> None:
    """Draws the page."""
    link.restore_runs()
    home = Home.current()
    found, thrown = runs.list_runs(home), bin.discarded(home)
    if not found and not thrown:
        first_run.draw()
        return
    with st.sidebar:
        theme.brand()
        navigation.draw()
    done = sum(run.state == "done" for run in found)
    st.html(
        f'<div class="mirs-head"><h2>Runs</h2><p>{done} finished, {len(found)} in all</p></div>'
    )
    notice.draw()
    # Running and waiting trainings stand here.
    with st.container(key="mirs-queue"):
        queue.draw()
    if _view(len(thrown)) == "bin" and access.is_private():
        bin_part.draw(thrown)
    else:
        _list(found)
    link.write_link(link.runs_link())


def _view(thrown: int) -> str:
    """Draws the line above the table; returns what is asked for, runs or bin."""
    names = {"runs": "Runs"}
    if access.is_private():
        names["bin"] = f"Bin ({thrown})"
    with st.container(
        horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"
    ):
        view = st.segmented_control(
            "View",
            list(names),
            format_func=names.__getitem__,
            key=_VIEW,
            default=None if _VIEW in st.session_state else "runs",
            required=True,
            label_visibility="collapsed",
        )
        if access.is_private():
            import_part.draw()
    return view or "runs"


def _list(found: Sequence[runs.RunSummary]) -> None:
    state.keep_known(state.RUNS, [run.id for run in found])
    text = st.text_input(
        "Filter",
        key=_FILTER,
        placeholder="Filter by name, tag, preset, data set, state ...",
        icon=":material/search:",
        label_visibility="collapsed",
    )
    shown = runs_table.matching(found, text or "")
    if shown:
        runs_table.draw(shown)
    else:
        st.info("No run has all of these words.", icon=":material/search_off:")
    by_id = {run.id: run for run in found}
    picked = [by_id[run_id] for run_id in st.session_state[state.RUNS]]
    sets = lineup.data_sets(found)
    if not picked:
        st.html(
            '<p class="mirs-lead">Tick a run to see how it went and what can be done with it;'
            " tick two to five to compare them.</p>"
        )
    elif len(picked) == 1:
        run_part.draw(picked[0], sets)
    else:
        if len(picked) > run_comparison.MOST:
            st.warning(
                f"{len(picked)} runs are ticked; the first {run_comparison.MOST} are compared.",
                icon=":material/compare:",
            )
            picked = picked[: run_comparison.MOST]
        compare_part.draw(picked, runs_table.titles(found), sets)


main()
