"""Searches by the compiled scan: one pass over the codes for all queries, filters inside of it."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import faiss
import numpy as np
from numpy.typing import NDArray

from mirs_core.columns.blocks import Blocks, Layout
from mirs_core.columns.ties import Ties
from mirs_core.ranking.blockwise import SEVERAL, Mask, Ranked, Rows, merged
from mirs_core.ranking.compiled import Scan
from mirs_core.ranking.scan import FEW_QUERIES, LONG

_WORD = 8
_LONGEST = 1 << 12
# Where less than this share of more codes is allowed, gathering it is faster than passing over all;
# fewer codes are in the processor's cache.
_FEW, _CACHED = 0.05, 1 << 21
# So many queries and their results stay in the processor's second cache.
_QUERIES = 512
_NO_LIMIT = 0xFFFF


def suits(codes: Blocks, k: int, allowed: int) -> bool:
    """Whether lists of ``k`` are scanned for; FAISS is faster where ``allowed`` rows are few."""
    if codes.shape[1] % _WORD or k > min(_LONGEST, LONG * len(codes)):
        return False
    return len(codes) < _CACHED or allowed >= _FEW * len(codes)


def search(
    scan: Scan,
    blocks: Blocks,
    ties: Ties | None,
    queries: NDArray[np.uint8],
    k: int,
    allowed: Mask | None,
    excluded: Rows,
) -> Ranked:
    """As ``HashArchive.search``, with at least ``k`` rows that may be returned."""
    masks = _masks(blocks.layout, allowed, excluded)
    words = _words(queries).reshape(len(queries), -1)
    threads = faiss.omp_get_max_threads()
    numbers = range(len(blocks.arrays))
    many = len(words) > FEW_QUERIES
    if many:
        size = min(_QUERIES, -(-len(words) // threads))
        pieces = [words[start : start + size] for start in range(0, len(words), size)]
        parts = [(piece, iter(numbers)) for piece in pieces]
    else:
        # Threads take the blocks from one iterator, so that none waits for a slower one.
        workers = min(threads, 2) if len(numbers) >= SEVERAL else 1
        parts = [(words, iter(numbers))] * workers

    def ranked(part: tuple[NDArray[np.uint64], Iterator[int]]) -> Ranked:
        return _Lists(part[0], k).ranked(scan, blocks, ties, masks, part[1])

    if len(parts) == 1:
        return ranked(parts[0])
    with ThreadPoolExecutor(threads if many else 1) as pool:
        later = pool.map(ranked, parts if many else parts[1:])
        results = list(later) if many else [ranked(parts[0]), *later]
    distances, rows = (np.concatenate(x, 0 if many else 1) for x in zip(*results, strict=True))
    return (distances, rows) if many else merged(ties, distances, rows, k)


class _Lists:
    """The nearest codes of some queries, collected block by block."""

    def __init__(self, queries: NDArray[np.uint64], k: int) -> None:
        shape = (len(queries), 2 * k + 64)
        self._queries, self._k = queries, k
        self._distances, self._rows = np.empty(shape, np.int32), np.empty(shape, np.int64)
        self._state = np.zeros((len(queries), 2), np.int64)
        self._state[:, 1] = _NO_LIMIT

    def ranked(
        self,
        scan: Scan,
        blocks: Blocks,
        ties: Ties | None,
        masks: Sequence[Mask],
        numbers: Iterator[int],
    ) -> Ranked:
        """Distances and rows (Q, k) of ascending blocks; farther than any where there are fewer."""
        buffers = (self._distances, self._rows, self._state)
        nearest, starts = None, np.cumsum([0, *blocks.layout.sizes])
        for number in numbers:
            codes, first = blocks.arrays[number], int(starts[number])
            scan(_words(codes), self._queries, self._k, first, masks[number], *buffers)
            if ties is not None:
                # Of equal distances the later block may have the lower place.
                nearest = self._merged(nearest, blocks.layout, ties)
        return self._in_order(blocks.layout) if nearest is None else nearest

    def _in_order(self, layout: Layout) -> Ranked:
        self._hide_rest()
        order = np.argsort(self._distances, axis=1, kind="stable")[:, : self._k]
        rows = np.take_along_axis(self._rows, order, 1)
        return np.take_along_axis(self._distances, order, 1), _present(layout, rows)

    def _merged(self, nearest: Ranked | None, layout: Layout, ties: Ties) -> Ranked:
        """The k nearest so far, with the last block; too far ones where there are fewer."""
        self._hide_rest()
        distances, rows = self._distances, _present(layout, self._rows)
        if nearest is not None:
            distances = np.concatenate([nearest[0], distances], axis=1)
            rows = np.concatenate([nearest[1], rows], axis=1)
        present = distances < _NO_LIMIT
        places = np.zeros(rows.shape)
        places[present] = ties.take(rows[present])
        order = np.lexsort((rows, places, distances), axis=1)[:, : self._k]
        distances = np.take_along_axis(distances, order, 1)
        self._state[:, 0], self._state[:, 1] = 0, np.minimum(distances[:, -1] + 1, _NO_LIMIT)
        return distances, np.take_along_axis(rows, order, 1)

    def _hide_rest(self) -> None:
        """What is behind the collected ones is farther than all of them, and has no row."""
        rest = np.arange(self._rows.shape[1]) >= self._state[:, :1]
        self._distances[rest], self._rows[rest] = _NO_LIMIT, 0


def _masks(layout: Layout, allowed: Mask | None, excluded: Rows) -> list[Mask]:
    """Which stored codes of each block count; empty where all do."""
    masks = []
    cuts = np.searchsorted(excluded, layout.starts)
    for block, size in enumerate(layout.sizes):
        first, end = layout.starts[block : block + 2].tolist()
        mask = np.empty(0, bool) if allowed is None else allowed[first:end]
        out = excluded[cuts[block] : cuts[block + 1]] - first
        if len(out):
            mask = mask.copy() if len(mask) else np.ones(end - first, bool)
            mask[out] = False
        present = layout.present(block)
        if present is not None:
            stored = np.zeros(size, bool)
            stored[present] = mask if len(mask) else True
            mask = stored
        masks.append(_read_only(mask))
    return masks


def _present(layout: Layout, stored: Rows) -> Rows:
    """The rows of stored tiles, counted over all blocks."""
    if not any(map(len, layout.removed)):
        return stored
    starts = np.cumsum([0, *layout.sizes[:-1]])
    pairs = zip(starts, layout.removed, strict=True)
    removed = np.concatenate([start + gone for start, gone in pairs])
    return stored - np.searchsorted(removed, stored)


def _words(codes: NDArray[np.uint8]) -> NDArray[Any]:
    return _read_only(codes.reshape(-1).view(np.uint64))


def _read_only(array: NDArray[Any]) -> NDArray[Any]:
    view = np.ascontiguousarray(array).view()
    view.flags.writeable = False
    return view
