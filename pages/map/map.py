"""Map of Mars: where tiles and results lie, what was chosen there, and how far it all is."""

from collections.abc import Callable

import streamlit as st

from mirs_core.errors import MirsError
from mirs_core.workspace import runs
from mirs_core.workspace.home import Home
from pages.map import empty as map_empty
from pages.map import landforms as landforms_part
from pages.map import layers as map_layers
from pages.map import planet as map_part
from pages.map import spread as map_spread
from pages.parts import answers, first_run, notice, picker, sections
from pages.parts import chosen as chosen_part
from pages.parts import filters as filters_part
from pages.parts.answers import Answer
from pages.shared import lineup, link, loaders, palette, sidebar, state, words

_HOW = "Draw a box on the map (hold Shift, or take the tool), open a place, or choose a strip."


def main() -> None:
    """Draws the page."""
    link.restore_map()
    known = runs.list_runs(Home.current())
    if first_run.is_wanted(known):
        first_run.draw()
        return
    chosen = sidebar.data_set(lineup.data_sets(known))
    picked = sidebar.models(chosen)
    notice.draw()
    st.html(
        '<div class="mirs-head"><h2>Map of Mars</h2>'
        "<p>Where the tiles lie: rest on one to see it, click to make it the query, draw a box to"
        " choose what is inside</p></div>"
    )
    if not picked:
        st.info("Choose a model in the sidebar.", icon=":material/compare:")
    else:
        _part()(chosen, picked)
    if chosen.synthetic:
        sidebar.synthetic()
    link.write_link(link.map_link())


def _part() -> Callable[[lineup.DataSet, list[str]], None]:
    """Draws the choice of the page's part; returns what draws it."""
    return _PARTS[sections.part(_TITLES, state.MAP_PART)]


def _map(chosen: lineup.DataSet, picked: list[str]) -> None:
    try:
        searcher = loaders.searcher(picked[0])
    except MirsError as error:
        st.error(words.plain(str(error)), icon=":material/error:")
        return
    bits = [run.bits for run in chosen.runs if run.id in picked and run.bits]
    picker.keep_a_query(searcher)
    filters_part.draw(searcher, max(bits, default=None))
    if map_empty.is_wanted(searcher):
        map_empty.draw(searcher)
        return
    layers = map_layers.draw(searcher)
    found = _found(chosen, picked)
    map_part.draw(searcher, found, layers)
    left, right = st.columns([3, 2], gap="large")
    with left:
        _box()
        tiles = chosen_part.chosen(searcher)
        chosen_part.draw(searcher, tiles, _HOW, "on the map of Mars")
    with right:
        map_spread.draw(searcher, found)


def _estimate(chosen: lineup.DataSet, picked: list[str]) -> None:
    """What landforms the unlabelled tiles of a model's archive may be."""
    run = picked[0]
    if len(picked) > 1:
        titles = sidebar.titles(chosen.runs)
        run = st.selectbox(
            "By the codes of", picked, len(picked) - 1, format_func=titles.__getitem__,
            key="mirs.map.estimate.run", width=420,
        )  # fmt: skip
    try:
        landforms_part.draw(loaders.searcher(run), Home.current())
    except MirsError as error:
        st.error(words.plain(str(error)), icon=":material/error:")


def _found(chosen: lineup.DataSet, picked: list[str]) -> list[tuple[Answer, str, str]]:
    """The answer, the title and the colour of each model; one that fails says why."""
    titles = sidebar.titles(chosen.runs)
    asked = answers.ask(picked, state.upload())
    for answer in asked:
        if isinstance(answer, str):
            st.error(words.plain(answer), icon=":material/error:")
    shown = palette.models([run for run in chosen.runs if run.id in picked], titles)
    colours = {model.id: model.colour for model in shown}
    good = [answer for answer in asked if not isinstance(answer, str)]
    return [
        (one, titles[one.searcher.summary.id], colours[one.searcher.summary.id]) for one in good
    ]


def _box() -> None:
    box = map_part.box()
    if box is None or box == state.region():
        return
    with st.container(horizontal=True, vertical_alignment="center", key="mirs-map-box"):
        st.button(
            "Filter to this box", icon=":material/filter_alt:", type="primary",
            on_click=state.search_in, args=(box,),
            help="Every list of results then holds tiles inside of it alone, on all pages.",
        )  # fmt: skip
        st.caption(box.written(as_west=state.west()))


_PARTS = {"map": _map, "estimate": _estimate}
_TITLES = {"map": "Map", "estimate": "Landform estimate"}

main()
