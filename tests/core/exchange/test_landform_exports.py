"""Landform maps as files, opened again by programs that know nothing of this one."""

import dataclasses
import io
import json
import sqlite3
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from fakes import archive_of
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import CRS
from shapely.geometry import box

from mirs_core import landform_map
from mirs_core.datasets.card import Card
from mirs_core.datasets.manifest import STRIP_CENTRE
from mirs_core.datasets.tile_table import TileRecord, write_table
from mirs_core.errors import ConfigError, RunError
from mirs_core.exchange import exports
from mirs_core.exchange.exports.landform_map_formats.csv import csv
from mirs_core.exchange.exports.landform_map_formats.geojson import geojson
from mirs_core.hashing.baseline import FloatModel
from mirs_core.mars.tile_shapes import Ring, polygon, seen_once, square_kilometres
from mirs_core.retrieval.retriever import Retriever
from mirs_core.retrieval.search import Searcher
from mirs_core.workspace import runs
from mirs_core.workspace.home import Home

MARS = CRS.from_user_input("IAU_2015:49900")
ACROSS: Ring = ((359.99, 1.0), (0.01, 1.0), (0.01, 0.98), (359.99, 0.98))
PLAIN: Ring = ((10.0, -3.0), (10.02, -3.0), (10.02, -3.02), (10.0, -3.02))
POLAR: Ring = ((45.0, 89.9), (135.0, 89.9), (225.0, 89.9), (315.0, 89.9))


@pytest.fixture
def searcher(tmp_path: Path) -> Searcher:
    """A run whose last tiles have no label: two of them known places, one a formula for a name."""
    items, codes = archive_of(200)
    places: dict[str, Any] = {
        "ids": (*items.ids[:199], "=cmd|calc.png"),
        "labels": (*items.labels[:190], *[None] * 10),
        "latitudes": (*[None] * 198, 20.5, None),
        "longitudes": (*[None] * 198, -72.0, None),
        "places": (*[""] * 198, STRIP_CENTRE, ""),
    }
    summary = runs.RunSummary(
        id="run-1", name="=My model", preset="baseline", encoder="", data="d", data_title="d",
        data_root=tmp_path, manifest_digest="", seed=0, archive_id=None, state="done",
        served=False, synthetic=False, map_at_64=None, bits=None, distance="euclidean", created="",
    )  # fmt: skip
    card = dataclasses.replace(Card.named("d"), title="My strip", licence="CC-BY-4.0")
    card = dataclasses.replace(card, citation="Them 2020")
    retriever = Retriever(FloatModel("euclidean"), codes, dataclasses.replace(items, **places))
    return Searcher(Home(tmp_path), summary, card, tmp_path, retriever)


def table_of(searcher: Searcher, rings: dict[str, Ring] | None = None) -> exports.LandformMapTable:
    found = landform_map.estimate_opened(searcher, searcher)
    return exports.landform_map_table(
        searcher, found, landform_map.measure_accuracy(searcher), rings
    )


@pytest.fixture
def rings(searcher: Searcher) -> dict[str, Ring]:
    ids = searcher.items.ids
    return {ids[190]: ACROSS, ids[191]: PLAIN, ids[192]: POLAR}


def test_every_feature_says_that_it_is_an_estimate(searcher: Searcher) -> None:
    table = table_of(searcher)
    found = landform_map.estimate_opened(searcher, searcher)
    assert [row["id"] for row in table.rows] == list(searcher.items.ids[190:])
    for row, place in zip(table.rows, found.rows, strict=True):
        assert row["estimate"] is True and row["k"] == 15
        assert row["class"] == (found.labels[place] or "")
        assert row["sure"] == (row["class"] != "") == (row["state"] == "sure")
        assert row["first"] in found.classes and row["first"] != row["runner_up"]
        assert row["margin"] == pytest.approx(found.margin[place], abs=1e-4)
        assert (row["run"], row["labelled_run"]) == ("run-1", "run-1")
        assert row["software"].startswith("MIRS Explorer ")
    assert table.info["estimate"] is True and "not an observation" in table.info["estimate_note"]
    assert "test tiles" in table.info["trust"]


