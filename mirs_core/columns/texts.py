"""Columns of text that differs from row to row, as Arrow stores it: ids of tiles."""

import itertools
import unicodedata
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from mirs_core.columns.arrow import rows as rows_array
from mirs_core.columns.arrow import strings, truths
from mirs_core.columns.blocks import Layout, Rows
from mirs_core.columns.column import Column

_STEP = 1 << 16
_DIRECT = 256
_FACTOR = np.uint64(0x9E3779B97F4A7C15)


class Texts(Column[str]):
    """Strings in Arrow arrays, one per block."""

    __slots__ = ("_layout", "arrays", "lookup")

    def __init__(self, arrays: Sequence[pa.Array], layout: Layout) -> None:
        """``arrays`` of strings without nulls, parallel to the blocks of ``layout``."""
        super().__init__()
        self.arrays, self._layout = tuple(arrays), layout
        self.lookup: Any = None

    @classmethod
    def of(cls, values: Iterable[str]) -> "Texts":
        """The column of ``values``."""
        return cls.cut(strings(list(values)))

    @classmethod
    def cut(cls, array: pa.Array) -> "Texts":
        """The column of one Arrow array of strings, of any length."""
        layout = Layout.of(len(array))
        starts = layout.starts.tolist()
        pieces = [array.slice(a, b - a) for a, b in itertools.pairwise(starts)]
        return cls(pieces, layout)

    @property
    def layout(self) -> Layout:
        """How the rows are divided into blocks."""
        return self._layout

    def block(self, number: int) -> pa.Array:
        """The Arrow array of a block, without removed rows."""
        present = self._layout.present(number)
        array = self.arrays[number]
        return array if present is None else array.take(rows_array(present))

    def take(self, rows: Rows) -> "Texts":
        """The column of ``rows``, in their order."""
        return Texts.cut(self._taken(rows))

    def _taken(self, rows: Rows) -> pa.Array:
        pieces, places = [], []
        for block, stored, where in self._layout.locate(rows):
            piece = _few(self.arrays[block], stored)
            if isinstance(where, slice):
                return piece
            pieces.append(piece.cast(pa.large_string()))
            places.append(where)
        if not pieces:
            return strings([])
        return pa.concat_arrays(pieces).take(rows_array(np.argsort(np.concatenate(places))))

    def keys(self, number: int) -> NDArray[np.uint64]:
        """A 64-bit hash of each stored string of a block, removed ones included."""
        return text_keys(self.arrays[number])

    @staticmethod
    def key(values: Sequence[str]) -> NDArray[np.uint64]:
        """The hash of each of ``values``."""
        return text_keys(strings(values))

    def same(self, number: int, stored: Rows, values: Sequence[str]) -> NDArray[np.bool_]:
        """Whether what is stored at each of ``stored`` (n,) in a block is each of ``values``."""
        piece = _few(self.arrays[number], stored).cast(pa.large_string())
        return truths(pc.equal(piece, strings(values)))

    def rows_with(self, value: Any) -> Rows:
        """The rows (n,) that have this value, ascending."""
        if not isinstance(value, str):
            return np.empty(0, dtype=np.int64)
        rows = [np.empty(0, dtype=np.int64)]
        for number, array in enumerate(self.arrays):
            equal = truths(pc.equal(array, strings([value])[0].cast(array.type)))
            rows.append(self._layout.rows_of(number, np.flatnonzero(equal)))
        return np.concatenate(rows)

    def containing(self, text: str) -> NDArray[np.bool_]:
        """Whether ``text`` is part of each row (N,), in upper or lower case."""
        blocks = map(self.block, range(len(self.arrays)))
        return np.concatenate(
            [truths(pc.match_substring(block, text, ignore_case=True)) for block in blocks]
        )

    def order(self) -> Rows:
        """The rows (N,) sorted by value."""
        blocks = [self.block(n).cast(pa.large_string()) for n in range(len(self.arrays))]
        order = pc.sort_indices(pa.concat_arrays(blocks))
        return np.frombuffer(order.buffers()[1], dtype=np.uint64).astype(np.int64)

    def composed(self, value: str) -> Rows:
        """The rows (n,) whose values are ``value`` in any form of Unicode, ascending."""
        form = unicodedata.normalize("NFC", value)
        rows = [np.empty(0, dtype=np.int64)]
        for number, array in enumerate(self.arrays):
            equal = truths(pc.equal(pc.utf8_normalize(array, "NFC"), form))
            rows.append(self._layout.rows_of(number, np.flatnonzero(equal)))
        return np.concatenate(rows)

    def _block(self, number: int) -> list[str]:
        return list(self.block(number).to_pylist())

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Texts):
            return super().__eq__(other)
        mine, theirs = (
            pa.chunked_array(
                [column.block(n).cast(pa.large_string()) for n in range(len(column.arrays))],
                type=pa.large_string(),
            )
            for column in (self, other)
        )
        return bool(mine.equals(theirs))

    __hash__ = None


def _few(array: pa.Array, rows: Rows) -> pa.Array:
    """The strings at ``rows``; of a few, nothing else is read, while Arrow reads all offsets."""
    if len(rows) > _DIRECT:
        return array.take(rows_array(rows))
    return strings([array[row].as_py() for row in rows.tolist()])


def text_keys(array: pa.Array) -> NDArray[np.uint64]:
    """A 64-bit hash (n,) of each string of an Arrow array, the same on every machine.

    The UTF-8 bytes are the coefficients of a polynomial modulo 2^64, whose value is mixed.
    """
    keys = np.empty(len(array), dtype=np.uint64)
    for start in range(0, len(array), _STEP):
        piece = array.slice(start, _STEP)
        keys[start : start + len(piece)] = _polynomials(piece)
    keys ^= keys >> np.uint64(32)
    keys *= _FACTOR
    return keys ^ (keys >> np.uint64(29))


def _polynomials(array: pa.Array) -> NDArray[np.uint64]:
    _, offset_buffer, data = array.buffers()
    width = np.int64 if pa.types.is_large_string(array.type) else np.int32
    offsets = np.frombuffer(offset_buffer, dtype=width)
    offsets = offsets[array.offset : array.offset + len(array) + 1].astype(np.int64)
    lengths = np.diff(offsets)
    result = lengths.astype(np.uint64)
    filled = np.flatnonzero(lengths)
    if not len(filled):
        return result
    text = np.frombuffer(data, dtype=np.uint8)[offsets[0] : offsets[-1]]
    starts = offsets[filled] - offsets[0]
    positions = np.arange(len(text)) - np.repeat(starts, lengths[filled])
    powers = np.cumprod(np.full(int(lengths.max()), _FACTOR, dtype=np.uint64))
    terms = (text.astype(np.uint64) + np.uint64(1)) * powers[positions]
    result[filled] += np.add.reduceat(terms, starts)
    return result
