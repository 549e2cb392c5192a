"""What all columns have in common: they are sequences, and compare like them."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from typing import Any, Generic, SupportsIndex, TypeVar, cast, overload

import numpy as np
from numpy.typing import NDArray

from mirs_core.columns.blocks import Layout, Rows

T = TypeVar("T")

FEW = 1 << 16
"""Columns up to this many rows keep their values as Python objects once they are indexed."""


class Column(ABC, Sequence[T], Generic[T]):
    """The values of all rows of an archive for one attribute; read-only.

    It behaves as a tuple of Python values, but stores none: indexing makes the value, iterating
    makes those of one block at a time. ``take`` and the methods of the classes below answer for
    all rows at once.
    """

    __slots__ = ("_values",)
    __hash__ = None  # type: ignore[assignment]

    def __init__(self) -> None:
        self._values: list[T] | None = None

    @property
    @abstractmethod
    def layout(self) -> Layout:
        """How the rows are divided into blocks."""

    @abstractmethod
    def take(self, rows: Rows) -> "Column[T]":
        """The column of ``rows``, in their order."""

    @abstractmethod
    def _block(self, number: int) -> list[T]:
        """The values of a block."""

    @abstractmethod
    def rows_with(self, value: T) -> Rows:
        """The rows (n,) that have this value, ascending."""

    def __len__(self) -> int:
        return len(self.layout)

    def __iter__(self) -> Iterator[T]:
        for number in range(len(self.layout.sizes)):
            yield from self._block(number)

    def tolist(self) -> list[T]:
        """All values as Python objects."""
        return list(self)

    @overload
    def __getitem__(self, key: SupportsIndex) -> T: ...
    @overload
    def __getitem__(self, key: slice) -> tuple[T, ...]: ...
    def __getitem__(self, key: Any) -> Any:
        if self._values is None and len(self) <= FEW:
            self._values = self.tolist()
        if isinstance(key, slice):
            if self._values is not None:
                return tuple(self._values[key])
            return tuple(self.take(np.arange(*key.indices(len(self)), dtype=np.int64)))
        if self._values is not None:
            return self._values[key]
        return next(iter(self.take(np.array([key], dtype=np.int64))))

    def values_at(self, rows: Rows) -> list[T]:
        """The values of ``rows``, in their order, as Python objects."""
        if len(self) <= FEW:
            return [self[row] for row in rows.tolist()]
        return self.take(rows).tolist()

    def __contains__(self, value: object) -> bool:
        return len(self.rows_with(cast("T", value))) > 0

    def count(self, value: Any) -> int:
        """Number of rows with this value."""
        return len(self.rows_with(value))

    def index(self, value: Any, start: int = 0, stop: int | None = None) -> int:
        """The first row with this value, from ``start`` to before ``stop``.

        Raises:
            ValueError: there is none.
        """
        rows = self.rows_with(value)
        rows = rows[(rows >= start) & (rows < (len(self) if stop is None else stop))]
        if not len(rows):
            raise ValueError(f"{value!r} is not in the column")
        return int(rows[0])

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Sequence) or isinstance(other, str | bytes):
            return NotImplemented
        return len(self) == len(other) and all(
            mine == theirs for mine, theirs in zip(self, other, strict=True)
        )

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        return np.array(self.tolist(), dtype=dtype)

    def __repr__(self) -> str:
        first = ", ".join(repr(value) for value in self[:4])
        return f"{type(self).__name__}({first}{', ...' if len(self) > 4 else ''}; {len(self):,})"
