"""Edits of bytes whatever they mean: flips, runs, cuts, insertions, numbers at their limits."""

import contextlib
import random
import struct
from collections.abc import Callable, Sequence

Edit = Callable[[bytearray, random.Random], bytearray]
"""Changes the bytes of a file, which are not empty; returns them."""

LIMITS = (0, 1, 2, 3, 15, 16, 255, 256, 32_767, 32_768, 65_535, 65_536, 1_000_000,
          2**31 - 1, 2**31, 2**32 - 1, 2**63 - 1, 2**64 - 1)  # fmt: skip
"""Numbers at which readers tend to go wrong."""

_HEADER = 512
_LONGEST = 64
_MOST_INSERTED = 70_000


def mutated(data: bytes, rng: random.Random, structural: Sequence[Edit]) -> bytes:
    """One to three edits of ``data``, half of them of its structure if there are such edits."""
    edited = bytearray(data)
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        pool = structural if structural and rng.random() < 0.5 else GENERIC
        if edited:
            # An earlier edit may have cut off what this one changes.
            with contextlib.suppress(IndexError, struct.error):
                edited = rng.choice(pool)(edited, rng)
    return bytes(edited)


def place(data: bytes | bytearray, rng: random.Random) -> int:
    """An index, in every other case within the header."""
    return rng.randrange(min(len(data), _HEADER) if rng.random() < 0.5 else len(data))


def packed_limit(rng: random.Random, size: int, order: str) -> bytes:
    """One of ``LIMITS`` in ``size`` bytes; ``order`` as in ``struct``."""
    value = rng.choice(LIMITS) % 2 ** (8 * size)
    return value.to_bytes(size, "little" if order == "<" else "big")


def _flip(data: bytearray, rng: random.Random) -> bytearray:
    for _ in range(rng.choice((1, 1, 2, 4, 16, 64))):
        data[place(data, rng)] ^= 1 << rng.randrange(8)
    return data


def _overwrite(data: bytearray, rng: random.Random) -> bytearray:
    start = place(data, rng)
    length = min(rng.randint(1, _LONGEST), len(data) - start)
    filler = rng.choice((b"\0", b"\xff", b" ", b""))
    data[start : start + length] = filler * length if filler else rng.randbytes(length)
    return data


def _truncate(data: bytearray, rng: random.Random) -> bytearray:
    return data[: place(data, rng)]


def _insert(data: bytearray, rng: random.Random) -> bytearray:
    length = rng.choice((1, 2, 4, 16, 1000, _MOST_INSERTED))
    start = place(data, rng)
    data[start:start] = rng.randbytes(length)
    return data


def _drop(data: bytearray, rng: random.Random) -> bytearray:
    start = place(data, rng)
    del data[start : start + rng.choice((1, 2, 4, 16, 1000))]
    return data


def _repeat(data: bytearray, rng: random.Random) -> bytearray:
    start = place(data, rng)
    data[start:start] = data[start : start + rng.choice((1, 4, 64, 4096))]
    return data


def _append(data: bytearray, rng: random.Random) -> bytearray:
    return data + rng.randbytes(rng.choice((1, 100, 5000)))


def _number(data: bytearray, rng: random.Random) -> bytearray:
    size = rng.choice((1, 2, 4, 8))
    start = place(data, rng) // size * size
    data[start : start + size] = packed_limit(rng, size, rng.choice("<>"))
    return data


def _float(data: bytearray, rng: random.Random) -> bytearray:
    start = place(data, rng) // 8 * 8
    value = rng.choice((float("nan"), float("inf"), -1e308, 1e-308, 0.0, -1.0))
    data[start : start + 8] = struct.pack(rng.choice("<>") + "d", value)
    return data


def _blank_tail(data: bytearray, rng: random.Random) -> bytearray:
    start = place(data, rng)
    data[start:] = bytes(len(data) - start)
    return data


GENERIC: tuple[Edit, ...] = (
    _flip, _flip, _overwrite, _truncate, _insert, _drop, _repeat, _append, _number, _number,
    _float, _blank_tail,
)  # fmt: skip
"""Edits for files of any format."""
