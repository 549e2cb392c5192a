"""Rectangles of a strip as queries: the right squares, the right codes, the right pixels."""

import json
from pathlib import Path

import numpy as np
import pytest
import rasterio
from fakes import FakeNetwork, write_dataset
from hypothesis import given
from hypothesis import strategies as st
from rasterio import Affine

from mirs_core import cli
from mirs_core.config.presets import from_preset
from mirs_core.datasets.strips import CutSettings, cut_strip
from mirs_core.datasets.strips.raster import open_strip
from mirs_core.errors import DataError
from mirs_core.landform_map.footprints import footprints
from mirs_core.pipeline import indexing, training
from mirs_core.retrieval import strip_query
from mirs_core.retrieval.search import Searcher
from mirs_core.retrieval.strip_query import (
    MAX_SQUARES,
    Area,
    Bounds,
    area_of,
    query_by_rectangle,
    squares,
)
from mirs_core.workspace.home import Home

METRES, SIDE = 6.0, 32


def write(path: Path, crs: str = "IAU_2015:49910", corner: tuple[float, float] = (-900.0, 600.0),
          metres: float = METRES, deep: bool = False) -> Path:  # fmt: skip
    """A raster of 300 x 200 pixels, every square of which looks different."""
    values = np.random.default_rng(0).normal(0, 20, (1, 200, 300))
    values += 100 + 60 * np.sin(np.arange(300) / 20) + 40 * np.cos(np.arange(200) / 15)[:, None]
    grey = np.clip(values, 1, 255)
    values = (grey * 20).astype(np.uint16) if deep else grey.astype(np.uint8)
    values[0, 160:, 260:] = 0
    with rasterio.open(
        path, "w", driver="GTiff", width=300, height=200, count=1, dtype=values.dtype, nodata=0,
        crs=crs, transform=Affine(metres, 0, corner[0], 0, -metres, corner[1]),
    ) as out:  # fmt: skip
        out.write(values)
    return path


@pytest.fixture
def home(tmp_path: Path, network: FakeNetwork) -> Home:
    data = write_dataset(
        tmp_path / "learnt",
        {"train": {"cra": 8, "rid": 8}, "val": {"cra": 2, "rid": 2}, "test": {"cra": 2, "rid": 2}},
    )
    changes = ["training.epochs=2", "training.views=1"]
    config = from_preset("mirs", data=str(data), changes=changes)
    training.train(
        Home(tmp_path / "home"), training.prepare(Home(tmp_path / "home"), config, run_id="m")
    )
    return Home(tmp_path / "home")


def searcher_of(home: Home, raster: Path, root: Path) -> Searcher:
    cut_strip(raster, root, CutSettings(size=SIDE))
    return Searcher.open(home, indexing.index(home, "m", root).id)


@given(
    st.integers(0, 99), st.integers(0, 99), st.integers(16, 3000), st.integers(16, 3000),
    st.integers(16, 300),
)  # fmt: skip
def test_squares_lie_inside_and_are_few(x: int, y: int, width: int, height: int, side: int) -> None:
    found = squares(Area(x, y, width, height), side)
    assert 1 <= len(found) <= MAX_SQUARES
    assert len({(one.x, one.y) for one in found}) == len(found)
    edge = min(side, width, height)
    columns, rows = width // edge, height // edge
    assert len(found) == columns * rows or columns * rows > MAX_SQUARES
    middles = []
    for one in found:
        assert one.x >= x and one.x + one.side <= x + width
        assert one.y >= y and one.y + one.side <= y + height
        assert one.side == (edge if columns * rows > 1 else min(width, height))
        across, down = one.x + one.side / 2 - x - width / 2, one.y + one.side / 2 - y - height / 2
        middles.append(across**2 + down**2)
    assert middles == sorted(middles)
    # Squares that are as many as fit do not overlap.
    if len(found) == columns * rows > 1:
        for one in found:
            for other in found:
                apart = max(abs(one.x - other.x), abs(one.y - other.y))
                assert one is other or apart >= one.side


@pytest.mark.parametrize("deep", [False, True])
def test_the_rectangle_of_a_tile_is_that_tile(deep: bool, home: Home, tmp_path: Path) -> None:
    raster = write(tmp_path / "strip.tif", deep=deep)
    searcher = searcher_of(home, raster, tmp_path / "out")
    found = query_by_rectangle(searcher, raster, Area(64, 96, SIDE, SIDE))
    tile = "strip/strip_X000064_Y000096.png"
    assert (found.query.code == searcher.query_by_id(tile).code).all()
    assert not found.query.refined and len(found.squares) == 1
    hits = searcher.search(found.query, 100)
    assert len(hits) == len(searcher.items) - 1 and tile not in {hit.id for hit in hits}


