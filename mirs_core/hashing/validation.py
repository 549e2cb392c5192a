"""The validation score of an epoch: mAP@64 of validation tiles against the training half."""

import numpy as np
import torch
from numpy.typing import NDArray

from mirs_core.ranking.codes import hamming
from mirs_core.ranking.metrics import average_precision

_K = 64
_INT32 = 2**31


def validation_map(
    archive: NDArray[np.uint8],
    archive_labels: NDArray[np.int64],
    queries: NDArray[np.uint8],
    labels: NDArray[np.int64],
) -> float | None:
    """mAP@64 (divisor min(R, k)) of packed queries against packed archive codes; ties in row order.

    Args:
        archive: (N, K/8); archive_labels: (N,) class numbers.
        queries: (Q, K/8); labels: (Q,) class numbers.

    Queries without a relevant row are left out; None if none remain.
    """
    relevant = labels[:, None] == archive_labels
    totals = relevant.sum(axis=1)
    if not totals.any():
        return None
    # One number that sorts by distance, then by row, so that a partial sort is enough.
    rows = len(archive)
    keys = torch.from_numpy(hamming(queries, archive))
    if (archive.shape[1] * 8 + 1) * rows >= _INT32:
        keys = keys.long()
    keys.mul_(rows).add_(torch.arange(rows, dtype=keys.dtype))
    nearest = keys.topk(min(_K, rows), dim=1, largest=False).values.numpy() % rows
    top = np.take_along_axis(relevant, nearest, axis=1)
    return float(np.nanmean(average_precision(top, totals, _K, "min_r_k")))
