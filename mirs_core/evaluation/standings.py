"""The scores of runs as measured when they were made, and their differences to the first."""

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
    """Mean AP@64 minus that of another run on the same queries, with its 95 % interval."""

    interval: Interval
    queries: int

    @property
    def is_none(self) -> bool:
        """Whether the interval contains 0: no difference can be told."""
        return self.interval.low <= 0 <= self.interval.high


@dataclass(frozen=True, slots=True)
class Standing:
    """One run's figures. mAP@64 divides by min(R, k); ``ties`` are best, expected and worst.

    ``per_class`` holds number of queries and mAP@64 by label, ``per_query`` AP@64 by tile id.
    ``against`` is None for the first run, where the archives differ, and without shared queries.
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
    against: Difference | None = None

    def to_row(self) -> dict[str, object]:
        """The scores as one flat row of a table; None where there is no difference."""
        against = self.against.interval if self.against else None
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
            "difference": against.value if against else None,
            "difference_low": against.low if against else None,
            "difference_high": against.high if against else None,
        }

    def class_rows(self) -> list[dict[str, object]]:
        """mAP@64 by class, a row each: run, class, number of queries, value."""
        return [
            {"run": self.run.id, "class": label, "queries": queries, "map_at_64": value}
            for label, (queries, value) in self.per_class.items()
        ]


def standings(home: Home, run_ids: Sequence[str]) -> list[Standing]:
    """The standing of each run that measured something, the first of them as the reference.

    Raises:
        RunError: a run is gone, or its files are damaged.
    """
    served = runs.served_run(home)
    found: list[Standing] = []
    for run_id in run_ids:
        run = runs.folder(home, run_id)
        if run.metrics.is_file():
            summary = runs.summary(home, run, served)
            standing = standing_of(summary, run, found[0] if found else None)
            found += [standing] if standing.queries else []
    return found


def standing_of(
    summary: runs.RunSummary, run: runs.RunFolder, reference: Standing | None = None
) -> Standing:
    """The standing of one run that measured something, and its difference to ``reference``.

    Raises:
        RunError: its files are damaged.
    """
    value, made = read_json(run.metrics), run.provenance()
    try:
        per_query = {tile: float(one["min_r_k"]) for tile, one in value["per_query"].items()}
        same = reference is None or reference.run.archive_id == summary.archive_id
        against = _difference(per_query, reference.per_query) if reference and same else None
        return Standing(
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
            epochs=int(made.get("epochs") or 0),
            best_epoch=int(made.get("best_epoch") or 0),
            seconds=(made.get("seconds") or {}).get("total"),
            per_class={
                label: (int(one["n"]), float(one["min_r_k"]))
                for label, one in value["per_class"].items()
            },
            per_query=per_query,
            same_archive=same,
            against=against,
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
