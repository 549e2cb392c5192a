"""Archives of virtual tiles: indexed, searched, exported and grown like those of image files."""

import csv
import io
import json
import shutil
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from virtual_archives import cut_virtually, window, write_raster

from mirs_core import Workspace, cli
from mirs_core.datasets.large_images import png
from mirs_core.exchange.exports.rows import rows_of_tiles
from mirs_core.exchange.exports.tile_formats.zip import tiles_zip
from mirs_core.pipeline import growing
from mirs_core.pipeline.indexing import index
from mirs_core.retrieval import archive_check
from mirs_core.retrieval.search import Searcher
from mirs_core.retrieval.strip_query import Area, query_by_rectangle
from mirs_core.retrieval.tile_files import TileState
from mirs_core.workspace.home import Home


@pytest.fixture
def home(small_demo: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    path = shutil.copytree(small_demo, tmp_path / "home")
    monkeypatch.setenv("MIRS_HOME", str(path))
    return Home(path)


@pytest.fixture
def archive(home: Home, tmp_path: Path) -> Searcher:
    """An archive of 30 virtual tiles of ``S.tif``."""
    cut_virtually(write_raster(tmp_path / "S.tif"), tmp_path / "tiles")
    run = index(home, "demo-mirs", tmp_path / "tiles")
    return Searcher.open(home, run.id)


def run(words: list[str], capsys: pytest.CaptureFixture[str]) -> Any:
    capsys.readouterr()
    assert cli.main([*words, "--json"]) == 0
    return json.loads(capsys.readouterr().out.splitlines()[-1])


def test_codes_are_those_of_the_same_image_files(
    archive: Searcher, home: Home, tmp_path: Path
) -> None:
    images = tmp_path / "images" / "S"
    images.mkdir(parents=True)
    for tile in archive.items.ids:
        pixels = window(tmp_path / "S.tif", tile)
        name = tile.rsplit("/", 1)[-1].replace(".window", ".png")
        (images / name).write_bytes(png(pixels))
        assert (archive.files.pixels(tile) == pixels).all()
    other = Searcher.open(home, index(home, "demo-mirs", tmp_path / "images").id)
    for tile in archive.items.ids:
        twin = other.items.row(tile.replace(".window", ".png"))
        assert (
            archive.retriever.codes[archive.items.row(tile)] == other.retriever.codes[twin]
        ).all()


def test_tiles_are_found_by_id_by_their_pixels_and_by_rectangle(
    archive: Searcher, tmp_path: Path
) -> None:
    tile = archive.items.ids[7]
    query = archive.query_by_id(tile)
    hits = archive.search(query, 5)
    assert len(hits) == 5 and tile not in {hit.id for hit in hits}
    # A picture of a virtual tile is that tile, as a picture of a file is.
    data, suffix, content = archive.files.image_file(tile)
    assert suffix == ".png" and archive.query_by_image(data, "x.png").tile_id == tile
    assert content == archive.items.contents[archive.items.row(tile)]
    column, row = (int(word[1:]) for word in tile.removesuffix(".window").split("_")[-2:])
    square = query_by_rectangle(archive, tmp_path / "S.tif", Area(column, row, 32, 32))
    assert (square.query.code == query.code).all()
    assert tile not in {hit.id for hit in archive.search(square.query, 30)}


def test_the_search_command_takes_virtual_tiles(
    archive: Searcher, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tile, own = archive.items.ids[3], ["search", "--run", archive.summary.id, "--k", "4"]
    by_id = run([*own, "--image", tile], capsys)["results"]
    assert len(by_id) == 4
    path = tmp_path / "tiles" / tile
    assert run([*own, "--image", str(path)], capsys)["results"] == by_id
    assert by_id[0]["path"] == str(tmp_path / "tiles" / by_id[0]["id"])
    nowhere = str(tmp_path / "tiles" / "S" / "S_X000001_Y000000.window")
    assert cli.main([*own, "--image", nowhere]) == 2
    column, row = (int(word[1:]) for word in tile.removesuffix(".window").split("_")[-2:])
    square = [str(value) for value in (column, row, 32, 32)]
    words = [*own, "--image", str(tmp_path / "S.tif"), "--window", *square]
    assert run(words, capsys)["results"] == by_id


def test_a_zip_file_holds_the_pictures(archive: Searcher, tmp_path: Path) -> None:
    tiles, out = [archive.items.ids[row] for row in (3, 1, 4)], io.BytesIO()
    assert tiles_zip(archive, rows_of_tiles(archive, tiles), {}, out) == 3
    with zipfile.ZipFile(out) as packed:
        rows = list(csv.DictReader(io.StringIO(packed.read("manifest.csv").decode())))
        assert [row["state"] for row in rows] == ["current"] * 3
        for row in rows:
            assert row["file"].endswith(".png") and not row["problem"] and row["lat"]
            pixels = np.asarray(Image.open(io.BytesIO(packed.read(row["file"]))))
            assert (pixels == window(tmp_path / "S.tif", row["id"])).all()
    write_raster(tmp_path / "S.tif", seed=1)
    out = io.BytesIO()
    assert tiles_zip(archive, rows_of_tiles(archive, tiles), {}, out) == 0


def test_a_raster_that_is_replaced_is_said(archive: Searcher, tmp_path: Path) -> None:
    tile = archive.items.ids[0]
    write_raster(tmp_path / "S.tif", seed=1)
    assert archive.files.state(tile) is TileState.CHANGED
    assert len(archive_check.check(archive).changed) == 30
    (tmp_path / "S.tif").unlink()
    assert archive.files.state(tile) is TileState.MISSING
    assert len(archive_check.check(archive).missing) == 30
    # The codes are still there.
    assert len(archive.search(archive.query_by_id(tile), 5)) == 5


def test_an_archive_grows_by_a_second_raster(archive: Searcher, home: Home, tmp_path: Path) -> None:
    codes = {tile: archive.retriever.codes[row] for row, tile in enumerate(archive.items.ids)}
    cut_virtually(write_raster(tmp_path / "T.tif", seed=2, turn=30), tmp_path / "tiles")
    grown = growing.add(home, archive.summary.id)
    assert grown.added == grown.encoded > 20 and grown.removed == 0
    after = Searcher.open(home, grown.run.id)
    assert len(after.items) == 30 + grown.added
    for tile, code in codes.items():
        assert (after.retriever.codes[after.items.row(tile)] == code).all()
    assert set(after.items.strips) == {"S", "T"}
    # A raster that is gone takes no tile along.
    (tmp_path / "S.tif").unlink()
    cut_virtually(write_raster(tmp_path / "U.tif", seed=3), tmp_path / "tiles")
    assert growing.add(home, grown.run.id).tiles == 60 + grown.added


def test_metadata_comes_from_the_strip(archive: Searcher) -> None:
    record = archive.metadata(archive.items.ids[4])
    assert (record.strip, record.metres_per_pixel) == ("S", 6.0)
    assert archive.metres_per_pixel(archive.items.ids[4]) == 6.0
    assert record.latitude == archive.items.latitudes[4]


def test_notebooks_show_pictures(archive: Searcher, home: Home) -> None:
    opened = Workspace(home.path).open(archive.summary.id)
    hits = opened.search(archive.items.ids[0], 3)
    assert hits._repr_html_().count("data:image/jpeg") == 3
    assert opened.file_state(archive.items.ids[0]) == "current"
