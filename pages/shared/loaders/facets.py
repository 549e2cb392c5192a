"""What an archive can be filtered by, counted once for all sessions."""

from dataclasses import dataclass

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from mirs_core.columns.categories import Categories
from mirs_core.datasets.items import Items
from mirs_core.retrieval import tile_list
from mirs_core.retrieval.search import Searcher
from pages.shared.loaders.runs import changed_at


@dataclass(frozen=True, slots=True)
class Facets:
    """The values of an archive's tiles with the number of tiles of each, sorted by value.

    Attributes:
        located: whether the coordinates of any tile are known.
        first: the tile that is the query until another is chosen.
    """

    labels: dict[str, int]
    roles: dict[str, int]
    strips: dict[str, int]
    located: bool
    first: str


def facets(opened: Searcher) -> Facets:
    """The facets of a run's archive, counted once."""
    run = opened.summary.id
    return _facets(str(opened.home), run, changed_at(opened.home, run), opened.items)


@st.cache_resource(max_entries=8, show_spinner=False)
def _facets(home: str, run_id: str, changed: int, _items: Items) -> Facets:
    return Facets(
        _counted(_items.labels),
        _counted(_items.roles),
        _counted(_items.strips),
        bool(_items.latitudes.present().any()),
        tile_list.first_query(_items),
    )


def _counted(column: Categories) -> dict[str, int]:
    return dict(sorted((name, count) for name, count in column.counts().items() if name))


def tile_list_of(opened: Searcher, choice: tile_list.Choice) -> NDArray[np.int64] | range:
    """The rows of a choice of tiles, see ``tile_list``; found once for all sessions."""
    run = opened.summary.id
    return _tile_list(str(opened.home), run, changed_at(opened.home, run), choice, opened.items)


@st.cache_resource(max_entries=8, show_spinner=False)
def _tile_list(
    home: str, run_id: str, changed: int, choice: tile_list.Choice, _items: Items
) -> NDArray[np.int64] | range:
    return tile_list.rows(_items, choice)
