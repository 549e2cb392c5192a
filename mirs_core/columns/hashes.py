"""Columns of SHA-256 hashes, which identify the files of tiles."""

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mirs_core.columns.blocks import Blocks, Layout, Rows
from mirs_core.columns.column import Column
from mirs_core.columns.texts import Texts

_BYTES = 32
_HASH = re.compile(r"[0-9a-f]{64}")
_DIGITS = re.compile(r"[0-9a-f]*")
_NO_HASH = bytes(_BYTES)


class Hashes(Column[str]):
    """Hashes as 32 bytes each, which read as 64 hexadecimal digits."""

    __slots__ = ("lookup", "stored")

    def __init__(self, stored: Blocks) -> None:
        """``stored`` (N, 32) uint8."""
        super().__init__()
        self.stored = stored
        self.lookup: Any = None

    @property
    def layout(self) -> Layout:
        """How the rows are divided into blocks."""
        return self.stored.layout

    def take(self, rows: Rows) -> "Hashes":
        """The column of ``rows``, in their order."""
        return Hashes(Blocks.of(self.stored.take(rows)))

    def keys(self, number: int) -> NDArray[np.uint64]:
        """The first 8 bytes of each stored hash of a block, removed ones included."""
        return _keys(self.stored.arrays[number])

    @staticmethod
    def key(values: Sequence[str]) -> NDArray[np.uint64]:
        """The first 8 bytes of each of ``values``; of what is not a hash, zeros."""
        return _keys(_bytes(values))

    def same(self, number: int, stored: Rows, values: Sequence[str]) -> NDArray[np.bool_]:
        """Whether what is stored at each of ``stored`` (n,) in a block is each of ``values``."""
        equal = (self.stored.arrays[number][stored] == _bytes(values)).all(axis=1)
        return equal & np.array([_is_hash(value) for value in values], dtype=bool)

    def rows_with(self, value: Any) -> Rows:
        """The rows (n,) that have this value, ascending."""
        rows = [np.empty(0, dtype=np.int64)]
        if _is_hash(value):
            (key,) = _bytes([value])
            for number, array in enumerate(self.stored.arrays):
                stored = np.flatnonzero((array == key).all(axis=1))
                rows.append(self.layout.rows_of(number, stored))
        return np.concatenate(rows)

    def _block(self, number: int) -> list[str]:
        text = self.stored.block(number).tobytes().hex()
        return [text[start : start + 2 * _BYTES] for start in range(0, len(text), 2 * _BYTES)]

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Hashes):
            return super().__eq__(other)
        return bool(np.array_equal(self.stored.whole(), other.stored.whole()))

    __hash__ = None


def hashes_or_texts(values: Sequence[str]) -> Hashes | Texts:
    """The column of ``values``; texts if one of them is not a hash."""
    digits = "".join(values)
    if set(map(len, values)) <= {2 * _BYTES} and _DIGITS.fullmatch(digits):
        stored = np.frombuffer(bytes.fromhex(digits), dtype=np.uint8)
        return Hashes(Blocks.of(stored.reshape(-1, _BYTES)))
    return Texts.of(values)


def _is_hash(value: object) -> bool:
    return isinstance(value, str) and _HASH.fullmatch(value) is not None


def _bytes(values: Sequence[str]) -> NDArray[np.uint8]:
    data = b"".join(bytes.fromhex(v) if _is_hash(v) else _NO_HASH for v in values)
    return np.frombuffer(data, dtype=np.uint8).reshape(-1, _BYTES)


def _keys(stored: NDArray[np.uint8]) -> NDArray[np.uint64]:
    first = np.ascontiguousarray(stored[:, :8])
    return first.view(">u8").ravel().astype(np.uint64)
