"""What an evaluation needs of an archive: hash codes, features, or vectors stored otherwise."""

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray


class RankedArchive(Protocol):
    """What is evaluated: rows that are ranked for a query, nearest first."""

    @property
    def nbytes(self) -> int:
        """Bytes of the stored rows."""

    def __len__(self) -> int: ...

    def search(self, queries: NDArray[Any], k: int, /) -> tuple[NDArray[Any], NDArray[np.int64]]:
        """Distances and rows (Q, k) of the nearest, by (distance, row)."""
