"""Map overlays besides tiles and results: strips, a collection, a density."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import streamlit as st

from mirs_core.retrieval.search import Searcher
from mirs_core.workspace import collections
from mirs_core.workspace.home import Home
from pages.components.mars_map.mars_layers import Heat, Similarity
from pages.components.mars_map.mars_map import Frame, Pin, Strip
from pages.map import go_to, query_place, similarity_layer
from pages.parts import filter_panel
from pages.shared import loaders, missing, state, words

COLLECTION, DENSITY = "mirs.map.collection", "mirs.map.density"
_VIEWS = {"global": "Global", "north": "North pole", "south": "South pole"}
_MOST_PLACES, _MOST_NAMES = 1000, 1000
_WEST_HELP = "Show longitudes in degrees west throughout the app. Exports use 0 to 360° E."
_DENSITY_HELP = (
    "Density of the tiles of a landform class that pass the filters, smoothed by 6° at all"
    " latitudes. It shows where this data set has tiles, not where the landform occurs on Mars."
)


@dataclass(frozen=True, slots=True)
class Layers:
    """The selected overlays.

    Attributes:
        collected: tiles of a collection.
        strips: all strips with coordinates.
        heat: density of a landform class.
        frame: area to zoom to.
        pin: a place that was asked for, or that of a georeferenced image.
        similarity: the similarity map of the query.
    """

    collected: tuple[str, ...] = ()
    strips: tuple[Strip, ...] = ()
    heat: Heat | None = None
    frame: Frame | None = None
    pin: Pin | None = None
    similarity: Similarity | None = None


def draw(searcher: Searcher, titles: Mapping[str, str]) -> Layers:
    """Draws the controls above the map; ``titles`` are those of the models by run."""
    strips = _strips(searcher)
    with st.container(horizontal=True, vertical_alignment="bottom", key="mirs-map-controls"):
        if st.session_state.get(state.MAP) not in state.MAPS:
            st.session_state[state.MAP] = state.MAPS[0]
        st.segmented_control(
            "View", state.MAPS, format_func=_VIEWS.__getitem__, key=state.MAP, required=True
        )
        go_to.draw()
        collected = _collection(searcher)
        label = _density(searcher)
        similarity_layer.choose(titles)
        names = [strip.name for strip in strips]
        present = set(names)
        if (framed := st.session_state.get(state.FRAMED)) not in present:
            missing.note(missing.CHOICES, [str(framed)] if framed else [])
            framed = st.session_state[state.FRAMED] = None
        elif state.CHOSEN not in st.session_state:
            # A link only names the strip.
            _strip_chosen(searcher)
        # A browser is sent the first names of very many; others can be typed.
        listed = names[:_MOST_NAMES]
        st.selectbox(
            "Strip",
            listed if framed is None or framed in listed else [framed, *listed],
            key=state.FRAMED,
            accept_new_options=len(names) > _MOST_NAMES,
            placeholder="Zoom to a strip" if len(names) <= _MOST_NAMES else "Name of a strip",
            on_change=_leave_for_strip,
            args=(searcher,),
            disabled=not names,
            width=200,
        )
        st.toggle("West longitudes", key=state.WEST, help=_WEST_HELP)
    go_to.draw_refusal()
    frame, pin = go_to.target() or (_frame(searcher, strips), query_place.pin())
    return Layers(collected, strips, _heat(searcher, label), frame, pin)


def _collection(searcher: Searcher) -> tuple[str, ...]:
    data = str(st.session_state.get(state.DATA) or "")
    by_id = {
        collection.id: collection
        for collection in collections.list_all(Home.current(), data)
        if collection.error is None and collection.tiles
    }
    if not by_id:
        return ()
    if st.session_state.get(COLLECTION) not in by_id:
        st.session_state[COLLECTION] = None
    chosen = st.selectbox(
        "Collection",
        list(by_id),
        format_func=lambda key: f"{by_id[key].name} ({len(by_id[key].tiles)})",
        key=COLLECTION,
        placeholder="None",
        width=200,
    )
    return tuple(tile.id for tile in by_id[chosen].tiles) if chosen else ()


def choose_strip(searcher: Searcher, name: str) -> None:
    """Selects the tiles of a strip and zooms to it."""
    st.session_state[state.FRAMED] = name
    _leave_for_strip(searcher)


def _leave_for_strip(searcher: Searcher) -> None:
    go_to.leave()
    _strip_chosen(searcher)


def _strip_chosen(searcher: Searcher) -> None:
    name = st.session_state.get(state.FRAMED)
    items = searcher.items
    tiles = items.ids.take(items.strips.rows_with(name)).tolist() if name else []
    st.session_state[state.CHOSEN] = tiles
    state.keep_drawn(None)


def _frame(searcher: Searcher, strips: Sequence[Strip]) -> Frame | None:
    """The outline of the selected strip, or the locations of its tiles."""
    name = st.session_state.get(state.FRAMED)
    strip = next((strip for strip in strips if strip.name == name), None)
    if strip is None:
        return None
    if strip.ring:
        return Frame(strip.name, tuple((lat, lon) for lon, lat in strip.ring))
    rows = searcher.items.strips.rows_with(name)
    north, east = searcher.items.latitudes.take(rows), searcher.items.longitudes.take(rows)
    pairs = np.stack([np.asarray(north, float), np.mod(np.asarray(east, float), 360)], axis=1)
    places = np.unique(pairs[np.isfinite(pairs).all(axis=1)], axis=0)
    if len(places) > _MOST_PLACES:
        # Its corners; a strip may cross the meridian 0.
        start = places[0, 1]
        turns = np.mod(places[:, 1] - start + 180, 360) - 180
        south, north = places[:, 0].min(), places[:, 0].max()
        places = np.array([[south, start + turns.min()], [north, start + turns.max()]])
    return Frame(strip.name, tuple((float(lat), float(lon)) for lat, lon in places))


def _strips(searcher: Searcher) -> tuple[Strip, ...]:
    """The strips with coordinates, sorted by name: their centres and outlines."""
    outlines = loaders.outlines(searcher)
    return tuple(
        Strip(
            name=place.name,
            lat=place.latitude,
            lon=place.longitude,
            count=place.count,
            ring=_closed(outlines.get(place.name)),
        )
        for place in loaders.strip_places(searcher)
    )


def _closed(ring: Sequence[tuple[float, float]] | None) -> tuple[tuple[float, float], ...] | None:
    return (*ring, ring[0]) if ring else None


def _density(searcher: Searcher) -> str | None:
    labels = sorted(label for label in searcher.items.labels.counts() if label)
    if not labels:
        return None
    if st.session_state.get(DENSITY) not in labels:
        st.session_state[DENSITY] = None
    label = st.selectbox(
        "Density of",
        labels,
        format_func=words.class_name,
        key=DENSITY,
        placeholder="None",
        help=_DENSITY_HELP,
        width=160,
    )
    return str(label) if label else None


def _heat(searcher: Searcher, label: str | None) -> Heat | None:
    if label is None:
        return None
    grid = loaders.density(searcher, label, filter_panel.selected(searcher))
    return Heat(f"Density of {words.class_name(label)}", grid)
