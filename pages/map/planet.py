"""The map of Mars with tiles, results and overlays, and the actions on it."""

from collections.abc import Iterable, Sequence

import numpy as np
import streamlit as st

from mirs_core.datasets.manifest import INVENTED, STRIP_CENTRE
from mirs_core.mars import geography
from mirs_core.mars.regions import AnyRegion
from mirs_core.retrieval.filters import Filters
from mirs_core.retrieval.search import Searcher
from pages.components.mars_map.mars_map import MapActions, MapContent, ModelHits, mars_map
from pages.components.space_map.space_map import HoverCard, hover_cards
from pages.map import crowds, distances, map_layers, strip_images
from pages.map.map_layers import Layers
from pages.parts import notice, selection, tile_card
from pages.parts.model_results import ModelResults
from pages.shared import loaders, state, words

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
    colouring, codes = crowds.colouring(searcher)
    passing, chosen = crowds.passing(searcher), selection.rows(searcher)
    models = tuple(
        ModelHits(title, colour, tuple(_rows(searcher, [hit.id for hit in result.hits])))
        for result, title, colour in results
    )
    content = MapContent(
        view=state.map_view(),
        latitudes=np.empty(0),
        longitudes=np.empty(0),
        codes=codes,
        colouring=colouring,
        subject=_subject(searcher, results),
        models=models,
        query=_query_on_map(searcher),
        plus=_examples(searcher, state.PLUS),
        minus=_examples(searcher, state.MINUS),
        collected=tuple(_rows(searcher, layers.collected)),
        strips=layers.strips,
        passing=passing,
        chosen=chosen,
        region=state.region(),
        box=None if state.drawn() == state.region() else state.drawn(),
        heat=layers.heat,
        similarity=layers.similarity,
        images=strip_images.subject(searcher),
        frame=layers.frame,
        pin=layers.pin,
        tag=_tag(searcher),
        about=_about(searcher),
        as_west=state.west(),
    )
    mars_map(
        KEY,
        crowds.placed(searcher, content),
        MapActions(
            pick=lambda row: state.choose_tile(items.ids[row]),
            gather=lambda rows: select(items.ids.take(rows).tolist()),
            box=lambda region: _drawn(searcher, region),
            strip=lambda name: map_layers.choose_strip(searcher, name),
            refused=notice.fail,
        ),
    )
    _cards(searcher, results)
    if crowds.is_crowd(searcher):
        crowds.answer(searcher)
    if content.images:
        strip_images.answer(searcher)


def select(tiles: Iterable[str]) -> None:
    """Selects tiles, which are shown below the map."""
    st.session_state[state.CHOSEN] = list(tiles)
    state.keep_drawn(None)


def _drawn(searcher: Searcher, region: AnyRegion | None) -> None:
    items = searcher.items
    select([] if region is None else items.ids.take(Filters(region=region).rows(items)).tolist())
    state.keep_drawn(region)


def _query_row(searcher: Searcher) -> int | None:
    tile = state.tile()
    if tile is None or not searcher.items.has(tile):
        return None
    return searcher.items.row(tile)


def _query_on_map(searcher: Searcher) -> int | None:
    row = _query_row(searcher)
    return None if row is None or distances.place_of(searcher.items, row) is None else row


def _rows(searcher: Searcher, tiles: Sequence[str]) -> list[int]:
    rows = searcher.items.rows_of(tiles)
    present: list[int] = rows[rows >= 0].tolist()
    return present


def _examples(searcher: Searcher, key: str) -> tuple[int, ...]:
    return tuple(_rows(searcher, st.session_state.get(key) or ()))


def _subject(searcher: Searcher, results: Sequence[tuple[ModelResults, str, str]]) -> str:
    runs = [result.searcher.summary.id for result, _, _ in results]
    query = results[0][0].query.content if results else "none"
    longitudes, turn = "W" if state.west() else "E", str(loaders.files_turn())
    return " ".join(["mars", searcher.summary.id, *runs, query, longitudes, turn])


def _tag(searcher: Searcher) -> str:
    kinds = searcher.items.places.counts()
    if searcher.card.synthetic or INVENTED in kinds:
        return _SYNTHETIC
    return _CENTRES if STRIP_CENTRE in kinds else ""


def _about(searcher: Searcher) -> str:
    items = searcher.items
    placed = int(np.count_nonzero(items.latitudes.present() & items.longitudes.present()))
    return (
        f"Map of Mars with {placed:,} tiles. Arrow keys pan, plus and minus zoom, Enter opens the"
        " tile or group nearest to the crosshair, B sets the first and then the second corner of a"
        " box, C the centre and then the rim of a circle, P each corner of a polygon that Enter"
        " closes, Escape removes them."
        + (" Where tiles are many, their density is drawn." if crowds.is_crowd(searcher) else "")
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
    location = words.location(searcher, tile)
    if location.text:
        lines.append(f"{location.name}: {location.text}")
    return tile_card.card(searcher, row, lines)


def _kilometres(searcher: Searcher, row: int) -> str:
    query = _query_row(searcher)
    if query is None or query == row:
        return ""
    start, end = (distances.place_of(searcher.items, at) for at in (query, row))
    if start is None or end is None:
        return ""
    return f"{float(geography.distance_km(*start, *end)):,.0f} km from the query"
