"""Results of a search: hits, and the average precision of a query."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Hit:
    """One search result.

    Attributes:
        distance: whole bits for hash codes, a float for baselines. For a query with several
            examples it is the score of ``ranking.refine``, in the same unit; it may be negative.
        relevant: whether the tile has the query's class; None for queries without a label and for
            distractors.
    """

    rank: int
    id: str
    path: str
    label: str | None
    role: str
    strip: str | None
    distance: float
    relevant: bool | None

    def to_json(self) -> dict[str, Any]:
        """The result as ``search --json`` prints it."""
        whole = int(self.distance) if float(self.distance).is_integer() else self.distance
        return {
            "rank": self.rank,
            "id": self.id,
            "path": self.path,
            "label": self.label,
            "role": self.role,
            "distance": whole,
            "strip": self.strip,
        }


def is_relevant(query: str | None, label: str | None, distractors: tuple[str, ...]) -> bool | None:
    """Whether a tile has the class of a query; None without a label, and for distractor queries."""
    if query is None or label is None or query in distractors:
        return None
    return False if label in distractors else query == label


@dataclass(frozen=True, slots=True)
class QueryScore:
    """AP@64 of one query against the evaluation archive; ``caution`` says why it may be biased."""

    min_r_k: float
    hits: float
    relevant_in_archive: int
    caution: str | None
