"""Corners of tiles, as the strips of a data set tell them; damaged lists are refused."""

import json
from pathlib import Path

import numpy as np
import pytest
from pyproj import CRS, Transformer
from shapely import Point

from mirs_core.datasets.strips.strip_list import STRIPS_FILE, Strip, read_strips, write_strips
from mirs_core.errors import DataError
from mirs_core.landform_map.footprints import Ring, footprints, strip_outlines
from mirs_core.mars.crs import MarsCrs
from mirs_core.mars.tile_shapes import polygon, square_kilometres

OUTLINE = ((10.0, 1.0), (11.0, 1.0), (11.0, -1.0))


def strip(crs: str, transform: tuple[float, ...], **more: object) -> Strip:
    given = {
        "name": "S1", "file": "s1.tif", "content": "c", "crs": CRS.from_user_input(crs).to_wkt(),
        "transform": transform, "width": 500, "height": 400, "side": 100, "stride": 100,
        "max_nodata": 0.05, "min_contrast": 1.0, "nodata": "0", "stretch": None,
        "outline": OUTLINE, "metres_per_pixel": 6.0, **more,
    }  # fmt: skip
    return Strip(**given)  # type: ignore[arg-type]


def data_set(root: Path, one: Strip) -> Path:
    write_strips(root, [one])
    (root / one.name).mkdir()
    for column, row in ((0, 0), (300, 200)):
        (root / one.path(column, row)).write_bytes(b"png")
    for name in ("S1_X000450_Y000000.png", "mine.png", "S1_X1_Y1.txt"):
        (root / one.name / name).write_bytes(b"no tile of the strip")
    return root


def test_without_strips_there_are_no_footprints(tmp_path: Path) -> None:
    assert footprints(tmp_path) == {} and strip_outlines(tmp_path) == {}


@pytest.mark.parametrize(
    ("crs", "transform"),
    [
        ("IAU_2015:49910", (6.0, 0, 1000.0, 0, -6.0, 2e6)),
        ("IAU_2015:49910", (6.0, 0, -1800.0, 0, -6.0, 100.0)),
        ("IAU_2015:49915", (6.0, 0, -1800.0, 0, -6.0, 100.0)),
        ("IAU_2015:49930", (60.0, 0, -18000.0, 0, -60.0, 12000.0)),
        ("IAU_2015:49935", (6.0, 0, 70_000.0, 0, -6.0, -3e5)),
        ("IAU_2015:49900", (0.001, 0, 359.8, 0, -0.001, 45.0)),
    ],
)
def test_corners_are_those_of_pyproj(
    crs: str, transform: tuple[float, ...], tmp_path: Path
) -> None:
    one = strip(crs, transform)
    found = footprints(data_set(tmp_path, one))
    assert set(found) == {one.path(0, 0), one.path(300, 200)}
    plain = Transformer.from_crs(crs, "IAU_2015:49900", always_xy=True)
    for (column, row), path in (((0, 0), one.path(0, 0)), ((300, 200), one.path(300, 200))):
        places = [
            (column, row),
            (column + 100, row),
            (column + 100, row + 100),
            (column, row + 100),
        ]
        # Sides that go far round a pole have points between their corners.
        corners = found[path][:: len(found[path]) // 4]
        for (x, y), (east, north) in zip(places, corners, strict=True):
            a, _, c, _, e, f = transform
            longitude, latitude = plain.transform(a * x + c, e * y + f)
            assert east == pytest.approx(longitude % 360, abs=1e-9) and 0 <= east < 360
            assert north == pytest.approx(latitude, abs=1e-9)
    assert strip_outlines(tmp_path) == {"S1": OUTLINE}


def test_planetographic_latitudes_become_planetocentric(tmp_path: Path) -> None:
    wkt = CRS.from_proj4("+proj=longlat +a=3396190 +b=3376200 +no_defs").to_wkt()
    one = strip(wkt, (0.001, 0, 10.0, 0, -0.001, 45.0))
    _, north = footprints(data_set(tmp_path, one))[one.path(0, 0)][0]
    x, z = 3396190.0**2 * np.cos(np.pi / 4), 3376200.0**2 * np.sin(np.pi / 4)
    assert north == pytest.approx(np.degrees(np.arctan2(z, x)), abs=1e-12)
    assert 0.3 < 45 - north < 0.35


def test_what_is_written_is_read(tmp_path: Path) -> None:
    made = [
        strip("IAU_2015:49910", (6.0, 0, 0.0, 0, -6.0, 0.0), stretch=(1.5, 9.0), credit="é <b>"),
        strip("IAU_2015:49935", (6.0, 0, 0.0, 0, -6.0, 0.0), name="S2"),
    ]
    write_strips(tmp_path, made)
    assert list(read_strips(tmp_path)) == made


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("name", "../up"), ("name", ""), ("name", 3), ("side", 0), ("side", 1.5), ("width", True),
        ("transform", [1, 2, 3]), ("transform", [1, 2, 3, 4, 5, "x"]), ("stretch", [1]),
        ("outline", []), ("outline", [[0, 91], [1, 1], [2, 2]]), ("outline", None),
        ("max_nodata", 2), ("crs", 7), ("credit", ["x"]), ("metres_per_pixel", float("nan")),
        ("latitude", "north"), ("latitude", 3), ("warp", 3), ("warp", {"crs": "x"}),
        ("warp", {"crs": "", "reason": "", "resampling": "", "width": 0, "height": 1,
                  "transform": [0] * 6}),
    ],
)  # fmt: skip
def test_damaged_lists_are_refused(name: str, value: object, tmp_path: Path) -> None:
    write_strips(tmp_path, [strip("IAU_2015:49910", (6.0, 0, 0.0, 0, -6.0, 0.0))])
    path = tmp_path / STRIPS_FILE
    whole = json.loads(path.read_text())
    whole["strips"][0][name] = value
    path.write_text(json.dumps(whole))
    with pytest.raises(DataError, match="damaged"):
        footprints(tmp_path)


