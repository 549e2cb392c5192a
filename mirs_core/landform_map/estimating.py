"""The estimates themselves, and which runs can give them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mirs_core.errors import DataError, MirsError, RunError
from mirs_core.files import sha256
from mirs_core.landform_map.asking import (
    MIN_MARGIN,
    SURE,
    VOTERS,
    K,
    ask,
    check_settings,
    classes_of,
    reach_of,
    states_of,
    voting,
)
from mirs_core.landform_map.votes import Votes, Weighting, decide
from mirs_core.mars.landforms import describe
from mirs_core.retrieval.search import Searcher
from mirs_core.workspace import runs
from mirs_core.workspace.home import Home

CAUTION = "An estimate by the nearest labelled tiles, not an observation."


@dataclass(frozen=True, slots=True)
class LandformMap:
    """Estimates for the unlabelled tiles of a run; arrays are parallel to the run's items.

    Attributes:
        voters: how many labelled tiles may vote.
        reach: farthest nearest labelled tile that counts as near, in ``unit``; None where no
            validation tile could tell.
        classes: the columns of ``votes.shares``.
        unlabelled: (N,) whether a tile has no label of its own; nothing is estimated for others.
        labels: the estimated class, None where there is none or it is not sure.
        states: SURE, CLOSE or FAR; empty for tiles with a label of their own.
        votes: of every tile; shares 0, winner -1 for those with a label.
        nearest: (N,) distance to the nearest labelled tile in ``unit``; nan for those.
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
    labels: tuple[str | None, ...]
    states: tuple[str, ...]
    votes: Votes
    nearest: NDArray[np.float64]

    @property
    def rows(self) -> NDArray[np.int64]:
        """Rows of the tiles without a label."""
        return np.flatnonzero(self.unlabelled)

    @property
    def share(self) -> NDArray[np.float64]:
        """(N,) share of the votes that the first class has."""
        return self.votes.share

    @property
    def margin(self) -> NDArray[np.float64]:
        """(N,) by how much it leads."""
        return self.votes.margin

    def count(self, state: str) -> int:
        """How many tiles are in a state."""
        return self.states.count(state)

    def name_of(self, label: str) -> str:
        """A class in words: a distractor is no landform."""
        return name_of(label, self.distractors)


def name_of(label: str, distractors: Sequence[str]) -> str:
    """A class in words: a distractor is no landform."""
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
        labelled_run: whose labelled tiles vote; by default those of the run that its model comes
            from, or its own.

    Raises:
        RunError: no such run, or the two runs do not have one model.
        DataError: no tile without a label, or none that could vote.
        ConfigError: ``k`` or ``min_margin`` is out of its range.
    """
    searcher = Searcher.open(home, run_id)
    voters = labelled_run or usual_voters(home, run_id)
    return for_run(
        searcher, searcher if voters == run_id else Searcher.open(home, voters), k, min_margin
    )


def usual_voters(home: Home, run_id: str) -> str:
    """The run that the model of ``run_id`` comes from; itself where it was trained or that is gone.

    Raises:
        RunError: no such run.
    """
    made = runs.folder(home, run_id).provenance()
    origin = str(made.get("origin") or made.get("parent") or run_id)
    return origin if _exists(home, origin) else run_id


def _exists(home: Home, run_id: str) -> bool:
    try:
        runs.folder(home, run_id)
    except RunError:
        return False
    return True


def with_same_model(home: Home, run_id: str) -> list[str]:
    """Ids of the usable runs with the model of ``run_id``, the one it comes from first.

    Raises:
        RunError: no such run, or its files are damaged; others that are damaged are left out.
    """
    own, first = _model_of(home, run_id), usual_voters(home, run_id)
    same = [one.id for one in runs.list_runs(home) if one.usable and _has(home, one.id, own)]
    return sorted(same, key=lambda one: (one != first, one != run_id))


def _has(home: Home, run_id: str, model: tuple[str, str, str]) -> bool:
    try:
        return _model_of(home, run_id) == model
    except MirsError:
        return False


def _model_of(home: Home, run_id: str) -> tuple[str, str, str]:
    """What the codes of a run depend on: the encoder, the head, the way they are compared."""
    run = runs.folder(home, run_id)
    try:
        head = sha256(run.model.read_bytes())
    except OSError:
        raise RunError(f"{run.model} is missing. Delete the run and train again.") from None
    encoder = str(run.provenance().get("encoder", ""))
    return encoder, head, run.config().archive.distance


def for_run(
    searcher: Searcher,
    labelled: Searcher,
    k: int = K,
    min_margin: float = MIN_MARGIN,
    weighting: Weighting = "equal",
) -> LandformMap:
    """The same of runs that are open already; under a second for 8,000 tiles and as many voters.

    Raises:
        MirsError: as ``estimate`` does.
    """
    _check(searcher, labelled, k, min_margin)
    items = searcher.items
    is_open = np.array([label is None for label in items.labels], dtype=bool)
    if not is_open.any():
        raise DataError(
            f"Every tile of run {searcher.summary.id} has a label: nothing to estimate."
        )
    classes = classes_of(labelled)
    voters = voting(labelled, VOTERS)
    found, near = ask(labelled, voters, classes, searcher.retriever.codes[is_open], k, weighting)
    reach = reach_of(labelled)
    votes = _spread(found, is_open)
    nearest = np.full(len(items), np.nan)
    nearest[is_open] = near
    states = [""] * len(items)
    for row, state in zip(
        np.flatnonzero(is_open), states_of(found, near, min_margin, reach), strict=True
    ):
        states[row] = state
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
        unlabelled=is_open,
        labels=tuple(
            classes[int(best)] if state == SURE else None
            for best, state in zip(votes.winner, states, strict=True)
        ),
        states=tuple(states),
        votes=votes,
        nearest=nearest,
    )


def _check(searcher: Searcher, labelled: Searcher, k: int, min_margin: float) -> None:
    check_settings(k, min_margin)
    own, other = searcher.summary.id, labelled.summary.id
    if own != other and _model_of(searcher.home, own) != _model_of(labelled.home, other):
        raise RunError(
            f"Runs {own} and {other} do not have the same model, so their codes cannot be compared."
            f" Index the folder with the model of {other} (index --run), or name another run."
        )
    if not len(voting(labelled, VOTERS)):
        raise DataError(
            f"No tile of run {other} has a label that could vote; name the run whose tiles have."
        )


def _spread(found: Votes, is_open: NDArray[np.bool_]) -> Votes:
    shares = np.zeros((len(is_open), found.shares.shape[1]))
    shares[is_open] = found.shares
    return decide(shares)
