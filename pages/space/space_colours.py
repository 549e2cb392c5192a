"""The colours of points on the projections and the map: categories or a scale."""

from collections import Counter
from collections.abc import Sequence

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from mirs_core.datasets.items import Items
from mirs_core.errors import MirsError
from mirs_core.hash_space import code_clusters, tile_values
from mirs_core.hash_space.tile_values import Measure
from mirs_core.mars.landforms import describe
from mirs_core.retrieval.search import Searcher
from pages.components.space_map.space_map import Codes, Colouring
from pages.shared import loaders, missing, state, words

_OF_MODEL = ("Cluster", "Inter-class group", "Code density", "Purity", "Top-k error rate",
             "Tiles sharing its code")  # fmt: skip
_OF_TILE = ("Landform class", "Landform group", "Split", "Strip", "Latitude")
_HELP = (
    "Cluster: k-means of the codes of the first model. Inter-class group: k-means after"
    " standardising each class, as for inter-class triplets. Code density: mean distance to the 10"
    " nearest neighbours. Purity: fraction of the 10 nearest neighbours in the tile's own class,"
    " ties broken at random. Top-k error rate: fraction of other classes among the 64 nearest"
    " archive tiles."
)
_ROLE_COLOURS = {"archive": "#0f7d6e", "train": "#c2451f", "val": "#d6a24a", "test": "#5b74c9"}
_NONE = "#8c837b"
_RAMP = ("#3b3f8f", "#7a3f97", "#b0457a", "#d96a55", "#f0a13c")
_STEPS = 48


def choice(searcher: Searcher) -> str:
    """Draws the selection of what the colours show; returns it."""
    items = searcher.items
    labelled = any(items.labels)
    unavailable = {
        "Strip": not any(items.strips),
        "Latitude": not any(latitude is not None for latitude in items.latitudes),
        **dict.fromkeys(
            ("Landform class", "Landform group", "Purity", "Top-k error rate"), not labelled
        ),
        "Inter-class group": len({label for label in items.labels if label}) < 3,
    }
    options = [name for name in (*_OF_TILE, *_OF_MODEL) if not unavailable.get(name)]
    if (colour := st.session_state.get(state.COLOUR)) not in options:
        missing.note(missing.CHOICES, [str(colour)] if colour else [])
        st.session_state[state.COLOUR] = options[0]
    return str(st.selectbox("Colour by", options, key=state.COLOUR, help=_HELP, width=260))


def colouring(
    mode: str,
    run_ids: Sequence[str],
    searchers: Sequence[Searcher],
    orders: Sequence[NDArray[np.int64]],
) -> tuple[Colouring, list[Codes]]:
    """The legend, and for each map the palette index (N,) of its points.

    Args:
        run_ids: of the maps; the points are the tiles of the first.
        orders: for each map, the rows of these tiles in it; -1 where it lacks the tile.
    """
    if mode in {"Cluster", "Inter-class group"}:
        return _numbered(mode, run_ids[0], searchers[0], len(run_ids))
    if mode in _OF_TILE and mode != "Latitude":
        return _named(mode, searchers[0].items, len(run_ids))
    columns = [
        _reordered(_values(mode, run, searcher), order)
        for run, searcher, order in zip(run_ids, searchers, orders, strict=True)
    ]
    return _scaled(mode, columns)


def _reordered(values: NDArray[np.float64], order: NDArray[np.int64]) -> NDArray[np.float64]:
    return np.where(order >= 0, values[order], np.nan)


def _values(mode: str, run_id: str, searcher: Searcher) -> NDArray[np.float64]:
    return tile_values.values(
        _MEASURES[mode],
        searcher.retriever,
        neighbours=lambda: loaders.neighbourhoods(run_id),
        errors=lambda: loaders.top_k_errors(run_id, tile_values.TOP_K),
    )


_MEASURES: dict[str, Measure] = {
    "Latitude": "latitude",
    "Top-k error rate": "top-k error rate",
    "Purity": "purity",
    "Code density": "mean distance",
    "Tiles sharing its code": "shared code",
}
_TITLES = {
    "Latitude": ("{:.0f}°", "degrees north"),
    "Top-k error rate": ("{:.0%}", "of the 64 nearest tiles in other classes"),
    "Purity": ("{:.0%}", "of the 10 nearest neighbours in its class"),
    "Code density": ("{:.3g}", "mean distance to the 10 nearest neighbours"),
    "Tiles sharing its code": ("{:.0f}", "tiles with the same code"),
}


