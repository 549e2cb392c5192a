"""The query: its picture with a scale bar, and what is known of it."""

from html import escape

import streamlit as st

from mirs_core import observations
from mirs_core.data.images import read_image
from mirs_core.errors import MirsError
from mirs_core.search import Searcher
from pages.ui import loaders, state, words


def draw(searcher: Searcher, upload: state.Upload | None) -> None:
    """Draws the panel of the query tile, or of an own image."""
    if upload is not None:
        _own_image(upload)
    else:
        _tile(searcher, state.tile() or "")
    if state.history():
        st.button("Back", icon=":material/arrow_back:", on_click=state.go_back, type="tertiary")


def _own_image(upload: state.Upload) -> None:
    try:
        image = read_image(upload.data, upload.name)
    except MirsError:
        return
    height, width = image.shape[:2]
    _picture(loaders.data_uri(image, loaders.LARGE), upload.name, None)
    st.html(_facts([("Your image", escape(upload.name)), ("Size", f"{width} x {height} px")]))
    st.caption(
        "The models know tiles of about 1.2 km seen by one camera. An image of another scale or"
        " sensor finds what looks alike, not what is alike."
    )


def _tile(searcher: Searcher, tile_id: str) -> None:
    items = searcher.items
    row = items.row(tile_id)
    label, strip = items.labels[row], items.strips[row]
    uri = loaders.picture(searcher, tile_id, items.contents[row], loaders.LARGE)
    _picture(uri, words.class_name(label), _scale_bar(searcher, tile_id))
    chip = (
        f'<span class="mirs-chip" style="--c:{words.colour(label)}"><i></i>'
        f"{escape(words.class_name(label))}</span>"
    )
    facts = [("Landform", chip if label else "not labelled")]
    facts.append(("Role", escape(words.ROLES[items.roles[row]])))
    facts.append(("Strip", escape(strip) if strip else "not known"))
    place = words.place(tile_id)
    if place:
        invented = "Invented place" if searcher.card.synthetic else "Strip centre"
        facts.append((invented, escape(place)))
    if searcher.card.synthetic:
        facts.append(("Source", "synthetic, not real"))
    st.html(_facts(facts))
    known = observations.parse(words.file_name(tile_id))
    if known and known.url and not searcher.card.synthetic:
        st.link_button("Source product", known.url, icon=":material/open_in_new:", type="tertiary")
    st.code(words.file_name(tile_id), language=None, wrap_lines=True)


def _scale_bar(searcher: Searcher, tile_id: str) -> tuple[str, float] | None:
    """The longest round length that fits, with its share of the picture's side."""
    scale = searcher.card.metres_per_pixel
    if not scale:
        return None
    try:
        side = max(read_image(searcher.image_path(tile_id)).shape[:2])
    except MirsError:
        return None
    for name, metres in (("1 km", 1000), ("500 m", 500), ("100 m", 100), ("10 m", 10)):
        if metres <= 0.9 * scale * side:
            return name, metres / (scale * side)
    return None


def _picture(uri: str, name: str, scale: tuple[str, float] | None) -> None:
    bar = ""
    if scale:
        length, share = scale
        bar = f'<div class="mirs-scale">{length}<i style="width:{share * 100:.1f}cqw"></i></div>'
    st.html(
        '<p class="mirs-eyebrow">Query</p><div class="mirs-query">'
        f'<img src="{uri}" alt="Query: {escape(name)}">{bar}</div>'
    )


def _facts(facts: list[tuple[str, str]]) -> str:
    rows = "".join(f"<div><dt>{name}</dt><dd>{value}</dd></div>" for name, value in facts)
    return f'<dl class="mirs-facts">{rows}</dl>'
