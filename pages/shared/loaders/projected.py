"""The projections of the page Hash space: read once, and turned to lie alike."""

from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from mirs_core.hash_space import projection, samples, space_maps
from mirs_core.retrieval.search import Searcher
from mirs_core.workspace import runs
from mirs_core.workspace.home import Home
from pages.shared.loaders.runs import searcher
from pages.shared.loaders.space import Key, key_of

Maps = tuple[space_maps.SpaceMap | None, space_maps.SpaceMap | None]
# Tiles by which one projection is turned to lie as another does.
_TURNED_BY = 100_000


def space_map(run_id: str) -> space_maps.SpaceMap | None:
    """The projection of a run, read once; None if it has not been computed.

    Raises:
        MirsError: the run is gone.
    """
    home = Home.current()
    about = runs.folder(home, run_id).path / "map.json"
    if not about.is_file():
        return None
    return _space_map(str(home), run_id, about.stat().st_mtime_ns)


@st.cache_resource(max_entries=8, show_spinner=False)
def _space_map(home: str, run_id: str, changed: int) -> space_maps.SpaceMap | None:
    return space_maps.read(Home(Path(home)), run_id)


def order(first: str, run_id: str) -> NDArray[np.int64]:
    """The row (N,) in a run of each tile of the run ``first``; -1 where it lacks the tile.

    Raises:
        MirsError: a run is gone or damaged.
    """
    return _order(key_of(first), key_of(run_id), searcher(first), searcher(run_id))


@st.cache_resource(max_entries=8, show_spinner=False)
def _order(first_key: Key, key: Key, _first: Searcher, _searcher: Searcher) -> NDArray[np.int64]:
    ids = _first.items.ids
    if first_key == key or _searcher.items.ids == ids:
        return np.arange(len(ids), dtype=np.int64)
    return _searcher.items.rows_of(ids)


def points(
    first: str, run_id: str, rows: NDArray[np.int64], steady: int = 0
) -> NDArray[np.float32]:
    """The projection (n, 2) by a run of some tiles of the run ``first``, turned to lie as it does.

    NaN where the run lacks the tile. Both projections have to be there.

    Args:
        rows: (n,) of the tiles.
        steady: the number of first rows that are those of ``samples.rows_of``; the points of these
            are computed once.

    Raises:
        MirsError: a run is gone or damaged.
    """
    key, maps = _pair(first, run_id)
    turn, places = _turn(key, maps, order(first, run_id)), order(first, run_id)
    if not steady:
        return _turned(maps[1], turn, places[rows])
    seen = _points(key, steady, maps, turn, places[rows[:steady]])
    if steady == len(rows):
        return seen
    return np.concatenate([seen, _turned(maps[1], turn, places[rows[steady:]])])


def _pair(first: str, run_id: str) -> tuple[tuple[Any, ...], Maps]:
    """The projections of two runs, and what results of both are kept under."""
    maps = (space_map(first), space_map(run_id))
    seen = tuple((m.run, m.seed, m.seconds) for m in maps if m)
    return (key_of(first), key_of(run_id), seen), maps


@st.cache_resource(max_entries=8, show_spinner=False)
def _turn(key: tuple[Any, ...], _maps: Maps, _order: NDArray[np.int64]) -> NDArray[np.float64]:
    """The rotation (2, 2) of a projection that aligns it with the first, by a sample of tiles."""
    reference, own = _maps
    rows = samples.rows_of(len(_order), _TURNED_BY)
    rows = rows[_order[rows] >= 0]
    if reference is None or own is None or key[0] == key[1] or not len(rows):
        return np.eye(2)
    return projection.rotation(own.points[_order[rows]], reference.points[rows])


@st.cache_resource(max_entries=8, show_spinner=False)
def _points(
    key: tuple[Any, ...],
    steady: int,
    _maps: Maps,
    _rotation: NDArray[np.float64],
    _places: NDArray[np.int64],
) -> NDArray[np.float32]:
    return _turned(_maps[1], _rotation, _places)


def _turned(
    own: space_maps.SpaceMap | None, rotation: NDArray[np.float64], places: NDArray[np.int64]
) -> NDArray[np.float32]:
    if own is None:
        return np.full((len(places), 2), np.nan, dtype=np.float32)
    placed = own.points[places]
    if not np.array_equal(rotation, np.eye(2)):
        placed = (placed @ rotation).astype(np.float32)
    return np.where((places >= 0)[:, None], placed, np.float32(np.nan))


def central_points(
    first: str,
    run_id: str,
    colouring: tuple[str, int],
    points: NDArray[np.float32],
    numbers: NDArray[np.uint16],
) -> list[int | None]:
    """The most central point of each group of a colouring, as a row of ``points``.

    Args:
        colouring: what the colours show, and the number of groups.
        points: (n, 2) of the drawn tiles, of the run ``first`` as this run places them.
        numbers: (n,) the group of each.
    """
    key = (*_pair(first, run_id)[0], colouring[0], len(points))
    return _central_points(key, colouring[1], points, numbers)


@st.cache_data(max_entries=32, show_spinner=False)
def _central_points(
    key: tuple[Any, ...], count: int, _points: NDArray[np.float32], _numbers: NDArray[np.uint16]
) -> list[int | None]:
    return projection.central_rows(_points, _numbers, count)
