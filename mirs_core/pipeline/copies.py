"""Tiles that are copies of others though their files differ: they have the same pixels."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mirs_core.datasets.items import Items
from mirs_core.datasets.pixel_content import content_of
from mirs_core.datasets.tile_source import read_pixels

Features = NDArray[np.float32]

_CLOSE = 1e-3
"""Engines differ by less, relative to the length of the features."""


def pixel_copies(
    root: Path,
    items: Items,
    features: Features,
    other: tuple[Path, Items, Features] | None = None,
) -> NDArray[np.int64]:
    """Rows of training and validation tiles that have the pixels of an archive or test tile.

    Only tiles whose features are nearly equal are read, so that no tile is where there are no
    copies.

    Args:
        root: folder of the tiles.
        features: (n, D) of ``items``.
        other: folder, items and features of another data set that is searched as well.

    Raises:
        DataError: a tile can no longer be read.
    """
    learnt = items.rows(["train", "val"])
    sets = [(root, items, features), *([other] if other else [])]
    copies: list[int] = []
    for folder, others, theirs in sets:
        reserved = others.rows(["archive", "test"])
        digests: dict[Path, str] = {}
        for place, matches in _close(features[learnt], theirs[reserved]):
            tile = items.ids[int(learnt[place])]
            near = (others.ids[int(row)] for row in reserved[matches])
            if any(
                _pixels(root, tile, digests) == _pixels(folder, match, digests) for match in near
            ):
                copies.append(int(learnt[place]))
    return np.unique(np.array(copies, dtype=np.int64))


def _pixels(root: Path, tile: str, digests: dict[Path, str]) -> str:
    path = root / tile
    if path not in digests:
        digests[path] = content_of(read_pixels(root, tile))
    return digests[path]


def _close(first: Features, second: Features) -> Iterator[tuple[int, NDArray[np.int64]]]:
    """Rows of ``first`` (n, D), each with the rows of ``second`` (m, D) that are nearly equal."""
    if not len(first) or not len(second):
        return
    # Rows that are equal lie at one place of any line; few others do.
    direction = np.random.default_rng(0).normal(size=first.shape[1])
    line = direction / np.linalg.norm(direction)
    lengths = np.linalg.norm(first.astype(np.float64), axis=1)
    ours, theirs = first.astype(np.float64) @ line, second.astype(np.float64) @ line
    order = np.argsort(theirs, kind="stable")
    low = np.searchsorted(theirs[order], ours - _CLOSE * lengths, "left")
    high = np.searchsorted(theirs[order], ours + _CLOSE * lengths, "right")
    for row in np.flatnonzero(high > low).tolist():
        near = order[low[row] : high[row]]
        away = np.linalg.norm(second[near].astype(np.float64) - first[row], axis=1)
        if (matches := near[away <= _CLOSE * lengths[row]]).size:
            yield row, matches
