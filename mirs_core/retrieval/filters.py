"""Filters: which archived tiles a search may return, applied before ranking."""

from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mirs_core.columns.numbers import Numbers
from mirs_core.datasets.items import Items
from mirs_core.errors import DataError
from mirs_core.mars.geography import Region
from mirs_core.mars.regions import AnyRegion

_STEP = 1 << 15
_THREADS = 2


@dataclass(frozen=True, slots=True)
class Filters:
    """What a search may return; by default everything but the query itself.

    Attributes:
        roles, labels, strips: only tiles with one of these splits, landform classes or strips; None
            allows all, an empty tuple none.
        latitudes: only tiles between these latitudes (degrees north, both ends included); tiles
            without coordinates are excluded.
        region: only tiles whose place is in this box, circle or polygon; tiles without coordinates
            are excluded.
        within: only tiles at most this far from the query, in the run's unit of distance.
        exclude_strip: exclude the tiles of the query's own strip, where it is known.
        exclude_near: exclude tiles that overlap the query (see ``near_duplicates``).
    """

    roles: tuple[str, ...] | None = None
    labels: tuple[str, ...] | None = None
    strips: tuple[str, ...] | None = None
    latitudes: tuple[float, float] | None = None
    within: float | None = None
    exclude_strip: bool = False
    exclude_near: bool = False
    region: AnyRegion | None = None

    def __post_init__(self) -> None:
        if self.latitudes is not None:
            low, high = self.latitudes
            if not -90 <= low <= high <= 90:
                raise DataError(
                    f"Latitudes {low} to {high} are not a band; give south first, within -90..90."
                )
        if self.within is not None and not self.within >= 0:
            raise DataError(f"The maximum distance is {self.within}; it must be 0 or more.")

    def mask(self, items: Items) -> NDArray[np.bool_] | None:
        """Whether each tile (N,) passes; None if all do. Filters on the query do not count here."""
        masks = [
            column.mask(allowed)
            for allowed, column in (
                (self.roles, items.roles),
                (self.labels, items.labels),
                (self.strips, items.strips),
            )
            if allowed is not None
        ]
        if self.latitudes is not None:
            low, high = self.latitudes
            masks.append(mask_of(lambda north: (north >= low) & (north <= high), items.latitudes))
        if self.region is not None:
            masks.append(mask_of(self.region.contains, items.latitudes, items.longitudes))
        for mask in masks[1:]:
            np.logical_and(masks[0], mask, out=masks[0])
        return masks[0] if masks else None

    def rows(self, items: Items) -> NDArray[np.int64]:
        """Rows (n,) of the tiles that pass, ascending; filters on the query do not count here."""
        passes = self.mask(items)
        if passes is None:
            return np.arange(len(items), dtype=np.int64)
        return np.flatnonzero(passes).astype(np.int64, copy=False)

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
            box = "region " if isinstance(self.region, Region) else ""
            parts.append(f"{box}{self.region.written()}")
        if self.within is not None:
            parts.append(f"at most {self.within:g} bits")
        parts += ["without the query's strip"] * self.exclude_strip
        parts += ["without overlapping footprints"] * self.exclude_near
        return "; ".join(parts) or "no filters"


def mask_of(test: Callable[..., NDArray[np.bool_]], *columns: Numbers) -> NDArray[np.bool_]:
    """The answer (N,) of ``test`` to the numbers of each row in ``columns``; NaN where unknown.

    Some rows at a time, so that what it computes stays in the processor's cache; of many blocks,
    two at a time.
    """
    starts = columns[0].layout.starts.tolist()
    result = np.empty(starts[-1], dtype=bool)

    def fill(block: int) -> None:
        pieces = [column.stored.block(block) for column in columns]
        rows = result[starts[block] : starts[block + 1]]
        for step in range(0, len(rows), _STEP):
            part = slice(step, step + _STEP)
            rows[part] = test(*(piece[part] for piece in pieces))

    blocks = range(len(starts) - 1)
    if len(blocks) < _THREADS:
        deque(map(fill, blocks), maxlen=0)
    else:
        with ThreadPoolExecutor(_THREADS) as pool:
            deque(pool.map(fill, blocks), maxlen=0)
    return result


EVERYTHING = Filters()
"""Every tile but the query itself."""
