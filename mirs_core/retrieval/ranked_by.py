"""What the results of a query are ranked by: a distance, or the score of several examples.

Everything that shows or writes the value of a result takes its name from here.
"""

from dataclasses import dataclass

from mirs_core.ranking.refine import GAMMA
from mirs_core.retrieval.query import Query

DISTANCES = {"bits": "Hamming distance", "euclidean": "Euclidean distance"}
"""Names of distances by unit; those of other units are the unit and "distance"."""


@dataclass(frozen=True, slots=True)
class RankedBy:
    """What a ranking value is, for one model and one query.

    Attributes:
        distance: the name of the model's distance, as "Hamming distance".
        bits: length of the hash codes; None for float features.
        positives, negatives: the number of examples besides the query.
    """

    distance: str
    bits: int | None
    positives: int = 0
    negatives: int = 0

    @property
    def is_score(self) -> bool:
        """Whether it is the score of several examples, which is no distance."""
        return bool(self.positives or self.negatives)

    @property
    def name(self) -> str:
        """Of the value, in the middle of a sentence: "Hamming distance" or "score"."""
        return "score" if self.is_score else self.distance

    @property
    def order(self) -> str:
        """The order of the results in words, for exports and figures."""
        if not self.is_score:
            return f"{self.distance}, nearest first"
        near = f"mean {self.distance} to the query"
        if self.positives:
            near += f" and {_count(self.positives, 'positive example')}"
        if not self.negatives:
            return f"score, lowest first: {near}"
        share = "half" if GAMMA == 0.5 else f"{GAMMA:g} times"
        far = f"{share} the mean distance to {_count(self.negatives, 'negative example')}"
        return f"score, lowest first: {near if self.positives else near[5:]} minus {far}"

    def short(self, value: float) -> str:
        """A value without its name, as under a tile. All values of a list have equal decimals."""
        if self.bits is None:
            return f"{value:.2f}"
        return f"{value:.0f}" if not self.is_score and float(value).is_integer() else f"{value:.1f}"

    def caption(self, value: float) -> str:
        """A value for a caption in a figure: "12 bits", "6.90", "score 6.9"."""
        if self.is_score:
            return f"score {self.short(value)}"
        return f"{self.short(value)} bits" if self.bits else self.short(value)

    def long(self, value: float) -> str:
        """A value with its name: "Hamming distance 12 of 128 bits", "Score 6.900"."""
        if self.is_score:
            return f"Score {value:.1f}" if self.bits else f"Score {value:.3f}"
        name = self.distance[0].upper() + self.distance[1:]
        return (
            f"{name} {self.short(value)} of {self.bits} bits"
            if self.bits
            else f"{name} {value:.3f}"
        )


def ranked_by(unit: str, query: Query | None, bits: int | None = None) -> RankedBy:
    """What the results of a query are ranked by.

    Args:
        unit: of the model's distances: "bits", or the name of a float distance (``Searcher.unit``).
        query: None for one without further examples.
        bits: length of the hash codes; None takes it from the query.
    """
    if unit == "bits" and bits is None and query is not None:
        bits = query.code.shape[-1] * 8
    positives, negatives = (query.positives, query.negatives) if query else (None, None)
    return RankedBy(
        distance=DISTANCES.get(unit, f"{unit} distance"),
        bits=bits if unit == "bits" else None,
        positives=0 if positives is None else len(positives),
        negatives=0 if negatives is None else len(negatives),
    )


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
