"""The colours of points on the projections and the map: categories or a scale."""

from collections.abc import Sequence

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from mirs_core.datasets.items import Items
from mirs_core.errors import MirsError
from mirs_core.hash_space import code_clusters, groups, tile_values
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
_MOST_NAMES = 500
"""The most categories of a legend; the smaller ones are one."""


def choice(searcher: Searcher) -> str:
    """Draws the selection of what the colours show; returns it."""
    items = searcher.items
    classes = groups.names_of(items.labels)
    unavailable = {
        "Strip": not groups.names_of(items.strips),
        "Latitude": not items.latitudes.present().any(),
        **dict.fromkeys(
            ("Landform class", "Landform group", "Purity", "Top-k error rate"), not classes
        ),
        "Inter-class group": len(classes) < 3,
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
        errors=lambda: loaders.top_k_errors(run_id),
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
    sampled = tile_values.sampled(_MEASURES[mode], len(columns[0]))
    return Colouring(
        id=mode,
        palette=(*_ramp(), _NONE),
        low="nearest" if separate else form.format(low),
        high="farthest" if separate else form.format(high),
        title=title
        + (", separate scale for each map" if separate else "")
        + (f"; {sampled:,} of {len(columns[0]):,} sampled" if sampled < len(columns[0]) else ""),
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
    column = {"Split": items.roles, "Strip": items.strips}.get(mode, items.labels)
    words_of, numbers = groups.numbered(column)
    # Of words with one name the first or the last tile decides about the colour.
    rows, first, last = np.arange(len(items)), *np.zeros((2, len(words_of) + 1), dtype=np.int64)
    first[numbers[::-1]], last[numbers] = rows[::-1], rows
    by_first = [words_of[number] for number in np.argsort(first[:-1], kind="stable")]
    by_last = [words_of[number] for number in np.argsort(last[:-1], kind="stable")]
    missing, colours = "Not labelled", {}
    if mode == "Split":
        name_of = {role: words.SPLITS[role] for role in words_of}
        colours = {words.SPLITS[role]: colour for role, colour in _ROLE_COLOURS.items()}
    elif mode == "Strip":
        missing, name_of = "unknown", {strip: strip for strip in words_of}
        colours = {strip: describe(strip).colour for strip in (*words_of, missing)}
    elif mode == "Landform group":
        name_of = {label: describe(label).group for label in words_of}
        colours = {name_of[label]: describe(label).colour for label in reversed(by_first)}
    else:
        name_of = {label: describe(label).name for label in words_of}
        colours = {name_of[label]: describe(label).colour for label in by_last}
    names = list(dict.fromkeys([*name_of.values(), missing]))
    place = {name: number for number, name in enumerate(names)}
    # The last entry is that of tiles without a word.
    places = np.array([*(place[name_of[word]] for word in words_of), place[missing]])
    return _grouped(mode, names, places[numbers], colours, maps)


def _numbered(
    mode: str, run_id: str, searcher: Searcher, maps: int
) -> tuple[Colouring, list[Codes]]:
    count, measured = len(searcher.items), len(searcher.items)
    try:
        if mode == "Cluster":
            clusters = code_clusters.default_count(searcher.retriever)
            numbers = loaders.clustering(run_id, clusters).numbers
            measured = min(count, code_clusters.FITTED)
            note = "Centres fitted to a random sample"
        else:
            numbers = loaders.inter_class_groups(run_id)
            measured = len(loaders.sample(run_id).rows)
            note = "Groups of a random sample"
        if measured < count:
            st.caption(f"{note}: {measured:,} of {count:,} tiles.")
    except MirsError as error:
        st.caption(words.plain(str(error)))
        numbers = np.full(count, -1)
    most = int(numbers.max(initial=0)) + 1
    width = len(str(most))
    prefix = "Cluster" if mode == "Cluster" else "Group"
    names = [*(f"{prefix} {number + 1:0{width}d}" for number in range(most)), "None"]
    colours = {name: describe(f"{mode} {name} hue").colour for name in names}
    # Tiles without a number have the last name.
    places = np.where(numbers >= 0, numbers, most)
    return _grouped(mode, names, places, colours, maps, by_name=True)


def _grouped(
    mode: str,
    names: Sequence[str],
    numbers: NDArray[np.int64],
    colours: dict[str, str],
    maps: int,
    by_name: bool = False,
) -> tuple[Colouring, list[Codes]]:
    """The legend of categories, the largest first, and their places in it.

    Args:
        numbers: (N,) the name of each tile, as a place in ``names``.
    """
    counts = np.bincount(numbers, minlength=len(names)).tolist()
    present = [number for number, count in enumerate(counts) if count]
    ordered = sorted(present, key=lambda n: (0 if by_name else -counts[n], names[n]))
    place = np.zeros(len(names), dtype=np.uint16)
    listed, rest = ordered[:_MOST_NAMES], ordered[_MOST_NAMES:]
    place[listed] = np.arange(len(listed))
    palette = [colours.get(names[number], _NONE) for number in listed]
    labels, sizes = [names[number] for number in listed], [counts[number] for number in listed]
    if rest:
        place[rest] = len(listed)
        palette.append(_NONE)
        labels.append(f"{len(rest):,} others")
        sizes.append(sum(counts[number] for number in rest))
    legend = Colouring(mode, tuple(palette), tuple(labels), tuple(sizes))
    return legend, [place[numbers]] * maps
