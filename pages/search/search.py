"""Search and compare: one query, several models, beside each other."""

import streamlit as st

from mirs_core.errors import MirsError
from mirs_core.retrieval.search import Searcher
from mirs_core.workspace import runs
from mirs_core.workspace.home import Home
from pages.parts import answers, first_run, notice, picker
from pages.parts import filters as filters_part
from pages.search import closer, own_image, query_panel, results
from pages.search import kept as kept_part
from pages.shared import lineup, link, loaders, sidebar, state, words


def main() -> None:
    """Draws the page."""
    link.restore()
    found = runs.list_runs(Home.current())
    if first_run.is_wanted(found):
        first_run.draw()
        return
    known = lineup.data_sets(found)
    chosen = sidebar.data_set(known)
    models = sidebar.models(chosen)
    searcher = _first_that_opens(models or [run.id for run in chosen.runs])
    if searcher is None:
        return
    picker.keep_a_query(searcher)
    filters_part.draw(searcher, _longest_code(chosen, models))
    sidebar.archive_folder(models)
    if searcher.card.synthetic:
        sidebar.synthetic()
    _page(searcher, models)
    link.write_link(link.search_link())


def _first_that_opens(models: list[str]) -> Searcher | None:
    """A searcher to take the tiles from; the reason on the page where none opens."""
    reason = ""
    for run_id in models:
        try:
            return loaders.searcher(run_id)
        except MirsError as error:
            reason = str(error)
    st.error(words.plain(reason), icon=":material/error:")
    return None


def _longest_code(chosen: lineup.DataSet, models: list[str]) -> int | None:
    bits = [run.bits for run in chosen.runs if run.id in models and run.bits]
    return max(bits, default=None)


def _page(searcher: Searcher, models: list[str]) -> None:
    with st.container(
        horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"
    ):
        view = st.segmented_control(
            "View",
            [state.COMPARE, state.BROWSE, state.OWN, state.KEPT],
            key=state.VIEW,
            required=True,
            default=None if state.VIEW in st.session_state else state.COMPARE,
            label_visibility="collapsed",
        )
        slot = st.container(width="content")
    notice.draw()
    if not searcher.root.is_dir():
        st.warning(
            f"The folder {words.plain(str(searcher.root))} is gone, so there are no pictures."
            " Put it back, or index it where it is now.",
            icon=":material/folder_off:",
        )
    if view == state.OWN:
        own_image.draw(searcher)
    upload = state.upload() if view == state.OWN else None
    if view == state.OWN and upload is None:
        return
    if view == state.KEPT:
        kept_part.draw(searcher)
        return
    if view != state.BROWSE:
        with slot:
            results.legend(searcher, upload, len(models))
    left, right = st.columns([1, 4.1], gap="medium")
    with left:
        query_panel.draw(searcher, upload)
    with right:
        if view == state.BROWSE:
            picker.browse(searcher)
            if closer.is_asked_for():
                found = answers.ask(models, None)
                closer.draw([one for one in found if not isinstance(one, str)], None)
        elif not models:
            st.info("Choose a model in the sidebar.", icon=":material/compare:")
        else:
            results.draw(models, upload)


main()
