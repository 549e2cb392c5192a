"""Estimates for the unlabelled tiles of a run, and which runs can provide the voters."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mirs_core.columns.categories import Categories, code_type
from mirs_core.errors import DataError, MirsError, RunError
from mirs_core.files import sha256
from mirs_core.landform_map.votes import Votes, Weighting
from mirs_core.landform_map.voting import (
    MIN_MARGIN,
    STATES,
    SURE,
    VOTERS,
    K,
    check_settings,
    classes_of,
    labelled_rows,
    reach_of,
    states_of,
    vote,
)
from mirs_core.mars.landforms import describe
from mirs_core.progress import Progress, silent
from mirs_core.retrieval.search import Searcher
from mirs_core.workspace import runs
from mirs_core.workspace.home import Home

CAUTION = "An estimate by the nearest labelled tiles, not an observation."


@dataclass(frozen=True, slots=True)
class LandformMap:
    """Estimates for the unlabelled tiles of a run; arrays are parallel to the run's items.

    Attributes:
        run: id of the run; ``labelled`` that of the run whose tiles vote.
        model: name of the labelled run; ``labelled_set`` the title of its data set.
        voters: number of labelled tiles that may vote.
        reach: largest distance to the nearest labelled tile, in ``unit``, at which an estimate can
            be sure; None if there are no validation tiles to measure it on.
        classes: the columns of ``votes.shares``.
        unlabelled: (N,) whether a tile is unlabelled; only these have an estimate.
        labels: the estimated class, None if there is none or it is not sure.
        states: SURE, CLOSE or FAR; empty for labelled tiles.
        votes: of every tile; shares 0 and winner -1 for labelled ones.
        nearest: (N,) distance to the nearest labelled tile in ``unit``; nan for labelled ones.
    """

    run: str
    labelled: str
    model: str
    labelled_set: str
    k: int
    min_margin: float
    reach: float | None
    unit: str
    voters: int
    classes: tuple[str, ...]
    distractors: tuple[str, ...]
    unlabelled: NDArray[np.bool_]
    labels: Categories
    states: Categories
    votes: Votes
    nearest: NDArray[np.float64]

    @property
    def rows(self) -> NDArray[np.int64]:
        """Rows of the tiles without a label."""
        return np.flatnonzero(self.unlabelled)

    @property
    def share(self) -> NDArray[np.float64]:
        """(N,) share of the votes for the leading class."""
        return self.votes.share

    @property
    def margin(self) -> NDArray[np.float64]:
        """(N,) lead of that class over the runner-up."""
        return self.votes.margin

    def count(self, state: str) -> int:
        """Number of tiles in a state."""
        return self.states.count(state)

    def name_of(self, label: str) -> str:
        """Name of a class; a distractor is named as no landform."""
        return name_of(label, self.distractors)


def name_of(label: str, distractors: Sequence[str]) -> str:
    """Name of a class; a distractor is named as no landform."""
    name = describe(label).name
    return f"No landform ({name.lower()})" if label in distractors else name


def estimate(
    home: Home,
    run_id: str,
    labelled_run: str | None = None,
    k: int = K,
    min_margin: float = MIN_MARGIN,
) -> LandformMap:
    """Estimates for the unlabelled tiles of ``run_id``.

    Args:
        labelled_run: the run whose labelled tiles vote; by default ``default_labelled_run``.

    Raises:
        RunError: no such run, or the two runs do not share a model.
        DataError: no tile is unlabelled, or none can vote.
        ConfigError: ``k`` or ``min_margin`` is out of range.
    """
    searcher = Searcher.open(home, run_id)
    voters = labelled_run or default_labelled_run(home, run_id)
    return estimate_opened(
        searcher, searcher if voters == run_id else Searcher.open(home, voters), k, min_margin
    )


def default_labelled_run(home: Home, run_id: str) -> str:
    """The run in which the model of ``run_id`` was trained; ``run_id`` itself if that is deleted.

    Raises:
        RunError: no such run.
    """
    provenance = runs.folder(home, run_id).provenance()
    origin = str(provenance.get("origin") or provenance.get("parent") or run_id)
    return origin if _exists(home, origin) else run_id


def _exists(home: Home, run_id: str) -> bool:
    try:
        runs.folder(home, run_id)
    except RunError:
        return False
    return True


def runs_with_same_model(home: Home, run_id: str) -> list[str]:
    """Ids of the usable runs with the model of ``run_id``, the run it was trained in first.

    Other runs whose files are damaged are left out.

    Raises:
        RunError: no such run, or its own files are damaged.
    """
    model, first = _model_of(home, run_id), default_labelled_run(home, run_id)
    ids = [run.id for run in runs.list_runs(home) if run.usable and _has(home, run.id, model)]
    return sorted(ids, key=lambda name: (name != first, name != run_id))


def shares_model(home: Home, run_id: str, labelled_run: str) -> bool:
    """Whether the codes of two runs are comparable, because one model made both.

    Raises:
        RunError: no such run, or its files are damaged.
    """
    return _model_of(home, run_id) == _model_of(home, labelled_run)


def _has(home: Home, run_id: str, model: tuple[str, str, str]) -> bool:
    try:
        return _model_of(home, run_id) == model
    except MirsError:
        return False


def _model_of(home: Home, run_id: str) -> tuple[str, str, str]:
    """What the codes of a run depend on: encoder, SHA-256 of the hashing head, distance."""
    run = runs.folder(home, run_id)
    try:
        head = sha256(run.model.read_bytes())
    except OSError:
        raise RunError(f"{run.model} is missing; delete the run and train it again.") from None
    encoder = str(run.provenance().get("encoder", ""))
    return encoder, head, run.config().archive.distance


def estimate_opened(
    searcher: Searcher,
    labelled: Searcher,
    k: int = K,
    min_margin: float = MIN_MARGIN,
    weighting: Weighting = "equal",
    progress: Progress = silent,
) -> LandformMap:
    """As ``estimate``, for runs that are open already.

    Takes less than a second for 8,000 tiles and as many voters, and time with the product of both.

    Raises:
        MirsError: as ``estimate`` does.
    """
    _check(searcher, labelled, k, min_margin)
    items = searcher.items
    is_unlabelled = items.labels.mask([None])
    if not is_unlabelled.any():
        raise DataError(
            f"Every tile of run {searcher.summary.id} has a label; there is nothing to estimate."
        )
    classes = classes_of(labelled)
    voters = labelled_rows(labelled, VOTERS)
    codes = searcher.retriever.codes[is_unlabelled]
    cast, distances = vote(labelled, voters, classes, codes, k, weighting, progress)
    reach = reach_of(labelled)
    votes = _for_all_rows(cast, is_unlabelled)
    nearest = np.full(len(items), np.nan)
    nearest[is_unlabelled] = distances
    states = np.zeros(len(items), dtype=np.int8)
    states[is_unlabelled] = states_of(cast, distances, min_margin, reach)
    labels = np.where(states == STATES.index(SURE), votes.winner, -1)
    return LandformMap(
        run=searcher.summary.id,
        labelled=labelled.summary.id,
        model=labelled.summary.name,
        labelled_set=labelled.card.title,
        k=k,
        min_margin=min_margin,
        reach=reach,
        unit=searcher.unit,
        voters=len(voters),
        classes=classes,
        distractors=labelled.retriever.distractors,
        unlabelled=is_unlabelled,
        labels=Categories.of_codes(labels.astype(code_type(len(classes))), classes),
        states=Categories.of_codes(states, STATES),
        votes=votes,
        nearest=nearest,
    )


def _check(searcher: Searcher, labelled: Searcher, k: int, min_margin: float) -> None:
    check_settings(k, min_margin)
    run, voters = searcher.summary.id, labelled.summary.id
    if run != voters and not shares_model(searcher.home, run, voters):
        raise RunError(
            f"Runs {run} and {voters} do not share a model, so their codes are not comparable."
            f" Archive the folder with the model of {voters}, or choose another labelled run."
        )
    if not len(labelled_rows(labelled, VOTERS)):
        raise DataError(f"Run {voters} has no labelled tiles that can vote; choose a run that has.")


def _for_all_rows(votes: Votes, is_unlabelled: NDArray[np.bool_]) -> Votes:
    """Votes on the unlabelled tiles as votes on all; nobody votes on the others."""
    count = len(is_unlabelled)
    every = Votes(
        shares=np.zeros((count, votes.shares.shape[1])),
        winner=np.full(count, -1, dtype=np.int64),
        runner_up=np.full(count, -1, dtype=np.int64),
        share=np.zeros(count),
        margin=np.zeros(count),
    )
    for name in ("shares", "winner", "runner_up", "share", "margin"):
        getattr(every, name)[is_unlabelled] = getattr(votes, name)
    return every
