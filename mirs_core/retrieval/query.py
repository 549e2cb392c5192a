"""A query, and the ranking of tiles by several examples."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mirs_core.hashing.baseline import FloatModel
from mirs_core.ranking import refine
from mirs_core.retrieval.retriever import Retriever

_STEP = 1 << 18
"""How many tiles are scored at a time, which bounds the memory."""


@dataclass(frozen=True, slots=True)
class Query:
    """A query as its run compares it.

    Attributes:
        code: one row of packed codes, or of floats for a baseline.
        content: SHA-256 of the image file; of a virtual tile, of its pixels.
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
    positives, negatives = _examples(query)
    best, best_rows = np.empty(0), rows[:0]
    for start in range(0, len(rows), _STEP):
        step = rows[start : start + _STEP]
        scores = _scores(retriever, step, positives, negatives)
        if len(best) >= k > 0:
            as_good = scores <= best[-1]
            scores, step = scores[as_good], step[as_good]
        best, best_rows = np.concatenate([best, scores]), np.concatenate([best_rows, step])
        ties = best_rows if retriever.ties is None else retriever.ties.take(best_rows)
        order = np.lexsort((best_rows, ties, best))[:k]
        best, best_rows = best[order], best_rows[order]
    return list(zip(best.tolist(), best_rows.tolist(), strict=True))


def scores(retriever: Retriever, query: Query, rows: NDArray[np.int64]) -> NDArray[np.float64]:
    """The score (n,) of each of ``rows`` for a query with several examples; lower is better."""
    positives, negatives = _examples(query)
    steps = [rows[start : start + _STEP] for start in range(0, len(rows), _STEP)]
    parts = [_scores(retriever, step, positives, negatives) for step in steps]
    return np.concatenate(parts) if parts else np.empty(0)


def _examples(query: Query) -> tuple[Any, Any]:
    empty = query.code[:0]
    positives = np.concatenate([query.code, empty if query.positives is None else query.positives])
    return positives, empty if query.negatives is None else query.negatives


def _scores(
    retriever: Retriever, rows: NDArray[np.int64], positives: Any, negatives: Any
) -> NDArray[np.float64]:
    codes, model = retriever.codes[rows], retriever.model
    near, far = (
        refine.mean_float(codes, examples, model.distance)
        if isinstance(model, FloatModel)
        else refine.mean_hamming(codes, examples)
        for examples in (positives, negatives)
    )
    return refine.scores(near, far)
