"""The bench of strips on a small raster: the kill, the count of what is done twice, the memory."""

from pathlib import Path

import numpy as np
import rasterio

from benchmarks import strip as bench
from mirs_core.workspace.home import Home


def test_no_two_tiles_of_the_raster_are_equal(tmp_path: Path) -> None:
    with rasterio.open(bench.write_raster(tmp_path / "r.tif", 1300)) as raster:
        assert raster.crs.to_dict()["R"] == 3_396_190
        values = raster.read(1)
    tiles = [
        values[y : y + 224, x : x + 224] for x in range(0, 1100, 224) for y in range(0, 1100, 224)
    ]
    assert len({tile.tobytes() for tile in tiles}) == len(tiles)
    assert min(tile.std() for tile in tiles) > 5 and np.all(values > 0)


def test_the_figures_of_virtual_tiles(small_demo: Home, tmp_path: Path) -> None:
    answer = bench.run(small_demo, "demo-mirs", 1300, is_virtual=True)
    virtual = answer["virtual"]
    assert (virtual["tiles"], virtual["image_files"]) == (25, 0)
    assert virtual["sampled_with_other_pixels"] == 0 and virtual["mb_written"] < 0.1
    assert answer["index"]["tiles"] == 25
    search = answer["search"]
    assert search["equal_results"] is True
    assert (search["current_before"], search["changed_after"]) == (25, 25)


def test_the_figures(tmp_path: Path) -> None:
    answer = bench.run(Home(tmp_path), None, 1300)
    assert set(answer) == {"bench", "raster_pixels", "raster_mb", "tile"}
    tile = answer["tile"]
    assert tile["tiles"] == 25 and tile["tiles_cut_twice"] == 0
    assert tile["resumed_tiles"] >= 10 and tile["resumed_tiles"] == tile["killed_after_tiles"]
    assert 100 < tile["peak_mb"] < 1500 and tile["seconds"] > 0
