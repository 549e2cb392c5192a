"""Global rasters from the file to a map of landforms, by the commands that people type."""

import json
from pathlib import Path
from typing import Any

import geopandas
import numpy as np
import pytest
import rasterio
from fakes import FakeNetwork, write_dataset
from rasterio import Affine

from mirs_core import cli
from mirs_core.config.presets import from_preset
from mirs_core.pipeline import training
from mirs_core.workspace.home import Home

DEGREE = np.pi / 180 * 3_396_190
PLANET_KM2 = 4 * np.pi * 3396.19**2


@pytest.fixture
def home(tmp_path: Path, network: FakeNetwork, monkeypatch: pytest.MonkeyPatch) -> Home:
    data = write_dataset(
        tmp_path / "learnt",
        {"train": {"cra": 8, "rid": 8}, "val": {"cra": 2, "rid": 2}, "test": {"cra": 2, "rid": 2}},
    )
    config = from_preset("mirs", data=str(data), changes=["training.epochs=2", "training.views=1"])
    opened = Home(tmp_path / "home")
    training.train(opened, training.prepare(opened, config, run_id="m"))
    monkeypatch.setenv("MIRS_HOME", str(opened))
    return opened


def globe(path: Path, kind: str) -> Path:
    """A map of the planet that reaches half a pixel beyond it, in several frames."""
    unit = 1.0 if kind == "degrees" else DEGREE
    west = -0.5 if kind == "from 0" else -180.5
    transform = Affine(unit, 0, west * unit, 0, -unit, 90.5 * unit)
    crs = {"degrees": "IAU_2015:49900", "mirrored": "IAU_2015:49911"}.get(kind, "IAU_2015:49910")
    if kind == "pole":
        crs, transform = "IAU_2015:49930", Affine(20_000, 0, -3.61e6, 0, -20_000, 1.81e6)
    values = np.random.default_rng(0).integers(1, 255, (1, 181, 361)).astype(np.uint8)
    with rasterio.open(
        path, "w", driver="GTiff", width=361, height=181, count=1, dtype="uint8", crs=crs,
        transform=transform,
    ) as out:  # fmt: skip
        out.write(values)
    return path


@pytest.mark.parametrize("side", [32, 180])
@pytest.mark.parametrize("kind", ["degrees", "metres", "from 0", "mirrored", "pole"])
def test_a_global_raster_becomes_a_map_of_landforms(
    kind: str, side: int, home: Home, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def answer(*words: str) -> dict[str, Any]:
        assert cli.main([*words, "--json"]) == 0
        value: dict[str, Any] = json.loads(capsys.readouterr().out.splitlines()[-1])
        return value

    root = tmp_path / "globe"
    cut = answer(
        "data", "tile", str(globe(tmp_path / "globe.tif", kind)), "--out", str(root), "--size",
        str(side), "--max-nodata", "0.6",
    )  # fmt: skip
    assert (cut["bounds"]["west"], cut["bounds"]["east"]) == (0, 360)
    assert cut["bounds"]["north"] == pytest.approx(90, abs=0.01)
    run = answer("index", "--run", "m", "--data", str(root))["run"]
    for suffix in (".gpkg", ".geojson"):
        path = tmp_path / f"map{suffix}"
        result = answer("landforms", "--run", run, "--labelled", "m", "--out", str(path))
        assert result["tiles"] == result["placed"] == cut["tiles"]
        shapes = geopandas.read_file(path)
        assert len(shapes) == cut["tiles"] and shapes.geometry.is_valid.all()
        west, south, east, north = shapes.total_bounds
        assert 0 <= west < east <= 360 and -90 <= south < north <= 90
        # Each is where its tile is, and as large.
        centres = geopandas.GeoSeries.from_xy(shapes.lon, shapes.lat, crs=shapes.crs)
        inside = shapes.geometry.contains(centres)
        assert inside.mean() > 0.95
        if kind != "pole":
            # Tiles that do not fit at the right and lower edges are left out.
            assert 0.7 * PLANET_KM2 < shapes.km2.sum() <= 1.001 * PLANET_KM2
