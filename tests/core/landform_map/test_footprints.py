"""Corners of tiles, as the strips of a data set tell them; damaged lists are refused."""

import json
from pathlib import Path

import numpy as np
import pytest
from pyproj import CRS, Transformer

from mirs_core.datasets.strips.strip_list import STRIPS_FILE, Strip, read_strips, write_strips
from mirs_core.errors import DataError
from mirs_core.landform_map.footprints import footprints, strip_outlines

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
        for (x, y), (east, north) in zip(places, found[path], strict=True):
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


@pytest.mark.parametrize("text", ["", "[]", "{}", "[" * 100_000, '{"schema": 1, "strips": [3]}'])
def test_what_is_no_list_is_refused(text: str, tmp_path: Path) -> None:
    (tmp_path / STRIPS_FILE).write_text(text)
    with pytest.raises(DataError, match="damaged"):
        footprints(tmp_path)


@pytest.mark.parametrize("crs", ["EPSG:32633", "EPSG:4326", "IAU_2015:30110"])
def test_other_bodies_are_refused(crs: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="not Mars"):
        footprints(data_set(tmp_path, strip(crs, (6.0, 0, 0.0, 0, -6.0, 0.0))))
