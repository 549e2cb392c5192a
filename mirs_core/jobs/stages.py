"""The stages that a job has gone through, and how long each took."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Stage:
    """A stage of a job: its name, its number of items, and the seconds spent in it."""

    name: str
    total: int
    seconds: float

    def row(self) -> list[Any]:
        """The stage as it stands in the files of a job."""
        return [self.name, self.total, round(self.seconds, 2)]


def of_rows(rows: Any) -> tuple[Stage, ...]:
    """The stages in a file of a job; none where it has no valid ones."""
    try:
        return tuple(Stage(str(name), int(total), float(seconds)) for name, total, seconds in rows)
    except (TypeError, ValueError, OverflowError):
        return ()
