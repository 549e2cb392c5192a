"""Groups of landforms across classes, for inter-class triplets (Milbich et al. 2020)."""

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
    triplets). What is left is what the tiles of different classes can share.
    """
    made = np.array(x, dtype=np.float64)
    for label in np.unique(labels):
        rows = labels == label
        made[rows] -= made[rows].mean(axis=0)
        if rows.sum() > 1:
            made[rows] /= np.maximum(made[rows].std(axis=0), _FLOOR)
    return made


def landform_groups(
    x: NDArray[np.floating],
    labels: NDArray[np.int64],
    groups: int,
    seed: int,
    standardise: bool = True,
) -> NDArray[np.int64]:
    """Group numbers (n,) of training tiles: k-means of their standardised features.

    Args:
        groups: at most so many, and at most one for each eight tiles.
        standardise: False clusters the features as they are, as the code of 2021 did.

    Raises:
        DataError: fewer than three classes, or too few tiles for two groups.
    """
    from sklearn.cluster import KMeans

    classes = len(np.unique(labels))
    if classes < 3:
        raise DataError(
            f"Inter-class triplets need three classes, and the training half has {classes}."
            " Set loss.interclass_weight=0 or add classes."
        )
    count = min(groups, len(x) // 8)
    if count < 2:
        raise DataError(
            f"Inter-class triplets need 16 training tiles for two groups, and there are {len(x)}."
            " Set loss.interclass_weight=0 or add tiles."
        )
    points = standardised_by_class(x, labels) if standardise else x.astype(np.float64)
    with warnings.catch_warnings():
        # Fewer distinct tiles than groups: some groups stay empty, which harms nothing.
        warnings.filterwarnings("ignore", message="Number of distinct clusters")
        found = KMeans(count, n_init=4, random_state=seed).fit_predict(points)
    return found.astype(np.int64)
