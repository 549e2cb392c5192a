"""The map of the page: which tiles, whose results, and what was clicked, boxed or opened on it."""

from collections.abc import Iterable, Sequence

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from mirs_core.datasets.manifest import INVENTED, STRIP_CENTRE
from mirs_core.landform_map import spread
from mirs_core.mars import geography
from mirs_core.mars.geography import Region
from mirs_core.retrieval.search import Searcher
from pages.components.mars_map.mars_map import Acts, Found, Shown, mars_map
from pages.components.space_map.space_map import Peek, peek
from pages.map import layers as map_layers
from pages.map.layers import Layers
from pages.parts import chosen as chosen_part
from pages.parts import filters as filters_part
from pages.parts import tile_card
from pages.parts.answers import Answer
from pages.shared import state, words
from pages.space import space_colours

KEY, _PEEK = "mirs.mars.map", "mirs.mars.peek"
_INVENTED, _CENTRES = "Invented places", "Places: centres of strips"


def draw(searcher: Searcher, found: Sequence[tuple[Answer, str, str]], layers: Layers) -> None:
    """Draws the map.

    Args:
        searcher: of the first model; its tiles are on the map.
        found: the answer, title and colour of each model.
        layers: what was asked for besides tiles and results.
    """
    items = searcher.items
    latitudes, longitudes = spread.places(items)
    colouring, codes = space_colours.colouring(
        "Landform", [searcher.summary.id], [searcher], [np.arange(len(items), dtype=np.int64)]
    )
    query = _query_row(searcher)
    mars_map(
        KEY,
        Shown(
            view=state.map_view(),
            latitudes=latitudes,
            longitudes=longitudes,
            codes=codes[0],
            colouring=colouring,
            subject=_subject(searcher, found),
            found=tuple(
                Found(title, colour, tuple(_rows(searcher, [hit.id for hit in answer.hits])))
                for answer, title, colour in found
            ),
            query=query if query is not None and np.isfinite(latitudes[query]) else None,
            plus=_examples(searcher, state.PLUS),
            minus=_examples(searcher, state.MINUS),
            kept=tuple(_rows(searcher, layers.kept)),
            strips=layers.strips,
            passing=_passing(searcher),
            chosen=chosen_part.rows(searcher),
            region=state.region(),
            box=None if box() == state.region() else box(),
            heat=layers.heat,
            frame=layers.frame,
            tag=_tag(searcher),
            about=_about(searcher, latitudes),
            as_west=state.west(),
        ),
        Acts(
            pick=lambda row: state.choose_tile(items.ids[row]),
            gather=lambda rows: choose(items.ids[row] for row in rows),
            box=lambda region: _boxed(searcher, region),
            strip=lambda name: map_layers.choose_strip(searcher, name),
        ),
    )
    _cards(searcher, found)


def box() -> Region | None:
    """The box that was drawn on the map."""
    found = st.session_state.get(state.BOX)
    return Region(*found) if found else None


def choose(tiles: Iterable[str]) -> None:
    """Chooses tiles; they stand below the map."""
    st.session_state[state.CHOSEN] = list(tiles)
    st.session_state.pop(state.BOX, None)


def _boxed(searcher: Searcher, region: Region | None) -> None:
    items = searcher.items
    inside: Sequence[int] | NDArray[np.int64]
    inside = [] if region is None else np.flatnonzero(region.contains(*spread.places(items)))
    choose([items.ids[row] for row in inside])
    if region is not None:
        st.session_state[state.BOX] = region.values()


def _query_row(searcher: Searcher) -> int | None:
    tile = state.tile()
    if state.upload() is not None or tile is None or not searcher.items.has(tile):
        return None
    return searcher.items.row(tile)


def _rows(searcher: Searcher, tiles: Sequence[str]) -> list[int]:
    return [searcher.items.row(tile) for tile in tiles if searcher.items.has(tile)]


def _examples(searcher: Searcher, key: str) -> tuple[int, ...]:
    return tuple(_rows(searcher, st.session_state.get(key) or ()))


def _passing(searcher: Searcher) -> NDArray[np.bool_] | None:
    if not state.is_filtered():
        return None
    passing = np.zeros(len(searcher.items), dtype=bool)
    passing[filters_part.wanted(searcher).rows(searcher.items)] = True
    return passing


def _subject(searcher: Searcher, found: Sequence[tuple[Answer, str, str]]) -> str:
    runs = [answer.searcher.summary.id for answer, _, _ in found]
    query = found[0][0].query.content if found else "none"
    return " ".join(["mars", searcher.summary.id, *runs, query, "W" if state.west() else "E"])


def _tag(searcher: Searcher) -> str:
    if searcher.card.synthetic or INVENTED in searcher.items.places:
        return _INVENTED
    return _CENTRES if STRIP_CENTRE in searcher.items.places else ""


def _about(searcher: Searcher, latitudes: NDArray[np.float64]) -> str:
    placed = int(np.isfinite(latitudes).sum())
    return (
        f"Map of Mars with {placed:,} tiles. Arrow keys move it, plus and minus zoom, Enter opens"
        " what is nearest to the cross in its middle, B sets one corner of a box there and then the"
        " other, Escape takes it away."
    )


@st.fragment
def _cards(searcher: Searcher, found: Sequence[tuple[Answer, str, str]]) -> None:
    """What the pointer asks for is answered in a run of its own, without the rest of the page."""
    subject = _subject(searcher, found)
    peek(_PEEK, subject, len(searcher.items), lambda row: _card(searcher, found, row))


def _card(searcher: Searcher, found: Sequence[tuple[Answer, str, str]], row: int) -> Peek:
    items = searcher.items
    tile = items.ids[row]
    lines = []
    for answer, title, _ in found:
        there = answer.searcher.items
        own = there.row(tile) if there.has(tile) else -1
        if said := tile_card.away(answer.searcher, answer.query, own):
            lines.append(f"{title}: {said}" if len(found) > 1 else said)
    if kilometres := _kilometres(searcher, row):
        lines.append(kilometres)
    if place := words.place(searcher, tile):
        lines.append(f"{words.place_name(searcher, tile)}: {place}")
    return tile_card.card(searcher, row, lines)


def _kilometres(searcher: Searcher, row: int) -> str:
    query = _query_row(searcher)
    if query is None or query == row:
        return ""
    latitudes, longitudes = spread.places(searcher.items)
    away = geography.distance_km(
        latitudes[query], longitudes[query], latitudes[row], longitudes[row]
    )
    return f"{float(away):,.0f} km from the query" if np.isfinite(away) else ""
