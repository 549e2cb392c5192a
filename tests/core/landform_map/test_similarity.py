"""Similarity maps against a loop over all tiles, and as rasters that other programs read."""

import math
from dataclasses import replace
from pathlib import Path
from statistics import median

import numpy as np
import pytest
import rasterio
from pyproj import CRS
from rasterio.io import MemoryFile
from searchers import searcher_of

from mirs_core.datasets.items import Items
from mirs_core.datasets.strips.strip_list import Strip, write_strips
from mirs_core.errors import ConfigError, DataError
from mirs_core.exchange.exports.similarity_raster import geotiff, save_similarity_map
from mirs_core.landform_map.cell_grid import CellGrid
from mirs_core.landform_map.similarity import SimilarityMap, similarity_map
from mirs_core.landform_map.strip_similarity import strip_similarity_map
from mirs_core.mars.crs import MarsCrs
from mirs_core.mars.geography import Region
from mirs_core.mars.regions import CircleRegion
from mirs_core.ranking.codes import hamming
from mirs_core.retrieval.filters import Filters
from mirs_core.retrieval.search import Searcher

N = 400


def searcher(floats: bool = False) -> Searcher:
    rng = np.random.default_rng(7)
    north, east = rng.uniform(-90, 90, N), rng.uniform(0, 360, N)
    # Crowded cells, edges, and tiles without a place.
    north[:90], east[:90] = rng.uniform(10, 12, 90), rng.uniform(358, 362, 90) % 360
    north[90:96], east[90:96] = [90, -90, 0, 30, -30, 12], [0, 359.9, 360, 90, 0, 180]
    latitudes = [None if i == 96 else float(value) for i, value in enumerate(north)]
    longitudes = [None if i == 97 else float(value) for i, value in enumerate(east)]
    items = Items(
        ids=tuple(f"{i}.png" for i in range(N)),
        labels=tuple("ab"[i % 2] for i in range(N)),
        roles=("archive",) * N,
        strips=(None,) * N,
        contents=tuple(f"c{i % (N - 1)}" for i in range(N)),
        latitudes=tuple(latitudes),
        longitudes=tuple(longitudes),
    )
    codes = rng.integers(0, 256, (N, 2)).astype(np.uint8)
    return searcher_of(rng.normal(size=(N, 3)).astype(np.float32) if floats else codes, items)


def slowly(opened: Searcher, grid: CellGrid, statistic: str, filters: Filters) -> dict:
    """The statistic of each cell, tile by tile."""
    query = opened.query_by_id("5.png")
    hits = {hit.id: hit.distance for hit in opened.search(query, N, filters)}
    cells: dict[tuple[int, int], list[float]] = {}
    for tile, north, east in zip(
        opened.items.ids, opened.items.latitudes, opened.items.longitudes, strict=True
    ):
        if tile not in hits or north is None or east is None:
            continue
        row = min(math.floor((grid.north - north) / grid.step), grid.rows - 1)
        column = math.floor((east - grid.west) % 360 / grid.step)
        cells.setdefault((row, column), []).append(hits[tile])
    reduce = min if statistic == "minimum" else median
    return {cell: (reduce(values), len(values)) for cell, values in cells.items()}


@pytest.mark.parametrize("floats", [False, True], ids=["bits", "floats"])
@pytest.mark.parametrize("statistic", ["minimum", "median"])
@pytest.mark.parametrize("step", [1.0, 7.5])
def test_every_cell_has_the_statistic_of_its_tiles(
    step: float, statistic: str, floats: bool
) -> None:
    opened, filters = searcher(floats), Filters(labels=("a",))
    query = opened.query_by_id("5.png")
    mapped = similarity_map(opened, query, step, statistic, filters)
    assert mapped.values.shape == mapped.tiles.shape == (180 / step, 360 / step)
    expected = slowly(opened, mapped.grid, statistic, filters)
    values, tiles = np.full(mapped.values.shape, np.nan), np.zeros(mapped.tiles.shape)
    for cell, (value, count) in expected.items():
        values[cell], tiles[cell] = value, count
    np.testing.assert_allclose(mapped.values, values, rtol=1e-6)
    np.testing.assert_array_equal(mapped.tiles, tiles)
    assert mapped.without_place == 2 - 1, "one of two tiles without a place has the other class"
    assert mapped.unit == ("euclidean" if floats else "bits")
    assert mapped.range == pytest.approx((np.nanmin(values), np.nanmax(values)))


def test_the_query_and_its_copies_are_not_on_the_map() -> None:
    opened = searcher()
    query = opened.query_by_id("0.png")
    mapped = similarity_map(opened, query, 90)
    assert mapped.tiles.sum() == N - 2 - 2, "two tiles share its content, two have no place"


