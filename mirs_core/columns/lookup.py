"""Finding rows by id or by content: one sorted array per block instead of a dict of all tiles."""

from collections.abc import Iterator, Sequence
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from mirs_core.columns.blocks import BLOCK, Rows
from mirs_core.columns.column import FEW
from mirs_core.columns.hashes import Hashes
from mirs_core.columns.texts import Texts

Searchable = TypeVar("Searchable", bound=Texts | Hashes)
Index = NDArray[np.uint64]

_ROW = np.uint64(BLOCK - 1)


def index_of(column: Texts | Hashes, block: int) -> Index:
    """The index (n,) of a block: the upper 44 bits of each key with its row below, sorted.

    The row is where the value is stored in the block; removed rows are indexed, too.
    """
    keys = column.keys(block)
    index: Index = np.sort((keys & ~_ROW) | np.arange(len(keys), dtype=np.uint64))
    return index


def lookup_of(column: Searchable) -> "Lookup[Searchable]":
    """The lookup of a column, which is kept with it."""
    if column.lookup is None:
        column.lookup = Lookup(column)
    lookup: Lookup[Searchable] = column.lookup
    return lookup


class Lookup(Generic[Searchable]):
    """Rows of a column by value. Indexes that are not on disk are sorted when first needed."""

    def __init__(self, column: Searchable, indexes: Sequence[Index] | None = None) -> None:
        """``indexes`` of ``index_of``, one per block."""
        self._column = column
        self._indexes: tuple[Index, ...] | None = tuple(indexes) if indexes is not None else None
        self._row_by_value: dict[str, int] | None = None

    @property
    def indexes(self) -> tuple[Index, ...]:
        """The index of each block."""
        if self._indexes is None:
            blocks = range(len(self._column.layout.sizes))
            self._indexes = tuple(index_of(self._column, block) for block in blocks)
        return self._indexes

    def row_of(self, value: str) -> int:
        """The row of one value, the last if there are several; -1 if there is none."""
        if len(self._column) <= FEW:
            return self._rows_of_few().get(value, -1)
        return int(self.rows_of([value])[0])

    def rows_of(self, values: Sequence[str]) -> Rows:
        """A row (n,) of each of ``values``, the last if there are several; -1 if there is none."""
        if len(self._column) <= FEW:
            rows_of_few = self._rows_of_few()
            return np.array([rows_of_few.get(value, -1) for value in values], dtype=np.int64)
        result = np.full(len(values), -1, dtype=np.int64)
        for places, rows in self._matches(values):
            np.maximum.at(result, places, rows)
        return result

    def _rows_of_few(self) -> dict[str, int]:
        """Rows by value: loops look up tile by tile, for which a dict of few tiles is faster."""
        if self._row_by_value is None:
            self._row_by_value = {value: row for row, value in enumerate(self._column)}
        return self._row_by_value

    def rows_with(self, values: Sequence[str]) -> Rows:
        """The rows (n,) that have one of ``values``, ascending."""
        rows = [rows for _, rows in self._matches(values)]
        return np.unique(np.concatenate([np.empty(0, dtype=np.int64), *rows]))

    def _matches(self, values: Sequence[str]) -> Iterator[tuple[Rows, Rows]]:
        """Pairs of places in ``values`` and rows, block by block."""
        if not len(values):
            return
        keys, layout = self._column.key(values) & ~_ROW, self._column.layout
        words = values if isinstance(values, list | tuple) else list(values)
        for block, index in enumerate(self.indexes):
            low = np.searchsorted(index, keys)
            counts = np.searchsorted(index, keys | _ROW, side="right") - low
            places = np.repeat(np.arange(len(keys)), counts)
            if not len(places):
                continue
            within = np.arange(len(places)) - np.repeat(np.cumsum(counts) - counts, counts)
            stored = (index[low[places] + within] & _ROW).astype(np.int64)
            stored_there = stored < layout.sizes[block]
            places, stored = places[stored_there], stored[stored_there]
            equal = self._column.same(block, stored, [words[place] for place in places])
            present = equal & ~np.isin(stored, layout.removed[block])
            yield places[present], layout.rows_of(block, stored[present])
