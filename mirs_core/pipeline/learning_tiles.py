"""Which tiles a model is made from."""

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mirs_core.config import settings as configs
from mirs_core.datasets.items import Items


@dataclass(frozen=True, slots=True)
class LearningTiles:
    """The tiles that a model is made from.

    Attributes:
        features: (n, D) float32, parallel to ``items``.
        views: (V, n', D) views of the ``learning_rows``; None takes the tiles as they are.
        val_view: (n_val, D) another view of the validation tiles, if two views are compared to
            select the epoch.
        archive: (m, D) tiles of another data set that the run will search instead of its own.
        target: (m, D) tiles whose statistics whiten the target domain; None takes the archive's.
        distractors: classes that are trained on but never queried, so not in validation either.
    """

    features: NDArray[np.float32]
    items: Items
    views: NDArray[np.float32] | None = None
    val_view: NDArray[np.float32] | None = None
    archive: NDArray[np.float32] | None = None
    target: NDArray[np.float32] | None = None
    distractors: Collection[str] = ()

    @property
    def archive_features(self) -> NDArray[np.float32]:
        """(m, D) features of the archive that the run will search."""
        if self.archive is not None:
            return self.archive
        return self.features[self.items.rows(["archive"])]


def learning_rows(config: configs.RunConfig, items: Items) -> NDArray[np.int64]:
    """Rows of the tiles that a head learns from: the training half, or its labelled part.

    An unsupervised run may learn from the archive's tiles as well; on a folder without splits it
    has only those.
    """
    rows = items.rows(["train"])
    if not config.unsupervised:
        return labelled(items, rows)
    if config.training.tiles == "half+archive":
        return items.rows(["train", "archive"])
    return rows if len(rows) else items.rows(["archive"])


def labelled(items: Items, rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """Those of ``rows`` (n,) whose tiles have a label."""
    return np.array([row for row in rows if items.labels[row] is not None], dtype=np.int64)
