"""Search and compare: one query, several models, side by side."""

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from mirs_core.errors import MirsError
from mirs_core.retrieval.search import Searcher
from pages.parts import filter_panel, model_results, notice, opening, picker
from pages.search import (
    collections_view,
    describe,
    many_queries,
    own_image,
    query_panel,
    results,
    tile_details,
)
from pages.shared import lineup, link, loaders, session_files, sidebar, state, words


def main() -> None:
    """Draws the page."""
    link.restore()
    opened = opening.opened()
    if opened is None:
        return
    _, data_set, models = opened
    session_files.draw(data_set, models)
    searcher = _first_that_opens(models or [run.id for run in data_set.runs])
    if searcher is None:
        return
    picker.keep_a_query(searcher)
    filter_panel.draw(searcher, _longest_code(data_set, models))
    sidebar.archive_folder(models)
    if searcher.card.synthetic:
        sidebar.synthetic()
    _page(searcher, models)
    link.write_link(link.search_link())


def _first_that_opens(models: list[str]) -> Searcher | None:
    """The first searcher that opens, for its tiles; an error on the page if none does."""
    reason = ""
    for run_id in models:
        try:
            return loaders.searcher(run_id)
        except MirsError as error:
            reason = str(error)
    st.error(words.plain(reason), icon=":material/error:")
    return None


def _longest_code(data_set: lineup.DataSet, models: list[str]) -> int | None:
    bits = [run.bits for run in data_set.runs if run.id in models and run.bits]
    return max(bits, default=None)


def _page(searcher: Searcher, models: list[str]) -> None:
    with st.container(
        horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"
    ):
        view = st.segmented_control(
            "View",
            [state.COMPARE, state.BROWSE, state.OWN, state.DESCRIBE, state.MANY, state.KEPT],
            key=state.VIEW,
            required=True,
            default=None if state.VIEW in st.session_state else state.COMPARE,
            label_visibility="collapsed",
        )
        slot = st.container(width="content")
    notice.draw()
    if not searcher.root.is_dir():
        st.warning(
            f"The folder {words.plain(str(searcher.root))} is missing, so images cannot be"
            " shown. Restore it, or index the tiles at their new location.",
            icon=":material/folder_off:",
        )
    if view == state.KEPT:
        collections_view.draw(searcher)
        return
    if view == state.DESCRIBE:
        _describing(searcher, models, slot)
        return
    if view == state.MANY:
        many_queries.draw(searcher, models)
        return
    if view == state.OWN and (several := own_image.several()):
        own_image.draw(searcher)
        many_queries.of_images(searcher, models, several)
        return
    if view == state.OWN and not own_image.has_input():
        with st.container(width=own_image.WIDTH):
            own_image.draw(searcher)
        return
    # A square is hard to choose in a narrow picture.
    left, right = st.columns([1.6, 3.5] if view == state.OWN else [1, 4.1], gap="medium")
    key = "mirs-own" if view == state.OWN else "mirs-asked"
    with left, st.container(key=key):
        if view == state.OWN:
            own_image.draw(searcher)
        source = state.query()
        if source is None or (view == state.OWN and source.tile_id is not None):
            return
        query_panel.draw(searcher, source)
    if view != state.BROWSE:
        with slot:
            results.legend(searcher, source, len(models))
    with right:
        if view == state.BROWSE:
            picker.browse(searcher)
            if tile_details.is_requested():
                outcomes = model_results.search_all(models, source)
                tile_details.draw([r for r in outcomes if not isinstance(r, str)], source)
        else:
            _results(models, source)


def _describing(searcher: Searcher, models: list[str], slot: DeltaGenerator) -> None:
    """The controls of a description below the tile that they render, and its results."""
    left, right = st.columns([1.35, 3.75], gap="medium")
    with left, st.container(key="mirs-describe", gap="small"):
        place = st.container()
        source = describe.draw(searcher)
        with place:
            query_panel.picture(source, source.image)
        query_panel.below(searcher, source)
    with slot:
        results.legend(searcher, source, len(models))
    with right:
        _results(models, source)


def _results(models: list[str], source: state.QuerySource) -> None:
    if models:
        results.draw(models, source)
    else:
        st.info("Choose a model in the sidebar.", icon=":material/compare:")


main()
