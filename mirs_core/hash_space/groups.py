"""Tiles of one class, of one content, and of one code, as numbers instead of words."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mirs_core.columns.categories import Categories
from mirs_core.columns.hashes import Hashes
from mirs_core.datasets.items import Items
from mirs_core.ranking.codes import equal_codes
from mirs_core.retrieval.retriever import Retriever

Numbers = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class SharedCode:
    """Tiles with the same code.

    Attributes:
        rows: (n,) of the tiles, ascending.
        label: the most frequent label, of ``same`` tiles.
    """

    rows: NDArray[np.int64]
    label: str | None
    same: int


def of_labels(items: Items) -> tuple[tuple[str, ...], Numbers]:
    """The labels that tiles have, sorted, and the place (N,) of each tile's label; -1 without."""
    return numbered(items.labels)


def numbered(column: Categories) -> tuple[tuple[str, ...], Numbers]:
    """The words that a column has, sorted, and the place (N,) of each row's; -1 without."""
    present = names_of(column)
    place = {word: number for number, word in enumerate(present)}
    # The last entry is that of -1.
    places = np.array([*(place.get(name, -1) for name in column.names), -1], dtype=np.int64)
    return present, places[np.asarray(column.codes)]


def names_of(column: Categories) -> tuple[str, ...]:
    """The words that a column has, sorted."""
    return tuple(sorted(word for word in column.counts() if word))


def of_contents(items: Items) -> Numbers:
    """The same number (N,) for copies of one file, another for any other."""
    if isinstance(items.contents, Hashes):
        return equal_codes(np.asarray(items.contents.stored))[0]
    return np.unique(np.array(items.contents.tolist()), return_inverse=True)[1].astype(np.int64)


def of_codes(retriever: Retriever) -> tuple[Numbers, Numbers]:
    """The number (N,) of each tile's code, and how many tiles (C,) have it."""
    codes = np.asarray(retriever.codes)
    if codes.dtype == np.uint8:
        return equal_codes(codes)
    _, numbers, sizes = np.unique(codes, axis=0, return_inverse=True, return_counts=True)
    return numbers.ravel().astype(np.int64), sizes.astype(np.int64)


def most_common(numbers: Numbers) -> tuple[int, int]:
    """The most frequent of some numbers from -1, the first of several, and its frequency.

    Without any number: -1 and 0.
    """
    if not len(numbers):
        return -1, 0
    counts = np.bincount(numbers + 1)
    best = np.flatnonzero(counts == counts.max())
    first = best[0] if len(best) == 1 else numbers[np.isin(numbers + 1, best)][0] + 1
    return int(first) - 1, int(counts.max())


def shared_codes(retriever: Retriever, most: int = 50) -> list[SharedCode]:
    """Codes shared by several different tiles, the most shared first."""
    numbers, sizes = of_codes(retriever)
    contents = of_contents(retriever.items)
    classes, labels = of_labels(retriever.items)
    order = np.argsort(numbers, kind="stable")
    starts = np.cumsum(sizes) - sizes
    several = np.flatnonzero(sizes > 1)
    listed: list[SharedCode] = []
    for code in several[np.lexsort((order[starts[several]], -sizes[several]))]:
        rows = order[starts[code] : starts[code] + sizes[code]]
        if (contents[rows] == contents[rows[0]]).all():
            continue
        label, same = most_common(labels[rows])
        listed.append(SharedCode(rows, classes[label] if label >= 0 else None, same))
        if len(listed) == most:
            break
    return listed
