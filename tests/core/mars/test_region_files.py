"""Regions in GeoJSON files: what JMARS and QGIS write, hostile files, and the way back."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import geopandas
import numpy as np
import pytest

from mirs_core.errors import DataError
from mirs_core.mars.geography import Region
from mirs_core.mars.region_files import MOST_BYTES, geojson_bytes, read_region, region_of_geojson
from mirs_core.mars.regions import CircleRegion, PolygonRegion

RNG = np.random.default_rng(3)
NORTH, EAST = RNG.uniform(-90, 90, 500), RNG.uniform(0, 360, 500)
RING = [[10, 0], [20, 0], [20, 10], [10, 10], [10, 0]]
HOLE = [[12, 2], [14, 2], [14, 4], [12, 4], [12, 2]]
POLYGON = {"type": "Polygon", "coordinates": [RING, HOLE]}
FEATURE = {"type": "Feature", "properties": {"name": "a"}, "geometry": POLYGON}
POINT = {"type": "Point", "coordinates": [1, 2]}


def read(document: Any) -> PolygonRegion:
    return region_of_geojson(json.dumps(document).encode())


def crs(name: str) -> dict[str, Any]:
    return {"type": "name", "properties": {"name": name}}


@pytest.mark.parametrize(
    "document",
    [
        POLYGON,
        FEATURE,
        {"type": "FeatureCollection", "features": [FEATURE]},
        {"type": "MultiPolygon", "coordinates": [[RING, HOLE]]},
        {"type": "GeometryCollection", "geometries": [POLYGON]},
        {"type": "FeatureCollection", "features": [{"type": "Feature", "geometry": None}, FEATURE]},
        {"type": "Polygon", "coordinates": [[[*p, 1500.5] for p in RING], HOLE[:-1]]},
        {"type": "MultiPolygon", "coordinates": [[], [RING, HOLE]]},
    ],
    ids=range(8),
)
def test_every_form_of_the_same_polygon_is_the_same_region(document: Any) -> None:
    region = read(document)
    assert region.contains([5, 3], [15, 13]).tolist() == [True, False]
    assert region.written() == "polygon within 0° N to 10° N, 10° E to 20° E"
    assert not region.notes


@pytest.mark.parametrize(
    "name",
    ["urn:ogc:def:crs:OGC:1.3:CRS84", "urn:ogc:def:crs:EPSG::4326", "EPSG:4326",
     "urn:ogc:def:crs:IAU_2015::49900", "IAU_2015:49900", "urn:ogc:def:crs:IAU:2015:49900",
     "IAU2000:49900"],
)  # fmt: skip
def test_degrees_are_taken_whatever_body_a_program_could_name(name: str) -> None:
    assert read({**FEATURE, "crs": crs(name)}).contains(5, 15)


@pytest.mark.parametrize(
    "name", ["urn:ogc:def:crs:EPSG::3857", "IAU_2015:49910", "IAU_2015:49901", "", 7, None]
)
def test_other_coordinate_systems_are_refused(name: Any) -> None:
    with pytest.raises(DataError, match="coordinate system"):
        read({**FEATURE, "crs": crs(name)})


def test_longitudes_of_either_convention_are_the_same_region() -> None:
    for west, east in ((170, 190), (-190, -170), (530, 550)):
        ring = [[west, 0], [east, 0], [east, 5], [west, 5], [west, 0]]
        region = read({"type": "Polygon", "coordinates": [ring]})
        assert region.bounds.values() == (170, 0, 190, 5)
    halves = [
        [[[170, 0], [180, 0], [180, 5], [170, 5], [170, 0]]],
        [[[-180, 0], [-170, 0], [-170, 5], [-180, 5], [-180, 0]]],
    ]
    region = read({"type": "MultiPolygon", "coordinates": halves})
    assert region.bounds.values() == (170, 0, 190, 5) and region.contains(2, 180)


def test_points_and_lines_are_passed_over_and_counted() -> None:
    line = {"type": "LineString", "coordinates": [[0, 0], [1, 1]]}
    features = [{"type": "Feature", "geometry": g} for g in (POINT, POLYGON, line)]
    region = read({"type": "FeatureCollection", "features": features})
    assert region.notes == ("2 points or lines were passed over.",)


def _nested(depth: int) -> bytes:
    start, end = b'{"type":"GeometryCollection","geometries":[', b"]}"
    return start * depth + json.dumps(POLYGON).encode() + end * depth


def _polygon(ring: Any) -> bytes:
    return json.dumps({"type": "Polygon", "coordinates": [ring]}).encode()


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "not GeoJSON"),
        (b"\x00\xff\xfe", "not GeoJSON"),
        (b"<kml/>", "not GeoJSON"),
        (b"[1, 2]", "no object"),
        (b'{"type": "Topology"}', "'Topology' is not a type"),
        (b'{"features": []}', "is not a type"),
        (b'{"type": "FeatureCollection"}', "no list of features"),
        (b'{"type": "FeatureCollection", "features": []}', "no polygon"),
        (b'{"type": "FeatureCollection", "features": [7]}', "is not a type"),
        (json.dumps(POINT).encode(), "no polygon"),
        (b'{"type": "Polygon"}', "not lists"),
        (b'{"type": "Polygon", "coordinates": {"a": 1}}', "not lists"),
        (b'{"type": "Polygon", "coordinates": [[1, 2, 3, 4]]}', "not lists"),
        (_polygon([[0, 0], [1], [1, 1]]), "not a longitude"),
        (_polygon([[0, 0], ["1", 0], [1, 1]]), "not a longitude"),
        (_polygon([[0, 0], [True, 0], [1, 1]]), "not a longitude"),
        (_polygon([[0, 0], [10**400, 0], [1, 1]]), "far too large"),
        (b'{"type":"Polygon","coordinates":[[[0,0],[NaN,0],[1,1]]]}', "not GeoJSON"),
        (b'{"type":"Polygon","coordinates":[[[0,0],[1e999,0],[1,1]]]}', "finite"),
        (_polygon([[4_500_000, 0], [4_600_000, 0], [4_600_000, 100_000]]), "metres"),
        (_polygon([[10, 0], [20, 10], [20, 0], [10, 10]]), "cross or touch"),
        (_polygon([[0, 0]] * 100_001), "more than 100,000 corners"),
        (b"[" * 200_000, "not GeoJSON"),
        (_nested(400), "nested too deeply|no polygon"),
        (b" " * (MOST_BYTES + 1), "larger than 20 MB"),
    ],
    ids=range(25),
)
def test_hostile_files_are_refused_in_one_line(data: bytes, message: str, tmp_path: Path) -> None:
    path = tmp_path / "drawn.geojson"
    path.write_bytes(data)
    if data.startswith(b'{"type":"GeometryCollection"'):
        # As deep as Python can go, which differs; never a crash.
        try:
            assert read_region(path).contains(5, 15)
        except DataError as error:
            assert "nested" in str(error) or "not GeoJSON" in str(error)
        return
    with pytest.raises(DataError, match=message) as caught:
        read_region(path)
    assert "drawn.geojson" in str(caught.value) and "\n" not in str(caught.value)


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "none.geojson", Path("/dev/null")):
        with pytest.raises(DataError, match="not a file"):
            read_region(path)


@pytest.mark.parametrize("encode", [str.encode, lambda text: text.encode("utf-16")], ids=range(2))
def test_encodings_of_json_are_read(encode: Callable[[str], bytes]) -> None:
    assert region_of_geojson(encode(json.dumps(FEATURE))).contains(5, 15)
    assert region_of_geojson(b"\xef\xbb\xbf" + json.dumps(FEATURE).encode()).contains(5, 15)


@pytest.mark.parametrize(
    "region",
    [
        Region(350, -5, 10, 5),
        Region(0, 60, 360, 90),
        Region(10, -40, 290, 0),
        CircleRegion(-3, 359, 900),
        CircleRegion(85, 20, 900),
        CircleRegion(10, 20, 9_000),
        PolygonRegion(((((0, 60), (120, 65), (240, 60)), ((0, 80), (120, 80), (240, 80))),)),
        PolygonRegion(((((10, 0), (20, 0), (15, 9)),), (((355, 0), (365, 0), (361, 9)),))),
    ],
    ids=range(8),
)
def test_a_region_that_was_saved_is_the_same_when_read(region: Any, tmp_path: Path) -> None:
    path = tmp_path / "saved.geojson"
    path.write_bytes(geojson_bytes(region))
    again = read_region(path)
    clear = np.ones(500, dtype=bool)
    if isinstance(region, CircleRegion):
        clear = CircleRegion(region.latitude, region.longitude, region.km * 0.97).contains(
            NORTH, EAST
        ) | ~CircleRegion(region.latitude, region.longitude, region.km * 1.03).contains(NORTH, EAST)
        clear &= np.abs(NORTH) < 88
    assert (again.contains(NORTH, EAST) == region.contains(NORTH, EAST))[clear].all()
    assert not again.notes
    frame = geopandas.read_file(path)
    assert frame.crs.is_geographic and frame.crs.ellipsoid.semi_major_metre == 3_396_190
    assert frame.geometry.is_valid.all()
    west, _, east, _ = frame.total_bounds
    assert west >= 0 and east <= 360
    assert frame.region[0] == region.written()
