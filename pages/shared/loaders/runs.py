"""Searchers by run, and results that are computed once for each run."""

import gc
from pathlib import Path

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from mirs_core.config.settings import RunConfig
from mirs_core.datasets.images import read_image
from mirs_core.evaluation import diagnostics, scores
from mirs_core.hash_space import code_bits, code_clusters, overlaps, space_maps
from mirs_core.hash_space.neighbourhoods import Neighbourhoods, look, top_k_error_rates
from mirs_core.pipeline.estimate import Estimate, estimate
from mirs_core.retrieval.search import Searcher
from mirs_core.workspace import runs
from mirs_core.workspace.home import Home


def searcher(run_id: str) -> Searcher:
    """The searcher of a run, loaded once, and again if the run has changed.

    Raises:
        MirsError: the run is gone or damaged.
    """
    home = Home.current()
    return _searcher(str(home), run_id, changed_at(home, run_id))


def changed_at(home: Home, run_id: str) -> int:
    """When the state of a run was last written, in nanoseconds; 0 if it has none."""
    status = runs.folder(home, run_id).path / "status.json"
    return status.stat().st_mtime_ns if status.exists() else 0


@st.cache_resource(max_entries=8, show_spinner=False)
def _searcher(home: str, run_id: str, changed: int) -> Searcher:
    searcher = Searcher.open(Home(Path(home)), run_id)
    # Modules and archives stay in memory; a garbage collection through all of them takes 0.3 s.
    gc.collect()
    gc.freeze()
    return searcher


def scores_of(run_ids: list[str]) -> list[scores.RunScores]:
    """The figures of the runs that measured something, the first as the reference.

    Raises:
        MirsError: a run is gone or damaged.
    """
    home = Home.current()
    return _scores_of(str(home), tuple(run_ids), tuple(changed_at(home, run) for run in run_ids))


@st.cache_data(max_entries=32, show_spinner=False)
def _scores_of(
    home: str, run_ids: tuple[str, ...], changed: tuple[int, ...]
) -> list[scores.RunScores]:
    return scores.scores_of(Home(Path(home)), run_ids)


def diagnosis(run_id: str) -> diagnostics.Diagnostics:
    """The diagnostics of a run, computed once.

    Raises:
        MirsError: the run is gone or damaged.
    """
    home = Home.current()
    return _diagnosis(str(home), run_id, changed_at(home, run_id), searcher(run_id))


@st.cache_data(max_entries=24, show_spinner=False)
def _diagnosis(
    home: str, run_id: str, changed: int, _searcher: Searcher
) -> diagnostics.Diagnostics:
    return diagnostics.diagnose(_searcher.retriever)


def neighbourhoods(run_id: str) -> Neighbourhoods:
    """The nearest tiles of all tiles of a run, computed once.

    Raises:
        MirsError: the run is gone or damaged.
    """
    home = Home.current()
    return _neighbourhoods(str(home), run_id, changed_at(home, run_id), searcher(run_id))


@st.cache_resource(max_entries=8, show_spinner=False)
def _neighbourhoods(home: str, run_id: str, changed: int, _searcher: Searcher) -> Neighbourhoods:
    return look(_searcher.retriever)


def overlapping_tiles(run_id: str) -> list[overlaps.Overlap]:
    """Pairs of tiles of a run with overlapping footprints, computed once.

    Raises:
        MirsError: the run is gone or damaged, or a tile's file is.
    """
    home = Home.current()
    pair = (searcher(run_id), neighbourhoods(run_id))
    return _overlapping_tiles(str(home), run_id, changed_at(home, run_id), *pair)


@st.cache_data(max_entries=8, show_spinner="Comparing pictures")
def _overlapping_tiles(
    home: str, run_id: str, changed: int, _searcher: Searcher, _near: Neighbourhoods
) -> list[overlaps.Overlap]:
    ids = _searcher.items.ids
    return overlaps.find(_near, lambda row: read_image(_searcher.image_path(ids[row])))


def clustering(run_id: str, count: int) -> code_clusters.Clustering:
    """The clusters of a run's codes, computed once.

    Raises:
        MirsError: the run is gone or damaged, or has too few codes for this number.
    """
    home = Home.current()
    return _clustering(str(home), run_id, changed_at(home, run_id), count, searcher(run_id))


@st.cache_resource(max_entries=16, show_spinner="Finding clusters")
def _clustering(
    home: str, run_id: str, changed: int, count: int, _searcher: Searcher
) -> code_clusters.Clustering:
    return code_clusters.cluster(_searcher.retriever, count)


def inter_class_groups(run_id: str) -> NDArray[np.int64]:
    """The group across classes of each tile, computed once.

    Raises:
        MirsError: the run is gone or damaged, or has too few classes or tiles.
    """
    home = Home.current()
    return _across(str(home), run_id, changed_at(home, run_id), searcher(run_id))


@st.cache_resource(max_entries=8, show_spinner="Finding groups")
def _across(home: str, run_id: str, changed: int, _searcher: Searcher) -> NDArray[np.int64]:
    return code_clusters.groups_across_classes(_searcher.retriever)


def top_k_errors(run_id: str, k: int = 64) -> NDArray[np.float64]:
    """The share of other classes among the nearest ``k`` of each tile, computed once.

    Raises:
        MirsError: the run is gone or damaged.
    """
    home = Home.current()
    return _top_k_errors(str(home), run_id, changed_at(home, run_id), k, searcher(run_id))


@st.cache_resource(max_entries=8, show_spinner=False)
def _top_k_errors(
    home: str, run_id: str, changed: int, k: int, _searcher: Searcher
) -> NDArray[np.float64]:
    return top_k_error_rates(_searcher.retriever, k)


def bits(run_id: str) -> code_bits.BitReport:
    """The statistics of the bits of a run's codes, computed once.

    Raises:
        MirsError: the run is gone or damaged, or has no bits.
    """
    home = Home.current()
    return _bits(str(home), run_id, changed_at(home, run_id), searcher(run_id))


@st.cache_resource(max_entries=8, show_spinner=False)
def _bits(home: str, run_id: str, changed: int, _searcher: Searcher) -> code_bits.BitReport:
    return code_bits.report(_searcher.retriever)


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


def rank_agreement(run_id: str, baseline: str) -> list[float]:
    """Kendall's tau of each query with the order of a baseline's features within its class.

    Raises:
        MirsError: a run is gone or damaged.
    """
    home = Home.current()
    changed = (changed_at(home, run_id), changed_at(home, baseline))
    searchers = (searcher(run_id), searcher(baseline))
    return _rank_agreement(str(home), run_id, baseline, changed, searchers)


@st.cache_data(max_entries=24, show_spinner=False)
def _rank_agreement(
    home: str,
    run_id: str,
    baseline: str,
    changed: tuple[int, int],
    _searchers: tuple[Searcher, Searcher],
) -> list[float]:
    run, reference = (searcher.retriever for searcher in _searchers)
    features = diagnostics.features_for(run.items, reference)
    taus = diagnostics.rank_agreement(run, features)
    return [tau for tau in taus.values() if tau is not None]


@st.cache_data(ttl=5, max_entries=32, show_spinner=False)
def training_cost(config: RunConfig) -> Estimate:
    """The estimated cost of a training; may be a few seconds old.

    Raises:
        MirsError: the configuration cannot be trained.
    """
    return estimate(Home.current(), config)
