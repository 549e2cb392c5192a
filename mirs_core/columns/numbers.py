"""Columns of numbers: coordinates, which may be unknown."""

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mirs_core.columns.blocks import Blocks, Layout, Rows
from mirs_core.columns.column import Column


class Numbers(Column[float | None]):
    """Numbers in double precision; None is stored as NaN."""

    __slots__ = ("stored",)

    def __init__(self, stored: Blocks) -> None:
        """``stored`` (N,) float64."""
        super().__init__()
        self.stored = stored

    @classmethod
    def of(cls, values: Iterable[float | None]) -> "Numbers":
        """The column of ``values``."""
        return cls(Blocks.of(np.array(list(values), dtype=np.float64)))

    @property
    def layout(self) -> Layout:
        """How the rows are divided into blocks."""
        return self.stored.layout

    def take(self, rows: Rows) -> "Numbers":
        """The column of ``rows``, in their order."""
        return Numbers(Blocks.of(self.stored.take(rows)))

    def pieces(self) -> Iterator[NDArray[np.float64]]:
        """The numbers of each block in turn; NaN where there is none."""
        return self.stored.pieces()

    def present(self) -> NDArray[np.bool_]:
        """Whether each row (N,) has a number."""
        return np.concatenate([~np.isnan(piece) for piece in self.stored.pieces()])

    def between(self, low: float, high: float) -> NDArray[np.bool_]:
        """Whether each row (N,) has a number from ``low`` to ``high``, both included."""
        pieces = self.stored.pieces()
        return np.concatenate([(piece >= low) & (piece <= high) for piece in pieces])

    def rows_with(self, value: Any) -> Rows:
        """The rows (n,) that have this value, ascending."""
        whole = self.stored.whole()
        matches = np.isnan(whole) if value is None else whole == value
        return np.flatnonzero(matches).astype(np.int64, copy=False)

    def _block(self, number: int) -> list[float | None]:
        return [None if value != value else value for value in self.stored.block(number).tolist()]

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Numbers):
            return super().__eq__(other)
        return bool(np.array_equal(self.stored.whole(), other.stored.whole(), equal_nan=True))

    __hash__ = None

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        if dtype is not None and np.dtype(dtype) == object:
            return np.array(self.tolist(), dtype=object)
        return self.stored.__array__(dtype, copy)
