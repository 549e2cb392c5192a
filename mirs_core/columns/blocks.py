"""Blocks: an array of rows that is stored in pieces, some of whose rows may have been removed.

Rows are counted over all pieces without the removed ones, so that nothing above needs to know how
an archive is divided.
"""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

BLOCK = 1 << 20
"""The most rows of a block; the indexes of ``lookup`` keep a row in 20 bits."""

Rows = NDArray[np.int64]
_NOTHING: Rows = np.empty(0, dtype=np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class Layout:
    """How rows are divided into blocks.

    Attributes:
        sizes: stored rows of each block, removed ones included.
        removed: the removed rows of each block, counted within it, ascending.
        starts: (blocks + 1,) the first row of each block, and the number of rows.
    """

    sizes: tuple[int, ...]
    removed: tuple[Rows, ...]
    starts: Rows = field(init=False)

    def __post_init__(self) -> None:
        present = [n - len(gone) for n, gone in zip(self.sizes, self.removed, strict=True)]
        object.__setattr__(self, "starts", np.cumsum([0, *present], dtype=np.int64))

    @classmethod
    def of(cls, rows: int) -> "Layout":
        """Rows that are divided into blocks of the largest size; nothing is removed."""
        sizes = tuple(min(BLOCK, rows - start) for start in range(0, max(rows, 1), BLOCK))
        return cls(sizes, (_NOTHING,) * len(sizes))

    def __len__(self) -> int:
        return int(self.starts[-1])

    @property
    def whole(self) -> bool:
        """Whether this is one block of which nothing is removed."""
        return len(self.sizes) == 1 and not len(self.removed[0])

    def stored(self, block: int, rows: Rows) -> Rows:
        """Where in a block its rows (n,), counted within it, are stored."""
        gone = self.removed[block]
        if not len(gone):
            return rows
        return rows + np.searchsorted(gone - np.arange(len(gone)), rows, side="right")

    def present(self, block: int) -> Rows | None:
        """Where the rows of a block are stored; None if nothing of it is removed."""
        gone = self.removed[block]
        if not len(gone):
            return None
        return np.delete(np.arange(self.sizes[block], dtype=np.int64), gone)

    def rows_of(self, block: int, stored: Rows) -> Rows:
        """The rows of what is stored at ``stored`` in a block; removed rows are left out."""
        gone = self.removed[block]
        if len(gone):
            stored = stored[~np.isin(stored, gone)]
        return self.starts[block] + stored - np.searchsorted(gone, stored)

    def locate(self, rows: Rows) -> Iterator[tuple[int, Rows, Any]]:
        """For each block that has some of ``rows``: its number, where they are stored, places.

        Places index ``rows``; a slice if they are all in one block.

        Raises:
            IndexError: there is no such row.
        """
        count = len(self)
        if len(rows) and not (-count <= int(rows.min()) and int(rows.max()) < count):
            raise IndexError("there is no such row")
        rows = np.where(rows < 0, rows + count, rows)
        if len(self.sizes) == 1:
            yield 0, self.stored(0, rows), slice(None)
            return
        block_of = np.searchsorted(self.starts, rows, side="right") - 1
        for block in np.unique(block_of).tolist():
            places = np.flatnonzero(block_of == block)
            yield block, self.stored(block, rows[places] - self.starts[block]), places


class Blocks:
    """A numpy array (N, ...) in blocks; it can be indexed and converted like an array."""

    __slots__ = ("arrays", "layout")

    def __init__(self, arrays: Sequence[NDArray[Any]], layout: Layout) -> None:
        """``arrays`` are parallel to the blocks of ``layout`` and hold removed rows, too."""
        self.arrays, self.layout = tuple(arrays), layout

    @classmethod
    def of(cls, array: NDArray[Any]) -> "Blocks":
        """The blocks of an array; nothing is copied."""
        layout = Layout.of(len(array))
        starts = layout.starts
        pieces = (array[a:b] for a, b in itertools.pairwise(starts))
        return cls(tuple(pieces), layout)

    def __len__(self) -> int:
        return len(self.layout)

    @property
    def dtype(self) -> np.dtype[Any]:
        """The type that holds the values of every block."""
        return np.result_type(*{array.dtype for array in self.arrays})

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the whole array."""
        return (len(self), *self.arrays[0].shape[1:])

    @property
    def ndim(self) -> int:
        """The number of dimensions."""
        return self.arrays[0].ndim

    @property
    def nbytes(self) -> int:
        """Bytes of the whole array."""
        return int(np.prod(self.shape)) * self.dtype.itemsize

    def block(self, number: int) -> NDArray[Any]:
        """The rows of a block; copied only if some of them are removed."""
        present = self.layout.present(number)
        return self.arrays[number] if present is None else self.arrays[number][present]

    def pieces(self) -> Iterator[NDArray[Any]]:
        """The rows of each block in turn."""
        return (self.block(number) for number in range(len(self.arrays)))

    def whole(self) -> NDArray[Any]:
        """All rows as one array; copied unless they are one block of which nothing is removed."""
        if self.layout.whole:
            return self.arrays[0]
        return np.concatenate(list(self.pieces())).astype(self.dtype, copy=False)

    def take(self, rows: Rows) -> NDArray[Any]:
        """The rows (n, ...) in the order of ``rows``. Raises IndexError if one does not exist."""
        result = np.empty((len(rows), *self.arrays[0].shape[1:]), dtype=self.dtype)
        for block, stored, places in self.layout.locate(rows):
            result[places] = self.arrays[block][stored]
        return result

    def __getitem__(self, key: Any) -> Any:
        if isinstance(key, tuple):
            first, *others = key
            return np.asarray(self[first])[(slice(None), *others)]
        if isinstance(key, slice):
            return self.take(np.arange(*key.indices(len(self)), dtype=np.int64))
        if isinstance(key, int | np.integer):
            return self.take(np.array([key], dtype=np.int64))[0]
        rows = np.asarray(key)
        return self.take(np.flatnonzero(rows) if rows.dtype == bool else rows.astype(np.int64))

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        whole = self.whole()
        return whole.copy() if copy else np.asarray(whole, dtype=dtype)

    def astype(self, dtype: Any) -> NDArray[Any]:
        """The whole array in another type."""
        return self.whole().astype(dtype)
