"""What is laid over the map besides tiles and results: strips, a collection, a density."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import streamlit as st

from mirs_core.landform_map import spread
from mirs_core.retrieval.search import Searcher
from mirs_core.workspace import collections as collected
from mirs_core.workspace.home import Home
from pages.components.mars_map.mars_map import Frame, Heat, Strip
from pages.parts import filters as filters_part
from pages.shared import loaders, state, words

COLLECTION, DENSITY = "mirs.map.collection", "mirs.map.density"
_VIEWS = {"global": "Global", "north": "North pole", "south": "South pole"}
_WEST_HELP = "Longitudes as degrees west, all over the app. Exports stay east, 0 to 360."
_DENSITY_HELP = (
    "Where tiles of a landform lie close together: each is spread by the same 6 degrees, at all"
    " latitudes alike, of those that the filters let through. It shows where this data set has"
    " tiles, not where Mars has landforms."
)


@dataclass(frozen=True, slots=True)
class Layers:
    """What was asked for.

    Attributes:
        kept: the tiles of a collection.
        strips: all strips with a place.
        heat: the density of a landform.
        frame: what the view is brought to.
    """

    kept: tuple[str, ...] = ()
    strips: tuple[Strip, ...] = ()
    heat: Heat | None = None
    frame: Frame | None = None


def draw(searcher: Searcher) -> Layers:
    """Draws the choices above the map."""
    strips = _strips(searcher)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        if st.session_state.get(state.MAP) not in state.MAPS:
            st.session_state[state.MAP] = state.MAPS[0]
        st.segmented_control(
            "View", state.MAPS, format_func=_VIEWS.__getitem__, key=state.MAP, required=True
        )
        kept = _collection(searcher)
        label = _density(searcher)
        named = [strip.name for strip in strips]
        if st.session_state.get(state.FRAMED) not in named:
            st.session_state[state.FRAMED] = None
        elif state.CHOSEN not in st.session_state:
            # A link names the strip alone.
            _strip_chosen(searcher)
        st.selectbox(
            "Strip",
            named,
            key=state.FRAMED,
            placeholder="Choose one to frame it",
            on_change=_strip_chosen,
            args=(searcher,),
            disabled=not named,
            width=230,
        )
        st.toggle("West longitudes", key=state.WEST, help=_WEST_HELP)
    return Layers(kept, strips, _heat(searcher, label), _frame(searcher, strips))


def _collection(searcher: Searcher) -> tuple[str, ...]:
    data = str(st.session_state.get(state.DATA) or "")
    known = {
        one.id: one
        for one in collected.list_all(Home.current(), data)
        if one.error is None and one.tiles
    }
    if not known:
        return ()
    if st.session_state.get(COLLECTION) not in known:
        st.session_state[COLLECTION] = None
    chosen = st.selectbox(
        "Collection",
        list(known),
        format_func=lambda one: f"{known[one].name} ({len(known[one].tiles)})",
        key=COLLECTION,
        placeholder="None shown",
        width=200,
    )
    return tuple(kept.id for kept in known[chosen].tiles) if chosen else ()


def choose_strip(searcher: Searcher, name: str) -> None:
    """Chooses the tiles of a strip and frames it."""
    st.session_state[state.FRAMED] = name
    _strip_chosen(searcher)


def _strip_chosen(searcher: Searcher) -> None:
    name = st.session_state.get(state.FRAMED)
    items = searcher.items
    st.session_state[state.CHOSEN] = [
        tile for tile, strip in zip(items.ids, items.strips, strict=True) if name and strip == name
    ]
    st.session_state.pop(state.BOX, None)


def _frame(searcher: Searcher, strips: Sequence[Strip]) -> Frame | None:
    """The outline of the strip that was chosen, or the places of its tiles."""
    name = st.session_state.get(state.FRAMED)
    strip = next((one for one in strips if one.name == name), None)
    if strip is None:
        return None
    if strip.ring:
        return Frame(strip.name, tuple((lat, lon) for lon, lat in strip.ring))
    latitudes, longitudes = spread.places(searcher.items)
    own = np.array([one == name for one in searcher.items.strips]) & np.isfinite(latitudes)
    places = np.unique(np.stack([latitudes[own], longitudes[own]], axis=1), axis=0)
    return Frame(strip.name, tuple((float(lat), float(lon)) for lat, lon in places))


def _strips(searcher: Searcher) -> tuple[Strip, ...]:
    """The strips whose place is known, by name: the middle of their tiles, their outlines."""
    items = searcher.items
    latitudes, longitudes = spread.places(items)
    outlines = loaders.outlines(searcher)
    counts = Counter(strip for strip in items.strips if strip)
    first: dict[str, int] = {}
    for row, strip in enumerate(items.strips):
        if strip and np.isfinite(latitudes[row]):
            first.setdefault(strip, row)
    return tuple(
        Strip(
            name=name,
            lat=float(latitudes[row]),
            lon=float(longitudes[row]),
            count=counts[name],
            ring=_closed(outlines.get(name)),
        )
        for name, row in sorted(first.items())
    )


def _closed(ring: Sequence[tuple[float, float]] | None) -> tuple[tuple[float, float], ...] | None:
    return (*ring, ring[0]) if ring else None


def _density(searcher: Searcher) -> str | None:
    labels = sorted({label for label in searcher.items.labels if label})
    if not labels:
        return None
    if st.session_state.get(DENSITY) not in labels:
        st.session_state[DENSITY] = None
    found = st.selectbox(
        "Density of",
        labels,
        format_func=words.class_name,
        key=DENSITY,
        placeholder="No landform",
        help=_DENSITY_HELP,
        width=190,
    )
    return str(found) if found else None


def _heat(searcher: Searcher, label: str | None) -> Heat | None:
    if label is None:
        return None
    grid = loaders.density(searcher, label, filters_part.wanted(searcher))
    return Heat(f"Density of {words.class_name(label)}", grid)