def test_a_query_with_examples_is_mapped_by_its_score() -> None:
    opened = searcher()
    query = opened.refined(opened.query_by_id("0.png"), ["200.png"], ["300.png"])
    mapped = similarity_map(opened, query, 10)
    best = opened.search(query, N)[0]
    row = opened.items.row(best.id)
    place = np.array([opened.items.latitudes[row]]), np.array([opened.items.longitudes[row]])
    cell = divmod(int(mapped.grid.cells(*place)[0][0]), mapped.grid.columns)
    assert mapped.unit == "score" and mapped.values[cell] == pytest.approx(best.distance, rel=1e-6)


def test_a_limit_of_distance_leaves_farther_tiles_out() -> None:
    opened = searcher()
    query = opened.query_by_id("5.png")
    near = similarity_map(opened, query, 90, "median", Filters(within=5))
    assert near.range[1] <= 5 and near.tiles.sum() < N / 2


def test_a_region_is_mapped_in_cells_of_the_planet_also_across_the_meridian() -> None:
    opened = searcher()
    query = opened.query_by_id("300.png")
    whole = similarity_map(opened, query, 0.5)
    for region in (Region(358.2, 10.1, 1.6, 11.9), CircleRegion(11, 0, 70)):
        part = similarity_map(opened, query, 0.5, filters=Filters(region=region))
        assert part.grid.west > 357 and part.grid.east > 360
        assert part.tiles.sum() == Filters(region=region).mask(opened.items).sum()
        inside = np.argwhere(part.tiles == whole_part(whole, part))
        assert len(inside) >= part.tiles.size / 3, "cells within the region are the same"


def whole_part(whole: SimilarityMap, part: SimilarityMap) -> np.ndarray:
    top = round((90 - part.grid.north) / part.grid.step)
    left = round(part.grid.west / part.grid.step)
    columns = (left + np.arange(part.grid.columns)) % whole.grid.columns
    return whole.tiles[top : top + part.grid.rows][:, columns]


@pytest.mark.parametrize("step", [0.0, -1.0, 0.7, 91.0, math.nan, 0.001])
def test_cells_that_are_no_grid_are_refused(step: float) -> None:
    with pytest.raises(DataError, match=r"[Cc]ells"):
        CellGrid.whole(step)


def test_no_other_statistic_is_taken() -> None:
    opened = searcher()
    with pytest.raises(DataError, match="no statistic"):
        similarity_map(opened, opened.query_by_id("0.png"), 1, "mean")  # type: ignore[arg-type]


def test_the_raster_has_mars_no_data_and_its_origin(tmp_path: Path) -> None:
    opened = searcher()
    query = opened.query_by_id("5.png")
    mapped = similarity_map(opened, query, 2, filters=Filters(labels=("a",)))
    path = tmp_path / "heat.tif"
    save_similarity_map(mapped, path)
    with rasterio.open(path) as raster:
        crs = MarsCrs.of(raster.crs.to_wkt(), "heat.tif")
        assert crs.is_geographic and crs.radii[0] == 3_396_190
        assert tuple(raster.bounds) == (0, -90, 360, 90) and raster.shape == (90, 180)
        first, second = raster.read()
        np.testing.assert_array_equal(first, mapped.values)
        np.testing.assert_array_equal(second, mapped.tiles)
        assert math.isnan(raster.nodata) and np.isnan(first).any()
        assert (np.isnan(first) == (second == 0)).all()
        assert raster.descriptions == (
            "least Hamming distance to the query, bits", "number of tiles",
        )  # fmt: skip
        facts = raster.tags()
        row = opened.items.row("5.png")
        place = raster.index(opened.items.longitudes[row], opened.items.latitudes[row])
        assert place == divmod(
            int(mapped.grid.cells(
                np.array([opened.items.latitudes[row]]), np.array([opened.items.longitudes[row]])
            )[0][0]), 180,
        )  # fmt: skip
    for name, text in {
        "MIRS_QUERY": "5.png", "MIRS_QUERY_SHA256": query.content, "MIRS_RUN": "a",
        "MIRS_STATISTIC": "minimum", "MIRS_UNIT": "bits", "MIRS_FILTERS": "landforms: a",
        "MIRS_TILES_WITHOUT_COORDINATES": "1",
    }.items():  # fmt: skip
        assert facts[name] == text
    assert facts["MIRS_SOFTWARE"].startswith("MIRS Explorer ")
    with pytest.raises(ConfigError, match=r"\.tif"):
        save_similarity_map(mapped, tmp_path / "heat.png")
    assert [p.name for p in tmp_path.iterdir()] == ["heat.tif"]


