"""The metadata that an evaluation needs: of queries, and of the tiles of an archive."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mirs_core.columns.blocks import Rows
from mirs_core.columns.categories import categories
from mirs_core.columns.column import Column
from mirs_core.columns.hashes import Hashes, hashes_or_texts
from mirs_core.columns.lookup import Lookup
from mirs_core.columns.texts import Texts


@dataclass(frozen=True, slots=True)
class TileColumns:
    """The tile metadata that an evaluation needs, as parallel columns; contents are SHA-256."""

    ids: Sequence[str]
    labels: Sequence[str | None]
    contents: Sequence[str]
    strips: Sequence[str | None]

    def take(self, rows: NDArray[np.int64]) -> "TileColumns":
        """The same columns for ``rows`` only, in the given order."""
        columns: tuple[Sequence[Any], ...] = (self.ids, self.labels, self.contents, self.strips)
        return TileColumns(
            *(
                column.take(rows) if isinstance(column, Column) else [column[i] for i in rows]
                for column in columns
            )
        )


class ArchivedFacts:
    """What an evaluation asks of an archive's tiles, as columns."""

    def __init__(self, archived: TileColumns) -> None:
        self.labels = categories(archived.labels)
        self._strips = categories(archived.strips)
        contents = archived.contents
        self._contents = Lookup(
            contents if isinstance(contents, Hashes | Texts) else hashes_or_texts(contents)
        )
        self.counts = Counter({name: n for name, n in self.labels.counts().items() if name})

    def excluded(self, queries: TileColumns, query: int, exclude_strip: bool) -> Rows:
        """Rows (n,) that a query is not measured against: its copies, its strip if that is said."""
        rows, strip = self._contents.rows_with([queries.contents[query]]), queries.strips[query]
        if exclude_strip and strip:
            rows = np.union1d(rows, self._strips.rows_with(strip)).astype(np.int64, copy=False)
        return rows

    def relevant(self, label: str | None, excluded: Rows) -> int:
        """Number of tiles with a label, without the excluded ones."""
        return self.counts[label or ""] - self.labels.take(excluded).count(label)


def strip_mode(archived: TileColumns, queries: TileColumns, exclude_strip: bool) -> str:
    """Whether tiles of a query's own strip were excluded: excluded, unknown (in part) or kept."""
    if not exclude_strip:
        return "kept"
    complete = None not in categories(archived.strips) and None not in categories(queries.strips)
    return "excluded" if complete else "unknown"
