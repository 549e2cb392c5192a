"""Tiles by place, for maps of large sets: counted in cells, or singly where they are few."""

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from mirs_core.datasets.items import Items
from mirs_core.landform_map import spread
from mirs_core.landform_map.ground import Area, Ground, Sight
from mirs_core.retrieval.filters import Filters
from mirs_core.retrieval.search import Searcher
from pages.shared.loaders.runs import changed_at

SINGLY = 20_000
"""Sets of at most this many tiles are sent whole, as are parts of a map with at most as many."""

Key = tuple[str, str, int]


def sight(
    opened: Searcher,
    area: Area,
    filters: Filters,
    hidden: tuple[int, ...] = (),
    codes: NDArray[np.uint16] | None = None,
) -> Sight:
    """The tiles in an area that pass the filters; singly if at most ``SINGLY``.

    Args:
        hidden: the codes of tiles that do not count.
        codes: (N,) a number of each tile; only needed with ``hidden``.
    """
    key = _key(opened)
    return _sight(key, area, filters, hidden, _ground(key, opened.items), opened.items, codes)


@st.cache_resource(max_entries=48, show_spinner=False)
def _sight(
    key: Key,
    area: Area,
    filters: Filters,
    hidden: tuple[int, ...],
    _ground: Ground,
    _items: Items,
    _codes: NDArray[np.uint16] | None,
) -> Sight:
    return _ground.look(area, SINGLY, _counted(key, filters, hidden, _items, _codes))


@st.cache_resource(max_entries=4, show_spinner=False)
def _counted(
    key: Key,
    filters: Filters,
    hidden: tuple[int, ...],
    _items: Items,
    _codes: NDArray[np.uint16] | None,
) -> NDArray[np.bool_] | None:
    passing = filters.mask(_items)
    if not hidden or _codes is None:
        return passing
    visible = np.ones(int(_codes.max(initial=0)) + 1, dtype=bool)
    visible[[code for code in hidden if code < len(visible)]] = False
    return visible[_codes] if passing is None else passing & visible[_codes]


@st.cache_resource(max_entries=3, show_spinner="Sorting tiles by place")
def _ground(key: Key, _items: Items) -> Ground:
    return Ground(*spread.places(_items))


def _key(opened: Searcher) -> Key:
    run = opened.summary.id
    return str(opened.home), run, changed_at(opened.home, run)