def test_lists_of_earlier_versions_are_read(tmp_path: Path) -> None:
    one = strip("IAU_2015:49910", (6.0, 0, 0.0, 0, -6.0, 0.0))
    write_strips(tmp_path, [one])
    path = tmp_path / STRIPS_FILE
    value = json.loads(path.read_text())
    for name in ("latitude", "warp", "is_mended"):
        del value["strips"][0][name]
    path.write_text(json.dumps(value))
    assert read_strips(tmp_path) == (one,)


@pytest.mark.parametrize("text", ["", "[]", "{}", "[" * 100_000, '{"schema": 1, "strips": [3]}'])
def test_what_is_no_list_is_refused(text: str, tmp_path: Path) -> None:
    (tmp_path / STRIPS_FILE).write_text(text)
    with pytest.raises(DataError, match="damaged"):
        footprints(tmp_path)


@pytest.mark.parametrize("crs", ["EPSG:32633", "EPSG:4326", "IAU_2015:30110"])
def test_other_bodies_are_refused(crs: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="not Mars"):
        footprints(data_set(tmp_path, strip(crs, (6.0, 0, 0.0, 0, -6.0, 0.0))))


DEGREE = np.pi / 180 * 3_396_190
PLANET = 4 * np.pi * 3396.19**2


def one_tile(root: Path, crs: str, transform: tuple[float, ...], side: int) -> Ring:
    one = strip(crs, transform, width=side, height=side, side=side, stride=side)
    write_strips(root, [one])
    (root / one.name).mkdir()
    (root / one.path(0, 0)).write_bytes(b"png")
    return footprints(root)[one.path(0, 0)]


@pytest.mark.parametrize("start", [-180.0, 0.0, 10.0, -180.5, 100.0])
@pytest.mark.parametrize("width", [150.0, 180.0, 200.0, 270.0, 360.0, 361.0])
@pytest.mark.parametrize("crs", ["IAU_2015:49900", "IAU_2015:49910"])
def test_tiles_that_go_far_round_the_planet(
    start: float, width: float, crs: str, tmp_path: Path
) -> None:
    unit = 1.0 if crs.endswith("00") else DEGREE
    pixel = width / 100
    top = width / 2
    transform = tuple(unit * term for term in (pixel, 0, start, 0, -pixel, top))
    ring = one_tile(tmp_path, crs, transform, 100)
    shape = polygon(ring)
    span, north = min(width, 360.0), min(top, 90.0)
    assert shape.is_valid and shape.area == pytest.approx(span * 2 * north, rel=1e-6)
    assert shape.bounds[0] >= 0 and shape.bounds[2] <= 360
    assert shape.contains(Point((start + width / 2 + 0.01) % 360, 0.01))
    beside = (start + width + (360 - span) / 2) % 360
    assert span == 360 or not shape.contains(Point(beside, 0))
    share = span / 360 * np.sin(np.radians(north))
    assert square_kilometres(ring) == pytest.approx(share * PLANET, rel=0.002)


@pytest.mark.parametrize("north", [True, False])
@pytest.mark.parametrize("shift", [0.0, 20.0, 40.0, 49.0, 50.0, 51.0, 60.0])
def test_tiles_beside_and_over_a_pole(north: bool, shift: float, tmp_path: Path) -> None:
    """The pole in the middle of a tile, near its side, on its side, and outside."""
    metres = 1000.0
    transform = (metres, 0, (shift - 50) * metres, 0, -metres, 50.3 * metres)
    ring = one_tile(tmp_path, "IAU_2015:49930" if north else "IAU_2015:49935", transform, 100)
    shape = polygon(ring)
    assert shape.is_valid
    assert square_kilometres(ring) == pytest.approx(100.0**2, rel=0.01)
    # Each place is inside the shape if its pixel is inside the tile.
    frame = MarsCrs.of(
        CRS.from_user_input("IAU_2015:49930" if north else "IAU_2015:49935").to_wkt(), "a"
    )
    for east in range(3, 360, 17):
        for colatitude in (0.2, 0.5, 0.9):
            latitude = (90 - colatitude) * (1 if north else -1)
            x, y = frame.from_degrees(east, latitude)
            column, row = float(x) / metres - (shift - 50), 50.3 - float(y) / metres
            near = min(abs(column), abs(column - 100), abs(row), abs(row - 100)) < 2
            is_in = 0 < column < 100 and 0 < row < 100
            assert near or shape.contains(Point(east, latitude)) == is_in
