"""Scores of runs, as measured when they were trained or indexed, and differences between them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from mirs_core.errors import RunError
from mirs_core.files import read_json
from mirs_core.ranking import metrics
from mirs_core.ranking.metrics import Interval
from mirs_core.workspace import runs
from mirs_core.workspace.home import Home


@dataclass(frozen=True, slots=True)
class Difference:
    """Mean AP@64 minus that of a reference run on the same queries, with its 95 % interval."""

    interval: Interval
    queries: int

    @property
    def is_none(self) -> bool:
        """Whether the interval contains 0, so that the runs cannot be told apart."""
        return self.interval.low <= 0 <= self.interval.high


@dataclass(frozen=True, slots=True)
class RunScores:
    """The evaluation of one run.

    Attributes:
        value: mAP@64 with the divisor min(R, k).
        hits: mAP@64 with the divisor of 2021, the hits within the top k.
        ties: best, expected and worst mAP@64 over all orders of tied results.
        queries: how many queries were measured; ``skipped`` counts the others by reason.
        strip: whether a query's own strip was "kept", "excluded" or is "unknown".
        by_strip: whether the split kept strips together.
        seconds: total training time, where it was recorded.
        per_class: number of queries and mAP@64 by label.
        per_query: AP@64 by tile id.
        same_archive: whether the archive is that of the reference run.
        difference: to the reference run; None for the reference itself, where the archives differ,
            and without shared queries.
    """

    run: runs.RunSummary
    value: Interval
    hits: Interval
    ties: tuple[float, float, float]
    queries: int
    skipped: dict[str, int]
    archive_tiles: int
    archive_bytes: int
    strip: str
    by_strip: bool
    epochs: int
    best_epoch: int
    seconds: float | None
    per_class: dict[str, tuple[int, float]]
    per_query: dict[str, float]
    same_archive: bool = True
    difference: Difference | None = None

    def to_row(self) -> dict[str, object]:
        """The scores as one flat table row; None if there is no difference."""
        difference = self.difference.interval if self.difference else None
        return {
            "run": self.run.id,
            "archive_id": self.run.archive_id,
            "seed": self.run.seed,
            "map_at_64": self.value.value,
            "low": self.value.low,
            "high": self.value.high,
            "hits": self.hits.value,
            "ties_best": self.ties[0],
            "ties_expected": self.ties[1],
            "ties_worst": self.ties[2],
            "queries": self.queries,
            "skipped": sum(self.skipped.values()),
            "archive_bytes": self.archive_bytes,
            "bits": self.run.bits,
            "difference": difference.value if difference else None,
            "difference_low": difference.low if difference else None,
            "difference_high": difference.high if difference else None,
        }

    def class_rows(self) -> list[dict[str, object]]:
        """One row per class: run, class, number of queries, mAP@64."""
        return [
            {"run": self.run.id, "class": label, "queries": queries, "map_at_64": value}
            for label, (queries, value) in self.per_class.items()
        ]


def scores_of(home: Home, run_ids: Sequence[str]) -> list[RunScores]:
    """The scores of the runs that have any; the first of them is the reference.

    Raises:
        RunError: a run is gone, or its files are damaged.
    """
    served = runs.served_run(home)
    scores: list[RunScores] = []
    for run_id in run_ids:
        run = runs.folder(home, run_id)
        if run.metrics.is_file():
            summary = runs.summary(home, run, served)
            score = read_scores(summary, run, scores[0] if scores else None)
            scores += [score] if score.queries else []
    return scores


def read_scores(
    summary: runs.RunSummary, run: runs.RunFolder, reference: RunScores | None = None
) -> RunScores:
    """The scores of a run that was evaluated, and its difference to ``reference``.

    Raises:
        RunError: its files are damaged.
    """
    value, provenance = read_json(run.metrics), run.provenance()
    try:
        per_query = {tile: float(ap["min_r_k"]) for tile, ap in value["per_query"].items()}
        same = reference is None or reference.run.archive_id == summary.archive_id
        comparable = reference if same else None
        return RunScores(
            run=summary,
            value=_interval(value["map_at_64"]["min_r_k"]),
            hits=_interval(value["map_at_64"]["hits"]),
            ties=(
                _number(value["ties"]["best"]),
                _number(value["ties"]["expected"]),
                _number(value["ties"]["worst"]),
            ),
            queries=int(value["n_queries"]),
            skipped={str(why): int(n) for why, n in value["skipped"].items()},
            archive_tiles=int(value["n_archive"]),
            archive_bytes=int(value["archive_bytes"]),
            strip=str(value["strip"]),
            by_strip=run.config().archive.by_strip,
            epochs=int(provenance.get("epochs") or 0),
            best_epoch=int(provenance.get("best_epoch") or 0),
            seconds=(provenance.get("seconds") or {}).get("total"),
            per_class={
                label: (int(figures["n"]), float(figures["min_r_k"]))
                for label, figures in value["per_class"].items()
            },
            per_query=per_query,
            same_archive=same,
            difference=_difference(per_query, comparable.per_query) if comparable else None,
        )
    except (AttributeError, KeyError, TypeError, ValueError):
        raise RunError(f"{run.metrics} is damaged. Delete the run and train again.") from None


def _interval(value: dict[str, Any]) -> Interval:
    return Interval(*(_number(value[name]) for name in ("value", "low", "high")))


def _number(value: float | None) -> float:
    return float("nan") if value is None else float(value)


def _difference(own: dict[str, float], other: dict[str, float]) -> Difference | None:
    shared = sorted(own.keys() & other.keys())
    if not shared:
        return None
    a, b = (np.array([values[tile] for tile in shared]) for values in (own, other))
    return Difference(metrics.paired_interval(a, b), len(shared))
