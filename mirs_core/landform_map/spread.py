"""How far a model's results lie from the query on Mars, and how far they would by chance.

Many tiles know their strip's centre only, so tiles of one strip are 0 km apart: what a place is the
place of belongs to every number here.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from mirs_core.datasets.items import Items
from mirs_core.mars.geography import distance_km

DRAWS = 2000
Verdict = Literal["nearer", "like chance", "farther"]


@dataclass(frozen=True, slots=True)
class Spread:
    """The mean distance of results to the query, beside that of tiles drawn by chance.

    Attributes:
        mean: km, over the ``count`` results with a known place.
        without_place: results whose place is not known.
        chance: km, the exact mean over all ``pool`` tiles that could have been found.
        low, high: km, the middle 95 % of the means of ``count`` tiles drawn from them at random.
    """

    mean: float
    count: int
    without_place: int
    chance: float
    low: float
    high: float
    pool: int

    @property
    def verdict(self) -> Verdict:
        """Where the mean lies: below, in or above the middle 95 % of chance."""
        if self.mean < self.low:
            return "nearer"
        return "farther" if self.mean > self.high else "like chance"


def measure(
    items: Items,
    place: tuple[float, float],
    found: NDArray[np.int64],
    candidates: NDArray[np.int64],
    draws: int = DRAWS,
    seed: int = 0,
) -> Spread | None:
    """The spread of results around a query; None where none of them has a known place.

    Args:
        place: latitude and longitude (east) of the query, degrees.
        found: rows of the results.
        candidates: rows of all tiles that the filters let through, without the query's own.
        draws: how many samples stand for chance; drawn without replacement.
    """
    away = distances(items, place)
    reached = away[found][np.isfinite(away[found])]
    pool = away[candidates][np.isfinite(away[candidates])]
    if not len(reached) or not len(pool):
        return None
    low, high = _by_chance(pool, min(len(reached), len(pool)), draws, seed)
    return Spread(
        mean=float(reached.mean()),
        count=len(reached),
        without_place=len(found) - len(reached),
        chance=float(pool.mean()),
        low=low,
        high=high,
        pool=len(pool),
    )


def distances(items: Items, place: tuple[float, float]) -> NDArray[np.float64]:
    """Distances (N,) of all tiles to a place, km; NaN where a tile's place is not known."""
    return distance_km(*place, *places(items))


def places(items: Items) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Latitudes and longitudes (N,) of the tiles; both NaN where either is not known."""
    found = np.array([items.latitudes, items.longitudes], dtype=float)
    latitudes, longitudes = np.where(np.isfinite(found).all(axis=0), found, np.nan)
    return latitudes, np.mod(longitudes, 360)


def _by_chance(pool: NDArray[np.float64], count: int, draws: int, seed: int) -> tuple[float, float]:
    rng = np.random.default_rng(seed)
    means = [pool[rng.choice(len(pool), count, replace=False)].mean() for _ in range(draws)]
    low, high = np.quantile(means, [0.025, 0.975])
    return float(low), float(high)
