"""Two to five runs beside each other: settings, figures, and which of them compare."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from mirs_core.config.differences import Difference, differences
from mirs_core.errors import RunError
from mirs_core.evaluation import standings
from mirs_core.evaluation.standings import Standing
from mirs_core.workspace import epochs, runs
from mirs_core.workspace.epochs import Epochs
from mirs_core.workspace.home import Home

FEWEST, MOST = 2, 5


@dataclass(frozen=True, slots=True)
class Comparison:
    """Runs in the order in which they were named.

    ``settings`` are those that differ; ``epochs`` are parallel to ``runs``; ``standings`` are of
    the runs that measured something, each with its paired difference to the first of them.
    """

    runs: tuple[runs.RunSummary, ...]
    settings: tuple[Difference, ...]
    epochs: tuple[Epochs, ...]
    standings: tuple[Standing, ...]

    @property
    def one_data_set(self) -> bool:
        """Whether one query can go through all of them: all finished, on the same tiles."""
        tiles = {(run.data, run.manifest_digest) for run in self.runs}
        return len(tiles) == 1 and all(run.usable for run in self.runs)

    def to_json(self) -> dict[str, Any]:
        """The comparison as ``runs compare --json`` prints it."""
        return {
            "runs": [run.id for run in self.runs],
            "settings": {one.name: list(one.values) for one in self.settings},
            "one_data_set": self.one_data_set,
            "map_at_64": [_figures(one, place == 0) for place, one in enumerate(self.standings)],
            "epochs": {
                run.id: {"epoch": list(one.epochs), **{n: list(c) for n, c in one.curves().items()}}
                for run, one in zip(self.runs, self.epochs, strict=True)
            },
        }


def compare(home: Home, run_ids: Sequence[str]) -> Comparison:
    """The comparison of two to five runs.

    Raises:
        RunError: other than two to five runs are named, or one of them is gone or damaged.
    """
    ids = list(dict.fromkeys(run_ids))
    if not FEWEST <= len(ids) <= MOST:
        raise RunError(f"{len(ids)} runs are named; compare {FEWEST} to {MOST} different ones.")
    folders, served = [runs.folder(home, run_id) for run_id in ids], runs.served_run(home)
    return Comparison(
        runs=tuple(runs.summary(home, run, served) for run in folders),
        settings=tuple(differences([run.config() for run in folders])),
        epochs=tuple(epochs.read(run) for run in folders),
        standings=tuple(standings.standings(home, ids)),
    )


def _figures(standing: Standing, first: bool) -> dict[str, Any]:
    against = standing.against
    return {
        "run": standing.run.id,
        **standing.value.to_json(),
        "queries": standing.queries,
        "archive_id": standing.run.archive_id,
        "same_archive": standing.same_archive,
        "difference": None
        if first or against is None
        else {**against.interval.to_json(), "queries": against.queries},
    }
