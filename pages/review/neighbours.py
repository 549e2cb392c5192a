"""The neighbours of the tile in doubt, with their labels."""

import streamlit as st

from mirs_core.hash_space.label_review import Doubt
from mirs_core.hash_space.neighbourhoods import Neighbourhoods
from mirs_core.hash_space.samples import Sample
from mirs_core.retrieval.search import Searcher
from pages.components.tile_grid.tile_grid import Column, tile_grid
from pages.parts import sections, tile_entry
from pages.shared import loaders, state


def draw(searcher: Searcher, sample: Sample, near: Neighbourhoods, doubt: Doubt) -> None:
    """Draws the nearest tiles, nearest first; a click makes one the query of the app."""
    ids = sample.retriever.items.ids
    tiles = [ids[int(row)] for row in near.rows[doubt.row] if row >= 0]
    sections.section("Its neighbours", "The nearest tiles in hash space and their labels.")
    tile_grid(
        "mirs.review.grid",
        [Column([tile_entry.plain(searcher, tile) for tile in tiles])],
        loaders.thumbnails(searcher, tiles),
        on_pick=_open,
        tile="5.4rem",
        subject=doubt.tile,
    )


def _open(tile: str) -> None:
    state.choose_tile(tile)
    st.switch_page("pages/search/search.py")
