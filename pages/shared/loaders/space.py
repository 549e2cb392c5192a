"""What the page Hash space shows of a run, computed once; large runs are sampled."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from mirs_core.evaluation import diagnostics
from mirs_core.hash_space import (
    code_bits,
    code_clusters,
    groups,
    overlaps,
    projection,
    samples,
    space_maps,
    tile_values,
)
from mirs_core.hash_space import neighbourhoods as near_tiles
from mirs_core.hash_space.groups import SharedCode
from mirs_core.hash_space.neighbourhoods import Neighbourhoods
from mirs_core.hash_space.samples import Sample
from mirs_core.ranking.codes import unpack
from mirs_core.retrieval.search import Searcher
from mirs_core.workspace import runs
from mirs_core.workspace.home import Home
from pages.shared.loaders.runs import changed_at, searcher

# Tiles by which one projection is turned to lie as another does.
_TURNED_BY = 100_000
Key = tuple[str, str, int]
"""Home, run, and when its state was last written: what results of a run are kept under."""


@dataclass(frozen=True, slots=True)
class SampledBits:
    """Statistics of the bits of ``count`` of ``of`` archive tiles."""

    bits: diagnostics.Bits
    count: int
    of: int


def _key(run_id: str) -> Key:
    home = Home.current()
    return str(home), run_id, changed_at(home, run_id)


def sample(run_id: str) -> Sample:
    """The run, or a sample of a large one, for what compares all tiles with one another.

    Raises:
        MirsError: the run is gone or damaged.
    """
    return _sample(_key(run_id), searcher(run_id))


@st.cache_resource(max_entries=8, show_spinner=False)
def _sample(key: Key, _searcher: Searcher) -> Sample:
    return samples.sample(_searcher.retriever)


def neighbourhoods(run_id: str) -> Neighbourhoods:
    """The nearest tiles of all tiles of a run's ``sample``.

    Raises:
        MirsError: the run is gone or damaged.
    """
    return _neighbourhoods(_key(run_id), sample(run_id))


@st.cache_resource(max_entries=8, show_spinner=False)
def _neighbourhoods(key: Key, _sample: Sample) -> Neighbourhoods:
    return near_tiles.look(_sample.retriever)


def shared_codes(run_id: str) -> list[SharedCode]:
    """The codes that most tiles of a run share.

    Raises:
        MirsError: the run is gone or damaged.
    """
    return _shared_codes(_key(run_id), searcher(run_id))


@st.cache_resource(max_entries=8, show_spinner=False)
def _shared_codes(key: Key, _searcher: Searcher) -> list[SharedCode]:
    return groups.shared_codes(_searcher.retriever)


def overlapping_tiles(run_id: str) -> list[overlaps.Overlap]:
    """Pairs of tiles of a run's ``sample`` with overlapping footprints.

    Raises:
        MirsError: the run is gone or damaged, or a tile's file is.
    """
    return _overlapping_tiles(
        _key(run_id), searcher(run_id), sample(run_id), neighbourhoods(run_id)
    )


@st.cache_data(max_entries=8, show_spinner="Comparing pictures")
def _overlapping_tiles(
    key: Key, _searcher: Searcher, _sample: Sample, _near: Neighbourhoods
) -> list[overlaps.Overlap]:
    ids = _sample.retriever.items.ids
    return overlaps.find(_near, lambda row: _searcher.files.pixels(ids[row]))


def clustering(run_id: str, count: int) -> code_clusters.Clustering:
    """The clusters of a run's codes.

    Raises:
        MirsError: the run is gone or damaged, or has too few codes for this number.
    """
    return _clustering(_key(run_id), count, searcher(run_id))


@st.cache_resource(max_entries=16, show_spinner="Finding clusters")
def _clustering(key: Key, count: int, _searcher: Searcher) -> code_clusters.Clustering:
    return code_clusters.cluster(_searcher.retriever, count)


def inter_class_groups(run_id: str) -> NDArray[np.int64]:
    """The group across classes of each tile of a run's ``sample``; -1 for all others.

    Raises:
        MirsError: the run is gone or damaged, or has too few classes or tiles.
    """
    return _across(_key(run_id), sample(run_id))


@st.cache_resource(max_entries=8, show_spinner="Finding groups")
def _across(key: Key, _sample: Sample) -> NDArray[np.int64]:
    numbers = np.full(_sample.of, -1, dtype=np.int64)
    numbers[_sample.rows] = code_clusters.groups_across_classes(_sample.retriever)
    return numbers


def top_k_errors(run_id: str) -> NDArray[np.float64]:
    """The share of other classes among the nearest archive tiles, see ``tile_values``.

    Raises:
        MirsError: the run is gone or damaged.
    """
    return _top_k_errors(_key(run_id), searcher(run_id))


@st.cache_resource(max_entries=8, show_spinner="Ranking tiles")
def _top_k_errors(key: Key, _searcher: Searcher) -> NDArray[np.float64]:
    return tile_values.error_rates(_searcher.retriever)


def bits(run_id: str) -> code_bits.BitReport:
    """The statistics of the bits of a run's codes by class.

    Raises:
        MirsError: the run is gone or damaged, or has no bits.
    """
    return _bits(_key(run_id), searcher(run_id))


@st.cache_resource(max_entries=8, show_spinner=False)
def _bits(key: Key, _searcher: Searcher) -> code_bits.BitReport:
    return code_bits.report(_searcher.retriever)


def bit_ends(run_id: str, bit: int, count: int) -> tuple[list[int], list[int]]:
    """Rows of the most typical tiles of either value of a bit.

    Raises:
        MirsError: the run is gone or damaged, or has no such bit.
    """
    return _bit_ends(_key(run_id), bit, count, searcher(run_id))


@st.cache_data(max_entries=64, show_spinner=False)
def _bit_ends(key: Key, bit: int, count: int, _searcher: Searcher) -> tuple[list[int], list[int]]:
    return code_bits.ends(_searcher.retriever, bit, count)


def bit_statistics(run_id: str) -> SampledBits | None:
    """Balance and correlation of the bits of a run's archive tiles; None without any.

    Raises:
        MirsError: the run is gone or damaged.
    """
    return _bit_statistics(_key(run_id), searcher(run_id))


@st.cache_resource(max_entries=8, show_spinner=False)
def _bit_statistics(key: Key, _searcher: Searcher) -> SampledBits | None:
    retriever = _searcher.retriever
    rows = retriever.items.rows(["archive"])
    if retriever.codes.dtype != np.uint8 or not len(rows):
        return None
    drawn = rows[samples.rows_of(len(rows))]
    codes = unpack(retriever.codes[drawn], retriever.codes.shape[1] * 8)
    return SampledBits(diagnostics.bit_statistics(codes), len(drawn), len(rows))


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
    return _order(_key(first), _key(run_id), searcher(first), searcher(run_id))


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


Maps = tuple[space_maps.SpaceMap | None, space_maps.SpaceMap | None]


def _pair(first: str, run_id: str) -> tuple[tuple[Any, ...], Maps]:
    """The projections of two runs, and what results of both are kept under."""
    maps = (space_map(first), space_map(run_id))
    seen = tuple((m.run, m.seed, m.seconds) for m in maps if m)
    return (_key(first), _key(run_id), seen), maps


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
