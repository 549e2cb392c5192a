"""The most likely landform of a single query, by the rules of landform estimates."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mirs_core.errors import MirsError
from mirs_core.landform_map.estimate import default_labelled_run, name_of, shares_model
from mirs_core.landform_map.voting import (
    CLOSE,
    FAR,
    MIN_MARGIN,
    STATES,
    VOTERS,
    K,
    Voters,
    classes_of,
    labelled_rows,
    reach_of,
    states_of,
)
from mirs_core.progress import Progress, silent
from mirs_core.retrieval.query import Query
from mirs_core.retrieval.search import Searcher

MOST_VOTERS = 200_000
"""More labelled tiles are not opened for a single query: measuring their reach takes too long."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the nearest labelled tiles say of one query: an estimate, not an observation.

    Attributes:
        label: the leading class; ``name`` as people read it.
        share: share of the votes for it, 0 to 1; ``margin`` its lead over ``runner_up``, which is
            None where all agree.
        k: number of tiles that voted.
        state: SURE, CLOSE (the lead is too small) or FAR (unlike every labelled tile).
        nearest: distance of the nearest labelled tile in ``unit``; ``reach`` the largest at which
            an estimate can be sure, None if it could not be measured.
        labelled: id of the run whose tiles voted.
    """

    label: str
    name: str
    share: float
    runner_up: str | None
    margin: float
    k: int
    state: str
    nearest: float
    reach: float | None
    unit: str
    labelled: str

    @property
    def votes(self) -> float:
        """Number of votes for the class; a fraction where ties are cut at the k-th tile."""
        return round(self.share * self.k, 6)

    def in_words(self) -> str:
        """The verdict in one line: "most likely Crater: 15 of 15 neighbours, sure"."""
        votes = f"{self.votes:.3g} of {self.k} neighbours, {self.state}"
        if self.state == FAR and self.reach is not None:
            votes += (
                f" (the nearest labelled tile is at {self.nearest:.4g} {self.unit}, a typical one"
                f" within {self.reach:.4g})"
            )
        elif self.state == CLOSE and self.runner_up is not None:
            votes += f" (next: {self.runner_up})"
        return f"most likely {self.name}: {votes}"

    def to_json(self) -> dict[str, Any]:
        """The verdict as ``search --json`` prints it."""
        return {
            "estimate": True,
            "label": self.label,
            "name": self.name,
            "votes": self.votes,
            "k": self.k,
            "share": self.share,
            "margin": self.margin,
            "runner_up": self.runner_up,
            "state": self.state,
            "nearest": self.nearest,
            "reach": self.reach,
            "unit": self.unit,
            "labelled": self.labelled,
        }


@dataclass(frozen=True, slots=True, eq=False)
class Panel:
    """The voters of a run with all that a verdict needs; open it once and keep it."""

    labelled: str
    unit: str
    distractors: tuple[str, ...]
    voters: Voters
    reach: float | None

    @classmethod
    def of(cls, labelled: Searcher) -> "Panel | None":
        """The panel of the labelled tiles of an open run.

        None if it has none that may vote, or more than ``MOST_VOTERS``.
        """
        rows = labelled_rows(labelled, VOTERS)
        if not 0 < len(rows) <= MOST_VOTERS:
            return None
        return cls(
            labelled=labelled.summary.id,
            unit=labelled.unit,
            distractors=labelled.retriever.distractors,
            voters=Voters.of(labelled, rows, classes_of(labelled)),
            reach=reach_of(labelled),
        )

    def verdicts(self, codes: NDArray[Any], progress: Progress = silent) -> list[Verdict]:
        """The verdict on each of ``codes`` (Q, ...), which are of the model of the panel's run."""
        votes, nearest = self.voters.vote(codes, K, progress=progress)
        states = states_of(votes, nearest, MIN_MARGIN, self.reach)
        return [
            Verdict(
                label=self.voters.classes[votes.winner[place]],
                name=self._name(int(votes.winner[place])) or "",
                share=float(votes.share[place]),
                runner_up=self._name(int(votes.runner_up[place])),
                margin=float(np.round(votes.margin[place], 9)),
                k=min(K, self.voters.tiles),
                state=STATES[states[place]],
                nearest=float(nearest[place]),
                reach=self.reach,
                unit=self.unit,
                labelled=self.labelled,
            )
            for place in range(len(nearest))
        ]

    def verdict(self, query: Query) -> Verdict | None:
        """The verdict on an unlabelled query; None for one with a label, which needs none."""
        return None if query.label is not None else self.verdicts(query.code)[0]

    def _name(self, column: int) -> str | None:
        return name_of(self.voters.classes[column], self.distractors) if column >= 0 else None


def open_panel(searcher: Searcher) -> Panel | None:
    """The panel for queries of a run: the labelled tiles of the run that its model was trained in.

    Those of the run itself if that run is gone, damaged or without labels; None if none may vote.
    """
    run = searcher.summary.id
    try:
        origin = default_labelled_run(searcher.home, run)
        if origin != run and shares_model(searcher.home, run, origin):
            panel = Panel.of(Searcher.open(searcher.home, origin))
            if panel is not None:
                return panel
    except MirsError:
        return Panel.of(searcher)
    return Panel.of(searcher)
