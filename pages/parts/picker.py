"""Choosing a query from a filterable grid of all tiles."""

import secrets

import streamlit as st

from mirs_core.datasets.items import Items
from mirs_core.mars.landforms import describe
from mirs_core.retrieval.search import Searcher
from pages.components.tile_grid.tile_grid import Column, TileEntry, tile_grid
from pages.shared import loaders, missing, state, words

_PAGE = 60


def keep_a_query(searcher: Searcher) -> None:
    """Makes sure that the query tile and the examples exist; defaults to a test tile."""
    items, tile = searcher.items, state.tile()
    for key in (state.PLUS, state.MINUS):
        examples = {name: _same(items, name) for name in st.session_state.get(key) or []}
        missing.note(missing.EXAMPLES, [name for name, same in examples.items() if same is None])
        st.session_state[key] = list(dict.fromkeys(filter(None, examples.values())))
    if tile is not None:
        if (same := _same(items, tile)) is not None:
            st.session_state[state.TILE] = same
            return
        missing.note(missing.TILE, [tile])
    rows = items.rows(["test"]) if "test" in items.roles else range(len(items))
    first = min((items.ids[row] for row in rows), key=lambda name: ("/cra/" not in name, name))
    state.choose_tile(first)
    state.history().clear()


def _same(items: Items, tile: str) -> str | None:
    """The id of the tile of this id, or of its other Unicode form; None if there is none."""
    if items.has(tile):
        return tile
    return None if tile.isascii() else state.option(tile, items.ids)


def browse(searcher: Searcher) -> None:
    """Draws the grid of the data set's tiles with its filters."""
    items = searcher.items
    labels = sorted({label for label in items.labels if label})
    splits = [role for role in words.SPLITS if role in items.roles]
    groups = list(dict.fromkeys(describe(label).group for label in labels))
    strips = sorted({strip for strip in items.strips if strip})
    first, left, middle, more, right = st.columns(5)
    grouped = first.multiselect(
        "Group", groups, format_func=words.group_name, placeholder="All", key="mirs.b.groups"
    )
    chosen = left.multiselect(
        "Landform", labels, format_func=words.class_name, placeholder="All", key="mirs.b.classes"
    )
    in_splits = middle.multiselect(
        "Split", splits, format_func=words.SPLITS.__getitem__, placeholder="All", key="mirs.b.roles"
    )
    from_strips = more.multiselect(
        words.strip_term(searcher),
        strips,
        placeholder="All",
        key="mirs.b.strips",
        disabled=not strips,
    )
    text = right.text_input("Tile id contains", placeholder="e.g. 20N", key="mirs.b.text").strip()
    band = _band(searcher)
    rows = [
        row
        for row in sorted(range(len(items)), key=lambda row: items.ids[row])
        if (not chosen or items.labels[row] in chosen)
        and (not grouped or describe(items.labels[row] or "").group in grouped)
        and (not from_strips or items.strips[row] in from_strips)
        and (band is None or _inside(items.latitudes[row], band))
        and (not in_splits or items.roles[row] in in_splits)
        and text.lower() in items.ids[row].lower()
    ]
    if not rows:
        st.info("No tile passes these filters.", icon=":material/filter_alt_off:")
        return
    page, pages = 1, -(-len(rows) // _PAGE)
    if st.session_state.get("mirs.b.page", 1) > pages:
        st.session_state["mirs.b.page"] = pages
    with st.container(
        horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"
    ):
        st.caption(f"{len(rows):,} tiles. Click one to use it as the query.", width="content")
        st.button(
            "Random tile",
            icon=":material/casino:",
            type="tertiary",
            on_click=lambda: state.choose_tile(items.ids[secrets.choice(rows)]),
        )
        if pages > 1:
            page = st.pagination(pages, key="mirs.b.page")
    on_page = rows[(page - 1) * _PAGE : page * _PAGE]
    entries = [_entry(searcher, row) for row in on_page]
    images = loaders.thumbnails(searcher, [entry.id for entry in entries])
    tile_grid("mirs.browser", [Column(entries)], images, state.choose_tile, tile="6.6rem")


def _band(searcher: Searcher) -> tuple[int, int] | None:
    """Draws the latitude filter if coordinates are known; None for the whole planet."""
    if not any(latitude is not None for latitude in searcher.items.latitudes):
        return None
    low, high = state.POLES
    band = st.slider(
        "Latitude", low, high, (low, high), format="%d°", key="mirs.b.band",
        width=420,
    )  # fmt: skip
    return None if band == state.POLES else band


def _inside(latitude: float | None, band: tuple[int, int]) -> bool:
    return latitude is not None and band[0] <= latitude <= band[1]


def _entry(searcher: Searcher, row: int) -> TileEntry:
    items = searcher.items
    tile, label, strip = items.ids[row], items.labels[row], items.strips[row]
    name = words.class_name(label) if label else words.file_name(tile)
    lines = (
        name,
        words.strip_line(searcher, strip),
        f"Split: {words.SPLITS[items.roles[row]].lower()}",
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
