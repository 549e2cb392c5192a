"""The counts of one part of ``bench kills``."""

import statistics
from dataclasses import dataclass, field
from typing import Any

COLUMNS = {
    "part": "part",
    "tried": "attempts",
    "lost_runs": "lost runs",
    "corrupt_files": "corrupt files",
    "dead_shown_running": "dead shown as running",
    "queue_stuck": "queue stuck",
    "differing_models": "differing models",
    "seconds_p50": "s until the queue continued, p50",
    "seconds_max": "max",
}
"""Column headings by key of a row."""


@dataclass(slots=True)
class Tally:
    """The row of one part.

    Attributes:
        tried: the number of attempts.
        seconds: from each attempt until the next waiting job started.
        note: how it was done.
        details: a description of each fault.
    """

    part: str
    tried: int = 0
    lost_runs: int = 0
    corrupt_files: int = 0
    dead_shown_running: int = 0
    queue_stuck: int = 0
    differing_models: int = 0
    seconds: list[float] = field(default_factory=list)
    note: str = ""
    details: list[str] = field(default_factory=list)

    @property
    def faults(self) -> int:
        """The number of faults."""
        return (
            self.lost_runs
            + self.corrupt_files
            + self.dead_shown_running
            + self.queue_stuck
            + self.differing_models
        )

    def count(self, name: str, what: list[str]) -> None:
        """Adds faults to the column ``name``."""
        setattr(self, name, getattr(self, name) + len(what))
        self.details += [f"{COLUMNS[name]}: {fault}" for fault in what]

    def to_json(self) -> dict[str, Any]:
        """The row."""
        counts = {name: getattr(self, name) for name in list(COLUMNS)[:7]}
        timed = bool(self.seconds)
        return {
            **counts,
            "seconds_p50": round(statistics.median(self.seconds), 2) if timed else None,
            "seconds_max": round(max(self.seconds), 2) if timed else None,
            "note": self.note,
            "found": self.details,
        }
