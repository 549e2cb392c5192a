"""The tiles of the map: sent whole if they are few, else what of them is in view."""

import hashlib
from dataclasses import replace

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from mirs_core.landform_map.ground import LEVELS, Area
from mirs_core.retrieval.search import Searcher
from pages.components.mars_map.mars_map import MapContent
from pages.components.mars_map.mars_sight import Crowd, SightOfTiles, sights
from pages.components.space_map.space_map import Codes, Colouring
from pages.parts import filter_panel, selection
from pages.shared import loaders, state
from pages.shared.loaders.runs import changed_at
from pages.space import space_colours

_SIGHTS = "mirs.mars.sights"
# So many selected tiles are drawn over a density.
_MOST_CHOSEN = 5_000


def is_crowd(searcher: Searcher) -> bool:
    """Whether a set has too many tiles for all of them to be sent."""
    return len(searcher.items) > loaders.SINGLY


def colouring(searcher: Searcher) -> tuple[Colouring, Codes]:
    """The landform classes as a legend, and the palette index (N,) of each tile."""
    run = searcher.summary.id
    return _colouring(run, changed_at(searcher.home, run), searcher)


@st.cache_resource(max_entries=4, show_spinner=False)
def _colouring(run_id: str, changed: int, _searcher: Searcher) -> tuple[Colouring, Codes]:
    every = np.arange(len(_searcher.items), dtype=np.int64)
    legend, codes = space_colours.colouring("Landform class", [run_id], [_searcher], [every])
    return legend, codes[0]


def passing(searcher: Searcher) -> NDArray[np.bool_] | None:
    """Which tiles (N,) pass the filters; None without filters."""
    if not state.is_filtered():
        return None
    mask = filter_panel.selected(searcher).mask(searcher.items)
    return np.ones(len(searcher.items), dtype=bool) if mask is None else mask


def placed(searcher: Searcher, content: MapContent) -> MapContent:
    """The content of the map with the coordinates of the tiles that are sent."""
    items = searcher.items
    rows = _marked(content) if is_crowd(searcher) else np.arange(len(items), dtype=np.int64)
    latitudes = np.asarray(items.latitudes.take(rows), dtype=np.float64)
    longitudes = np.mod(np.asarray(items.longitudes.take(rows), dtype=np.float64), 360)
    present = np.isfinite(latitudes) & np.isfinite(longitudes)
    latitudes = np.where(present, latitudes, np.nan)
    longitudes = np.where(present, longitudes, np.nan)
    if not is_crowd(searcher):
        return replace(content, latitudes=latitudes, longitudes=longitudes)
    run, chosen = searcher.summary.id, content.chosen
    return replace(
        content,
        latitudes=latitudes,
        longitudes=longitudes,
        codes=content.codes[rows],
        passing=None if content.passing is None else content.passing[rows],
        chosen=None if chosen is None else np.intersect1d(chosen, rows, assume_unique=True),
        crowd=Crowd(
            tiles=f"{run} {changed_at(searcher.home, run)}",
            subject=_subject(searcher),
            rows=rows,
            count=len(items),
            whole=_sight(searcher, Area.whole(content.view), ()),
            levels=LEVELS,
        ),
    )


def _marked(content: MapContent) -> NDArray[np.int64]:
    """The rows of results, query, examples, collected and selected tiles, ascending."""
    hits = [row for model in content.models for row in model.hits]
    query = [] if content.query is None else [content.query]
    rows = [*hits, *query, *content.plus, *content.minus, *content.collected]
    if content.chosen is not None and len(content.chosen) <= _MOST_CHOSEN:
        rows += content.chosen.tolist()
    return np.unique(np.array(rows, dtype=np.int64))


def _subject(searcher: Searcher) -> str:
    """What sights depend on: the tiles, the filters and the selection."""
    run, chosen = searcher.summary.id, selection.rows(searcher)
    digest = hashlib.blake2b(digest_size=9)
    digest.update(f"{run} {changed_at(searcher.home, run)}".encode())
    digest.update(repr(filter_panel.selected(searcher)).encode())
    digest.update(b"" if chosen is None else chosen.tobytes())
    return digest.hexdigest()


@st.fragment
def answer(searcher: Searcher) -> None:
    """Answers requests for what is in view in a fragment, without rerunning the page."""
    legend, _ = colouring(searcher)
    sights(
        _SIGHTS,
        _subject(searcher),
        len(legend.palette),
        lambda area, hidden: _sight(searcher, area, hidden),
    )


def _sight(searcher: Searcher, area: Area, hidden: tuple[int, ...]) -> SightOfTiles:
    _, codes = colouring(searcher)
    seen = loaders.sight(searcher, area, filter_panel.selected(searcher), hidden, codes)
    if seen.rows is None:
        return SightOfTiles(area, hidden, counts=seen.counts)
    rows, chosen, items = seen.rows, selection.rows(searcher), searcher.items
    return SightOfTiles(
        area,
        hidden,
        rows=rows,
        latitudes=np.asarray(items.latitudes.take(rows), dtype=np.float64),
        longitudes=np.mod(np.asarray(items.longitudes.take(rows), dtype=np.float64), 360),
        codes=codes[rows],
        chosen=np.zeros(len(rows), bool) if chosen is None else np.isin(rows, chosen),
    )
