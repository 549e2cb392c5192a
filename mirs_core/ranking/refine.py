"""Relevance feedback: several queries at once, for codes and for float features alike.

The rule (after Rocchio 1971, written with distances): a tile's score is its mean distance to the
positives, less ``GAMMA`` times its mean distance to the negatives. The lower the score, the better.
With one positive and no negative it is the plain distance.
"""

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from mirs_core.ranking.codes import Packed

Metric = Literal["euclidean", "cosine"]

GAMMA = 0.5
"""How much the negatives count against the positives."""
_DIGITS = 9


def scores(
    positives: NDArray[Any], negatives: NDArray[Any], gamma: float = GAMMA
) -> NDArray[np.float64]:
    """Scores (N,) of the rule above.

    Args:
        positives: sums (N,) of distances to p >= 1 examples, divided by p.
        negatives: the same of the negatives; zeros where there are none.
    """
    # Rounded, so that equal sums of whole bits stay equal scores, and ties stay in row order.
    result: NDArray[np.float64] = np.round(positives - gamma * negatives, _DIGITS)
    return result


def mean_hamming(codes: Packed, examples: Packed) -> NDArray[np.float64]:
    """Mean Hamming distance (N,) of packed codes (N, B) to packed examples (p, B), 0..8 B.

    One look-up a byte: a table holds, for each of its 256 values, the summed distance to all
    examples, so the time does not grow with their number. Zeros where there are none.
    """
    if not len(examples):
        return np.zeros(len(codes))
    values = np.arange(256, dtype=np.uint8)
    total = np.zeros(len(codes), dtype=np.int64)
    for place in range(codes.shape[1]):
        differing = np.bitwise_count(values[:, None] ^ examples[None, :, place])
        total += differing.sum(axis=1, dtype=np.int64)[codes[:, place]]
    return total / len(examples)


def mean_float(
    features: NDArray[np.float32], examples: NDArray[np.float32], metric: Metric
) -> NDArray[np.float64]:
    """Mean distance (N,) of features (N, D) to examples (p, D); zeros where there are none.

    Euclidean, or cosine: 1 - cos, where a vector of length 0 is at 0.5 from all others.
    """
    if not len(examples):
        return np.zeros(len(features))
    own, others = (_unit(features), _unit(examples)) if metric == "cosine" else (features, examples)
    squared = (own**2).sum(axis=1)[:, None] + (others**2).sum(axis=1)[None] - 2 * own @ others.T
    distances = squared.clip(min=0) / 2 if metric == "cosine" else np.sqrt(squared.clip(min=0))
    mean: NDArray[np.float64] = distances.mean(axis=1, dtype=np.float64)
    return mean


def _unit(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return (vectors / np.where(lengths > 0, lengths, np.float32(1))).astype(np.float32, copy=False)
