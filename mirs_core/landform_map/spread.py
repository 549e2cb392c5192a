"""How far results lie from the query on Mars, compared with tiles drawn at random.

Many tiles have the coordinates of their strip's centre only, so that tiles of one strip are 0 km
apart: always say with these numbers what the coordinates refer to.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from mirs_core.datasets.items import Items
from mirs_core.mars.geography import distance_km

DRAWS = 2000
MOST_CANDIDATES = 1_000_000
Verdict = Literal["nearer", "like chance", "farther"]


@dataclass(frozen=True, slots=True)
class Spread:
    """The mean distance of results to the query, compared with tiles drawn at random.

    Attributes:
        mean: km, over the ``count`` results with known coordinates.
        without_place: number of results without coordinates.
        chance: km, the exact mean over all ``pool`` candidate tiles with coordinates; if there are
            more than ``MOST_CANDIDATES`` candidates, over so many drawn from them at random.
        low, high: km, the central 95 % of the means of ``count`` tiles drawn from these at random.
    """

    mean: float
    count: int
    without_place: int
    chance: float
    low: float
    high: float
    pool: int
    sampled: bool = False

    @property
    def verdict(self) -> Verdict:
        """Whether the mean is below, within or above the central 95 % expected by chance."""
        if self.mean < self.low:
            return "nearer"
        return "farther" if self.mean > self.high else "like chance"


def measure(
    items: Items,
    place: tuple[float, float],
    results: NDArray[np.int64],
    candidates: NDArray[np.int64],
    draws: int = DRAWS,
    seed: int = 0,
) -> Spread | None:
    """The spread of results around a query; None if none of them has coordinates.

    Args:
        place: latitude and longitude (east) of the query, degrees.
        results: rows of the results.
        candidates: rows of all tiles that pass the filters, without the query.
        draws: number of random samples, each drawn without replacement.
    """
    is_sampled = len(candidates) > MOST_CANDIDATES
    if is_sampled:
        chosen = np.random.default_rng(seed).integers(len(candidates), size=MOST_CANDIDATES)
        candidates = candidates[chosen]
    near, pool = (_kilometres(items, place, rows) for rows in (results, candidates))
    if not len(near) or not len(pool):
        return None
    low, high = _by_chance(pool, min(len(near), len(pool)), draws, seed)
    return Spread(
        mean=float(near.mean()),
        count=len(near),
        without_place=len(results) - len(near),
        chance=float(pool.mean()),
        low=low,
        high=high,
        pool=len(pool),
        sampled=is_sampled,
    )


def distances(items: Items, place: tuple[float, float]) -> NDArray[np.float64]:
    """Distances (N,) of all tiles to a place, km; NaN for tiles without coordinates."""
    return distance_km(*place, *places(items))


def _kilometres(
    items: Items, place: tuple[float, float], rows: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Distances of the tiles among ``rows`` that have coordinates."""
    latitudes = np.asarray(items.latitudes.take(rows), dtype=np.float64)
    longitudes = np.mod(np.asarray(items.longitudes.take(rows), dtype=np.float64), 360)
    kilometres = distance_km(*place, latitudes, longitudes)
    return kilometres[np.isfinite(kilometres)]


def places(items: Items) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Latitudes and longitudes (N,) of the tiles; both NaN where either is unknown."""
    latitudes, longitudes = np.empty(len(items)), np.empty(len(items))
    starts = items.latitudes.layout.starts
    pairs = zip(items.latitudes.pieces(), items.longitudes.pieces(), strict=True)
    for number, (north, east) in enumerate(pairs):
        block = slice(starts[number], starts[number + 1])
        unknown = ~(np.isfinite(north) & np.isfinite(east))
        latitudes[block] = north
        np.mod(east, 360, out=longitudes[block])
        latitudes[block][unknown] = longitudes[block][unknown] = np.nan
    return latitudes, longitudes


def _by_chance(pool: NDArray[np.float64], count: int, draws: int, seed: int) -> tuple[float, float]:
    rng = np.random.default_rng(seed)
    means = [pool[rng.choice(len(pool), count, replace=False)].mean() for _ in range(draws)]
    low, high = np.quantile(means, [0.025, 0.975])
    return float(low), float(high)
