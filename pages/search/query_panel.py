"""The query: its picture with a scale bar, what is known of it, and the way back."""

from html import escape

import streamlit as st

from mirs_core.mars import observations
from mirs_core.retrieval.search import Searcher
from pages.components.tile_grid.tile_grid import Column, TileEntry, tile_grid
from pages.parts import pictures
from pages.search import closer
from pages.shared import loaders, state, words

_TRAIL = 8
_RULE = (
    "A tile's score is its mean distance to the query and the tiles marked +, less half of its mean"
    " distance to the tiles marked with a minus; the lower, the better. Codes and float features"
    " follow the same rule (after Rocchio 1971)."
)
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
        _examples(searcher)
        _trail(searcher)


def _own_image(upload: state.Upload) -> None:
    uri, height, width = loaders.own_image(upload.data, upload.name)
    facts = [("Your image", escape(upload.name)), ("Size", f"{width} × {height} px")]
    st.html(_panel(pictures.picture(uri, upload.name, None), facts))
    st.caption(_SCALE_HINT)


def _tile(searcher: Searcher, tile_id: str) -> None:
    items = searcher.items
    row = items.row(tile_id)
    name = words.class_name(items.labels[row])
    uri = loaders.picture(searcher, tile_id, items.contents[row], loaders.LARGE)
    st.html(
        _panel(
            pictures.picture(uri, name, pictures.scale_bar(searcher, tile_id)),
            pictures.about(searcher, tile_id),
        )
    )
    with st.container(key="mirs-id"):
        st.code(words.file_name(tile_id), language=None, wrap_lines=True)


def _acts(searcher: Searcher, tile_id: str | None) -> None:
    with st.container(key="mirs-acts", horizontal=True, gap="medium"):
        if state.history():
            st.button("Back", icon=":material/arrow_back:", on_click=state.go_back, type="tertiary")
        if state.ahead():
            st.button(
                "Forward", icon=":material/arrow_forward:", on_click=state.go_ahead, type="tertiary"
            )
        if tile_id is None:
            return
        st.button(
            "Enlarge",
            icon=":material/zoom_in:",
            type="tertiary",
            on_click=closer.ask_for,
            args=(tile_id,),
        )
        known = observations.parse(words.file_name(tile_id))
        if known and known.url and not searcher.card.synthetic:
            st.link_button(
                "Source product", known.url, icon=":material/open_in_new:", type="tertiary"
            )


def _examples(searcher: Searcher) -> None:
    """The positives and negatives beside the query; a click takes one away."""
    signs = (("+", state.PLUS, "More like these"), ("-", state.MINUS, "Less like these"))
    items, drawn = searcher.items, False
    for sign, key, title in signs:
        tiles = [tile for tile in st.session_state.get(key) or () if items.has(tile)]
        if not tiles:
            continue
        drawn = True
        st.html(f'<p class="mirs-eyebrow">{title}</p>')
        entries = [_step(searcher, tile, f"{title}: click to take it away", sign) for tile in tiles]
        images = loaders.thumbnails(searcher, tiles)

        def drop(tile: str, sign: str = sign) -> None:
            state.mark(tile, sign)

        tile_grid(f"mirs.examples.{key}", [Column(entries)], images, drop, tile="2.6rem")
    if drawn:
        st.button(
            "Only the query",
            icon=":material/close:",
            type="tertiary",
            on_click=state.forget_examples,
            help=_RULE,
        )


def _trail(searcher: Searcher) -> None:
    """The queries before this one, the last one first."""
    items, seen = searcher.items, []
    for tile in reversed(state.history()):
        if items.has(tile) and tile not in seen and tile != state.tile():
            seen.append(tile)
    shown = seen[:_TRAIL]
    if not shown:
        return
    st.html('<p class="mirs-eyebrow">Earlier queries</p>')
    entries = [_step(searcher, tile, "An earlier query") for tile in shown]
    images = loaders.thumbnails(searcher, shown)
    tile_grid("mirs.trail", [Column(entries)], images, state.choose_tile, tile="2.6rem")


def _step(searcher: Searcher, tile: str, about: str, sign: str = "") -> TileEntry:
    label = searcher.items.labels[searcher.items.row(tile)]
    name, file = words.class_name(label), words.file_name(tile)
    return TileEntry(
        id=tile,
        name="",
        colour=words.colour(label),
        label=f"{about}: {name}, {file}",
        lines=(name, about, file),
        mark=sign,
    )


def _panel(picture: str, facts: list[tuple[str, str]]) -> str:
    return f'<div class="mirs-panel">{picture}{pictures.facts(facts)}</div>'
