"""The tiles selected on a map or in a list: a grid of them, and the actions on them."""

from collections import Counter
from collections.abc import Sequence

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from mirs_core.exchange import exports
from mirs_core.retrieval.search import Searcher
from pages.components.tile_grid.tile_grid import Column, tile_grid
from pages.parts import add_to_collection, export_files, filter_panel, sections, tile_entry
from pages.shared import loaders, state, words

_SHOWN = 120


def tiles(searcher: Searcher) -> list[str]:
    """Ids of the selected tiles that pass the filters, in the order of selection."""
    selected = rows(searcher)
    if selected is None:
        return []
    if state.is_filtered():
        passing = filter_panel.selected(searcher).rows(searcher.items)
        selected = selected[np.isin(selected, passing)]
    ids = {searcher.items.ids[row] for row in selected}
    return [tile for tile in st.session_state.get(state.CHOSEN) or () if tile in ids]


def rows(searcher: Searcher) -> NDArray[np.int64] | None:
    """Rows (n,) of the selected tiles, ascending, regardless of the filters; None without any."""
    items, ids = searcher.items, st.session_state.get(state.CHOSEN) or ()
    selected = [items.row(tile) for tile in ids if items.has(tile)]
    return np.array(sorted(selected), dtype=np.int64) if selected else None


def draw(
    searcher: Searcher,
    tiles: Sequence[str],
    how: str = "Select tiles with the lasso, or select a row of the list.",
    where: str = "on the map of the hash space",
) -> None:
    """Draws the tiles in the given order.

    Args:
        how: instructions, shown while nothing is selected.
        where: the tiles were selected, for exports and collections.
    """
    items = searcher.items
    if not tiles:
        sections.section("Selected tiles", how)
        return
    labels = Counter(words.class_name(items.labels[items.row(tile)]) for tile in tiles)
    sections.section(
        f"{len(tiles):,} selected tiles" if len(tiles) > 1 else "1 selected tile",
        ", ".join(f"{count} {name}" for name, count in labels.most_common(6))
        + (f" and {len(labels) - 6} more classes" if len(labels) > 6 else ""),
    )
    with st.container(horizontal=True):
        add_to_collection.draw(searcher, tiles, "space", f"Selected {where}")
        st.button(
            "Use as positives", icon=":material/add:", on_click=state.use_as_positives,
            args=(list(tiles),),
            help="The first tile becomes the query, up to 32 others positive examples",
        )  # fmt: skip
        if st.button("Export", icon=":material/download:", key="mirs.space.export"):
            _dialog(searcher, list(tiles), where)
        st.button("Clear selection", type="tertiary", icon=":material/close:", on_click=_clear)
    if len(tiles) > _SHOWN:
        st.caption(f"Showing the first {_SHOWN}; collections and exports include all.")
    page = tiles[:_SHOWN]
    images = loaders.thumbnails(searcher, list(page))
    entries = [tile_entry.plain(searcher, tile) for tile in page]
    tile_grid("mirs.space.grid", [Column(entries)], images, state.choose_tile, tile="5.4rem")


@st.dialog("Export the selected tiles")
def _dialog(searcher: Searcher, tiles: list[str], where: str) -> None:
    card = searcher.card
    info = exports.ChosenTilesInfo(
        where, card.title, card.synthetic, filter_panel.selected(searcher)
    )
    export_files.of_tiles(searcher, tiles, info, "mirs-selected", "space")


def _clear() -> None:
    st.session_state[state.CHOSEN] = []
    st.session_state.pop(state.BOX, None)
