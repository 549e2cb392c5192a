"""Packed codes against many queries, in vector instructions of the processor, compiled by Numba.

Importing this compiles it, which takes one to two seconds; ``compiled`` decides when that pays.
"""

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba
import numpy as np
from numba import types

FAR = 0xFFFF
"""The distance of codes that are not allowed."""

# So many codes of 128 bits stay in the processor's first cache while all queries go over them.
_CHUNK = 2048
# Of a chunk with a code that is near enough, only such parts are looked at code by code.
_PART = 64

Function = TypeVar("Function", bound=Callable[..., Any])


def _compiled(function: Function) -> Function:
    return cast("Function", numba.njit(nogil=True)(function))


@_compiled
def _count(word: Any) -> Any:
    """The number of ones in 64 bits; compilers know this form, and use one instruction for it."""
    word = word - ((word >> np.uint64(1)) & np.uint64(0x5555555555555555))
    twos = word & np.uint64(0x3333333333333333)
    word = twos + ((word >> np.uint64(2)) & np.uint64(0x3333333333333333))
    word = (word + (word >> np.uint64(4))) & np.uint64(0x0F0F0F0F0F0F0F0F)
    return (word * np.uint64(0x0101010101010101)) >> np.uint64(56)


@_compiled
def _measure(words: Any, query: Any, away: Any) -> None:
    """Writes the distances (m,) of codes, all in one row of words, to a query."""
    width = len(query)
    if width == 1:
        for code in range(len(away)):
            away[code] = _count(words[code] ^ query[0])
    elif width == 2:
        first, second = query[0], query[1]
        for code in range(len(away)):
            place = 2 * code
            away[code] = _count(words[place] ^ first) + _count(words[place + 1] ^ second)
    else:
        for code in range(len(away)):
            bits = np.uint64(0)
            for word in range(width):
                bits += _count(words[width * code + word] ^ query[word])
            away[code] = bits


@_compiled
def _hide(away: Any, allowed: Any) -> None:
    for code in range(len(away)):
        away[code] = away[code] if allowed[code] else FAR


@_compiled
def _lowest(away: Any) -> Any:
    low = np.uint16(FAR)
    for code in range(len(away)):
        low = min(low, away[code])
    return low


@_compiled
def _shorten(distances: Any, rows: Any, k: int, histogram: Any) -> int:
    """Moves the k nearest to the front, in their order, and returns the distance of the last."""
    histogram[:] = 0
    for place in range(len(distances)):
        histogram[distances[place]] += 1
    nearer, last = 0, 0
    while nearer + histogram[last] < k:
        nearer += histogram[last]
        last += 1
    room, end = k - nearer, 0
    for place in range(len(distances)):
        away = distances[place]
        if away < last or (away == last and room > 0):
            room -= away == last
            distances[end], rows[end] = away, rows[place]
            end += 1
    return last


def _scan(
    words: Any,
    queries: Any,
    k: int,
    first: int,
    allowed: Any,
    distances: Any,
    rows: Any,
    state: Any,
) -> None:
    """Adds the codes that may be among the k nearest of each query to those collected so far.

    Args:
        words: (n W,) codes of W words each; ``queries`` (Q, W).
        first: the row of the first code; codes must come in the order of their rows.
        allowed: (n,) which codes count; empty if all do.
        distances, rows: (Q, m) of what is collected, with m of more than ``k``.
        state: (Q, 2) how many are collected, and the distance below which codes still count.
    """
    width, room = queries.shape[1], distances.shape[1]
    count = len(words) // width
    buffer = np.empty(_CHUNK, dtype=np.uint16)
    histogram = np.empty(64 * width + 1, dtype=np.int64)
    for start in range(0, count, _CHUNK):
        end = min(start + _CHUNK, count)
        away = buffer[: end - start]
        for query in range(len(queries)):
            _measure(words[width * start : width * end], queries[query], away)
            if len(allowed):
                _hide(away, allowed[start:end])
            if _lowest(away) >= state[query, 1]:
                continue
            collected, limit = state[query]
            for part in range(0, len(away), _PART):
                near = away[part : part + _PART]
                if _lowest(near) >= limit:
                    continue
                for code in range(len(near)):
                    if near[code] < limit:
                        distances[query, collected] = near[code]
                        rows[query, collected] = first + start + part + code
                        collected += 1
                        if collected == room:
                            limit = _shorten(distances[query], rows[query], k, histogram)
                            collected = k
            state[query, 0], state[query, 1] = collected, limit


scan: Callable[..., None] = numba.njit(
    types.void(
        types.Array(types.uint64, 1, "C", readonly=True),
        types.Array(types.uint64, 2, "C", readonly=True),
        types.int64,
        types.int64,
        types.Array(types.boolean, 1, "C", readonly=True),
        types.Array(types.int32, 2, "C"),
        types.Array(types.int64, 2, "C"),
        types.Array(types.int64, 2, "C"),
    ),
    nogil=True,
)(_scan)
"""``_scan``, compiled for arrays that need not be writable."""
