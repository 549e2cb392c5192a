"""Cached features of several views of a tile, as one row: a ``RowStore`` for each view."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mirs_core.encoders.row_segment import Keys, Values
from mirs_core.encoders.row_store import Located, RowStore


@dataclass(frozen=True, slots=True)
class LocatedViews:
    """Where the rows of each view are; a tile is there if all of its views are."""

    views: tuple[Located, ...]

    @property
    def is_there(self) -> NDArray[np.bool_]:
        """Whether there is a row of every view (n,)."""
        every: NDArray[np.bool_] = np.all([located.is_there for located in self.views], axis=0)
        return every

    @property
    def versions(self) -> NDArray[np.int64]:
        """The lowest version of the views (n,)."""
        lowest: NDArray[np.int64] = np.min([located.versions for located in self.views], axis=0)
        return lowest

    def drop(self, places: Sequence[int]) -> None:
        """Regards these rows as not there."""
        for located in self.views:
            located.drop(places)


class ViewStore:
    """The stores of V views, read and written together: rows of V times their width.

    Trainings fill and read the same stores view by view.
    """

    def __init__(self, stores: Sequence[RowStore]) -> None:
        self.stores = tuple(stores)
        width = self.stores[0].width
        self._columns = [slice(v * width, (v + 1) * width) for v in range(len(self.stores))]

    def find(self, keys: Keys) -> LocatedViews:
        """Where the best rows of each of ``keys`` (n, 32) are."""
        return LocatedViews(tuple(store.find(keys) for store in self.stores))

    def read(self, located: LocatedViews, out: Values, origins: Counter[str]) -> NDArray[np.bool_]:
        """Copies what is there into ``out`` (n, V * W), and returns where it is intact (n,).

        ``origins`` are those of the first view, so that tiles are counted and not views.
        """
        partial = np.flatnonzero(~located.is_there).tolist()
        located.drop(partial)
        intact = np.ones(len(out), dtype=bool)
        for view, (store, part) in enumerate(zip(self.stores, located.views, strict=True)):
            counted = origins if view == 0 else Counter[str]()
            intact &= store.read(part, out[:, self._columns[view]], counted)
        return intact

    def add(self, keys: Keys, values: Values, origin: str) -> None:
        """Adds rows ``values`` (n, V * W), of each view those that are not there yet.

        Raises:
            RunError: they cannot be written.
        """
        for store, columns in zip(self.stores, self._columns, strict=True):
            is_new = store.find(keys).versions < store.version
            store.add(keys[is_new], values[is_new, columns], origin)
