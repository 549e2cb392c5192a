"""The similarity map of a strip: the footprints of its tiles, the nearest on top."""

import math
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from mirs_core.datasets.strips.strip_list import Ring, read_strips
from mirs_core.errors import DataError
from mirs_core.landform_map.cell_grid import CellGrid
from mirs_core.landform_map.footprints import corners
from mirs_core.landform_map.similarity import SimilarityMap, about_map, compared
from mirs_core.mars.tile_shapes import polygon
from mirs_core.retrieval.filters import EVERYTHING, Filters
from mirs_core.retrieval.query import Query
from mirs_core.retrieval.search import Searcher

MOST_CELLS = 1_000_000
_CELLS_ALONG = 8
"""Cells along the side of a tile, where the strip is small enough."""


def strip_similarity_map(
    searcher: Searcher, query: Query, strip: str, filters: Filters = EVERYTHING
) -> SimilarityMap:
    """How near the nearest tile at each place of a strip is.

    Of tiles that overlap, the nearest counts. Tiles count as a search counts them.

    Args:
        strip: name of a strip that was cut into tiles.

    Raises:
        DataError: the data set records no such strip, or none of its tiles passes the filters.
    """
    source = next((s for s in read_strips(searcher.root) if s.name == strip), None)
    if source is None:
        raise DataError(
            f"The data set records no strip {strip!r} whose tiles have footprints; cut strips into"
            " tiles with data tile."
        )
    rows, distances = compared(searcher, query, replace(filters, strips=(strip,)))
    ids = searcher.items.ids.take(rows).tolist()
    rings = corners(source, ids)
    placed = [(rings[tile], float(d)) for tile, d in zip(ids, distances, strict=True)
              if tile in rings]  # fmt: skip
    if not placed:
        raise DataError(f"No tile of the strip {strip!r} that passes the filters has a footprint.")
    grid = _grid([ring for ring, _ in placed])
    placed.sort(key=lambda pair: -pair[1])
    values, tiles = _burnt(grid, placed)
    about = about_map(searcher, query, filters)
    return replace(
        about,
        grid=grid,
        values=values,
        tiles=tiles,
        strip=strip,
        without_place=len(rows) - len(placed),
        positions="synthetic coordinates" if searcher.card.synthetic else "",
    )


def _grid(rings: list[Ring]) -> CellGrid:
    """Cells of an eighth of a tile around footprints, larger where they would be too many."""
    first = rings[0][0][0]
    east = np.array([lon for ring in rings for lon, _ in ring])
    north = np.array([lat for ring in rings for _, lat in ring])
    turns = first + np.mod(east - first + 180, 360) - 180
    side = min(max(lat for _, lat in ring) - min(lat for _, lat in ring) for ring in rings)
    west, end = float(turns.min()), float(turns.max())
    south, top = float(north.min()), float(north.max())
    if end - west > 180:
        # Around a pole, every longitude.
        west, end, pole = 0.0, 360.0, 90.0 if top > 0 else -90.0
        south, top = min(south, pole), max(top, pole)
    step = max(side / _CELLS_ALONG, math.sqrt((end - west) * (top - south) / MOST_CELLS), 1e-6)
    columns = min(math.ceil((end - west) / step), int(360 / step))
    return CellGrid(west % 360, top, step, math.ceil((top - south) / step), max(1, columns))


def _burnt(
    grid: CellGrid, placed: list[tuple[Ring, float]]
) -> tuple[NDArray[np.float32], NDArray[np.uint32]]:
    """The last value at the centre of each cell, and how many footprints contain it."""
    from rasterio.enums import MergeAlg
    from rasterio.features import rasterize
    from rasterio.transform import from_origin
    from shapely.affinity import translate

    shapes = []
    for ring, value in placed:
        area = polygon(ring)
        shapes.append((area, value))
        if grid.east > 360:
            shapes.append((translate(area, xoff=360), value))
    place = {
        "out_shape": grid.shape,
        "transform": from_origin(grid.west, grid.north, grid.step, grid.step),
    }
    values = rasterize(shapes, fill=np.nan, dtype="float32", **place)
    ones = [(area, 1) for area, _ in shapes]
    tiles = rasterize(ones, fill=0, dtype="uint32", merge_alg=MergeAlg.add, **place)
    return np.asarray(values, np.float32), np.asarray(tiles, np.uint32)
