"""Filters: which tiles of an archive a search may find, decided before the nearest are taken."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mirs_core.datasets.items import Items
from mirs_core.errors import DataError
from mirs_core.mars.geography import Region


@dataclass(frozen=True, slots=True)
class Filters:
    """What a search may find; without an argument, everything but the query itself.

    Attributes:
        roles, labels, strips: only tiles with one of these; None takes all, () none.
        latitudes: only tiles whose strip's centre lies between these (degrees north, both ends
            included); tiles without coordinates are left out.
        region: only tiles whose place lies in this box; tiles without a longitude are left out.
        within: only tiles at most this far from the query, in the run's unit of distance.
        exclude_strip: leave out tiles of the query's own strip (where it is known).
        exclude_near: leave out near-duplicates of the query (see ``near_duplicates``).
    """

    roles: tuple[str, ...] | None = None
    labels: tuple[str, ...] | None = None
    strips: tuple[str, ...] | None = None
    latitudes: tuple[float, float] | None = None
    within: float | None = None
    exclude_strip: bool = False
    exclude_near: bool = False
    region: Region | None = None

    def __post_init__(self) -> None:
        if self.latitudes is not None:
            low, high = self.latitudes
            if not -90 <= low <= high <= 90:
                raise DataError(f"Latitudes from {low} to {high} make no band; use -90 to 90.")
        if self.within is not None and not self.within >= 0:
            raise DataError(f"A distance of at most {self.within} finds nothing; use 0 or more.")

    def rows(self, items: Items) -> NDArray[np.int64]:
        """Rows (n,) of the tiles that pass, ascending, whatever the query."""
        kept = np.ones(len(items), dtype=bool)
        for wanted, column in (
            (self.roles, items.roles),
            (self.labels, items.labels),
            (self.strips, items.strips),
        ):
            if wanted is not None:
                kept &= _among(column, wanted)
        if self.latitudes is not None:
            low, high = self.latitudes
            known = np.array(items.latitudes, dtype=float)
            kept &= (known >= low) & (known <= high)
        if self.region is not None:
            latitudes, longitudes = (
                np.array(column, dtype=float) for column in (items.latitudes, items.longitudes)
            )
            kept &= self.region.contains(latitudes, longitudes)
        return np.flatnonzero(kept).astype(np.int64)

    def description(self) -> str:
        """The filters in words, for exports and figures."""
        parts = []
        for name, values in (
            ("splits", self.roles),
            ("landforms", self.labels),
            ("strips", self.strips),
        ):
            if values is not None:
                parts.append(f"{name}: {' '.join(values)}")
        if self.latitudes:
            parts.append(f"latitudes {self.latitudes[0]:g} to {self.latitudes[1]:g}")
        if self.region is not None:
            parts.append(f"region {self.region.written()}")
        if self.within is not None:
            parts.append(f"at most {self.within:g} bits")
        parts += ["without the query's strip"] * self.exclude_strip
        parts += ["without overlapping footprints"] * self.exclude_near
        return "; ".join(parts) or "no filters"


def _among(column: Sequence[str | None], wanted: Sequence[str]) -> NDArray[np.bool_]:
    chosen = set(wanted)
    return np.array([value in chosen for value in column], dtype=bool)


EVERYTHING = Filters()
"""Every tile but the query itself."""
