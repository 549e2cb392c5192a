"""The tiles that were circled on a map or opened by a list: a grid, and what to do with them."""

from collections import Counter
from collections.abc import Sequence

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from mirs_core.exchange import exports
from mirs_core.retrieval.search import Searcher
from pages.components.tile_grid.tile_grid import Column, tile_grid
from pages.parts import filters as filters_part
from pages.parts import keeper, sections, takeaway, tile_entry
from pages.shared import loaders, state, words

_SHOWN = 120


def chosen(searcher: Searcher) -> list[str]:
    """The tiles that were chosen on a map or opened by a list and that the filters let through."""
    found = rows(searcher)
    if found is None:
        return []
    if state.is_filtered():
        found = found[np.isin(found, filters_part.wanted(searcher).rows(searcher.items))]
    asked = list(st.session_state.get(state.CHOSEN) or ())
    kept = {searcher.items.ids[row] for row in found}
    return [tile for tile in asked if tile in kept]


def rows(searcher: Searcher) -> NDArray[np.int64] | None:
    """The rows (n,) ascending of the chosen tiles, whatever the filters; None where none are."""
    asked = st.session_state.get(state.CHOSEN) or ()
    found = [searcher.items.row(tile) for tile in asked if searcher.items.has(tile)]
    return np.array(sorted(found), dtype=np.int64) if found else None


def draw(
    searcher: Searcher,
    tiles: Sequence[str],
    how: str = "Circle some with the lasso, or open a row of the list.",
    where: str = "on the map of the hash space",
) -> None:
    """Draws the tiles in their order.

    Args:
        how: tiles are chosen; said where none are.
        where: they were chosen, for exports and collections.
    """
    items = searcher.items
    if not tiles:
        sections.section("Chosen tiles", how)
        return
    labels = Counter(words.class_name(items.labels[items.row(tile)]) for tile in tiles)
    sections.section(
        f"{len(tiles):,} chosen tiles" if len(tiles) > 1 else "1 chosen tile",
        ", ".join(f"{count} {name}" for name, count in labels.most_common(6))
        + (f" and {len(labels) - 6} classes more" if len(labels) > 6 else ""),
    )
    with st.container(horizontal=True):
        keeper.draw(searcher, tiles, "space", f"Chosen {where}")
        st.button(
            "Use as positives", icon=":material/add:", on_click=state.use_as_positives,
            args=(list(tiles),), help="The first becomes the query, up to 32 others its examples",
        )  # fmt: skip
        if st.button("Export", icon=":material/download:", key="mirs.space.export"):
            _dialog(searcher, list(tiles), where)
        st.button("Choose none", type="tertiary", icon=":material/close:", on_click=_forget)
    if len(tiles) > _SHOWN:
        st.caption(f"The first {_SHOWN} of them; collect and export take all.")
    shown = tiles[:_SHOWN]
    images = loaders.thumbnails(searcher, list(shown))
    entries = [tile_entry.plain(searcher, tile) for tile in shown]
    tile_grid("mirs.space.grid", [Column(entries)], images, state.choose_tile, tile="5.4rem")


@st.dialog("Export the chosen tiles")
def _dialog(searcher: Searcher, tiles: list[str], where: str) -> None:
    card = searcher.card
    filters = filters_part.wanted(searcher)
    info = exports.ChosenTilesInfo(where, card.title, card.synthetic, filters)
    takeaway.of_tiles(searcher, tiles, info, "mirs-chosen", "space")


def _forget() -> None:
    st.session_state[state.CHOSEN] = []
    st.session_state.pop(state.BOX, None)
