"""Searches by FAISS, block by block; what filters exclude is left out before or afterwards."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import faiss
import numpy as np
from numpy.typing import NDArray

from mirs_core.columns.blocks import Blocks
from mirs_core.columns.ties import Ties
from mirs_core.ranking.scan import FEW_QUERIES, LONG, gathered, nearest, threads_for

Rows = NDArray[np.int64]
Mask = NDArray[np.bool_]
Ranked = tuple[NDArray[np.int32], Rows]

# Up to so many rows are searched for in addition and dropped; more are left out before.
_FEW_EXCLUDED = 64
SEVERAL = 4
"""Of at least so many blocks two are searched at a time."""
# Filters that leave at least this share of a block are tried on the nearest of all of it first,
# of which so many times as many are taken as would be needed if those allowed were spread evenly,
# and once more several times as many.
_SCANNED, _SPARE = 0.03, (1.5, 12.0)


def search(
    blocks: Blocks,
    ties: Ties | None,
    queries: NDArray[np.uint8],
    k: int,
    allowed: Mask | None,
    excluded: Rows,
) -> Ranked:
    """As ``HashArchive.search``, with at least ``k`` rows that may be returned."""
    layout, numbers = blocks.layout, range(len(blocks.layout.sizes))
    scans = True

    def ranked(block: int) -> Ranked:
        nonlocal scans
        first, end = layout.starts[block : block + 2].tolist()
        low, high = np.searchsorted(excluded, [first, end])
        mask, out = None if allowed is None else allowed[first:end], excluded[low:high]
        part = None
        if mask is not None and scans:
            part = _scan(blocks, block, queries, k, mask, out - first)
            scans = part is not None
        return part or _search(blocks, block, queries, k, mask, out - first)

    several = len(numbers) >= SEVERAL and faiss.omp_get_max_threads() > 1
    if allowed is not None and several and len(queries) <= FEW_QUERIES:
        # Most of the time goes into what is allowed, which threads of FAISS do not share.
        with ThreadPoolExecutor(2, initializer=faiss.omp_set_num_threads, initargs=(1,)) as pool:
            parts = list(pool.map(ranked, numbers))
    else:
        with threads_for(len(queries)):
            parts = list(map(ranked, numbers))
    distances = np.concatenate([part[0] for part in parts], axis=1)
    rows = np.concatenate([part[1] for part in parts], axis=1)
    return merged(ties, distances, rows, k) if len(parts) > 1 else (distances, rows)


def nothing(queries: int, k: int, dtype: Any) -> tuple[NDArray[Any], Rows]:
    """Empty results: of no query, or without a row that may be returned."""
    shape = (queries, max(0, k))
    return np.empty(shape, dtype), np.empty(shape, np.int64)


def _scan(
    blocks: Blocks, block: int, queries: NDArray[np.uint8], k: int, allowed: Mask, excluded: Rows
) -> Ranked | None:
    """As ``_search``, from more of the nearest than needed, of which the allowed ones are kept.

    None if too few of them are allowed, or if gathering the allowed codes is faster.
    """
    layout, mask = blocks.layout, _without(allowed, excluded)
    count = int(np.count_nonzero(mask))
    width, share = min(k, count), count / max(1, len(mask))
    if not _SCANNED <= share < 1 or len(layout.removed[block]):
        return None
    for spare in _SPARE:
        most = int(spare * width / share)
        if most > LONG * len(mask):
            return None
        distances, places = nearest(queries, blocks.arrays[block], most)
        passing = mask[places]
        if (passing.sum(axis=1) >= width).all():
            order = np.argsort(~passing, axis=1, kind="stable")[:, :width]
            rows = int(layout.starts[block]) + np.take_along_axis(places, order, 1)
            return np.take_along_axis(distances, order, 1), rows
    return None


def _search(
    blocks: Blocks,
    block: int,
    queries: NDArray[np.uint8],
    k: int,
    allowed: Mask | None,
    excluded: Rows,
) -> Ranked:
    """The nearest of one block; ``allowed`` and ``excluded`` are counted within it."""
    layout, stored = blocks.layout, blocks.arrays[block]
    first, end = layout.starts[block : block + 2].tolist()
    codes, local = stored, None
    whole = allowed is None or bool(allowed.all())
    if not whole or len(layout.removed[block]) or len(excluded) > _FEW_EXCLUDED:
        mask = _without(np.ones(end - first, bool) if allowed is None else allowed, excluded)
        local, excluded = np.flatnonzero(mask), excluded[:0]
        codes = gathered(stored, layout.stored(block, local))
    width = min(k, len(codes) - len(excluded))
    if width <= 0:
        return nothing(len(queries), 0, np.int32)
    distances, places = nearest(queries, codes, width + len(excluded))
    if len(excluded):
        # Those to drop move behind the others, which stay in their order.
        order = np.argsort(np.isin(places, excluded), axis=1, kind="stable")[:, :width]
        distances = np.take_along_axis(distances, order, 1)
        places = np.take_along_axis(places, order, 1)
    return distances, first + (places if local is None else local[places])


def _without(allowed: Mask, excluded: Rows) -> Mask:
    """``allowed`` without some rows; copied only if there are any."""
    if not len(excluded):
        return allowed
    mask = allowed.copy()
    mask[excluded] = False
    return mask


def merged(ties: Ties | None, distances: NDArray[np.int32], rows: Rows, k: int) -> Ranked:
    """The k nearest of the results of all blocks, by (distance, place among ties, row)."""
    places = rows if ties is None else ties.take(rows.ravel()).reshape(rows.shape)
    order = np.lexsort((rows, places, distances), axis=1)[:, :k]
    return np.take_along_axis(distances, order, 1), np.take_along_axis(rows, order, 1)
