"""Two to five runs side by side: settings that differ, scores, and which are comparable."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from mirs_core.config.differences import Difference, differences
from mirs_core.errors import RunError
from mirs_core.evaluation import scores
from mirs_core.evaluation.scores import RunScores
from mirs_core.workspace import epochs, runs
from mirs_core.workspace.epochs import Epochs
from mirs_core.workspace.home import Home

FEWEST, MOST = 2, 5


@dataclass(frozen=True, slots=True)
class Comparison:
    """Runs side by side, in the order given.

    ``settings`` are those that differ; ``epochs`` are parallel to ``runs``; ``scores`` are those of
    the runs that were evaluated, each with its paired difference to the first of them.
    """

    runs: tuple[runs.RunSummary, ...]
    settings: tuple[Difference, ...]
    epochs: tuple[Epochs, ...]
    scores: tuple[RunScores, ...]

    @property
    def one_data_set(self) -> bool:
        """Whether one query can be sent to all of them: all finished, on the same tiles."""
        tiles = {(run.data, run.manifest_digest) for run in self.runs}
        return len(tiles) == 1 and all(run.usable for run in self.runs)

    def to_json(self) -> dict[str, Any]:
        """The comparison as ``runs compare --json`` prints it."""
        return {
            "runs": [run.id for run in self.runs],
            "settings": {setting.name: list(setting.values) for setting in self.settings},
            "one_data_set": self.one_data_set,
            "map_at_64": [_figures(score, place == 0) for place, score in enumerate(self.scores)],
            "epochs": {
                run.id: {"epoch": list(log.epochs), **{n: list(c) for n, c in log.curves().items()}}
                for run, log in zip(self.runs, self.epochs, strict=True)
            },
        }


def compare(home: Home, run_ids: Sequence[str]) -> Comparison:
    """The comparison of two to five runs.

    Raises:
        RunError: not two to five different runs, or one of them is gone or damaged.
    """
    ids = list(dict.fromkeys(run_ids))
    if not FEWEST <= len(ids) <= MOST:
        raise RunError(f"Compare {FEWEST} to {MOST} different runs, not {len(ids)}.")
    folders, served = [runs.folder(home, run_id) for run_id in ids], runs.served_run(home)
    return Comparison(
        runs=tuple(runs.summary(home, run, served) for run in folders),
        settings=tuple(differences([run.config() for run in folders])),
        epochs=tuple(epochs.read(run) for run in folders),
        scores=tuple(scores.scores_of(home, ids)),
    )


def _figures(score: RunScores, first: bool) -> dict[str, Any]:
    difference = score.difference
    return {
        "run": score.run.id,
        **score.value.to_json(),
        "queries": score.queries,
        "archive_id": score.run.archive_id,
        "same_archive": score.same_archive,
        "difference": None
        if first or difference is None
        else {**difference.interval.to_json(), "queries": difference.queries},
    }
