"""Runs: find, name, compare, export and delete trained models, and choose the default one."""

from collections.abc import Sequence

import streamlit as st

from mirs_core.evaluation import run_comparison
from mirs_core.workspace import bin, runs
from mirs_core.workspace.home import Home
from pages.parts import first_run, notice, queue
from pages.runs import bin_view, comparison, details, runs_table, upload
from pages.shared import access, lineup, link, missing, navigation, state, theme

_VIEW, _FILTER = "mirs.r.view", "mirs.r.filter"


def main() -> None:
    """Draws the page."""
    link.restore_runs()
    home = Home.current()
    all_runs, discarded = runs.list_runs(home), bin.discarded(home)
    if not all_runs and not discarded:
        first_run.draw()
        return
    with st.sidebar:
        theme.brand()
        navigation.draw()
    done = sum(run.state == "done" for run in all_runs)
    st.html(
        f'<div class="mirs-head"><h2>Runs</h2><p>{done} finished, {len(all_runs)} in total</p>'
        "</div>"
    )
    notice.draw()
    queue.draw()
    if _view(len(discarded)) == "bin" and access.is_private():
        bin_view.draw(discarded)
    else:
        _list(all_runs)
    link.write_link(link.runs_link())


def _view(discarded: int) -> str:
    """Draws the line above the table; returns the chosen view, ``runs`` or ``bin``."""
    names = {"runs": "Runs"}
    if access.is_private():
        names["bin"] = f"Bin ({discarded})"
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
            upload.draw()
    return view or "runs"


def _list(all_runs: Sequence[runs.RunSummary]) -> None:
    ids = [run.id for run in all_runs]
    missing.note(missing.RUNS, state.invalid(state.RUNS, ids))
    state.keep_valid(state.RUNS, ids)
    text = st.text_input(
        "Filter",
        key=_FILTER,
        placeholder="Filter by name, tag, preset, data set, state ...",
        icon=":material/search:",
        label_visibility="collapsed",
    )
    matching = runs_table.matching(all_runs, text or "")
    if matching:
        runs_table.draw(matching)
    else:
        st.info("No run matches all of these words.", icon=":material/search_off:")
    by_id = {run.id: run for run in all_runs}
    selected = [by_id[run_id] for run_id in st.session_state[state.RUNS]]
    data_sets = lineup.data_sets(all_runs)
    if not selected:
        st.html(
            '<p class="mirs-lead">Select a run to see its scores and training curves, to export or'
            " to delete it; select two to five to compare them.</p>"
        )
    elif len(selected) == 1:
        details.draw(selected[0], data_sets)
    else:
        if len(selected) > run_comparison.MOST:
            st.warning(
                f"{len(selected)} runs are selected; the first {run_comparison.MOST} are compared.",
                icon=":material/compare:",
            )
            selected = selected[: run_comparison.MOST]
        comparison.draw(selected, runs_table.titles(all_runs), data_sets)


main()
