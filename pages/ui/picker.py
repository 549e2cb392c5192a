"""Choosing a query: a filterable grid of all tiles, or an image of one's own."""

import streamlit as st

from mirs_core.errors import MirsError
from mirs_core.search import Searcher
from pages.ui import loaders, state, words
from pages.ui.tile_grid import Column, TileEntry, tile_grid

_PAGE = 60
_UPLOAD_WIDTH = 760
_FORMATS = ["jpg", "jpeg", "png", "tif", "tiff"]


def browse(searcher: Searcher) -> None:
    """Draws the grid of the data set's tiles with its filters."""
    items = searcher.items
    labels = sorted({label for label in items.labels if label})
    roles = [role for role in words.ROLES if role in items.roles]
    left, middle, right = st.columns([2, 2, 2])
    chosen = left.multiselect(
        "Landform", labels, format_func=words.class_name, placeholder="All", key="mirs.b.classes"
    )
    kept = middle.multiselect(
        "Role", roles, format_func=words.ROLES.__getitem__, placeholder="All", key="mirs.b.roles"
    )
    text = right.text_input(
        "Name or strip", placeholder="for example 20N", key="mirs.b.text"
    ).strip()
    rows = [
        row
        for row in sorted(range(len(items)), key=lambda row: items.ids[row])
        if (not chosen or items.labels[row] in chosen)
        and (not kept or items.roles[row] in kept)
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
        st.caption(f"{len(rows):,} tiles. Click one to make it the query.", width="content")
        if pages > 1:
            page = st.pagination(pages, key="mirs.b.page")
    shown = rows[(page - 1) * _PAGE : page * _PAGE]
    entries = [_entry(searcher, row) for row in shown]
    images = loaders.thumbnails(searcher, [entry.id for entry in entries])
    tile_grid("mirs.browser", [Column(entries)], images, state.choose_tile, tile="6.6rem")


def _entry(searcher: Searcher, row: int) -> TileEntry:
    items = searcher.items
    tile, label, strip = items.ids[row], items.labels[row], items.strips[row]
    name = words.class_name(label) if label else words.file_name(tile)
    lines = (
        name,
        f"Strip {strip}" if strip else "Strip not known",
        f"Role: {words.ROLES[items.roles[row]].lower()}",
        words.file_name(tile),
    )
    return TileEntry(
        id=tile,
        name=name,
        colour=words.colour(label),
        label=f"{name}, {words.file_name(tile)}. Search for tiles like this one.",
        lines=lines,
        current=tile == state.tile(),
    )


_HINTS = (
    ("Any usual image", "JPEG, PNG or TIFF, 8 or 16 bit, grey or colour, of any size."),
    (
        "About one kilometre across",
        "The models know tiles of about 1.2 km at 6 m per pixel. Crop yours to that scale:"
        " a crater of 200 m and one of 50 km look alike to them.",
    ),
    (
        "It stays here",
        "The image is read on this computer, compared with the archive and never stored.",
    ),
)


def own_image() -> None:
    """Draws the upload; a file that is no usable image gets its reason and is not kept."""
    file = st.file_uploader(
        "An image of the surface of Mars", type=_FORMATS, key="mirs.file", width=_UPLOAD_WIDTH
    )
    if file is None:
        state.choose_upload(None)
        _hints()
        return
    upload = state.Upload(file.name, file.getvalue())
    try:
        loaders.own_image(upload.data, upload.name)
    except MirsError as error:
        state.choose_upload(None)
        st.error(words.plain(str(error)), icon=":material/broken_image:", width=_UPLOAD_WIDTH)
        _hints()
        return
    state.choose_upload(upload)


def _hints() -> None:
    hints = "".join(f"<p><b>{title}</b>{text}</p>" for title, text in _HINTS)
    st.html(f'<div class="mirs-hints">{hints}</div>')
