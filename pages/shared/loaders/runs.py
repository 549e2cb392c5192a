"""Searchers by run, and results that are computed once for each run."""

import gc
from pathlib import Path

import streamlit as st

from mirs_core.config.settings import RunConfig
from mirs_core.evaluation import diagnostics, scores
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


@st.cache_resource(max_entries=24, show_spinner=False)
def _diagnosis(
    home: str, run_id: str, changed: int, _searcher: Searcher
) -> diagnostics.Diagnostics:
    return diagnostics.diagnose(_searcher.retriever)


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
    whole, reference = (searcher.retriever for searcher in _searchers)
    run = diagnostics.sampled(whole)
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
