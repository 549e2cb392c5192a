"""The query: its picture with a scale bar, what is known of it, and the way back."""

from html import escape

import streamlit as st

from mirs_core import observations
from mirs_core.errors import MirsError
from mirs_core.search import Searcher
from pages.ui import loaders, state, words
from pages.ui.tile_grid import Column, TileEntry, tile_grid

_TRAIL = 8
_LENGTHS = (("1 km", 1000), ("500 m", 500), ("100 m", 100), ("10 m", 10))
_UNKNOWN = "<em>not known</em>"
_SCALE_HINT = (
    "The models know tiles of about 1.2 km from one camera. An image of another scale or sensor"
    " finds what looks alike, which need not be alike."
)


def draw(searcher: Searcher, upload: state.Upload | None) -> None:
    """Draws the panel of the query tile, or of an own image."""
    with st.container(key="mirs-panel", gap="small"):
        if upload is not None:
            _own_image(upload)
        else:
            _tile(searcher, state.tile() or "")
        _acts(searcher, None if upload else state.tile())
        _trail(searcher)


def _own_image(upload: state.Upload) -> None:
    uri, height, width = loaders.own_image(upload.data, upload.name)
    facts = [("Your image", escape(upload.name)), ("Size", f"{width} × {height} px")]
    st.html(_panel(_picture(uri, upload.name, None), facts))
    st.caption(_SCALE_HINT)


def _tile(searcher: Searcher, tile_id: str) -> None:
    items = searcher.items
    row = items.row(tile_id)
    label, name = items.labels[row], words.class_name(items.labels[row])
    uri = loaders.picture(searcher, tile_id, items.contents[row], loaders.LARGE)
    st.html(
        _panel(
            _picture(uri, name, _scale_bar(searcher, tile_id)),
            [
                ("Landform", words.chip(label) if label else "<em>not labelled</em>"),
                *_places(searcher, tile_id, items.strips[row]),
                ("Role", escape(words.ROLES[items.roles[row]])),
            ],
        )
    )
    with st.container(key="mirs-id"):
        st.code(words.file_name(tile_id), language=None, wrap_lines=True)


def _acts(searcher: Searcher, tile_id: str | None) -> None:
    with st.container(key="mirs-acts", horizontal=True, gap="medium"):
        if state.history():
            st.button("Back", icon=":material/arrow_back:", on_click=state.go_back, type="tertiary")
        if tile_id is None:
            return
        if st.button("Enlarge", icon=":material/zoom_in:", type="tertiary"):
            _enlarge(searcher, tile_id)
        known = observations.parse(words.file_name(tile_id))
        if known and known.url and not searcher.card.synthetic:
            st.link_button(
                "Source product", known.url, icon=":material/open_in_new:", type="tertiary"
            )


def _places(searcher: Searcher, tile_id: str, strip: str | None) -> list[tuple[str, str]]:
    """Where the tile comes from. Names of strips may break after an underscore only."""
    facts = [("Strip", escape(strip).replace("_", "_<wbr>") if strip else _UNKNOWN)]
    place = words.place(tile_id)
    if place:
        facts.append((words.place_name(searcher), escape(place)))
    if searcher.card.synthetic:
        facts.append(("Imagery", "synthetic"))
    elif searcher.card.instrument:
        facts.append(("Camera", escape(searcher.card.instrument)))
    return facts


@st.dialog("Query tile", width="medium")
def _enlarge(searcher: Searcher, tile_id: str) -> None:
    items = searcher.items
    row = items.row(tile_id)
    uri = loaders.picture(searcher, tile_id, items.contents[row], loaders.FULL)
    name = words.class_name(items.labels[row])
    scale = _scale_bar(searcher, tile_id)
    st.html(f'<div class="mirs-large">{_picture(uri, name, scale)}</div>')
    st.caption(words.file_name(tile_id))


def _trail(searcher: Searcher) -> None:
    """The queries before this one, the last one first."""
    items, seen = searcher.items, []
    for tile in reversed(state.history()):
        if tile in items.ids and tile not in seen and tile != state.tile():
            seen.append(tile)
    shown = seen[:_TRAIL]
    if not shown:
        return
    st.html('<p class="mirs-eyebrow">Earlier queries</p>')
    entries = [_step(searcher, tile) for tile in shown]
    images = loaders.thumbnails(searcher, shown)
    tile_grid("mirs.trail", [Column(entries)], images, state.choose_tile, tile="2.6rem")


def _step(searcher: Searcher, tile: str) -> TileEntry:
    label = searcher.items.labels[searcher.items.row(tile)]
    name, file = words.class_name(label), words.file_name(tile)
    return TileEntry(
        id=tile,
        name="",
        colour=words.colour(label),
        label=f"Earlier query: {name}, {file}",
        lines=(name, "An earlier query", file),
    )


def _scale_bar(searcher: Searcher, tile_id: str) -> tuple[str, float] | None:
    """The longest round length that fits, with its share of the picture's side."""
    scale = searcher.card.metres_per_pixel
    if not scale:
        return None
    try:
        side = max(loaders.size(searcher, tile_id))
    except MirsError:
        return None
    for name, metres in _LENGTHS:
        if metres <= 0.9 * scale * side:
            return name, metres / (scale * side)
    return None


def _picture(uri: str, name: str, scale: tuple[str, float] | None) -> str:
    bar = ""
    if scale:
        length, share = scale
        bar = f'<div class="mirs-scale">{length}<i style="width:{share * 100:.1f}cqw"></i></div>'
    return (
        f'<div class="mirs-query"><img src="{uri}" alt="Query tile: {escape(name)}">{bar}'
        '<span class="mirs-tag">Query</span></div>'
    )


def _panel(picture: str, facts: list[tuple[str, str]]) -> str:
    rows = "".join(f"<div><dt>{name}</dt><dd>{value}</dd></div>" for name, value in facts)
    return f'<div class="mirs-panel">{picture}<dl class="mirs-facts">{rows}</dl></div>'
