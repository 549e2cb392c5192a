"""The query panel: image with scale bar, metadata, examples and query history."""

import streamlit as st

from mirs_core.mars import observations
from mirs_core.retrieval.search import Searcher
from pages.components.tile_grid.tile_grid import Column, TileEntry, tile_grid
from pages.parts import pictures, stale_tile
from pages.search import describe, query_notes, tile_details
from pages.shared import loaders, state, words

_TRAIL = 8
_SCORE_HELP = (
    "Score of a tile: its mean distance to the query and the positive examples, minus half its mean"
    " distance to the negative examples. Lower is better. The same rule applies to hash codes and"
    " float features (after Rocchio 1971)."
)


def draw(searcher: Searcher, source: state.QuerySource) -> None:
    """Draws the panel of the query."""
    with st.container(key="mirs-panel", gap="small"):
        if source.image is None:
            _tile(searcher, source.name)
        else:
            picture(source, source.image)
        query_notes.draw(searcher, source)
        below(searcher, source)


def below(searcher: Searcher, source: state.QuerySource) -> None:
    """What stands below the picture of a query: actions, examples and earlier queries."""
    _actions(searcher, source.tile_id)
    _examples(searcher)
    _trail(searcher)


def picture(source: state.QuerySource, image: bytes) -> None:
    """The image of a query that is no archived tile, and what is known about it."""
    uri, _, _ = loaders.own_image(image, source.name)
    scale = pictures.scale_of(source.metres)
    st.html(_panel(pictures.picture(uri, source.name, scale, mark=source.mark), source.facts))
    if source.caution:
        st.caption(source.caution)


def _tile(searcher: Searcher, tile_id: str) -> None:
    name = words.class_name(searcher.items.labels[searcher.items.row(tile_id)])
    scale = pictures.scale_bar(searcher, tile_id)
    image = loaders.tile_picture(searcher, tile_id)
    html, facts = pictures.of_tile(image, name, scale), pictures.about(searcher, tile_id)
    if image.about:
        st.html(html)
        stale_tile.draw(searcher, tile_id, "query")
        stale_tile.watch()
        st.html(pictures.facts(facts))
    else:
        st.html(_panel(html, facts))
        stale_tile.watch()
    with st.container(key="mirs-id"):
        st.code(words.file_name(tile_id), language=None, wrap_lines=True)


def _actions(searcher: Searcher, tile_id: str | None) -> None:
    with st.container(key="mirs-acts", horizontal=True, gap="medium"):
        if state.history():
            st.button("Back", icon=":material/arrow_back:", on_click=state.go_back, type="tertiary")
        if state.ahead():
            st.button(
                "Forward", icon=":material/arrow_forward:", on_click=state.go_ahead, type="tertiary"
            )
        if not isinstance(state.query(), state.Described):
            describe.offer()
        if tile_id is None:
            return
        st.button(
            "Enlarge",
            icon=":material/zoom_in:",
            type="tertiary",
            on_click=tile_details.request,
            args=(tile_id,),
        )
        product = observations.parse(words.file_name(tile_id))
        if product and product.url and not searcher.card.synthetic:
            st.link_button(
                "Source product", product.url, icon=":material/open_in_new:", type="tertiary"
            )


def _examples(searcher: Searcher) -> None:
    """The positive and negative examples; a click removes one."""
    signs = (("+", state.PLUS, "More like these"), ("-", state.MINUS, "Less like these"))
    items, drawn = searcher.items, False
    for sign, key, title in signs:
        tiles = [tile for tile in st.session_state.get(key) or () if items.has(tile)]
        if not tiles:
            continue
        drawn = True
        st.html(f'<p class="mirs-eyebrow">{title}</p>')
        entries = [_step(searcher, tile, f"{title}: click to remove", sign) for tile in tiles]
        images = loaders.thumbnails(searcher, tiles)

        def drop(tile: str, sign: str = sign) -> None:
            state.mark(tile, sign)

        tile_grid(f"mirs.examples.{key}", [Column(entries)], images, drop, tile="2.6rem")
    if drawn:
        st.button(
            "Clear examples",
            icon=":material/close:",
            type="tertiary",
            on_click=state.forget_examples,
            help=_SCORE_HELP,
        )


def _trail(searcher: Searcher) -> None:
    """Previous queries, the latest first."""
    items = searcher.items
    seen: list[str] = []
    for source in reversed(state.history()):
        tile = source.tile_id
        if tile and items.has(tile) and tile not in seen and tile != state.tile():
            seen.append(tile)
    recent = seen[:_TRAIL]
    if not recent:
        return
    st.html('<p class="mirs-eyebrow">Earlier queries</p>')
    entries = [_step(searcher, tile, "Previous query") for tile in recent]
    images = loaders.thumbnails(searcher, recent)
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
