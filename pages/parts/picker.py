"""Choosing a query from a filterable grid of all tiles."""

import secrets

import numpy as np
import streamlit as st

from mirs_core.datasets.items import Items
from mirs_core.mars.landforms import describe
from mirs_core.retrieval import tile_list
from mirs_core.retrieval.search import Searcher
from pages.components.tile_grid.tile_grid import Column, TileEntry, tile_grid
from pages.parts import strip_choice
from pages.shared import loaders, missing, state, words

_PAGE = 60
_UNSORTED = (
    f" In the order of the archive, which is random; up to {tile_list.MOST_SORTED:,} tiles are"
    " sorted by id."
)


def keep_a_query(searcher: Searcher) -> None:
    """Makes sure that the query tile and the examples exist; defaults to a test tile."""
    items, source = searcher.items, state.query()
    for key in (state.PLUS, state.MINUS):
        examples = {name: _same(items, name) for name in st.session_state.get(key) or []}
        missing.note(missing.EXAMPLES, [name for name, same in examples.items() if same is None])
        st.session_state[key] = list(dict.fromkeys(filter(None, examples.values())))
    if source is not None and source.tile_id is None:
        return
    if source is not None and source.tile_id is not None:
        if (same := _same(items, source.tile_id)) is not None:
            state.put(state.Tile(same))
            return
        missing.note(missing.TILE, [source.tile_id])
    state.put(state.Tile(loaders.facets(searcher).first))


def _same(items: Items, tile: str) -> str | None:
    """The id of the tile of this id, or of its other Unicode form; None if there is none."""
    if items.has(tile):
        return tile
    if tile.isascii():
        return None
    rows = items.ids.composed(tile)
    return items.ids[rows[0]] if len(rows) else None


def browse(searcher: Searcher) -> None:
    """Draws the grid of the data set's tiles with its filters."""
    items = searcher.items
    rows = loaders.tile_list_of(searcher, _choice(searcher))
    if not len(rows):
        st.info("No tile passes these filters.", icon=":material/filter_alt_off:")
        return
    page, pages = 1, -(-len(rows) // _PAGE)
    if st.session_state.get("mirs.b.page", 1) > pages:
        st.session_state["mirs.b.page"] = pages
    with st.container(
        horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"
    ):
        order = "" if tile_list.is_sorted(len(rows)) else _UNSORTED
        st.caption(
            f"{len(rows):,} tiles. Click one to use it as the query.{order}", width="content"
        )
        st.button(
            "Random tile",
            icon=":material/casino:",
            type="tertiary",
            on_click=lambda: state.choose_tile(items.ids[int(secrets.choice(rows))]),
        )
        if pages > 1:
            page = st.pagination(pages, key="mirs.b.page")
    on_page = np.asarray(rows[(page - 1) * _PAGE : page * _PAGE], dtype=np.int64)
    entries = _entries(searcher, items.take(on_page))
    images = loaders.thumbnails(searcher, [entry.id for entry in entries])
    tile_grid("mirs.browser", [Column(entries)], images, state.choose_tile, tile="6.6rem")


def _choice(searcher: Searcher) -> tile_list.Choice:
    """Draws the filters of the grid."""
    facets = loaders.facets(searcher)
    groups = list(dict.fromkeys(describe(label).group for label in facets.labels))
    first, left, middle, more, right = st.columns(5)
    grouped = first.multiselect(
        "Group", groups, format_func=words.group_name, placeholder="All", key="mirs.b.groups"
    )
    chosen = left.multiselect(
        "Landform",
        list(facets.labels),
        format_func=words.class_name,
        placeholder="All",
        key="mirs.b.classes",
    )
    in_splits = middle.multiselect(
        "Split",
        [role for role in words.SPLITS if role in facets.roles],
        format_func=words.SPLITS.__getitem__,
        placeholder="All",
        key="mirs.b.roles",
    )
    with more:
        from_strips = strip_choice.draw(searcher, "mirs.b.strips", words.strip_term(searcher))
    text = right.text_input("Tile id contains", placeholder="e.g. 20N", key="mirs.b.text").strip()
    labels: tuple[str | None, ...] | None = None
    if chosen or grouped:
        labels = tuple(
            label
            for label in (*facets.labels, None)
            if (not chosen or label in chosen)
            and (not grouped or describe(label or "").group in grouped)
        )
    return tile_list.Choice(
        labels, tuple(in_splits), tuple(from_strips), _band(facets.located), text
    )


def _band(located: bool) -> tuple[int, int] | None:
    """Draws the latitude filter if coordinates are known; None for the whole planet."""
    if not located:
        return None
    low, high = state.POLES
    band = st.slider(
        "Latitude", low, high, (low, high), format="%d°", key="mirs.b.band",
        width=420,
    )  # fmt: skip
    return None if band == state.POLES else band


def _entries(searcher: Searcher, items: Items) -> list[TileEntry]:
    return [
        _entry(searcher, *values)
        for values in zip(items.ids, items.labels, items.strips, items.roles, strict=True)
    ]


def _entry(
    searcher: Searcher, tile: str, label: str | None, strip: str | None, role: str
) -> TileEntry:
    name = words.class_name(label) if label else words.file_name(tile)
    lines = (
        name,
        words.strip_line(searcher, strip),
        f"Split: {words.SPLITS[role].lower()}",
        words.file_name(tile),
    )
    return TileEntry(
        id=tile,
        name=name,
        colour=words.colour(label),
        label=f"{name}, {words.file_name(tile)}. Search with this tile.",
        lines=lines,
        current=tile == state.tile(),
    )
