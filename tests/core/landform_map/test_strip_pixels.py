"""Pixels of strips on the map, against a look-up of each place in the raster."""

import math
from pathlib import Path

import numpy as np
import pytest
import rasterio
from rasterio import Affine
from virtual_archives import write_raster

from mirs_core.datasets.strips import CutSettings, cut_strip
from mirs_core.datasets.strips.strip_list import Strip, read_strips
from mirs_core.errors import DataError
from mirs_core.landform_map import strip_pixels
from mirs_core.landform_map.strip_pixels import MapWindow, strip_picture


def cut(raster: Path, root: Path, virtual: bool) -> Strip:
    cut_strip(raster, root, CutSettings(size=32, virtual=virtual))
    return read_strips(root)[-1]


def around(strip: Strip, share: float, width: int = 90, height: int = 60) -> MapWindow:
    """The middle of a strip on the global map, and its surroundings."""
    lon, lat = strip.frame.middle
    east, north = strip.frame.degrees(strip.width, 0)
    wide, tall = abs(float(east) - lon) * share, abs(float(north) - lat) * share
    return MapWindow("global", lon - wide, lat + tall, lon + wide, lat - tall, width, height)


def slowly(raster: Path, strip: Strip, window: MapWindow) -> tuple[np.ndarray, np.ndarray]:
    """The pixel of the raster at the centre of each pixel of the picture, without shortcuts."""
    with rasterio.open(raster) as opened:
        pixels = opened.read(1)
    rows, columns = np.indices((window.height, window.width)) + 0.5
    x, y = strip.frame.pixels(*window.places(columns / window.width, rows / window.height))
    shown = (x >= 0) & (x < strip.width) & (y >= 0) & (y < strip.height)
    grey = np.zeros(shown.shape)
    grey[shown] = pixels[y[shown].astype(int), x[shown].astype(int)]
    return grey, shown


@pytest.mark.parametrize("virtual", [True, False], ids=["raster", "tiles"])
@pytest.mark.parametrize("share", [0.4, 1.5])
def test_each_pixel_is_that_of_its_place(share: float, virtual: bool, tmp_path: Path) -> None:
    raster = write_raster(tmp_path / "S.tif")
    strip = cut(raster, tmp_path / "set", virtual)
    window = around(strip, share, 330, 280)
    picture, shown = strip_picture(tmp_path / "set", [strip], window)
    grey, inside = slowly(raster, strip, window)
    assert picture.shape == (280, 330, 3) and (picture[..., 0] == picture[..., 2]).all()
    # Positions are interpolated: a place on the line between two pixels may be that of the other.
    assert (shown == inside).mean() > 0.995
    same = picture[..., 0] == grey
    assert same[shown].mean() > 0.98
    assert shown.all() if share < 1 else 0 < shown.mean() < 0.6


def test_a_polar_view_and_a_strip_across_the_meridian(tmp_path: Path) -> None:
    rng = np.random.default_rng(2)
    for name, crs, x, y in (
        ("P", "IAU_2015:49930", 3e5, 2e5), ("M", "IAU_2015:49910", -500.0, 1e6),
    ):  # fmt: skip
        with rasterio.open(
            tmp_path / f"{name}.tif", "w", driver="GTiff", width=192, height=160, count=1,
            dtype="uint8", crs=crs, transform=Affine(6, 0, x, 0, -6, y),
        ) as out:  # fmt: skip
            out.write(rng.integers(20, 230, (160, 192)).astype(np.uint8), 1)
    polar = cut(tmp_path / "P.tif", tmp_path / "p", True)
    lon, lat = polar.frame.middle
    edge = math.tan(math.radians(35) / 2)
    reach = math.tan(math.radians(90 - lat) / 2) / edge
    x, y = reach * math.sin(math.radians(lon)), reach * math.cos(math.radians(lon))
    half = 1e-4
    window = MapWindow("north", x - half, y - half, x + half, y + half, 80, 80)
    picture, shown = strip_picture(tmp_path / "p", [polar], window)
    grey, inside = slowly(tmp_path / "P.tif", polar, window)
    assert inside.any() and (shown == inside).mean() > 0.99
    assert (picture[..., 0] == grey)[shown].mean() > 0.95
    across = cut(tmp_path / "M.tif", tmp_path / "m", True)
    lon, lat = across.frame.middle
    for turn in (-360, 0, 360):
        window = MapWindow(
            "global", lon + turn - 3e-3, lat + 3e-3, lon + turn + 3e-3, lat - 3e-3, 60, 60
        )
        picture, shown = strip_picture(tmp_path / "m", [across], window)
        grey, inside = slowly(tmp_path / "M.tif", across, window)
        assert shown.all() and inside.all() and (picture[..., 0] == grey).mean() > 0.97


def test_of_a_large_window_few_pixels_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    strip = cut(write_raster(tmp_path / "S.tif"), tmp_path / "set", True)
    window = around(strip, 2, 24, 20)
    picture, shown = strip_picture(tmp_path / "set", [strip], window)
    assert shown.any() and len(np.unique(picture[shown])) > 20
    monkeypatch.setattr(strip_pixels, "_MOST_READ", 100)
    assert not strip_picture(tmp_path / "set", [strip], window)[1].any()
    with rasterio.open(tmp_path / "S.tif", "r+") as raster:
        raster.build_overviews([2, 4])
    again = cut(tmp_path / "S.tif", tmp_path / "other", True)
    assert strip_picture(tmp_path / "other", [again], window)[1].any()


def test_what_is_missing_is_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    raster = write_raster(tmp_path / "S.tif")
    tiles = cut(raster, tmp_path / "tiles", False)
    window = around(tiles, 0.9)
    monkeypatch.setattr(strip_pixels, "MOST_TILES", 3)
    assert not strip_picture(tmp_path / "tiles", [tiles], window)[1].any()
    monkeypatch.undo()
    before = strip_picture(tmp_path / "tiles", [tiles], window)[1]
    gone = sorted((tmp_path / "tiles" / tiles.name).glob("*.png"))
    gone[0].unlink()
    gone[1].write_bytes(b"no image")
    after = strip_picture(tmp_path / "tiles", [tiles], window)[1]
    assert 0 < after.sum() < before.sum()
    virtual = cut(raster, tmp_path / "virtual", True)
    raster.unlink()
    assert not strip_picture(tmp_path / "virtual", [virtual], window)[1].any()
    elsewhere = MapWindow("global", 10, 10, 11, 9, 20, 20)
    assert not strip_picture(tmp_path / "tiles", [tiles], elsewhere)[1].any()


@pytest.mark.parametrize(
    "values",
    [("mars", 0, 1, 1, 0, 9, 9), ("global", 1, 1, 0, 0, 9, 9), ("global", 0, 0, 1, 1, 9, 9),
     ("north", 0, 1, 1, 0, 9, 9), ("global", 0, 1, 1, 0, 0, 9), ("global", 0, 1, 1, 0, 2001, 9),
     ("global", 0, 1, 1, 0, 1500, 1500), ("global", math.nan, 1, 1, 0, 9, 9),
     ("global", 0, math.inf, 1, 0, 9, 9)],
    ids=range(9),
)  # fmt: skip
def test_what_is_no_window_is_refused(values: tuple) -> None:
    with pytest.raises(DataError, match="no part of a map"):
        MapWindow(*values)
