"""Hash space: the maps of one or two models, what was chosen on them, and what is odd."""

import streamlit as st

from mirs_core.errors import MirsError
from mirs_core.retrieval.search import Searcher
from mirs_core.workspace import runs
from mirs_core.workspace.home import Home
from pages.parts import chosen as chosen_part
from pages.parts import filters as filters_part
from pages.parts import first_run, notice, picker, sections
from pages.shared import lineup, link, loaders, sidebar, state, words
from pages.space import bits as bits_part
from pages.space import maps as space_part
from pages.space import odd as odd_part
from pages.space import space_colours

_NOTE = (
    "A map of two dimensions shows who is near whom, and little else: the size of a cluster, the"
    " space between two clusters and its shape mean nothing; a tile between two groups may be near"
    " to neither. What counts is the distance in bits, on the page Search and compare."
)


def main() -> None:
    """Draws the page."""
    link.restore()
    home = Home.current()
    known = runs.list_runs(home)
    if first_run.is_wanted(known):
        first_run.draw()
        return
    chosen = sidebar.data_set(lineup.data_sets(known))
    picked = sidebar.models(chosen)
    notice.draw()
    st.html(
        '<div class="mirs-head"><h2>Hash space</h2>'
        "<p>Every tile a point: rest on one to see it, click to make it the query,"
        " circle some to open them</p></div>"
    )
    if not picked:
        st.info("Choose a model in the sidebar.", icon=":material/compare:")
    else:
        _space(chosen, picked)
    if chosen.synthetic:
        sidebar.synthetic()
    link.write_link(link.space_link())


def _space(chosen: lineup.DataSet, picked: list[str]) -> None:
    titles = sidebar.titles(chosen.runs)
    try:
        searchers = {run: loaders.searcher(run) for run in picked}
    except MirsError as error:
        st.error(words.plain(str(error)), icon=":material/error:")
        return
    bits = [run.bits for run in chosen.runs if run.id in picked and run.bits]
    first = searchers[picked[0]]
    picker.keep_a_query(first)
    filters_part.draw(first, max(bits, default=None))
    with st.container(horizontal=True, vertical_alignment="bottom"):
        shown = st.multiselect(
            "Maps", picked, picked[:2], format_func=titles.__getitem__, max_selections=2,
            key=f"mirs.space.runs.{chosen.key}", width=420,
        )  # fmt: skip
        if not shown:
            return
        mode = space_colours.choice(searchers[shown[0]])
    models = [(run, titles[run], searchers[run]) for run in shown]
    space_part.draw(Home.current(), models, mode)
    st.caption(_NOTE)
    left, right = st.columns([3, 2], gap="large")
    with left:
        chosen_part.draw(searchers[shown[0]], chosen_part.chosen(searchers[shown[0]]))
    with right:
        _odd(shown, titles, searchers)
    bits_part.draw([(run, titles[run], searchers[run]) for run in shown])


def _odd(shown: list[str], titles: dict[str, str], searchers: dict[str, Searcher]) -> None:
    sections.section("What is odd", "A row opens its tiles beside this list and on the maps.")
    asked = shown[-1]
    if len(shown) > 1:
        asked = st.selectbox(
            "In the space of", shown, len(shown) - 1, format_func=titles.__getitem__,
            key=f"mirs.space.odd.run.{state.DATA}",
        )  # fmt: skip
    odd_part.draw(asked, searchers[asked])


main()
