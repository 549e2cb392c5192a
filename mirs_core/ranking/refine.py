"""Relevance feedback: ranking by several positive and negative examples.

The rule, after Rocchio (1971), is written with distances: the score of a tile is its mean distance
to the positives, less ``GAMMA`` times its mean distance to the negatives; lower scores are better.
With one positive and no negatives it is the distance itself.
"""

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from mirs_core.ranking.codes import Packed

Metric = Literal["euclidean", "cosine"]

GAMMA = 0.5
"""Weight of the negatives relative to the positives."""
_DIGITS = 9


def scores(
    positives: NDArray[Any], negatives: NDArray[Any], gamma: float = GAMMA
) -> NDArray[np.float64]:
    """Scores (N,) by the rule above.

    Args:
        positives: (N,) mean distances to the positive examples.
        negatives: (N,) mean distances to the negative examples; zeros if there are none.
    """
    # Rounded, so that equal sums of bits give equal scores, and ties stay in row order.
    result: NDArray[np.float64] = np.round(positives - gamma * negatives, _DIGITS)
    return result


def mean_hamming(codes: Packed, examples: Packed) -> NDArray[np.float64]:
    """Mean Hamming distance (N,) of packed codes (N, B) to packed examples (p, B), 0..8 B.

    One look-up per byte: a table holds, for each of its 256 values, the summed distance to all
    examples, so the time does not grow with their number. Zeros if there are none.
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
    """Mean distance (N,) of features (N, D) to examples (p, D); zeros if there are none.

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