def test_the_geopackage_opens_with_the_crs_of_mars(
    searcher: Searcher, rings: dict[str, Ring], tmp_path: Path
) -> None:
    path = tmp_path / "map.gpkg"
    exports.save_landform_map(table_of(searcher, rings), path)
    frame = gpd.read_file(path, layer="landform_estimate")
    assert frame.crs.equals(MARS, ignore_axis_order=True) and frame.crs != CRS(4326)
    assert frame["id"].tolist() == list(searcher.items.ids[190:])
    assert frame["estimate"].all() and frame["sure"].dtype == bool
    kinds = frame.geometry.geom_type
    assert kinds.iloc[:3].tolist() == ["MultiPolygon", "Polygon", "Polygon"]
    assert kinds.iloc[8] == "Point" and frame.geometry.isna().sum() == 6
    assert (frame.geometry.iloc[8].x, frame.geometry.iloc[8].y) == (288.0, 20.5)
    base = sqlite3.connect(path)
    ((name, about, srs),) = base.execute(
        "SELECT table_name, description, srs_id FROM gpkg_contents"
    ).fetchall()
    assert name == "landform_estimate" and "not an observation" in about and "test tiles" in about
    assert base.execute(
        "SELECT organization, organization_coordsys_id FROM gpkg_spatial_ref_sys WHERE srs_id = ?",
        (srs,),
    ).fetchall() == [("IAU_2015", 49900)]
    said = " ".join(text for (text,) in base.execute("SELECT metadata FROM gpkg_metadata"))
    assert "nearest labelled tiles" in said and "My strip" in said
    base.close()


def test_geojson_keeps_to_the_conventions_of_the_other_exports(
    searcher: Searcher, rings: dict[str, Ring]
) -> None:
    write_table(searcher.root, [TileRecord("=cmd|calc.png", credit="You")])
    data = geojson(table_of(searcher, rings))
    value = json.loads(data)
    assert value["estimate"] is True and value["body"] == "Mars" and value["without_place"] == 6
    assert "Mars" in value["crs_note"] and value["about"]["licence"] == "CC-BY-4.0"
    assert value["about"]["citation"] == "Them 2020"
    assert {f["properties"]["credit"] for f in value["features"]} == {"", "You"}
    assert {f["properties"]["coordinate_system"] for f in value["features"]} == {"IAU_2015:49900"}
    frame = gpd.read_file(io.BytesIO(data))
    assert frame.crs.ellipsoid.semi_major_metre == 3396190 and frame.crs != CRS(4326)
    assert len(frame) == 10


def test_csv_has_places_first_and_no_formula(searcher: Searcher, rings: dict[str, Ring]) -> None:
    data = csv(table_of(searcher, rings))
    frame = pd.read_csv(io.BytesIO(data), keep_default_na=False)
    assert list(frame.columns[:2]) == ["lon", "lat"] and frame["estimate"].all()
    assert frame["id"].iloc[-1] == "'=cmd|calc.png" and set(frame["model"]) == {"'=My model"}
    assert PLAIN[0][0] < float(frame["lon"].iloc[1]) < PLAIN[1][0]
    assert frame["place"].tolist()[:3] == ["tile"] * 3 and frame["place"].iloc[8] == STRIP_CENTRE