@pytest.mark.parametrize("crs", ["IAU_2015:49910", "IAU_2015:49912", "IAU_2015:49911"])
def test_rectangles_of_warped_rasters_are_those_of_their_tiles(
    crs: str, home: Home, tmp_path: Path, capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setenv("MIRS_HOME", str(home))
    straight = write(tmp_path / "straight.tif")
    with rasterio.open(straight) as raster:
        values = raster.read()
    path = tmp_path / "strip.tif"
    turned = Affine.translation(3e6, 9e5) @ Affine.rotation(20) @ Affine.scale(METRES, -METRES)
    with rasterio.open(
        path, "w", driver="GTiff", width=300, height=200, count=1, dtype="uint8", nodata=0,
        crs=crs, transform=turned,
    ) as out:  # fmt: skip
        out.write(values)
    searcher = searcher_of(home, path, tmp_path / "out")
    tile = "strip/strip_X000096_Y000128.png"
    window = query_by_rectangle(searcher, path, Area(96, 128, SIDE, SIDE))
    assert (window.query.code == searcher.query_by_id(tile).code).all()
    assert any("was warped" in note for note in window.notes)
    east, north = np.array(footprints(tmp_path / "out")[tile]).T
    box = Bounds(east.min(), north.min(), east.max(), north.max())
    assert query_by_rectangle(searcher, path, box).area == Area(96, 128, SIDE, SIDE)
    words = ["search", "--run", searcher.summary.id, "--image", str(path), "--window"]
    assert cli.main([*words, "96", "128", "32", "32"]) == 0
    assert "was warped" in capsys.readouterr().out
    for more in ("--latitude", "planetocentric"), ("--ignore-name",):
        assert cli.main([*words[:5], *more]) == 2
    capsys.readouterr()
    choice = ["96", "128", "32", "32", "--latitude", "planetocentric"]
    assert cli.main([*words, *choice]) == (2 if crs.endswith("10") else 0)


def test_a_large_rectangle_is_many_examples(home: Home, tmp_path: Path) -> None:
    raster = write(tmp_path / "strip.tif")
    searcher = searcher_of(home, raster, tmp_path / "out")
    found = query_by_rectangle(searcher, raster, Area(0, 0, 3 * SIDE, 3 * SIDE))
    tiles = [f"strip/strip_X{one.x:06d}_Y{one.y:06d}.png" for one in found.squares]
    assert tiles[0] == "strip/strip_X000032_Y000032.png" and len(tiles) == 9
    slow = searcher.refined(searcher.query_by_id(tiles[0]), tiles[1:])
    assert found.query.examples == slow.examples
    ours, theirs = searcher.search(found.query), searcher.search(slow)
    assert [(hit.id, hit.distance) for hit in ours] == [(hit.id, hit.distance) for hit in theirs]


def test_what_is_missing_is_no_example(home: Home, tmp_path: Path) -> None:
    raster = write(tmp_path / "strip.tif")
    searcher = searcher_of(home, raster, tmp_path / "out")
    found = query_by_rectangle(searcher, raster, Area(204, 160, 96, 32))
    assert {one.x for one in found.squares} == {204, 236}
    with pytest.raises(DataError, match="too few valid pixels"):
        query_by_rectangle(searcher, raster, Area(265, 165, 30, 30))
    for area in (Area(300, 0, 64, 64), Area(290, 0, 64, 64), Area(-60, -60, 64, 64)):
        with pytest.raises(DataError, match="Less than 16"):
            query_by_rectangle(searcher, raster, area)
    clipped = query_by_rectangle(searcher, raster, Area(-100, -100, 132, 132))
    assert clipped.area == Area(0, 0, 32, 32)


def test_without_strips_a_tile_is_as_wide_as_usual(home: Home, tmp_path: Path) -> None:
    raster = write(tmp_path / "strip.tif", metres=24.0)
    searcher = Searcher.open(home, "m")
    found = query_by_rectangle(searcher, raster, Area(0, 0, 100, 100))
    assert {one.side for one in found.squares} == {50} and len(found.squares) == 4


@pytest.mark.parametrize(
    ("crs", "corner", "metres"),
    [
        ("IAU_2015:49910", (2_000_000.0, -600_000.0), METRES),
        ("IAU_2015:49910", (-900.0, 600.0), METRES),
        ("IAU_2015:49910", (10_668_000.0, 600.0), METRES),  # both sides of 180 degrees
        ("IAU_2015:49915", (-10_670_000.0, 600.0), METRES),  # both sides of the meridian 0
        ("IAU_2015:49900", (359.9, 40.0), 0.001),
        ("IAU_2015:49900", (-0.1, 40.0), 0.001),
    ],
)
def test_bounds_are_the_pixels_that_they_surround(
    crs: str, corner: tuple[float, float], metres: float, tmp_path: Path
) -> None:
    with open_strip(write(tmp_path / "strip.tif", crs, corner, metres)) as raster:
        a, _, c, _, e, f = raster.transform
        (west, east), (north, south) = raster.crs.to_degrees(
            [a * 40 + c, a * 240 + c], [e * 30 + f, e * 150 + f]
        )
        assert area_of(raster, Bounds(west, south, east, north)) == Area(40, 30, 200, 120)
        # West longitudes are as good.
        assert area_of(raster, Bounds(west - 360, south, east, north)) == Area(40, 30, 200, 120)


def test_bounds_near_a_pole_surround_every_place_in_them(tmp_path: Path) -> None:
    path = write(tmp_path / "strip.tif", "IAU_2015:49930", (300_000.0, 300_000.0), 60.0)
    with open_strip(path) as raster:
        bounds = Bounds(135.0, 82.9, 135.5, 83.0)
        area = area_of(raster, bounds)
        for east in np.linspace(135.0, 135.5, 7):
            for north in np.linspace(82.9, 83.0, 7):
                column, row = raster.pixel_of(float(east), float(north))
                assert area.x - 1 <= column <= area.x + area.width + 1
                assert area.y - 1 <= row <= area.y + area.height + 1


@pytest.mark.parametrize("bounds", [Bounds(0, 89.95, 360, 90), Bounds(-180, 89.95, 180, 89.99)])
def test_bounds_round_a_pole_are_all_of_the_circle(bounds: Bounds, tmp_path: Path) -> None:
    path = write(tmp_path / "strip.tif", "IAU_2015:49930", (-9_000.0, 9_000.0), 60.0)
    with open_strip(path) as raster:
        area = area_of(raster, bounds)
        places = [raster.pixel_of(float(east), 89.95) for east in range(360)]
    for axis, first, length in ((0, area.x, area.width), (1, area.y, area.height)):
        along = [place[axis] for place in places]
        assert first == pytest.approx(min(along), abs=1)
        assert first + length == pytest.approx(max(along), abs=1)


@pytest.mark.parametrize(
    "bounds",
    [Bounds(1, 2, 3, 2), Bounds(1, 3, 3, 2), Bounds(1, 0, 1, 2), Bounds(1, -91, 2, 0),
     Bounds(float("nan"), 0, 1, 1), Bounds(0, float("nan"), 1, 1), Bounds(0, 0, float("inf"), 1)],
)  # fmt: skip
def test_bounds_that_are_none_are_refused(bounds: Bounds, tmp_path: Path) -> None:
    with open_strip(write(tmp_path / "strip.tif")) as raster, pytest.raises(DataError):
        area_of(raster, bounds)


def test_search_takes_a_window_or_bounds(
    home: Home, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MIRS_HOME", str(home))
    raster = write(tmp_path / "strip.tif")
    run = searcher_of(home, raster, tmp_path / "out").summary.id
    words = ["search", "--run", run, "--image", str(raster), "--k", "3", "--json"]

    def answer(*more: str) -> dict[str, object]:
        assert cli.main([*words, *more]) == 0
        found: dict[str, object] = json.loads(capsys.readouterr().out.splitlines()[-1])
        return found

    one = answer("--window", "64", "96", "32", "32")
    assert list(one) == [
        "run", "query", "seconds", "results", "ranked_by", "order", "window", "most_likely"
    ]  # fmt: skip
    assert one["ranked_by"] == "Hamming distance"
    assert one["window"] == {"x": 64, "y": 96, "width": 32, "height": 32, "squares": 1}
    degrees = 180 / np.pi / 3_396_190
    x, y = (64 * 6 - 900) * degrees, (600 - 96 * 6) * degrees
    side = 32 * 6 * degrees
    other = answer("--bounds", *map(str, (x, y - side, x + side, y)))
    assert other["results"] == one["results"] and other["window"] == one["window"]
    assert "window" not in answer("--whole")
    # Several squares are no single tile that labelled ones could vote on.
    several = answer("--window", "0", "0", "128", "128")
    assert "most_likely" not in several and several["ranked_by"] == "score"
    for wrong in (["--window", "900", "0", "32", "32"], ["--bounds", "5", "5", "6", "6"], []):
        assert cli.main([*words, *wrong]) == 2
        assert len(capsys.readouterr().err.strip().splitlines()) == 1
    with pytest.raises(SystemExit):
        cli.main([*words, "--window", "0", "0", "9", "9", "--bounds", "0", "0", "1", "1"])


@pytest.mark.parametrize(
    "rectangle", [Bounds(0, 0, 1, 1), Bounds(70.2, 10.0, 70.1, 10.1), Bounds(10, -80, 12, -79)]
)
def test_bounds_outside_name_those_of_the_raster(rectangle: Bounds, tmp_path: Path) -> None:
    crs = "+proj=sinu +lon_0=70 +R=3396190 +units=m"
    path = write(tmp_path / "strip.tif", crs, (-900.0, 600_000.0))
    with (
        open_strip(path) as raster,
        pytest.raises(DataError, match=r"lies between WEST 69\.98\d+, SOUTH 10\.\d+, EAST 70\.\d"),
    ):
        strip_query._area_inside(raster, rectangle)
