"""Hash space: the maps of one or two models, what was chosen on them, and what is odd."""

from collections import Counter
from html import escape

import streamlit as st

from mirs_core import lineup, runs
from mirs_core.errors import MirsError
from mirs_core.search import Searcher
from pages.ui import (
    first_run,
    keeper,
    link,
    loaders,
    notice,
    odd_part,
    sections,
    sidebar,
    space_part,
    state,
    words,
)
from pages.ui.tile_grid import Column, TileEntry, tile_grid

_SHOWN = 120
_NOTE = (
    "A map of two dimensions shows who is near whom, and little else: the size of a cluster, the"
    " space between two clusters and its shape mean nothing; a tile between two groups may be near"
    " to neither. What counts is the distance in bits, on the page Search and compare."
)


def main() -> None:
    """Draws the page."""
    link.restore_evaluation()
    home = runs.home_folder()
    known = runs.list_runs(home)
    if first_run.is_wanted(known):
        first_run.draw()
        return
    chosen = sidebar.data_set(lineup.data_sets(known))
    picked = sidebar.models(chosen)
    if chosen.synthetic:
        sidebar.synthetic()
    notice.draw()
    st.html(
        '<div class="mirs-head"><h2>Hash space</h2>'
        "<p>Every tile a point; click one to make it the query, circle some to see them</p></div>"
    )
    if not picked:
        st.info("Choose a model in the sidebar.", icon=":material/compare:")
    else:
        _space(chosen, picked)
    link.write_link(link.evaluation_link())


def _space(chosen: lineup.DataSet, picked: list[str]) -> None:
    home, titles = runs.home_folder(), sidebar.titles(chosen.runs)
    try:
        searchers = {run: loaders.searcher(run) for run in picked}
    except MirsError as error:
        st.error(words.plain(str(error)), icon=":material/error:")
        return
    shown = st.multiselect(
        "Maps", picked, picked[:2], format_func=titles.__getitem__, max_selections=2,
        key=f"mirs.space.runs.{chosen.key}",
    )  # fmt: skip
    if not shown:
        return
    mode = space_part.colour_by(searchers[shown[0]])
    reference = None
    for column, run_id, side in zip(st.columns(len(shown)), shown, "ab", strict=False):
        with column:
            st.html(f'<p class="mirs-model">{escape(titles[run_id])}</p>')
            found = space_part.draw(home, side, run_id, searchers[run_id], mode, reference)
            reference = reference or found
    st.caption(_NOTE)
    left, right = st.columns([3, 2], gap="large")
    with left:
        _selection(searchers[shown[0]])
    with right:
        sections.section("What is odd", "A row opens its tiles beside this list and on the maps.")
        last = shown[-1]
        st.caption(f"In {words.plain(titles[last])}.")
        odd_part.draw(last, searchers[last])


def _selection(searcher: Searcher) -> None:
    """The tiles that were circled, or that a row of a list has opened."""
    items = searcher.items
    rows = [row for row in st.session_state.get(space_part.ROWS) or () if row < len(items)]
    if not rows:
        sections.section("Chosen tiles", "Circle some with the lasso, or open a row of the list.")
        return
    counts = Counter(words.class_name(items.labels[row]) for row in rows).most_common(4)
    said = ", ".join(f"{count} {name}" for name, count in counts)
    sections.section(f"{len(rows):,} chosen tiles", said)
    tiles = [items.ids[row] for row in rows]
    with st.container(horizontal=True):
        keeper.draw(searcher, tiles, "space", "Chosen on the map")
        st.button("Use as positives", icon=":material/add:", on_click=_use, args=(tiles,))
        st.button("Choose none", type="tertiary", icon=":material/close:", on_click=_forget)
    if len(rows) > _SHOWN:
        st.caption(f"The first {_SHOWN} of them.")
    entries = [_entry(searcher, row) for row in rows[:_SHOWN]]
    images = loaders.thumbnails(searcher, [entry.id for entry in entries])
    tile_grid("mirs.space.grid", [Column(entries)], images, state.choose_tile, tile="5.4rem")


def _entry(searcher: Searcher, row: int) -> TileEntry:
    items = searcher.items
    tile, label = items.ids[row], items.labels[row]
    name, file = words.class_name(label), words.file_name(tile)
    return TileEntry(
        id=tile,
        name=words.short_name(label) if label else file,
        colour=words.colour(label),
        label=f"{name}, {file}. Make it the query.",
        lines=(name, f"Role: {words.ROLES[items.roles[row]].lower()}", file),
        current=tile == state.tile(),
    )


def _use(tiles: list[str]) -> None:
    state.choose_tile(tiles[0])
    for tile in tiles[1:]:
        state.mark(tile, "+")


def _forget() -> None:
    st.session_state[space_part.ROWS] = []


main()
