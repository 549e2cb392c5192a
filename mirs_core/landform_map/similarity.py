"""Similarity maps: how near the nearest tile of each place is to a query.

All tiles are compared once. Cells are of equal angle: a cell of one degree is 59 km high, and as
wide only at the equator.
"""

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from mirs_core.datasets.manifest import INVENTED, STRIP_CENTRE
from mirs_core.errors import DataError
from mirs_core.landform_map.cell_grid import CellGrid
from mirs_core.mars.geography import Region
from mirs_core.mars.regions import polygons_of
from mirs_core.retrieval.filters import EVERYTHING, Filters
from mirs_core.retrieval.query import Query, scores
from mirs_core.retrieval.search import Searcher

Statistic = Literal["minimum", "median"]
STATISTICS: tuple[Statistic, ...] = ("minimum", "median")
STEP = 1.0
"""The usual side of a cell, in degrees."""


@dataclass(frozen=True, slots=True)
class SimilarityMap:
    """Distances between a query and the tiles of each cell.

    Attributes:
        grid: where the cells are.
        values: (rows, columns) float32, the least or the median distance of a cell's tiles in the
            unit of the run, or their score for a query with examples; NaN where no tile is.
        tiles: (rows, columns) uint32, how many tiles each cell has.
        statistic: "minimum" or "median".
        unit: "bits", the name of a baseline's distance, or "score".
        query: the query's name; ``query_sha256`` of its file.
        run, model: id and name of the run.
        filters: in words, which tiles were compared.
        strip: name of the strip that is mapped; empty for the planet or a region.
        without_place: number of tiles that were left out since their place is unknown.
        positions: "synthetic coordinates" or "strip centres" where places are no tiles' own.
    """

    grid: CellGrid
    values: NDArray[np.float32]
    tiles: NDArray[np.uint32]
    statistic: Statistic
    unit: str
    query: str
    query_sha256: str
    run: str
    model: str
    filters: str
    strip: str = ""
    without_place: int = 0
    positions: str = ""

    @property
    def range(self) -> tuple[float, float]:
        """The least and the greatest value; NaN without tiles."""
        if not self.tiles.any():
            return float("nan"), float("nan")
        return float(np.nanmin(self.values)), float(np.nanmax(self.values))


def similarity_map(
    searcher: Searcher,
    query: Query,
    step: float = STEP,
    statistic: Statistic = "minimum",
    filters: Filters = EVERYTHING,
) -> SimilarityMap:
    """The similarity map of the planet, or of the region that ``filters`` name.

    Tiles count as a search counts them: those that pass the filters, without the query itself.

    Args:
        step: side of a cell in degrees; it has to divide 180.

    Raises:
        DataError: no such statistic, or cells that are too many or divide nothing.
    """
    check_statistic(statistic)
    region = filters.region
    if region is None:
        grid = CellGrid.whole(step)
    else:
        box = region if isinstance(region, Region) else polygons_of(region).bounds
        grid = CellGrid.around(box, step)
    rows, distances = compared(searcher, query, filters)
    latitudes = np.asarray(searcher.items.latitudes.take(rows), dtype=np.float64)
    longitudes = np.asarray(searcher.items.longitudes.take(rows), dtype=np.float64)
    cells, inside = grid.cells(latitudes, longitudes)
    values, tiles = by_cell(cells[inside], distances[inside], grid, statistic)
    placed = int(np.count_nonzero(np.isfinite(latitudes) & np.isfinite(longitudes)))
    about = about_map(searcher, query, filters)
    return replace(
        about,
        grid=grid,
        values=values,
        tiles=tiles,
        statistic=statistic,
        without_place=len(rows) - placed,
    )


def check_statistic(statistic: str) -> None:
    """Raises DataError for anything but "minimum" and "median"."""
    if statistic not in STATISTICS:
        raise DataError(f"{statistic!r} is no statistic of a map; use {' or '.join(STATISTICS)}.")


def compared(
    searcher: Searcher, query: Query, filters: Filters
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """The rows (n,) that a search could return, and their distances or scores (n,)."""
    rows = searcher.candidates(query, filters)
    distances = _distances(searcher, query, rows)
    if filters.within is not None:
        near = distances <= filters.within
        return rows[near], distances[near]
    return rows, distances


def _distances(searcher: Searcher, query: Query, rows: NDArray[np.int64]) -> NDArray[np.float32]:
    if query.refined:
        return scores(searcher.retriever, query, rows).astype(np.float32)
    return searcher.full_archive().distances(query.code)[rows].astype(np.float32)


def about_map(searcher: Searcher, query: Query, filters: Filters) -> SimilarityMap:
    """A map without cells, which says what is compared."""
    kinds = searcher.items.places.counts()
    positions = "strip centres" if STRIP_CENTRE in kinds else ""
    if searcher.card.synthetic or INVENTED in kinds:
        positions = "synthetic coordinates"
    return SimilarityMap(
        grid=CellGrid(0.0, 90.0, 90.0, 1, 1),
        values=np.full((1, 1), np.nan, np.float32),
        tiles=np.zeros((1, 1), np.uint32),
        statistic="minimum",
        unit="score" if query.refined else searcher.unit,
        query=query.name,
        query_sha256=query.content,
        run=searcher.summary.id,
        model=searcher.summary.name,
        filters=filters.description(),
        positions=positions,
    )


def by_cell(
    cells: NDArray[np.int64],
    distances: NDArray[np.float32],
    grid: CellGrid,
    statistic: Statistic,
) -> tuple[NDArray[np.float32], NDArray[np.uint32]]:
    """The statistic and the number of the distances (n,) in each cell (rows, columns)."""
    count = grid.rows * grid.columns
    tiles = np.bincount(cells, minlength=count).astype(np.uint32)
    values = np.full(count, np.nan, dtype=np.float32)
    order = np.lexsort((distances, cells))
    ascending = distances[order]
    present = np.flatnonzero(tiles)
    ends = np.cumsum(tiles[present].astype(np.int64))
    starts = ends - tiles[present]
    if statistic == "minimum":
        values[present] = ascending[starts]
    else:
        low, high = (starts + ends - 1) // 2, (starts + ends) // 2
        values[present] = (ascending[low] + ascending[high]) / 2
    return values.reshape(grid.shape), tiles.reshape(grid.shape)