def test_a_map_without_tiles_is_without_data() -> None:
    opened = searcher()
    query = opened.query_by_id("5.png")
    mapped = similarity_map(opened, query, 10, filters=Filters(labels=("none",)))
    assert np.isnan(mapped.values).all() and all(map(math.isnan, mapped.range))
    with MemoryFile(geotiff(mapped)) as memory, memory.open() as raster:
        assert np.isnan(raster.read(1)).all()


def strip_searcher(root: Path, crs: str, transform: tuple[float, ...]) -> tuple[Searcher, Strip]:
    """Twelve tiles of 100 pixels that overlap by half, along a strip."""
    strip = Strip(
        name="S1", file="s1.tif", content="c", crs=CRS.from_user_input(crs).to_wkt(),
        transform=transform, width=300, height=250, side=100, stride=50, max_nodata=0.05,
        min_contrast=1.0, nodata="0", stretch=None, outline=((0.0, 0.0), (1.0, 0.0), (1.0, 1.0)),
        metres_per_pixel=6.0,
    )  # fmt: skip
    write_strips(root, [strip])
    corners = [(column, row) for row in (0, 50, 100) for column in (0, 50, 100, 150)]
    items = Items(
        ids=tuple(strip.path(*corner) for corner in corners),
        labels=(None,) * 12,
        roles=("archive",) * 12,
        strips=("S1",) * 12,
        contents=tuple(map(str, range(12))),
        latitudes=(1.0,) * 12,
        longitudes=(1.0,) * 12,
    )
    codes = np.random.default_rng(1).integers(0, 256, (12, 4)).astype(np.uint8)
    return replace(searcher_of(codes, items), root=root), strip


@pytest.mark.parametrize(
    ("crs", "transform"),
    [
        ("IAU_2015:49910", (60.0, 0, 1e6, 0, -60.0, 2e6)),
        ("IAU_2015:49910", (60.0, 0, -9000.0, 0, -60.0, 4000.0)),
        ("IAU_2015:49910", (52.0, 30.0, 1e6, 30.0, -52.0, 2e6)),
        ("IAU_2015:49930", (60.0, 0, 180000.0, 0, -60.0, 120000.0)),
    ],
    ids=["plain", "meridian", "turned", "polar"],
)
def test_a_strip_shows_the_nearest_tile_at_each_place(
    crs: str, transform: tuple[float, ...], tmp_path: Path
) -> None:
    opened, strip = strip_searcher(tmp_path, crs, transform)
    query = opened.query_by_id(strip.path(0, 0))
    mapped = strip_similarity_map(opened, query, "S1")
    grid = mapped.grid
    distances = hamming(query.code, opened.retriever.codes)[0]
    rows, columns = np.indices(grid.shape)
    east = grid.west + (columns.ravel() + 0.5) * grid.step
    north = grid.north - (rows.ravel() + 0.5) * grid.step
    across, down = strip.frame.pixels(east % 360, north)
    wrong = 0
    for cell, x, y in zip(zip(rows.ravel(), columns.ravel(), strict=True), across, down,
                          strict=True):  # fmt: skip
        over = [
            float(distances[i])
            for i, tile in enumerate(opened.items.ids)
            if i
            and all(0 <= at - c < 100 for at, c in zip((x, y), strip.corner(tile), strict=True))
        ]
        value = min(over, default=math.nan)
        same = (
            math.isnan(value) if math.isnan(mapped.values[cell]) else mapped.values[cell] == value
        )
        wrong += not same or mapped.tiles[cell] != len(over)
    # Sides are straight lines between corners, so that cells on an edge may differ.
    assert wrong <= 0.02 * mapped.values.size
    assert mapped.strip == "S1" and np.isnan(mapped.values).any()
    with MemoryFile(geotiff(mapped)) as memory, memory.open() as raster:
        assert raster.tags()["MIRS_STRIP"] == "S1"


def test_a_strip_without_footprints_is_refused(tmp_path: Path) -> None:
    opened, strip = strip_searcher(tmp_path, "IAU_2015:49910", (60.0, 0, 1e6, 0, -60.0, 2e6))
    query = opened.query_by_id(strip.path(0, 0))
    with pytest.raises(DataError, match="no strip 'S2'"):
        strip_similarity_map(opened, query, "S2")
    with pytest.raises(DataError, match="No tile of the strip"):
        strip_similarity_map(opened, query, "S1", Filters(roles=("train",)))
