"""Columns of few different words: classes, splits, strips, kinds of place."""

from collections.abc import Collection, Iterable, Sequence
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mirs_core.columns.blocks import Blocks, Layout, Rows
from mirs_core.columns.column import Column


class Categories(Column[Any]):
    """Words as numbers: a row holds the place of its word in ``names``, or -1 for None."""

    __slots__ = ("__dict__", "codes", "names")

    def __init__(self, codes: Blocks, names: Sequence[str]) -> None:
        """``codes`` (N,) of signed integers from -1 to below the number of ``names``."""
        super().__init__()
        self.codes, self.names = codes, tuple(names)

    @classmethod
    def of(cls, values: Iterable[str | None]) -> "Categories":
        """The column of ``values``; names in the order of their first appearance."""
        places: dict[str | None, int] = {None: -1}
        codes = np.fromiter((places.setdefault(v, len(places) - 1) for v in values), dtype=np.int32)
        names = [name for name in places if name is not None]
        return cls(Blocks.of(codes.astype(code_type(len(names)))), names)

    @classmethod
    def of_codes(cls, codes: NDArray[Any], names: Sequence[str]) -> "Categories":
        """The column of an array of codes (N,): places in ``names``, or -1 for None."""
        return cls(Blocks.of(codes), names)

    @property
    def layout(self) -> Layout:
        """How the rows are divided into blocks."""
        return self.codes.layout

    def take(self, rows: Rows) -> "Categories":
        """The column of ``rows``, in their order, with the same names."""
        return Categories(Blocks.of(self.codes.take(rows)), self.names)

    def compact(self) -> "Categories":
        """The column as ``of`` makes it: names in the order of their first appearance."""
        whole = self.codes.whole()
        codes, first = np.unique(whole, return_index=True)
        order = codes[np.argsort(first)]
        order = order[order >= 0]
        places = np.full(len(self.names) + 1, -1, dtype=code_type(len(order)))
        places[order] = np.arange(len(order))
        return Categories.of_codes(places[whole], [self.names[code] for code in order.tolist()])

    @cached_property
    def place_of(self) -> dict[str | None, int]:
        """The code of each name, and -1 of None."""
        return {None: -1, **{name: place for place, name in enumerate(self.names)}}

    def mask(self, values: Collection[str | None]) -> NDArray[np.bool_]:
        """Whether each row (N,) has one of ``values``."""
        codes_of_values = sorted({self.place_of[v] for v in values if v in self.place_of})
        result = np.empty(len(self), dtype=bool)
        among = np.zeros(len(self.names) + 1, dtype=bool)
        among[codes_of_values] = True  # the last entry is that of -1
        starts = self.layout.starts
        for number, codes in enumerate(self.codes.pieces()):
            block = result[starts[number] : starts[number + 1]]
            if len(codes_of_values) == 1:
                np.equal(codes, codes_of_values[0], out=block)
            else:
                np.take(among, codes, out=block, mode="wrap")
        return result

    def rows_with(self, value: Any) -> Rows:
        """The rows (n,) that have this value, ascending."""
        if not isinstance(value, str | None) or value not in self.place_of:
            return np.empty(0, dtype=np.int64)
        return np.flatnonzero(self.mask([value])).astype(np.int64, copy=False)

    def counts(self, among: NDArray[np.bool_] | None = None) -> dict[str | None, int]:
        """Number of rows by value, without values that no row has; None last.

        Args:
            among: (N,) which rows are counted; all by default.
        """
        totals = np.zeros(len(self.names) + 1, dtype=np.int64)
        starts = self.layout.starts
        for number, codes in enumerate(self.codes.pieces()):
            if among is not None:
                codes = codes[among[starts[number] : starts[number + 1]]]
            totals += np.bincount(codes + np.int64(1), minlength=len(totals))
        numbers = zip((*self.names, None), [*totals[1:].tolist(), int(totals[0])], strict=True)
        return {name: number for name, number in numbers if number}

    def _block(self, number: int) -> list[Any]:
        words = [*self.names, None]
        return [words[code] for code in self.codes.block(number).tolist()]

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Categories):
            return super().__eq__(other)
        if len(self) != len(other):
            return False
        translated = np.array([*(self.place_of.get(name, -2) for name in other.names), -1])
        return bool(np.array_equal(self.codes.whole(), translated[other.codes.whole()]))

    __hash__ = None


def categories(values: Sequence[str | None]) -> Categories:
    """``values`` as a column; a column is returned as it is."""
    return values if isinstance(values, Categories) else Categories.of(values)


def code_type(names: int) -> type[np.signedinteger[Any]]:
    """The smallest type that holds the codes of so many names."""
    return next(t for t in (np.int8, np.int16, np.int32) if names <= np.iinfo(t).max)
