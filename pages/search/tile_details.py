"""The dialog of one tile: enlarged beside the query, with an explanation of their distance."""

from collections.abc import Sequence
from dataclasses import replace
from html import escape

import streamlit as st

from mirs_core.errors import MirsError
from mirs_core.mars import observations
from mirs_core.retrieval import explanation
from mirs_core.retrieval.search import Searcher
from pages.parts import add_to_collection, label_editor, pictures, stale_tile, tile_card
from pages.parts.model_results import ModelResults
from pages.shared import loaders, state, words

_REQUESTED = "mirs.closer"
_ATTENTION_HELP = (
    "Which parts of each tile drive the similarity: the encoder's last feature maps, weighted by"
    " how strongly they pull the code towards the query's (Grad-CAM, Selvaraju et al. 2017). The"
    " resolution is about 7 x 7 cells, and the map does not explain why a region matters."
)


def request(tile_id: str) -> None:
    """Opens the dialog of a tile on the next rerun."""
    st.session_state[_REQUESTED] = tile_id


def is_requested() -> bool:
    """Whether a dialog has been requested and not drawn yet."""
    return _REQUESTED in st.session_state


def draw(results: Sequence[ModelResults], source: state.QuerySource) -> None:
    """Opens the dialog if one has been requested."""
    tile = st.session_state.pop(_REQUESTED, None)
    if tile is not None and results and results[0].searcher.items.has(tile):
        _dialog(tile, results, source)


@st.dialog("Tile details", width="large")
def _dialog(tile: str, results: Sequence[ModelResults], source: state.QuerySource) -> None:
    result = results[0]
    is_query = tile == source.tile_id
    if len(results) > 1:
        titles = [f"{number}. {model.title}" for number, model in enumerate(results, 1)]
        chosen = st.segmented_control(
            "Model", titles, default=titles[min(1, len(titles) - 1)], required=True,
            label_visibility="collapsed",
        )  # fmt: skip
        result = results[titles.index(str(chosen))]
    attention = st.toggle("Attention map", help=_ATTENTION_HELP, key="mirs.closer.looks")
    left, right = st.columns(2, gap="medium")
    with left:
        if is_query:
            _tile(result, tile, attention, "Query")
        else:
            _query(result, source, attention)
            _explain(result, tile)
    with right:
        if not is_query:
            _tile(result, tile, attention, "")
        st.html(pictures.facts(_facts(result.searcher, tile)))
        label_editor.history(result.searcher, tile, "closer")
        _actions(result.searcher, tile, is_query)


def _query(result: ModelResults, source: state.QuerySource, attention: bool) -> None:
    if source.image is None:
        _tile(result, source.name, attention, "Query")
        return
    uri, _, _ = loaders.own_image(source.image, source.name)
    if attention:
        uri = _overlay(result, image=source.image) or uri
    scale = pictures.scale_of(source.metres)
    st.html(pictures.picture(uri, source.name, scale, mark=source.mark))


def _tile(result: ModelResults, tile: str, attention: bool, tag: str) -> None:
    searcher = result.searcher
    image = loaders.tile_picture(searcher, tile)
    if attention and (overlay := _overlay(result, tile=tile)):
        image = replace(image, uri=overlay)
    name = words.class_name(searcher.items.labels[searcher.items.row(tile)])
    st.html(pictures.of_tile(image, name, pictures.scale_bar(searcher, tile), tag))
    if stale_tile.draw(searcher, tile, f"closer{tag}"):
        st.rerun()


def _overlay(
    result: ModelResults, *, tile: str | None = None, image: bytes | None = None
) -> str | None:
    try:
        if image is not None:
            return loaders.attention_of_image(result.searcher, result.query, image)
        return loaders.attention_of(result.searcher, result.query, tile or "")
    except MirsError as error:
        st.caption(words.plain(str(error)))
        return None


def _facts(searcher: Searcher, tile: str) -> list[tuple[str, str]]:
    return [*pictures.about(searcher, tile), ("File", escape(words.file_name(tile)))]


def _actions(searcher: Searcher, tile: str, is_query: bool) -> None:
    with st.container(horizontal=True, gap="small"):
        if not is_query:
            pressed = st.button(
                "Search with this tile",
                type="primary",
                icon=":material/search:",
                on_click=state.choose_tile,
                args=(tile,),
            )
            for sign, name in (("+", "More like this"), ("-", "Less like this")):
                pressed |= st.button(name, on_click=state.mark, args=(tile, sign))
            if pressed:
                st.rerun()
        product = observations.parse(words.file_name(tile))
        if product and product.url and not searcher.card.synthetic:
            st.link_button("Source product", product.url, icon=":material/open_in_new:")
    with st.container(horizontal=True, gap="small"):
        add_to_collection.draw(searcher, [tile], "closer")
        label_editor.draw(searcher, [tile], "closer")


def _explain(result: ModelResults, tile: str) -> None:
    """The differing bits, and how this distance compares with the rest of the archive."""
    comparison = explanation.explain(result.searcher, result.query, tile)
    plain = replace(result.ranked_by, positives=0, negatives=0)
    digits = 0 if plain.bits else 2
    scored = ""
    if result.query.refined:
        row = result.searcher.items.row(tile)
        scored = f" {tile_card.distance(result.searcher, result.query, row)} with the examples."
    st.markdown(
        f"**{plain.long(comparison.distance)}.**{scored} The mean distance from the query to the"
        f" tiles of this archive is {comparison.mean_distance:.{digits}f};"
        f" {comparison.share_farther:.1%} of them are farther away than this tile."
        f" The query and this tile share {comparison.shared_neighbours} of their 10 nearest"
        " neighbours."
    )
    if plain.bits:
        st.html(_bit_strip(comparison))
        st.caption(
            "One column per bit: query above, this tile below. Differing bits are highlighted."
        )


def _bit_strip(comparison: explanation.Explanation) -> str:
    cells = "".join(
        f'<i class="{"on" if query_bit else "off"} {"on" if tile_bit else "off"}2'
        f'{" differs" if query_bit != tile_bit else ""}"></i>'
        for query_bit, tile_bit in zip(comparison.query_bits, comparison.tile_bits, strict=True)
    )
    summary = f"{len(comparison.differing)} of {len(comparison.query_bits)} bits differ"
    return f'<div class="mirs-bits" role="img" aria-label="{summary}">{cells}</div>'
