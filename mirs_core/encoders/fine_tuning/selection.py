"""The tiles that a fine-tuning may use: labels are read of training and validation tiles only."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mirs_core.datasets.items import Items
from mirs_core.errors import DataError


@dataclass(frozen=True, slots=True)
class Selection:
    """Rows of the items to train and validate on, and their class numbers.

    ``numbers`` (n,) is -1 where the label is not used; ``labels_of`` are the content hashes of the
    tiles whose labels are used.
    """

    train: NDArray[np.int64]
    val: NDArray[np.int64]
    numbers: NDArray[np.int64]
    classes: int
    labels_of: tuple[str, ...]


def select(items: Items, reads_labels: bool, distractors: Collection[str] = ()) -> Selection:
    """Chooses the tiles of a fine-tuning.

    Left out are tiles whose content is also in the archive or the test split, and validation tiles
    that are also training tiles. Where labels are used, tiles without one are left out, and so are
    validation tiles of distractors or of classes without training tiles.

    Raises:
        DataError: too few tiles or classes.
    """
    reserved = items.contents_of(["archive", "test"])
    train = [row for row in items.rows(["train"]) if items.contents[row] not in reserved]
    reserved |= {items.contents[row] for row in train}
    val = [row for row in items.rows(["val"]) if items.contents[row] not in reserved]
    numbers = np.full(len(items), -1, dtype=np.int64)
    if not reads_labels:
        if len(train) < 2:
            raise DataError("The training half has fewer than two tiles; add tiles to train/.")
        return Selection(_rows(train), _rows(val), numbers, 0, ())
    train = [row for row in train if items.labels[row] is not None]
    names = sorted({label for label in (items.labels[row] for row in train) if label is not None})
    if len(names) < 2:
        raise DataError(
            f"This objective needs labels of at least two classes; the training half"
            f" has {len(names)}. Choose the objective simclr, which needs no labels, or add classes"
            " to train/."
        )
    queried = set(names) - set(distractors)
    val = [row for row in val if items.labels[row] in queried]
    number_by_class: dict[str | None, int] = {name: i for i, name in enumerate(names)}
    for row in (*train, *val):
        numbers[row] = number_by_class[items.labels[row]]
    contents = sorted({items.contents[row] for row in (*train, *val)})
    return Selection(_rows(train), _rows(val), numbers, len(names), tuple(contents))


def _rows(rows: list[Any]) -> NDArray[np.int64]:
    return np.array(rows, dtype=np.int64)
