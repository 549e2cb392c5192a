"""Landform maps by estimate: the nearest labelled tiles vote for the unlabelled ones of a run.

The labelled tiles of a run are those that its model was trained and chosen on and those of its
archive; its test tiles never vote, so that they can tell how far an estimate is to be trusted.
Distractors vote too: a tile among them is probably no landform, and is called so.

What was chosen on validation tiles, never on test tiles: 15 voters with equal votes, and two rules
for a tile to be "not sure". Its margin is below ``MIN_MARGIN``; or it is out of reach, its nearest
labelled tile farther than that of nine in ten validation tiles of the same run.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mirs_core import metrics, runs
from mirs_core.archive import FloatArchive, HashArchive
from mirs_core.errors import ConfigError, DataError, RunError
from mirs_core.exports.shapes import Ring, square_kilometres
from mirs_core.files import sha256
from mirs_core.landforms import describe
from mirs_core.search import Searcher
from mirs_core.votes import Votes, Weighting, decide, tally

K, MIN_MARGIN = 15, 0.5
VOTERS = ("archive", "train", "val")
"""The roles whose labelled tiles vote."""
CAUTION = "An estimate by the nearest labelled tiles, not an observation."
SURE, CLOSE, FAR = "sure", "close call", "out of reach"

_WITHIN = 0.9
_BLOCK = 512
_DEEPER = 4
_BINS = (0.0, 0.25, 0.5, 0.75, 0.999, 1.0)
"""Of the margin; the last one holds tiles whose voters all agree."""


@dataclass(frozen=True, slots=True)
class Bin:
    """Test tiles with a margin from ``low`` up to ``high``; ``right`` is the share of right ones."""

    low: float
    high: float
    tiles: int
    right: float


@dataclass(frozen=True, slots=True)
class Trust:
    """How the same vote does on the labelled run's own test tiles, which chose nothing.

    Attributes:
        tiles: test tiles with a label.
        coverage: share of them that the vote is sure of.
        accuracy: share of right ones among those, with a 95 % bootstrap interval; nan without any.
        of_all: share of right ones if nothing were left open.
        bins: right ones by margin; bins without a tile are left out.
        known_strips: share of the test tiles whose strip has voters too; None where strips are not
            known. Tiles of a new strip may be harder.
    """

    tiles: int
    coverage: float
    accuracy: metrics.Interval
    of_all: float
    bins: tuple[Bin, ...]
    known_strips: float | None


@dataclass(frozen=True, slots=True)
class ClassTotal:
    """A class on the map.

    Attributes:
        tiles: that are surely of it.
        density: sum of its shares over all tiles within reach: tiles expected of it.
        km2: the same in square kilometres over those whose ground is known; None without any. Where
            tiles overlap, ground counts as often as it is shown.
    """

    label: str
    name: str
    group: str
    colour: str
    tiles: int
    density: float
    km2: float | None


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
    home: Path,
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


def usual_voters(home: Path, run_id: str) -> str:
    """The run that the model of ``run_id`` comes from; itself where it was trained."""
    made = runs.folder(home, run_id).provenance()
    return str(made.get("origin") or made.get("parent") or run_id)


def with_same_model(home: Path, run_id: str) -> list[str]:
    """Ids of the usable runs with the model of ``run_id``, the one it comes from first."""
    own, first = _model_of(home, run_id), usual_voters(home, run_id)
    known = [run.id for run in runs.list_runs(home) if run.usable and run.distance]
    same = [one for one in known if one == run_id or _model_of(home, one) == own]
    return sorted(same, key=lambda one: (one != first, one != run_id))


def _model_of(home: Path, run_id: str) -> tuple[str, str, str]:
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
        raise DataError(f"Every tile of run {searcher.summary.id} has a label: nothing to estimate.")
    classes = _classes(labelled)
    voters = _voting(labelled, VOTERS)
    found, near = _ask(labelled, voters, classes, searcher.retriever.codes[is_open], k, weighting)
    reach = _reach(labelled)
    votes = _spread(found, is_open)
    nearest = np.full(len(items), np.nan)
    nearest[is_open] = near
    states = [""] * len(items)
    for row, state in zip(
        np.flatnonzero(is_open), _states(found, near, min_margin, reach), strict=True
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


def trust(
    labelled: Searcher,
    k: int = K,
    min_margin: float = MIN_MARGIN,
    role: str = "test",
    weighting: Weighting = "equal",
) -> Trust | None:
    """How far the vote of a run's labelled tiles is to be trusted; None without test tiles.

    Args:
        role: of the tiles that are asked about. Those of "val" are not among the voters then, but
            have chosen the rules: what they say is no measure of them.

    Raises:
        ConfigError: ``k`` or ``min_margin`` is out of its range.
    """
    _check_settings(k, min_margin)
    items, classes = labelled.items, _classes(labelled)
    asked = _voting(labelled, (role,))
    voters = _apart(labelled, [one for one in VOTERS if one != role], asked)
    if not len(asked) or not len(voters):
        return None
    codes = labelled.retriever.codes[asked]
    found, near = _ask(labelled, voters, classes, codes, k, weighting)
    states = np.array(_states(found, near, min_margin, _reach(labelled)))
    right = np.array(
        [
            best >= 0 and items.labels[row] == classes[best]
            for row, best in zip(asked, found.winner, strict=True)
        ]
    )
    sure = states == SURE
    return Trust(
        tiles=len(asked),
        coverage=float(sure.mean()),
        accuracy=metrics.bootstrap_interval(right[sure].astype(np.float64)),
        of_all=float(right.mean()),
        bins=_bins(found.margin, right),
        known_strips=_known_strips(labelled, asked, voters),
    )


def totals(
    found: LandformMap, ids: Sequence[str], rings: Mapping[str, Ring] | None = None
) -> tuple[ClassTotal, ...]:
    """What the map holds of each class, the largest density first.

    Args:
        ids: of the run's tiles, in row order.
        rings: the ground of tiles by id, as far as it is known.
    """
    rows = np.array([row for row in found.rows if found.states[row] != FAR], dtype=np.int64)
    shares = found.votes.shares[rows]
    known = rings or {}
    areas = np.array([square_kilometres(known[ids[r]]) if ids[r] in known else np.nan for r in rows])
    placed = np.isfinite(areas)
    listed = []
    for column, label in enumerate(found.classes):
        form = describe(label)
        density = float(shares[:, column].sum())
        km2 = float((shares[placed, column] * areas[placed]).sum()) if placed.any() else None
        listed.append(
            ClassTotal(
                label=label,
                name=found.name_of(label),
                group="No landform" if label in found.distractors else form.group,
                colour=form.colour,
                tiles=found.labels.count(label),
                density=density,
                km2=km2,
            )
        )
    return tuple(sorted(listed, key=lambda one: (-one.density, one.label)))


def trusted(found: Trust | None) -> str:
    """How far to trust an estimate, in one sentence."""
    if found is None:
        return "How far to trust it is not known: the labelled run has no test tiles of its own."
    if not found.coverage:
        return f"Of {found.tiles} test tiles of the labelled set it is sure of none."
    value = found.accuracy
    said = (
        f"On {found.tiles} test tiles of the labelled set it is sure of {found.coverage:.0%}, and"
        f" {value.value:.0%} of these are right (95 % interval {value.low:.0%} to {value.high:.0%})"
    )
    if found.known_strips:
        said += f"; {found.known_strips:.0%} of them are of strips that vote too"
    return said + ". Other ground may be harder."


def _check(searcher: Searcher, labelled: Searcher, k: int, min_margin: float) -> None:
    _check_settings(k, min_margin)
    own, other = searcher.summary.id, labelled.summary.id
    if own != other and _model_of(searcher.home, own) != _model_of(labelled.home, other):
        raise RunError(
            f"Runs {own} and {other} do not have the same model, so their codes cannot be compared."
            f" Index the folder with the model of {other} (index --run), or name another run."
        )
    if not len(_voting(labelled, VOTERS)):
        raise DataError(
            f"No tile of run {other} has a label that could vote; name the run whose tiles have."
        )


def _check_settings(k: int, min_margin: float) -> None:
    if k < 1:
        raise ConfigError(f"k is {k}; at least 1 tile has to vote.")
    if not 0 <= min_margin <= 1:
        raise ConfigError(f"The smallest margin is {min_margin}; it lies between 0 and 1.")


def _classes(labelled: Searcher) -> tuple[str, ...]:
    rows = _voting(labelled, VOTERS)
    return tuple(sorted({str(labelled.items.labels[row]) for row in rows}))


def _voting(labelled: Searcher, roles: Sequence[str]) -> NDArray[np.int64]:
    labels = labelled.items.labels
    rows = [row for row in labelled.items.rows(roles) if labels[row] is not None]
    return np.array(rows, dtype=np.int64)


def _apart(
    labelled: Searcher, roles: Sequence[str], asked: NDArray[np.int64]
) -> NDArray[np.int64]:
    """The voters that are no copies of the tiles that are asked about."""
    contents = labelled.items.contents
    own = {contents[row] for row in asked}
    rows = [row for row in _voting(labelled, roles) if contents[row] not in own]
    return np.array(rows, dtype=np.int64)


def _ask(
    labelled: Searcher,
    voters: NDArray[np.int64],
    classes: tuple[str, ...],
    codes: NDArray[Any],
    k: int,
    weighting: Weighting,
) -> tuple[Votes, NDArray[np.float64]]:
    """The votes on tiles with ``codes`` (Q, B), and the distances (Q,) of their nearest voters."""
    place = {label: column for column, label in enumerate(classes)}
    label_of = np.array([place[str(labelled.items.labels[row])] for row in voters], dtype=np.int64)
    archive = labelled.retriever.archive(voters)
    shares, near = [np.empty((0, len(classes)))], [np.empty(0)]
    for start in range(0, len(codes), _BLOCK):
        distances, rows = _beyond_ties(archive, codes[start : start + _BLOCK], k)
        shares.append(tally(distances, label_of[rows], len(classes), k, weighting).shares)
        near.append(distances[:, 0])
    return decide(np.concatenate(shares)), np.concatenate(near)


def _beyond_ties(
    archive: HashArchive | FloatArchive, codes: NDArray[Any], k: int
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """The nearest (Q, n), so many that what is as far as the k-th of them is among them.

    Where a shorter list was enough for a tile, the rest of its distances is infinite.
    """
    asked, depth = np.arange(len(codes)), min(len(archive), _DEEPER * k)
    found, rows = archive.search(codes, depth)
    distances = found.astype(np.float64)
    while depth < len(archive):
        last = np.minimum(k, depth) - 1
        asked = asked[distances[asked, last] == distances[asked, depth - 1]]
        if not len(asked):
            break
        deeper = min(len(archive), _DEEPER * depth)
        more = ((0, 0), (0, deeper - depth))
        distances = np.pad(distances, more, constant_values=np.inf)
        rows = np.pad(rows, more)
        distances[asked], rows[asked] = archive.search(codes[asked], deeper)
        depth = deeper
    return distances, rows


def _reach(labelled: Searcher) -> float | None:
    """How far the nearest labelled tile of nine in ten validation tiles is; None without any."""
    asked = _voting(labelled, ("val",))
    voters = _apart(labelled, ("archive", "train"), asked)
    if not len(asked) or not len(voters):
        return None
    codes = labelled.retriever.codes
    distances, _ = labelled.retriever.archive(voters).search(codes[asked], 1)
    return float(np.quantile(distances[:, 0], _WITHIN, method="higher"))


def _states(
    found: Votes, near: NDArray[np.float64], min_margin: float, reach: float | None
) -> list[str]:
    far = near > (np.inf if reach is None else reach)
    # Shares are rounded to nine digits, so a margin of exactly the smallest may lie just below it.
    close = found.margin < min_margin - 1e-8
    return [FAR if a else CLOSE if b else SURE for a, b in zip(far, close, strict=True)]


def _spread(found: Votes, is_open: NDArray[np.bool_]) -> Votes:
    shares = np.zeros((len(is_open), found.shares.shape[1]))
    shares[is_open] = found.shares
    return decide(shares)


def _bins(margin: NDArray[np.float64], right: NDArray[np.bool_]) -> tuple[Bin, ...]:
    listed = []
    for low, high in zip(_BINS, _BINS[1:], strict=False):
        inside = (margin >= low) & ((margin < high) | (high == _BINS[-1]))
        if inside.any():
            listed.append(Bin(low, high, int(inside.sum()), float(right[inside].mean())))
    return tuple(listed)


def _known_strips(
    labelled: Searcher, asked: NDArray[np.int64], voters: NDArray[np.int64]
) -> float | None:
    strips = labelled.items.strips
    voting = {strips[row] for row in voters}
    known = [strips[row] in voting for row in asked if strips[row] is not None]
    return sum(known) / len(known) if known else None
