"""What is counted in one part of ``bench kills``."""

import statistics
from dataclasses import dataclass, field
from typing import Any

COLUMNS = {
    "part": "part",
    "tried": "tried",
    "lost_runs": "lost runs",
    "corrupt_files": "corrupt files",
    "dead_shown_running": "dead shown as running",
    "queue_stuck": "queue stuck",
    "differing_models": "differing models",
    "seconds_p50": "s till the queue went on, p50",
    "seconds_max": "max",
}
"""Keys of a row to heads of the table."""


@dataclass(slots=True)
class Tally:
    """The row of one part.

    Attributes:
        tried: how often something was done to it.
        seconds: from each of these until the next job went on, where one waited.
        note: how it was done, in words.
        found: what went wrong, in words.
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
    found: list[str] = field(default_factory=list)

    @property
    def faults(self) -> int:
        """All that went wrong."""
        return (
            self.lost_runs
            + self.corrupt_files
            + self.dead_shown_running
            + self.queue_stuck
            + self.differing_models
        )

    def count(self, name: str, what: list[str]) -> None:
        """Adds what went wrong to the column ``name``."""
        setattr(self, name, getattr(self, name) + len(what))
        self.found += [f"{COLUMNS[name]}: {one}" for one in what]

    def to_json(self) -> dict[str, Any]:
        """The row."""
        counts = {name: getattr(self, name) for name in list(COLUMNS)[:7]}
        known = bool(self.seconds)
        return {
            **counts,
            "seconds_p50": round(statistics.median(self.seconds), 2) if known else None,
            "seconds_max": round(max(self.seconds), 2) if known else None,
            "note": self.note,
            "found": self.found,
        }
