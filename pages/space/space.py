"""Hash space: UMAP projections of one or two models, selected tiles, outliers and bits."""

import streamlit as st

from mirs_core.errors import MirsError
from mirs_core.retrieval.search import Searcher
from mirs_core.workspace.home import Home
from pages.parts import filter_panel, notice, opening, picker, sections, selection
from pages.shared import lineup, link, loaders, session_files, sidebar, state, words
from pages.space import bit_panel, maps, outliers, space_colours

_NOTE = (
    "A two-dimensional projection preserves neighbourhoods and little else: the size and shape of a"
    " cluster and the gaps between clusters carry no meaning, and a tile between two groups may be"
    " close to neither. For actual distances, use Search and compare."
)


def main() -> None:
    """Draws the page."""
    link.restore()
    opened = opening.opened()
    if opened is None:
        return
    _, data_set, models = opened
    session_files.draw(data_set, models)
    notice.draw()
    st.html(
        '<div class="mirs-head"><h2>Hash space</h2>'
        "<p>UMAP projection, one point per tile: hover to preview, click to use as the query,"
        " lasso to select</p></div>"
    )
    if not models:
        st.info("Choose a model in the sidebar.", icon=":material/compare:")
    else:
        _space(data_set, models)
    if data_set.synthetic:
        sidebar.synthetic()
    link.write_link(link.space_link())


def _space(data_set: lineup.DataSet, models: list[str]) -> None:
    titles = sidebar.titles(data_set.runs)
    try:
        searchers = {run: loaders.searcher(run) for run in models}
    except MirsError as error:
        st.error(words.plain(str(error)), icon=":material/error:")
        return
    bits = [run.bits for run in data_set.runs if run.id in models and run.bits]
    first = searchers[models[0]]
    picker.keep_a_query(first)
    filter_panel.draw(first, max(bits, default=None))
    with st.container(horizontal=True, vertical_alignment="bottom"):
        selected = st.multiselect(
            "Projections", models, models[:2], format_func=titles.__getitem__, max_selections=2,
            key=f"mirs.space.runs.{data_set.key}", width=420,
        )  # fmt: skip
        if not selected:
            return
        mode = space_colours.choice(searchers[selected[0]])
        most = maps.points_choice(searchers[selected[0]])
    on_maps = [(run, titles[run], searchers[run]) for run in selected]
    maps.draw(Home.current(), on_maps, mode, most)
    tiles = selection.tiles(searchers[selected[0]])
    selection.announce(tiles)
    st.caption(_NOTE)
    left, right = st.columns([3, 2], gap="large")
    with left:
        selection.draw(searchers[selected[0]], tiles)
    with right:
        _outliers(selected, titles, searchers)
    bit_panel.draw(on_maps)


def _outliers(selected: list[str], titles: dict[str, str], searchers: dict[str, Searcher]) -> None:
    sections.section(
        "Outliers and suspected labels",
        "Select a row to show its tiles here and on the projections.",
    )
    run = selected[-1]
    if len(selected) > 1:
        run = st.selectbox(
            "Model", selected, len(selected) - 1, format_func=titles.__getitem__,
            key=f"mirs.space.odd.run.{state.DATA}",
        )  # fmt: skip
    outliers.draw(run, searchers[run])


main()
