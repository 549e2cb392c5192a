"""What the page Hash space shows of a run, computed once; large runs are sampled."""

from dataclasses import dataclass

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from mirs_core.evaluation import diagnostics
from mirs_core.hash_space import (
    code_bits,
    code_clusters,
    groups,
    overlaps,
    samples,
    tile_values,
)
from mirs_core.hash_space import neighbourhoods as near_tiles
from mirs_core.hash_space.groups import SharedCode
from mirs_core.hash_space.neighbourhoods import Neighbourhoods
from mirs_core.hash_space.samples import Sample
from mirs_core.ranking.codes import unpack
from mirs_core.retrieval.search import Searcher
from mirs_core.workspace.home import Home
from pages.shared.loaders.runs import changed_at, searcher

Key = tuple[str, str, int]
"""Home, run, and when its state was last written: what results of a run are kept under."""


@dataclass(frozen=True, slots=True)
class SampledBits:
    """Statistics of the bits of ``count`` of ``of`` archive tiles."""

    bits: diagnostics.Bits
    count: int
    of: int


def key_of(run_id: str) -> Key:
    """What results of a run are kept under; changes with the run."""
    home = Home.current()
    return str(home), run_id, changed_at(home, run_id)


def sample(run_id: str) -> Sample:
    """The run, or a sample of a large one, for what compares all tiles with one another.

    Raises:
        MirsError: the run is gone or damaged.
    """
    return _sample(key_of(run_id), searcher(run_id))


@st.cache_resource(max_entries=8, show_spinner=False)
def _sample(key: Key, _searcher: Searcher) -> Sample:
    return samples.sample(_searcher.retriever)


def neighbourhoods(run_id: str) -> Neighbourhoods:
    """The nearest tiles of all tiles of a run's ``sample``.

    Raises:
        MirsError: the run is gone or damaged.
    """
    return _neighbourhoods(key_of(run_id), sample(run_id))


@st.cache_resource(max_entries=8, show_spinner=False)
def _neighbourhoods(key: Key, _sample: Sample) -> Neighbourhoods:
    return near_tiles.look(_sample.retriever)


def shared_codes(run_id: str) -> list[SharedCode]:
    """The codes that most tiles of a run share.

    Raises:
        MirsError: the run is gone or damaged.
    """
    return _shared_codes(key_of(run_id), searcher(run_id))


@st.cache_resource(max_entries=8, show_spinner=False)
def _shared_codes(key: Key, _searcher: Searcher) -> list[SharedCode]:
    return groups.shared_codes(_searcher.retriever)


def overlapping_tiles(run_id: str) -> list[overlaps.Overlap]:
    """Pairs of tiles of a run's ``sample`` with overlapping footprints.

    Raises:
        MirsError: the run is gone or damaged, or a tile's file is.
    """
    return _overlapping_tiles(
        key_of(run_id), searcher(run_id), sample(run_id), neighbourhoods(run_id)
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
    return _clustering(key_of(run_id), count, searcher(run_id))


@st.cache_resource(max_entries=16, show_spinner="Finding clusters")
def _clustering(key: Key, count: int, _searcher: Searcher) -> code_clusters.Clustering:
    return code_clusters.cluster(_searcher.retriever, count)


def inter_class_groups(run_id: str) -> NDArray[np.int64]:
    """The group across classes of each tile of a run's ``sample``; -1 for all others.

    Raises:
        MirsError: the run is gone or damaged, or has too few classes or tiles.
    """
    return _across(key_of(run_id), sample(run_id))


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
    return _top_k_errors(key_of(run_id), searcher(run_id))


@st.cache_resource(max_entries=8, show_spinner="Ranking tiles")
def _top_k_errors(key: Key, _searcher: Searcher) -> NDArray[np.float64]:
    return tile_values.error_rates(_searcher.retriever)


def bits(run_id: str) -> code_bits.BitReport:
    """The statistics of the bits of a run's codes by class.

    Raises:
        MirsError: the run is gone or damaged, or has no bits.
    """
    return _bits(key_of(run_id), searcher(run_id))


@st.cache_resource(max_entries=8, show_spinner=False)
def _bits(key: Key, _searcher: Searcher) -> code_bits.BitReport:
    return code_bits.report(_searcher.retriever)


def bit_ends(run_id: str, bit: int, count: int) -> tuple[list[int], list[int]]:
    """Rows of the most typical tiles of either value of a bit.

    Raises:
        MirsError: the run is gone or damaged, or has no such bit.
    """
    return _bit_ends(key_of(run_id), bit, count, searcher(run_id))


@st.cache_data(max_entries=64, show_spinner=False)
def _bit_ends(key: Key, bit: int, count: int, _searcher: Searcher) -> tuple[list[int], list[int]]:
    return code_bits.ends(_searcher.retriever, bit, count)


def bit_statistics(run_id: str) -> SampledBits | None:
    """Balance and correlation of the bits of a run's archive tiles; None without any.

    Raises:
        MirsError: the run is gone or damaged.
    """
    return _bit_statistics(key_of(run_id), searcher(run_id))


@st.cache_resource(max_entries=8, show_spinner=False)
def _bit_statistics(key: Key, _searcher: Searcher) -> SampledBits | None:
    retriever = _searcher.retriever
    rows = retriever.items.rows(["archive"])
    if retriever.codes.dtype != np.uint8 or not len(rows):
        return None
    drawn = rows[samples.rows_of(len(rows))]
    codes = unpack(retriever.codes[drawn], retriever.codes.shape[1] * 8)
    return SampledBits(diagnostics.bit_statistics(codes), len(drawn), len(rows))
