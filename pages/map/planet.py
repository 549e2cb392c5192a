"""The map of Mars with tiles, results and overlays, and the actions on it."""

from collections.abc import Iterable, Sequence

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from mirs_core.datasets.manifest import INVENTED, STRIP_CENTRE
from mirs_core.landform_map import spread
from mirs_core.mars import geography
from mirs_core.mars.geography import Region
from mirs_core.retrieval.search import Searcher
from pages.components.mars_map.mars_map import MapActions, MapContent, ModelHits, mars_map
from pages.components.space_map.space_map import HoverCard, hover_cards
from pages.map import map_layers
from pages.map.map_layers import Layers
from pages.parts import filter_panel, selection, tile_card
from pages.parts.model_results import ModelResults
from pages.shared import loaders, state, words
from pages.space import space_colours

KEY, _CARDS = "mirs.mars.map", "mirs.mars.peek"
_SYNTHETIC, _CENTRES = "Synthetic coordinates", "Coordinates: strip centres"


def draw(
    searcher: Searcher, results: Sequence[tuple[ModelResults, str, str]], layers: Layers
) -> None:
    """Draws the map.

    Args:
        searcher: of the first model, whose tiles are on the map.
        results: results, title and colour of each model.
        layers: overlays besides tiles and results.
    """
    items = searcher.items
    latitudes, longitudes = spread.places(items)
    colouring, codes = space_colours.colouring(
        "Landform class", [searcher.summary.id], [searcher], [np.arange(len(items), dtype=np.int64)]
    )
    query = _query_row(searcher)
    mars_map(
        KEY,
        MapContent(
            view=state.map_view(),
            latitudes=latitudes,
            longitudes=longitudes,
            codes=codes[0],
            colouring=colouring,
            subject=_subject(searcher, results),
            models=tuple(
                ModelHits(title, colour, tuple(_rows(searcher, [hit.id for hit in result.hits])))
                for result, title, colour in results
            ),
            query=query if query is not None and np.isfinite(latitudes[query]) else None,
            plus=_examples(searcher, state.PLUS),
            minus=_examples(searcher, state.MINUS),
            collected=tuple(_rows(searcher, layers.collected)),
            strips=layers.strips,
            passing=_passing(searcher),
            chosen=selection.rows(searcher),
            region=state.region(),
            box=None if box() == state.region() else box(),
            heat=layers.heat,
            frame=layers.frame,
            tag=_tag(searcher),
            about=_about(searcher, latitudes),
            as_west=state.west(),
        ),
        MapActions(
            pick=lambda row: state.choose_tile(items.ids[row]),
            gather=lambda rows: select(items.ids[row] for row in rows),
            box=lambda region: _boxed(searcher, region),
            strip=lambda name: map_layers.choose_strip(searcher, name),
        ),
    )
    _cards(searcher, results)


def box() -> Region | None:
    """The box drawn on the map."""
    edges = st.session_state.get(state.BOX)
    return Region(*edges) if edges else None


def select(tiles: Iterable[str]) -> None:
    """Selects tiles, which are shown below the map."""
    st.session_state[state.CHOSEN] = list(tiles)
    st.session_state.pop(state.BOX, None)


def _boxed(searcher: Searcher, region: Region | None) -> None:
    items = searcher.items
    inside: Sequence[int] | NDArray[np.int64]
    inside = [] if region is None else np.flatnonzero(region.contains(*spread.places(items)))
    select([items.ids[row] for row in inside])
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
    passing[filter_panel.selected(searcher).rows(searcher.items)] = True
    return passing


def _subject(searcher: Searcher, results: Sequence[tuple[ModelResults, str, str]]) -> str:
    runs = [result.searcher.summary.id for result, _, _ in results]
    query = results[0][0].query.content if results else "none"
    longitudes, turn = "W" if state.west() else "E", str(loaders.files_turn())
    return " ".join(["mars", searcher.summary.id, *runs, query, longitudes, turn])


def _tag(searcher: Searcher) -> str:
    if searcher.card.synthetic or INVENTED in searcher.items.places:
        return _SYNTHETIC
    return _CENTRES if STRIP_CENTRE in searcher.items.places else ""


def _about(searcher: Searcher, latitudes: NDArray[np.float64]) -> str:
    placed = int(np.isfinite(latitudes).sum())
    return (
        f"Map of Mars with {placed:,} tiles. Arrow keys pan, plus and minus zoom, Enter opens the"
        " tile or group nearest to the crosshair, B sets the first and then the second corner of a"
        " box, Escape removes it."
    )


@st.fragment
def _cards(searcher: Searcher, results: Sequence[tuple[ModelResults, str, str]]) -> None:
    """Answers requests for hover cards in a fragment, without rerunning the page."""
    subject = _subject(searcher, results)
    hover_cards(_CARDS, subject, len(searcher.items), lambda row: _card(searcher, results, row))


def _card(
    searcher: Searcher, results: Sequence[tuple[ModelResults, str, str]], row: int
) -> HoverCard:
    items = searcher.items
    tile = items.ids[row]
    lines = []
    for result, title, _ in results:
        archive = result.searcher.items
        own_row = archive.row(tile) if archive.has(tile) else -1
        if distance := tile_card.distance(result.searcher, result.query, own_row):
            lines.append(f"{title}: {distance}" if len(results) > 1 else distance)
    if kilometres := _kilometres(searcher, row):
        lines.append(kilometres)
    if location := words.location(searcher, tile):
        lines.append(f"{words.location_name(searcher, tile)}: {location}")
    return tile_card.card(searcher, row, lines)


def _kilometres(searcher: Searcher, row: int) -> str:
    query = _query_row(searcher)
    if query is None or query == row:
        return ""
    latitudes, longitudes = spread.places(searcher.items)
    distance = geography.distance_km(
        latitudes[query], longitudes[query], latitudes[row], longitudes[row]
    )
    return f"{float(distance):,.0f} km from the query" if np.isfinite(distance) else ""