def _scaled(mode: str, columns: list[NDArray[np.float64]]) -> tuple[Colouring, list[Codes]]:
    """One scale for all maps, or one each where their units differ."""
    log_scale = mode == "Tiles sharing its code"
    form, title = _TITLES[mode]
    values = [np.log2(column) if log_scale else column for column in columns]
    separate = mode == "Code density" and len(values) > 1
    bounds = [_bounds(values if not separate else [column]) for column in values]
    codes = []
    for column, (low, high) in zip(values, bounds, strict=True):
        step = (column - low) / (high - low) * (_STEPS - 1) if high > low else column * 0
        codes.append(
            np.where(np.isfinite(step), np.nan_to_num(step).round(), _STEPS).astype(np.uint16)
        )
    low, high = (float(2**bound if log_scale else bound) for bound in bounds[0])
    return Colouring(
        id=mode,
        palette=(*_ramp(), _NONE),
        low="nearest" if separate else form.format(low),
        high="farthest" if separate else form.format(high),
        title=title + (", separate scale for each map" if separate else ""),
    ), codes


def _bounds(columns: Sequence[NDArray[np.float64]]) -> tuple[float, float]:
    finite = np.concatenate([column[np.isfinite(column)] for column in columns])
    return (float(finite.min()), float(finite.max())) if len(finite) else (0.0, 0.0)


def _ramp() -> list[str]:
    stops = np.array(
        [[int(colour[i : i + 2], 16) for i in (1, 3, 5)] for colour in _RAMP], dtype=float
    )
    places = np.linspace(0, len(stops) - 1, _STEPS)
    mixed = [np.interp(places, np.arange(len(stops)), stops[:, channel]) for channel in range(3)]
    return [f"#{round(r):02x}{round(g):02x}{round(b):02x}" for r, g, b in zip(*mixed, strict=True)]


def _named(mode: str, items: Items, maps: int) -> tuple[Colouring, list[Codes]]:
    names, colours = _names(mode, items)
    return _grouped(mode, names, colours, maps)


def _names(mode: str, items: Items) -> tuple[list[str], dict[str, str]]:
    """The category of each tile in a mode, and the colour of each category."""
    if mode == "Split":
        colours = {words.SPLITS[role]: colour for role, colour in _ROLE_COLOURS.items()}
        return [words.SPLITS[role] for role in items.roles], colours
    if mode == "Strip":
        strips = [strip or "unknown" for strip in items.strips]
        return strips, {strip: describe(strip).colour for strip in set(strips)}
    landforms = [describe(label) if label else None for label in items.labels]
    if mode == "Landform group":
        colours = {form.group: form.colour for form in reversed(landforms) if form}
        return [form.group if form else "Not labelled" for form in landforms], colours
    colours = {form.name: form.colour for form in landforms if form}
    return [form.name if form else "Not labelled" for form in landforms], colours


def _numbered(
    mode: str, run_id: str, searcher: Searcher, maps: int
) -> tuple[Colouring, list[Codes]]:
    try:
        numbers = (
            loaders.clustering(run_id, code_clusters.default_count(searcher.retriever)).numbers
            if mode == "Cluster"
            else loaders.inter_class_groups(run_id)
        )
    except MirsError as error:
        st.caption(words.plain(str(error)))
        numbers = np.full(len(searcher.items), -1)
    width = len(str(int(numbers.max(initial=0)) + 1))
    prefix = "Cluster" if mode == "Cluster" else "Group"
    names = [f"{prefix} {number + 1:0{width}d}" if number >= 0 else "None" for number in numbers]
    colours = {name: describe(f"{mode} {name} hue").colour for name in set(names)}
    return _grouped(mode, names, colours, maps, by_name=True)


def _grouped(
    mode: str, names: Sequence[str], colours: dict[str, str], maps: int, by_name: bool = False
) -> tuple[Colouring, list[Codes]]:
    counts = Counter(names)
    ordered = sorted(counts, key=lambda name: (0 if by_name else -counts[name], name))
    place = {name: number for number, name in enumerate(ordered)}
    codes = np.array([place[name] for name in names], dtype=np.uint16)
    legend = Colouring(
        id=mode,
        palette=tuple(colours.get(name, _NONE) for name in ordered),
        names=tuple(ordered),
        counts=tuple(counts[name] for name in ordered),
    )
    return legend, [codes] * maps
