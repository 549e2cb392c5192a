"""The tiles selected on a map or in a list: a grid of them, and the actions on them."""

from collections import Counter
from collections.abc import Sequence

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from mirs_core.exchange import exports
from mirs_core.retrieval.search import Searcher
from pages.components.tile_grid.tile_grid import Column, tile_grid
from pages.parts import (
    add_to_collection,
    export_files,
    filter_panel,
    label_editor,
    sections,
    tile_entry,
)
from pages.shared import loaders, state, words

_SHOWN = 120
_ANCHOR = "mirs-selected"
_PAGE, _ROWS = "mirs.chosen.page", "mirs.chosen.rows"


def tiles(searcher: Searcher) -> list[str]:
    """Ids of the selected tiles that pass the filters, in the order of selection."""
    chosen = st.session_state.get(state.CHOSEN) or []
    rows = _rows_of(searcher, chosen)
    passing = rows >= 0
    if state.is_filtered():
        allowed = np.zeros(len(searcher.items) + 1, dtype=bool)
        allowed[filter_panel.selected(searcher).rows(searcher.items)] = True
        # The last entry is that of -1.
        passing &= allowed[rows]
    if passing.all():
        return list(chosen)
    return [tile for tile, passes in zip(chosen, passing.tolist(), strict=True) if passes]


def rows(searcher: Searcher) -> NDArray[np.int64] | None:
    """Rows (n,) of the selected tiles, ascending, regardless of the filters; None without any."""
    selected = _rows_of(searcher, st.session_state.get(state.CHOSEN) or [])
    selected = np.unique(selected[selected >= 0])
    return selected if len(selected) else None


def _rows_of(searcher: Searcher, chosen: list[str]) -> NDArray[np.int64]:
    """The row (n,) of each selected tile, -1 for others; found once for one selection and run."""
    before = st.session_state.get(_ROWS)
    if before is not None and before[0] is chosen and before[1] == searcher.summary.id:
        rows: NDArray[np.int64] = before[2]
        return rows
    if before is None or before[0] is not chosen:
        st.session_state.pop(_PAGE, None)
    rows = searcher.items.rows_of(chosen)
    st.session_state[_ROWS] = (chosen, searcher.summary.id, rows)
    return rows


def announce(tiles: Sequence[str]) -> None:
    """Draws a line for the foot of a map that says what was selected and leads to it."""
    if tiles:
        count = f"{len(tiles):,} tiles are" if len(tiles) > 1 else "1 tile is"
        st.html(
            f'<p class="mirs-announce" role="status">{count} selected.'
            f' <a href="#{_ANCHOR}" target="_self">Show below</a></p>'
        )


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
    if not tiles:
        sections.section("Selected tiles", how)
        return
    st.html(f'<span id="{_ANCHOR}"></span>')
    counts = Counter[str]()
    for label, count in searcher.items.labels.take(searcher.items.rows_of(tiles)).counts().items():
        counts[words.class_name(label)] += count
    sections.section(
        f"{len(tiles):,} selected tiles" if len(tiles) > 1 else "1 selected tile",
        ", ".join(f"{count:,} {name}" for name, count in counts.most_common(6))
        + (f" and {len(counts) - 6} more classes" if len(counts) > 6 else ""),
    )
    with st.container(horizontal=True):
        add_to_collection.draw(searcher, tiles, "space", f"Selected {where}")
        label_editor.draw(searcher, tiles, "space")
        st.button(
            "Use as positives", icon=":material/add:", on_click=state.use_as_positives,
            args=(list(tiles),),
            help="The first tile becomes the query, up to 32 others positive examples",
        )  # fmt: skip
        if st.button("Export", icon=":material/download:", key="mirs.space.export"):
            _dialog(searcher, list(tiles), where)
        st.button("Clear selection", type="tertiary", icon=":material/close:", on_click=_clear)
    page = tiles[:_SHOWN]
    if len(tiles) > _SHOWN:
        pages = -(-len(tiles) // _SHOWN)
        if st.session_state.get(_PAGE, 1) > pages:
            st.session_state[_PAGE] = pages
        with st.container(
            horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"
        ):
            st.caption(
                f"{_SHOWN} a page; collections and exports include all {len(tiles):,}.",
                width="content",
            )
            number = st.pagination(pages, key=_PAGE)
        page = tiles[(number - 1) * _SHOWN : number * _SHOWN]
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
    state.keep_drawn(None)
