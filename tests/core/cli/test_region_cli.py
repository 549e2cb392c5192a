"""``search`` within a region, from GeoJSON files, circles and boxes."""

import contextlib
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio

from mirs_core.cli import main
from mirs_core.retrieval.search import Searcher
from mirs_core.workspace.home import Home


def mirs(home: Home, *words: object) -> tuple[int, str, str]:
    out, err = io.StringIO(), io.StringIO()
    with (
        pytest.MonkeyPatch.context() as patch,
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        patch.setenv("MIRS_HOME", str(home))
        code = main([str(word) for word in (*words, "--quiet")])
    return code, out.getvalue(), err.getvalue()


def search(home: Home, *words: object) -> Any:
    tile = next((Searcher.open(home, "demo-mirs").root / "test" / "cra").iterdir())
    every = ("search", "--run", "demo-mirs", "--image", tile, "--k", 500, "--json", *words)
    code, out, err = mirs(home, *every)
    assert code == 0, err
    return json.loads(out.splitlines()[-1])


def test_a_search_returns_the_tiles_of_a_region_only(small_demo: Home, tmp_path: Path) -> None:
    items = Searcher.open(small_demo, "demo-mirs").items
    places = {
        tile: (lat, lon)
        for tile, lat, lon in zip(items.ids, items.latitudes, items.longitudes, strict=True)
    }
    every = search(small_demo)
    assert "region" not in every and "region_notes" not in every
    ring = [[90, -20], [200, -20], [200, 60], [90, 60], [90, -20]]
    features = [
        {"type": "Feature", "geometry": {"type": "Polygon", "coordinates": [ring]}},
        {"type": "Feature", "geometry": {"type": "Point", "coordinates": [0, 0]}},
    ]
    path = tmp_path / "drawn.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    drawn = search(small_demo, "--region", path)
    inside = [
        hit["id"]
        for hit in every["results"]
        if -20 <= places[hit["id"]][0] <= 60 and 90 <= places[hit["id"]][1] <= 200
    ]
    assert 0 < len(inside) < len(every["results"])
    assert [hit["id"] for hit in drawn["results"]] == inside
    assert drawn["region"] == "polygon within 20° S to 60° N, 90° E to 200° E"
    assert drawn["region_notes"] == ["1 point or line was passed over."]
    boxed = search(small_demo, "--box", 90, -20, 200, 60)
    assert boxed["results"] == drawn["results"]
    assert search(small_demo, "--box", -270, -20, -160, 60)["results"] == drawn["results"]
    lat, lon = places[inside[0]]
    near = search(small_demo, "--circle", lat, lon - 360, 1)
    assert near["results"] and all(places[hit["id"]] == (lat, lon) for hit in near["results"]), (
        "tiles of a strip share its centre"
    )


def test_regions_that_are_none_are_refused_before_the_run_is_opened(
    small_demo: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Searcher, "open", lambda *args: pytest.fail("the run is opened"))
    path = tmp_path / "broken.geojson"
    path.write_text("{}")
    for words, message in (
        (("--region", path), "broken.geojson"),
        (("--region", tmp_path), "not a file"),
        (("--circle", 91, 0, 5), "not a circle"),
        (("--box", 0, 5, 10, -5), "not a region"),
    ):
        code, out, err = mirs(small_demo, "search", "--run", "demo-mirs", "--image", path, *words)
        assert (code, out) == (2, "") and message in err and err.count("\n") == 1


def test_a_similarity_map_is_written_as_a_raster(small_demo: Home, tmp_path: Path) -> None:
    opened = Searcher.open(small_demo, "demo-mirs")
    tile = next((opened.root / "test" / "cra").iterdir())
    out = tmp_path / "heat.tif"
    words = ("similarity-map", "--run", "demo-mirs", "--image", tile, "--out", out)
    code, text, err = mirs(small_demo, *words, "--step", 2, "--json")
    assert code == 0, err
    told = json.loads(text)
    with rasterio.open(out) as raster:
        values, counts = raster.read()
    assert (told["rows"], told["columns"], told["bounds"]) == (90, 180, [0, -90, 360, 90])
    assert told["cells"] == (counts > 0).sum() and told["tiles"] == counts.sum()
    assert told["tiles"] == len(opened.items) - 1, "all but the query"
    assert told["least"] == np.nanmin(values) and told["unit"] == "bits"
    assert told["positions"] == "synthetic coordinates"
    code, text, _ = mirs(small_demo, *words, "--statistic", "median", "--circle", 0, 0, 2000)
    assert code == 0 and "Median Hamming distance to the query, bits:" in text
    assert "circle of 2,000 km" in rasterio.open(out).tags()["MIRS_FILTERS"]


def test_similarity_maps_that_cannot_be_are_refused_before_anything_is_written(
    small_demo: Home, tmp_path: Path
) -> None:
    tile = next((Searcher.open(small_demo, "demo-mirs").root / "test" / "cra").iterdir())
    start = ("similarity-map", "--run", "demo-mirs", "--image", tile, "--out")
    for words, message in (
        ((tmp_path / "heat.png",), "end in .tif"),
        ((tmp_path / "heat.tif", "--step", 0.7), "divide"),
        ((tmp_path / "heat.tif", "--strip", "none"), "no strip 'none'"),
        ((tmp_path / "heat.tif", "--strip", "none", "--step", 1), "leave out"),
    ):
        code, out, err = mirs(small_demo, *start, *words)
        assert (code, out) == (2, "") and message in err and err.count("\n") == 1
    assert not list(tmp_path.iterdir())
