"""A closer look at one tile: large, beside the query, and why a model calls the two similar."""

from collections.abc import Sequence
from html import escape

import streamlit as st

from mirs_core.errors import MirsError
from mirs_core.mars import observations
from mirs_core.retrieval import explanation as similarity
from mirs_core.retrieval.search import Searcher
from pages.parts import keeper, pictures
from pages.parts.answers import Answer
from pages.shared import loaders, state, words

_ASKED = "mirs.closer"
_LOOK_HELP = (
    "Where the evidence for the query's code comes from in each of the two: the last maps of the"
    " encoder, weighted by how much they move the code towards that of the query (Grad-CAM,"
    " Selvaraju et al. 2017). It shows about 7 x 7 places, and nothing of why a place matters."
)


def ask_for(tile_id: str) -> None:
    """Opens the closer look at a tile in the next run."""
    st.session_state[_ASKED] = tile_id


def is_asked_for() -> bool:
    """Whether a closer look was asked for, and is not drawn yet."""
    return _ASKED in st.session_state


def draw(found: Sequence[Answer], upload: state.Upload | None) -> None:
    """Opens the dialog where one was asked for."""
    tile = st.session_state.pop(_ASKED, None)
    if tile is not None and found and found[0].searcher.items.has(tile):
        _dialog(tile, found, upload)


@st.dialog("A closer look", width="large")
def _dialog(tile: str, found: Sequence[Answer], upload: state.Upload | None) -> None:
    answer = found[0]
    is_query = upload is None and tile == state.tile()
    if len(found) > 1:
        titles = [f"{place + 1}. {one.title}" for place, one in enumerate(found)]
        chosen = st.segmented_control(
            "Model", titles, default=titles[min(1, len(titles) - 1)], required=True,
            label_visibility="collapsed",
        )  # fmt: skip
        answer = found[titles.index(str(chosen))]
    looks = st.toggle("Where the encoder looks", help=_LOOK_HELP, key="mirs.closer.looks")
    left, right = st.columns(2, gap="medium")
    with left:
        if is_query:
            _tile(answer, tile, looks, "Query")
        else:
            _query(answer, upload, looks)
            _why(answer, tile)
    with right:
        if not is_query:
            _tile(answer, tile, looks, "")
        st.html(pictures.facts(_facts(answer.searcher, tile)))
        _acts(answer.searcher, tile, is_query)


def _query(answer: Answer, upload: state.Upload | None, looks: bool) -> None:
    if upload is None:
        _tile(answer, state.tile() or "", looks, "Query")
        return
    uri, _, _ = loaders.own_image(upload.data, upload.name)
    if looks:
        uri = _overlay(answer, upload=upload) or uri
    st.html(pictures.picture(uri, upload.name, None))


def _tile(answer: Answer, tile: str, looks: bool, tag: str) -> None:
    searcher = answer.searcher
    items = searcher.items
    row = items.row(tile)
    uri = loaders.picture(searcher, tile, items.contents[row], loaders.LARGE)
    if looks:
        uri = _overlay(answer, tile=tile) or uri
    name = words.class_name(items.labels[row])
    st.html(pictures.picture(uri, name, pictures.scale_bar(searcher, tile), tag))


def _overlay(
    answer: Answer, *, tile: str | None = None, upload: state.Upload | None = None
) -> str | None:
    try:
        if upload is not None:
            return loaders.attention_of_image(answer.searcher, answer.query, upload.data)
        return loaders.attention_of(answer.searcher, answer.query, tile or "")
    except MirsError as error:
        st.caption(words.plain(str(error)))
        return None


def _facts(searcher: Searcher, tile: str) -> list[tuple[str, str]]:
    return [*pictures.about(searcher, tile), ("File", escape(words.file_name(tile)))]


def _acts(searcher: Searcher, tile: str, is_query: bool) -> None:
    with st.container(horizontal=True, gap="small"):
        if not is_query:
            pressed = st.button(
                "Search for tiles like this one",
                type="primary",
                icon=":material/search:",
                on_click=state.choose_tile,
                args=(tile,),
            )
            for sign, name in (("+", "More like this"), ("-", "Less like this")):
                pressed |= st.button(name, on_click=state.mark, args=(tile, sign))
            if pressed:
                st.rerun()
        known = observations.parse(words.file_name(tile))
        if known and known.url and not searcher.card.synthetic:
            st.link_button("Source product", known.url, icon=":material/open_in_new:")
    keeper.draw(searcher, [tile], "closer")


def _why(answer: Answer, tile: str) -> None:
    """The bits that differ, and how near is near in this archive."""
    found = similarity.explain(answer.searcher, answer.query, tile)
    bits, unit = len(found.query_bits), answer.searcher.unit
    if bits:
        away = f"**{found.distance:.0f} of {bits} bits differ.**"
        usual = f"{found.usual:.0f}"
    else:
        away, usual = (
            f"**{unit.capitalize()} distance {found.distance:.2f}.**",
            f"{found.usual:.2f}",
        )
    st.markdown(
        f"{away} The other tiles of this run are {usual} away on average;"
        f" {found.closer:.1%} of them are farther than this one."
        f" {found.shared} of the ten tiles nearest to each of the two are the same."
    )
    if bits:
        st.html(_strip(found))
        st.caption(
            "One column a bit: the query above, this tile below; those that differ stand out."
        )


def _strip(found: similarity.Explanation) -> str:
    cells = "".join(
        f'<i class="{"on" if one else "off"} {"on" if other else "off"}2'
        f'{" differs" if one != other else ""}"></i>'
        for one, other in zip(found.query_bits, found.tile_bits, strict=True)
    )
    said = f"{len(found.differing)} of {len(found.query_bits)} bits differ"
    return f'<div class="mirs-bits" role="img" aria-label="{said}">{cells}</div>'
