"""A query, and the ranking of tiles by several examples."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mirs_core.hashing.baseline import FloatModel
from mirs_core.ranking import refine
from mirs_core.retrieval.retriever import Retriever


@dataclass(frozen=True, slots=True)
class Query:
    """A query as its run compares it.

    Attributes:
        code: one row of packed codes, or of floats for a baseline.
        content: SHA-256 of the image file.
        tile_id, label, strip, role: of an archived tile; None for other images.
        positives, negatives: codes of further positive and of negative examples.
        examples: contents of all examples, which are never among the results.
    """

    name: str
    code: NDArray[Any]
    content: str
    tile_id: str | None = None
    label: str | None = None
    strip: str | None = None
    role: str | None = None
    positives: NDArray[Any] | None = None
    negatives: NDArray[Any] | None = None
    examples: frozenset[str] = frozenset()

    @property
    def refined(self) -> bool:
        """Whether there is more than one example."""
        return self.positives is not None or self.negatives is not None


def rank_refined(
    retriever: Retriever, query: Query, rows: NDArray[np.int64], k: int
) -> list[tuple[float, int]]:
    """The ``k`` best of ``rows`` by their score for a query with several examples, best first."""
    codes, model = retriever.codes[rows], retriever.model
    empty = query.code[:0]
    positives = np.concatenate([query.code, empty if query.positives is None else query.positives])
    negatives = empty if query.negatives is None else query.negatives
    near, far = (
        refine.mean_float(codes, examples, model.distance)
        if isinstance(model, FloatModel)
        else refine.mean_hamming(codes, examples)
        for examples in (positives, negatives)
    )
    scores = refine.scores(near, far)
    order = np.argsort(scores, kind="stable")[:k]
    return [(float(scores[place]), int(rows[place])) for place in order]
