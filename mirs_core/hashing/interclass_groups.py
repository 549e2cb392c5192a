"""Groups of tiles across classes, for inter-class triplets (Milbich et al. 2020)."""

import warnings

import numpy as np
from numpy.typing import NDArray

from mirs_core.errors import DataError

_FLOOR = 1e-6


def standardised_by_class(
    x: NDArray[np.floating], labels: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Features (n, D) less the mean of their class, divided by its standard deviation (divisor n).

    The deviation is floored at 1e-6; a class of one tile is only centred (MIRS method, inter-class
    triplets). What remains is what tiles of different classes may have in common.
    """
    standardised = np.array(x, dtype=np.float64)
    for label in np.unique(labels):
        rows = labels == label
        standardised[rows] -= standardised[rows].mean(axis=0)
        if rows.sum() > 1:
            standardised[rows] /= np.maximum(standardised[rows].std(axis=0), _FLOOR)
    return standardised


def interclass_groups(
    x: NDArray[np.floating],
    labels: NDArray[np.int64],
    groups: int,
    seed: int,
    standardise: bool = True,
) -> NDArray[np.int64]:
    """Group numbers (n,) of training tiles: k-means clusters of their standardised features.

    Args:
        x: (n, D) features.
        labels: (n,) class numbers.
        groups: maximum number of groups; also limited to one for every eight tiles.
        standardise: False clusters the features as they are, as the code of 2021 did.

    Raises:
        DataError: fewer than three classes, or too few tiles for two groups.
    """
    from sklearn.cluster import KMeans

    classes = len(np.unique(labels))
    if classes < 3:
        raise DataError(
            f"Inter-class triplets need three classes, and the training half has {classes}."
            " Set loss.interclass_weight to 0 or add classes."
        )
    count = min(groups, len(x) // 8)
    if count < 2:
        raise DataError(
            f"Inter-class triplets need 16 training tiles for two groups, and there are {len(x)}."
            " Set loss.interclass_weight to 0 or add tiles."
        )
    points = standardised_by_class(x, labels) if standardise else x.astype(np.float64)
    with warnings.catch_warnings():
        # With fewer distinct tiles than groups some groups stay empty, which is harmless.
        warnings.filterwarnings("ignore", message="Number of distinct clusters")
        numbers = KMeans(count, n_init=4, random_state=seed).fit_predict(points)
    return numbers.astype(np.int64)
