"""Searchers by run, and what is computed of a run once."""

import gc
from pathlib import Path

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from mirs_core.config.settings import RunConfig
from mirs_core.datasets.images import read_image
from mirs_core.evaluation import diagnostics, scores
from mirs_core.hash_space import bits as code_bits
from mirs_core.hash_space import clusters as code_clusters
from mirs_core.hash_space import layout as mapping
from mirs_core.hash_space import overlaps
from mirs_core.hash_space.neighbourhoods import Neighbourhoods, look
from mirs_core.hash_space.neighbourhoods import errors_of_top as errors_of_nearest
from mirs_core.pipeline import estimate as estimates
from mirs_core.retrieval.search import Searcher
from mirs_core.workspace import runs
from mirs_core.workspace.home import Home


def searcher(run_id: str) -> Searcher:
    """The searcher of a run, loaded once; a run that was written anew is loaded anew.

    Raises:
        MirsError: the run is gone or damaged.
    """
    home = Home.current()
    return _searcher(str(home), run_id, changed_at(home, run_id))


def changed_at(home: Home, run_id: str) -> int:
    """When a run's state was written last, in nanoseconds; 0 where it has none."""
    status = runs.folder(home, run_id).path / "status.json"
    return status.stat().st_mtime_ns if status.exists() else 0


@st.cache_resource(max_entries=8, show_spinner=False)
def _searcher(home: str, run_id: str, changed: int) -> Searcher:
    found = Searcher.open(Home(Path(home)), run_id)
    # Modules and archives stay; a collection that looks through all of them takes 0.3 s each time.
    gc.collect()
    gc.freeze()
    return found


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


def same_ground(run_id: str) -> list[overlaps.Overlap]:
    """Pairs of tiles of a run that show the same ground, looked for once.

    Raises:
        MirsError: the run is gone or damaged, or a tile's file is.
    """
    home = Home.current()
    found = searcher(run_id)
    return _same_ground(str(home), run_id, changed_at(home, run_id), found, neighbourhoods(run_id))


@st.cache_data(max_entries=8, show_spinner="Comparing pictures")
def _same_ground(
    home: str, run_id: str, changed: int, _searcher: Searcher, _near: Neighbourhoods
) -> list[overlaps.Overlap]:
    ids = _searcher.items.ids
    return overlaps.find(_near, lambda row: read_image(_searcher.image_path(ids[row])))


def clustering(run_id: str, count: int) -> code_clusters.Clustering:
    """The clusters of a run's codes, computed once.

    Raises:
        MirsError: the run is gone or damaged, or there cannot be so many.
    """
    home = Home.current()
    return _clustering(str(home), run_id, changed_at(home, run_id), count, searcher(run_id))


@st.cache_resource(max_entries=16, show_spinner="Finding clusters")
def _clustering(
    home: str, run_id: str, changed: int, count: int, _searcher: Searcher
) -> code_clusters.Clustering:
    return code_clusters.cluster(_searcher.retriever, count)


def groups_across_classes(run_id: str) -> NDArray[np.int64]:
    """The group across classes of each tile, computed once.

    Raises:
        MirsError: the run is gone or damaged, or has too few classes or tiles.
    """
    home = Home.current()
    return _across(str(home), run_id, changed_at(home, run_id), searcher(run_id))


@st.cache_resource(max_entries=8, show_spinner="Finding groups")
def _across(home: str, run_id: str, changed: int, _searcher: Searcher) -> NDArray[np.int64]:
    return code_clusters.groups_across_classes(_searcher.retriever)


def errors_of_top(run_id: str, k: int = 64) -> NDArray[np.float64]:
    """The share of other classes among the nearest ``k`` of each tile, computed once.

    Raises:
        MirsError: the run is gone or damaged.
    """
    home = Home.current()
    return _errors_of_top(str(home), run_id, changed_at(home, run_id), k, searcher(run_id))


@st.cache_resource(max_entries=8, show_spinner=False)
def _errors_of_top(
    home: str, run_id: str, changed: int, k: int, _searcher: Searcher
) -> NDArray[np.float64]:
    return errors_of_nearest(_searcher.retriever, k)


def bits(run_id: str) -> code_bits.BitReport:
    """What the bits of a run's codes say, computed once.

    Raises:
        MirsError: the run is gone or damaged, or has no bits.
    """
    home = Home.current()
    return _bits(str(home), run_id, changed_at(home, run_id), searcher(run_id))


@st.cache_resource(max_entries=8, show_spinner=False)
def _bits(home: str, run_id: str, changed: int, _searcher: Searcher) -> code_bits.BitReport:
    return code_bits.report(_searcher.retriever)


def space_map(run_id: str) -> mapping.SpaceMap | None:
    """The map of a run, read once; None where there is none yet.

    Raises:
        MirsError: the run is gone.
    """
    home = Home.current()
    about = runs.folder(home, run_id).path / "map.json"
    if not about.is_file():
        return None
    return _space_map(str(home), run_id, about.stat().st_mtime_ns)


@st.cache_resource(max_entries=8, show_spinner=False)
def _space_map(home: str, run_id: str, changed: int) -> mapping.SpaceMap | None:
    return mapping.read(Home(Path(home)), run_id)


def agreement(run_id: str, baseline: str) -> list[float]:
    """Kendall's tau of each query with the order that a baseline's features give in its class.

    Raises:
        MirsError: a run is gone or damaged.
    """
    home = Home.current()
    changed = (changed_at(home, run_id), changed_at(home, baseline))
    found = (searcher(run_id), searcher(baseline))
    return _agreement(str(home), run_id, baseline, changed, found)


@st.cache_data(max_entries=24, show_spinner=False)
def _agreement(
    home: str,
    run_id: str,
    baseline: str,
    changed: tuple[int, int],
    _found: tuple[Searcher, Searcher],
) -> list[float]:
    own, other = (one.retriever for one in _found)
    taus = diagnostics.rank_agreement(own, diagnostics.features_for(own.items, other))
    return [tau for tau in taus.values() if tau is not None]


@st.cache_data(ttl=5, max_entries=32, show_spinner=False)
def estimate(config: RunConfig) -> estimates.Estimate:
    """What a training takes; a few seconds old at most.

    Raises:
        MirsError: it can't be trained.
    """
    return estimates.estimate(Home.current(), config)