@pytest.mark.parametrize("ending", [".gpkg", ".geojson", ".csv"])
def test_synthetic_tiles_are_marked_and_places_may_be_missing(
    searcher: Searcher, tmp_path: Path, ending: str
) -> None:
    searcher.card = dataclasses.replace(searcher.card, synthetic=True)
    items = dataclasses.replace(
        searcher.items, latitudes=(None,) * 200, longitudes=(None,) * 200, places=("",) * 200
    )
    searcher.retriever = dataclasses.replace(searcher.retriever, items=items)
    path = tmp_path / f"map{ending}"
    exports.save_landform_map(table_of(searcher), path)
    read = pd.read_csv if ending == ".csv" else gpd.read_file
    frame = read(path)
    assert len(frame) == 10 and frame["synthetic"].all() and frame["lon"].isna().all()
    if ending == ".gpkg":
        with sqlite3.connect(path) as base:
            assert "synthetic" in base.execute("SELECT identifier FROM gpkg_contents").fetchone()[0]


def test_a_failed_export_leaves_what_stood_there(
    searcher: Searcher, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = table_of(searcher)
    with pytest.raises(ConfigError, match=r"\.gpkg, \.geojson, \.csv"):
        exports.save_landform_map(table, tmp_path / "map.shp")
    path = tmp_path / "map.gpkg"
    path.write_bytes(b"mine")

    def broken(*_: Any, **__: Any) -> None:
        raise OSError("no space")

    monkeypatch.setattr(gpd.GeoDataFrame, "to_file", broken)
    with pytest.raises(RunError, match="cannot be written"):
        exports.save_landform_map(table, path)
    assert [one.name for one in tmp_path.iterdir()] == ["map.gpkg"]
    assert path.read_bytes() == b"mine"


def test_a_tile_across_the_meridian_has_two_parts_and_no_band() -> None:
    parts = list(polygon(ACROSS).geoms)  # type: ignore[attr-defined]
    bounds = np.array(sorted(part.bounds for part in parts))
    np.testing.assert_allclose(bounds, [[0, 0.98, 0.01, 1], [359.99, 0.98, 360, 1]], atol=1e-9)


def test_a_tile_over_a_pole_reaches_it_on_all_sides() -> None:
    for ring, pole in ((POLAR, 90), ([(lon, -lat) for lon, lat in POLAR], -90)):
        shape = polygon(ring)
        assert shape.is_valid and shape.bounds[0] == 0 and shape.bounds[2] == 360
        assert pole in (shape.bounds[1], shape.bounds[3])
        assert all(
            shape.covers(box(lon, pole * 0.9999, lon + 1, pole * 0.99995)) for lon in (0, 200)
        )


@settings(max_examples=60, deadline=None)
@given(st.floats(-720, 720), st.floats(-80, 80), st.floats(0.01, 20), st.floats(0.01, 5))
def test_shapes_lie_in_range_and_keep_their_size(
    west: float, south: float, width: float, height: float
) -> None:
    ring = [
        (east % 360, north)
        for east, north in (
            (west, south), (west + width, south), (west + width, south + height),
            (west, south + height),
        )
    ]  # fmt: skip
    shape = polygon(ring)
    assert shape.is_valid and shape.area == pytest.approx(width * height, rel=1e-6)
    low, _, high, _ = shape.bounds
    assert low >= -1e-9 and high <= 360 + 1e-9


def test_areas_are_those_of_the_sphere() -> None:
    ring = [(0.0, 0.0), (90.0, 0.0), (0.0, 90.0)]
    assert square_kilometres(ring) == pytest.approx(4 * np.pi * 3396.19**2 / 8, rel=1e-6)
    assert square_kilometres(ring[::-1]) == pytest.approx(square_kilometres(ring))


def test_ground_that_two_tiles_show_is_seen_once() -> None:
    half = tuple((lon + 0.01, lat) for lon, lat in PLAIN)
    assert seen_once([PLAIN]) == seen_once([]) == 1
    assert seen_once([PLAIN, half]) == pytest.approx(0.75, rel=1e-6)
    assert seen_once([PLAIN, PLAIN]) == pytest.approx(0.5, rel=1e-6)


def test_a_ring_needs_three_corners() -> None:
    with pytest.raises(ValueError, match="no area"):
        polygon(PLAIN[:2])
