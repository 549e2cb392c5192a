"""Which tiles a model is made from."""

from collections.abc import Collection
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from mirs_core.config import settings as configs
from mirs_core.datasets.items import Items

_NO_ROWS: NDArray[np.int64] = np.zeros(0, dtype=np.int64)


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
        parts: widths of the parts of the features that are to count equally, which add up to D.
        copies: rows of tiles whose pixels are also those of an archive or test tile.
    """

    features: NDArray[np.float32]
    items: Items
    views: NDArray[np.float32] | None = None
    val_view: NDArray[np.float32] | None = None
    archive: NDArray[np.float32] | None = None
    target: NDArray[np.float32] | None = None
    distractors: Collection[str] = ()
    parts: tuple[int, ...] = ()
    copies: NDArray[np.int64] = field(default_factory=lambda: _NO_ROWS)

    @property
    def archive_features(self) -> NDArray[np.float32]:
        """(m, D) features of the archive that the run will search."""
        if self.archive is not None:
            return self.archive
        return self.features[self.items.rows(["archive"])]

    def learning_rows(self, config: configs.RunConfig) -> NDArray[np.int64]:
        """``learning_rows`` of these tiles."""
        return learning_rows(config, self.items, self.copies)


def learning_rows(
    config: configs.RunConfig, items: Items, copies: NDArray[np.int64] = _NO_ROWS
) -> NDArray[np.int64]:
    """Rows of the tiles that a head learns from: the training half, or its labelled part.

    Training tiles whose files are also in the archive or the test split are left out, and so are
    ``copies``, because a head that knows the label of a query is not measured by it. An
    unsupervised run may learn from the archive's tiles as well; on a folder without splits it has
    only those.
    """
    rows = unseen(items, items.rows(["train"]), copies)
    if not config.unsupervised:
        return labelled(items, rows)
    if config.training.tiles == "half+archive":
        return np.union1d(rows, items.rows(["archive"]))
    return rows if len(items.rows(["train"])) else items.rows(["archive"])


def unseen(
    items: Items, rows: NDArray[np.int64], copies: NDArray[np.int64] = _NO_ROWS
) -> NDArray[np.int64]:
    """Those of ``rows`` (n,) that are neither ``copies`` nor files of archive or test tiles."""
    reserved = items.contents_of(["archive", "test"])
    is_new = [content not in reserved for content in items.contents.take(rows)]
    return np.setdiff1d(rows[np.array(is_new, dtype=bool)], copies, assume_unique=True)


def left_out(items: Items, copies: NDArray[np.int64] = _NO_ROWS) -> int:
    """How many tiles of the training half are left out as copies of archive or test tiles."""
    rows = items.rows(["train"])
    return len(rows) - len(unseen(items, rows, copies))


def labelled(items: Items, rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """Those of ``rows`` (n,) whose tiles have a label."""
    return np.array([row for row in rows if items.labels[row] is not None], dtype=np.int64)
