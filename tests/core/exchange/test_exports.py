"""Exports, opened again by programs that know nothing of this one."""

import csv as standard_csv
import dataclasses
import io
import json
import zipfile
from pathlib import Path, PurePosixPath

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from PIL import Image
from pyproj import CRS

from mirs_core.datasets.card import Card
from mirs_core.datasets.download import published_data_set
from mirs_core.datasets.images import read_bytes, read_image
from mirs_core.datasets.items import Items
from mirs_core.datasets.tile_table import TileRecord, write_table
from mirs_core.exchange import exports
from mirs_core.exchange.exports import ModelResults
from mirs_core.exchange.exports.figure import comparison_figure, figure_of
from mirs_core.exchange.exports.spreadsheet import csv
from mirs_core.exchange.exports.tile_formats.geojson import geojson
from mirs_core.exchange.exports.tile_formats.geoparquet import geoparquet
from mirs_core.exchange.exports.tile_formats.zip import tiles_zip
from mirs_core.files import sha256
from mirs_core.hashing.baseline import FloatModel
from mirs_core.mars.regions import CircleRegion
from mirs_core.retrieval.filters import Filters
from mirs_core.retrieval.retriever import Retriever
from mirs_core.retrieval.search import Searcher
from mirs_core.workspace import runs
from mirs_core.workspace.home import Home

CTX = "P03_002287_2005_XI_20N072W_CX6543_CY12329.jpg"
NAMES = (f"test/cra/{CTX}", "=cmd|calc.png", "../up.png".replace("../", "a/"), 'smo/b, "c".png')


@pytest.fixture
def searcher(tmp_path: Path) -> Searcher:
    root = tmp_path / "tiles"
    contents = []
    for number, name in enumerate(NAMES):
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        out = io.BytesIO()
        Image.fromarray(np.full((20, 20), 40 * number, np.uint8)).save(out, format="PNG")
        path.write_bytes(out.getvalue())
        contents.append(sha256(out.getvalue()))
    items = Items(
        ids=NAMES,
        labels=("cra", None, "rid", "smo"),
        roles=("test", "archive", "archive", "train"),
        strips=("P03_002287_2005_XI_20N072W", None, None, None),
        contents=tuple(contents),
        latitudes=(20.5, None, -3.0, None),
        longitudes=(288.0, None, 0.0, None),
    )
    codes = np.arange(8, dtype=np.float32).reshape(4, 2)
    summary = runs.RunSummary(
        id="run-1", name="r", preset="baseline", encoder="", data="d", data_title="d",
        data_root=root, manifest_digest="", seed=0, archive_id=None, state="done", served=False,
        synthetic=False, map_at_64=None, bits=None, distance="euclidean", created="",
    )  # fmt: skip
    card = dataclasses.replace(
        Card.named("d"), title="My DoMars16k", instrument="CTX", licence="CC-BY-4.0",
        metres_per_pixel=60.0, citation=published_data_set("domars16k").citation,
    )  # fmt: skip
    return Searcher(
        Home(tmp_path), summary, card, root, Retriever(FloatModel("euclidean"), codes, items)
    )


@pytest.fixture
def rows(searcher: Searcher) -> list[exports.Row]:
    hits = searcher.search(searcher.query_by_id(NAMES[3]))
    return [
        *exports.rows_of_hits(searcher, "Baseline", hits),
        *exports.rows_of_tiles(searcher, NAMES[3:]),
    ]


def test_rows_say_what_is_known(rows: list[exports.Row]) -> None:
    crater = next(row for row in rows if row.label == "cra")
    assert (crater.lon, crater.lat, crater.place) == (288.0, 20.5, "strip centre")
    assert crater.source == "https://viewer.mars.asu.edu/viewer/ctx/P03_002287_2005_XI_20N072W"
    assert (crater.landform, crater.group) == ("Crater", "Impact Landforms")
    assert (crater.rank, crater.run, crater.unit) == (3, "run-1", "euclidean")
    chosen = rows[-1]
    assert (chosen.rank, chosen.distance, chosen.model, chosen.place) == (None, None, "", "")


def test_synthetic_tiles_are_called_synthetic_and_have_no_source(searcher: Searcher) -> None:
    searcher.card = dataclasses.replace(searcher.card, synthetic=True)
    (row,) = exports.rows_of_tiles(searcher, NAMES[:1], {NAMES[0]: "mine"})
    assert (row.synthetic, row.source, row.place, row.note) == (True, "", "invented", "mine")
    said = exports.bibtex(searcher.card)
    assert "synthetic" in said and "wilhelm" not in said and "malin" not in said


def test_a_tile_has_its_own_licence_credit_and_source(searcher: Searcher) -> None:
    told = TileRecord(NAMES[0], source="https://example.org/1", licence="CC0", credit="Ann")
    write_table(searcher.root, [told, TileRecord(NAMES[2], credit="Bob")])
    first, second, third = exports.rows_of_tiles(searcher, [NAMES[0], NAMES[2], NAMES[3]])
    assert (first.licence, first.credit, first.source) == ("CC0", "Ann", "https://example.org/1")
    assert (second.licence, second.credit, second.source) == ("CC-BY-4.0", "Bob", "")
    assert (third.licence, third.credit) == ("CC-BY-4.0", "")
    out = io.BytesIO()
    tiles_zip(searcher, [first, second], {}, out)
    with zipfile.ZipFile(out) as packed:
        said = packed.read("README.txt").decode()
    assert all(
        line in said
        for line in ("Licence: CC0", "Licence: CC-BY-4.0", "Credit: Ann", "Credit: Bob")
    )


def test_a_table_that_was_damaged_since_says_nothing(searcher: Searcher) -> None:
    (searcher.root / "tiles.csv").write_text("path,latitude\na.png,high\n")
    (row,) = exports.rows_of_tiles(searcher, NAMES[:1])
    assert (row.licence, row.credit) == ("CC-BY-4.0", "")


def test_csv_reads_back_and_holds_no_formula(rows: list[exports.Row]) -> None:
    frame = pd.read_csv(io.BytesIO(csv(rows)), keep_default_na=False)
    assert list(frame.columns[:2]) == ["lon", "lat"]
    assert frame["id"].str.removeprefix("'").tolist() == [row.id for row in rows]
    assert frame.loc[frame["label"] == "cra", "lon"].astype(float).tolist() == [288.0]
    cells = [c for line in standard_csv.reader(io.StringIO(csv(rows).decode()))
             for c in line]  # fmt: skip
    assert "'=cmd|calc.png" in cells
    assert not any(cell.startswith(("=", "+", "@", "\t")) for cell in cells)


def test_geojson_reads_back_with_east_longitudes_and_says_mars(rows: list[exports.Row]) -> None:
    data = geojson(rows, {"query": "x"})
    value = json.loads(data)
    assert "Mars" in value["crs_note"] and value["about"] == {"query": "x"}
    assert value["without_place"] == 2
    assert {f["properties"]["coordinate_system"] for f in value["features"]} == {"IAU_2015:49900"}
    frame = gpd.read_file(io.BytesIO(data))
    assert frame.crs.ellipsoid.semi_major_metre == 3396190 and frame.crs != CRS(4326)
    points = frame[frame.geometry.notna()]
    assert sorted((p.x, p.y) for p in points.geometry) == [(0.0, -3.0), (288.0, 20.5)]
    assert len(frame) == len(rows)


def test_geoparquet_names_mars_and_never_the_earth(rows: list[exports.Row]) -> None:
    frame = gpd.read_parquet(io.BytesIO(geoparquet(rows)))
    assert frame.crs == CRS.from_user_input("IAU_2015:49900") and frame.crs != CRS(4326)
    assert frame.crs.ellipsoid.semi_major_metre == frame.crs.ellipsoid.semi_minor_metre == 3396190
    known = frame[frame.geometry.notna()]
    assert sorted((p.x, p.y) for p in known.geometry) == [(0.0, -3.0), (288.0, 20.5)]
    assert frame["id"].tolist() == [row.id for row in rows]
    assert frame["rank"].tolist()[:3] == [1, 2, 3] and frame["rank"].isna().tolist()[-1]


def test_longitudes_are_brought_into_their_range(searcher: Searcher) -> None:
    items = dataclasses.replace(searcher.items, longitudes=(-72.0, 360.0, 725.0, None))
    searcher.retriever = dataclasses.replace(searcher.retriever, items=items)
    found = exports.rows_of_tiles(searcher, NAMES)
    assert [row.lon for row in found] == [288.0, 0.0, 5.0, None]


def test_the_zip_holds_the_very_files_under_safe_names(
    searcher: Searcher, rows: list[exports.Row]
) -> None:
    out, again = io.BytesIO(), io.BytesIO()
    assert tiles_zip(searcher, rows, {"k": 3}, out) == 4
    tiles_zip(searcher, rows, {"k": 3}, again)
    assert out.getvalue() == again.getvalue()
    with zipfile.ZipFile(out) as archive:
        names = archive.namelist()
        assert all(Path(name).parts[0] != ".." and not name.startswith("/") for name in names)
        manifest = json.loads(archive.read("manifest.json"))
        for tile in manifest["tiles"]:
            assert archive.read(tile["file"]) == (searcher.root / tile["id"]).read_bytes()
        table = pd.read_csv(io.BytesIO(archive.read("manifest.csv")), keep_default_na=False)
        assert table["file"].tolist() == [tile["file"] for tile in manifest["tiles"]]
        assert "CC-BY-4.0" in archive.read("README.txt").decode()
        assert "wilhelm2020" in archive.read("CITATION.bib").decode()


def test_the_zip_holds_both_files_of_a_tile_of_two(searcher: Searcher) -> None:
    tile = searcher.root / NAMES[0]
    label = (
        "PDS_VERSION_ID = PDS3\nRECORD_TYPE = FIXED_LENGTH\nRECORD_BYTES = 64\n"
        '^IMAGE = "AB.DAT"\nOBJECT = IMAGE\n LINES = 64\n LINE_SAMPLES = 64\n'
        " SAMPLE_TYPE = UNSIGNED_INTEGER\n SAMPLE_BITS = 8\nEND_OBJECT = IMAGE\nEND\n"
    )
    tile.write_text(label)
    pixels = np.random.default_rng(0).integers(1, 255, 4096).astype(np.uint8).tobytes()
    (tile.parent / "AB.DAT").write_bytes(pixels)
    contents = (sha256(read_bytes(tile)), *searcher.items.contents[1:])
    items = dataclasses.replace(searcher.items, contents=contents)
    searcher.retriever = dataclasses.replace(searcher.retriever, items=items)
    out = io.BytesIO()
    assert tiles_zip(searcher, exports.rows_of_tiles(searcher, NAMES), {}, out) == len(NAMES)
    with zipfile.ZipFile(out) as archive:
        tiles = json.loads(archive.read("manifest.json"))["tiles"]
        (place,) = [row["file"] for row in tiles if row["id"] == NAMES[0]]
        assert archive.read(place).decode() == label
        assert archive.read(str(PurePosixPath(place).parent / "AB.DAT")) == pixels
        archive.extractall(searcher.root / "out")
    assert np.array_equal(read_image(searcher.root / "out" / place), read_image(tile))


def test_files_that_are_gone_or_changed_are_named(searcher: Searcher) -> None:
    (searcher.root / NAMES[1]).unlink()
    (searcher.root / NAMES[2]).write_bytes(b"another")
    out = io.BytesIO()
    assert tiles_zip(searcher, exports.rows_of_tiles(searcher, NAMES), {}, out) == 2
    with zipfile.ZipFile(out) as archive:
        told = {t["id"]: t["problem"] for t in json.loads(archive.read("manifest.json"))["tiles"]}
    assert told == {
        NAMES[0]: "",
        NAMES[1]: "the file is missing",
        NAMES[2]: "the file has changed since it was archived",
        NAMES[3]: "",
    }


@pytest.mark.parametrize("models", [1, 3])
def test_the_figure_opens_and_stays_the_same(searcher: Searcher, models: int) -> None:
    hits = searcher.search(searcher.query_by_id(NAMES[0]))
    shown = [ModelResults("Baseline", searcher, hits, 0.5)] * models
    query = np.zeros((20, 20), np.uint8)
    png = comparison_figure(query, "a query", shown, "a footer", "png")
    assert png == comparison_figure(query, "a query", shown, "a footer", "png")
    with Image.open(io.BytesIO(png)) as image:
        assert image.width == pytest.approx(6.9 * 300, abs=2)
    pdf = comparison_figure(query, "a query", shown, "a footer", "pdf")
    assert pdf.startswith(b"%PDF") and b"/FontFile2" in pdf and b"CreationDate" not in pdf


def test_the_bar_of_the_figure_needs_the_scale_of_the_query(searcher: Searcher) -> None:
    row, query = ModelResults("Baseline", searcher, []), np.zeros((200, 200), np.uint8)
    bare, barred, longer = (
        comparison_figure(query, "q", [row], "", "png", scale=scale) for scale in (None, 6, 20)
    )
    assert len({bare, barred, longer}) == 3
    assert comparison_figure(query, "q", [row], "", "png") == bare


def test_a_tile_has_its_own_scale_where_the_table_tells_it(searcher: Searcher) -> None:
    write_table(searcher.root, [TileRecord(NAMES[0], metres_per_pixel=0.25)])
    assert searcher.metres_per_pixel(NAMES[0]) == 0.25
    assert searcher.metres_per_pixel(NAMES[1]) == searcher.card.metres_per_pixel


def test_the_figure_outlives_a_file_that_is_gone(searcher: Searcher) -> None:
    hits = searcher.search(searcher.query_by_id(NAMES[0]))
    (searcher.root / hits[0].id).unlink()
    row = ModelResults("Baseline", searcher, hits)
    assert comparison_figure(np.zeros((9, 9), np.uint8), "q", [row], "", "png")


def test_each_format_is_a_spec_that_writes_its_file(searcher: Searcher) -> None:
    hits = searcher.search(searcher.query_by_id(NAMES[0]))
    filters = Filters(labels=("cra",), within=3.0, exclude_strip=True)
    info = exports.ResultsInfo(
        NAMES[0], "ab", {"run-1": "Baseline"}, 2, "My DoMars16k", False, filters, (NAMES[1],)
    )
    results = exports.export_of_results(
        [exports.ModelResults("Baseline", searcher, hits, 0.5)], info, NAMES[0]
    )
    formats = exports.formats_for_tiles(with_comparison=True)
    suffixes = [one.file_type.suffix for one in formats]
    assert suffixes == [".csv", ".geojson", ".parquet", ".zip", ".png", ".pdf", ".bib"]
    files = {one.name: one.write(results) for one in formats}
    assert all(files.values()) and len(set(files.values())) == len(formats)
    assert files["csv"] == csv(results.rows, results.columns()) and files["figure-pdf"].startswith(
        b"%PDF"
    )
    assert json.loads(files["geojson"])["about"] == {
        "query": NAMES[0],
        "query_sha256": "ab",
        "more_like": [NAMES[1]],
        "less_like": [],
        "models": {"run-1": "Baseline"},
        "ranked_by": {"run-1": "Euclidean distance, nearest first"},
        "k": 2,
        "filters": "landforms: cra; at most 3 bits; without the query's strip",
        "data_set": "My DoMars16k",
        "synthetic": False,
        "software": exports.ResultsInfo("", "", {}, 1, "", False).to_json()["software"],
    }


def test_the_region_of_a_search_is_in_the_file_with_its_numbers() -> None:
    region = CircleRegion(18.4, 77.7, 50)
    info = exports.ResultsInfo("q", "", {}, 1, "d", False, Filters(region=region))
    assert info.to_json()["region"] == {"circle": [18.4, 77.7, 50]}
    assert "circle of 50 km around 18.40° N, 77.70° E" in info.to_json()["filters"]
    chosen = exports.ChosenTilesInfo("on the map", "d", False, Filters(region=region))
    assert chosen.to_json()["region"] == {"circle": [18.4, 77.7, 50]}
    assert "region" not in exports.ResultsInfo("q", "", {}, 1, "d", False).to_json()


def test_an_own_image_can_be_the_query_of_the_figure(searcher: Searcher) -> None:
    hits = searcher.search(searcher.query_by_id(NAMES[0]))
    models = [exports.ModelResults("Baseline", searcher, hits)]
    info = exports.ResultsInfo("my.png", "ab", {}, 2, "d", False)
    image = searcher.image_path(NAMES[3]).read_bytes()
    (png,) = [
        one.write(exports.export_of_results(models, info, image))
        for one in exports.formats_for_tiles(with_comparison=True)
        if one.name == "figure-png"
    ]
    with Image.open(io.BytesIO(png)) as figure:
        assert figure.width > 2000


def test_lists_of_tiles_have_no_figure(searcher: Searcher) -> None:
    formats = exports.formats_for_tiles(with_comparison=False)
    assert [one.name for one in formats] == ["csv", "geojson", "geoparquet", "zip", "bibtex"]
    collection = exports.CollectionInfo("Round", "seen", "d", False)
    export = exports.export_of_tiles(searcher, NAMES[:2], collection, {NAMES[1]: "mine"})
    assert [row.note for row in export.rows] == ["", "mine"]
    for info, keys in (
        (collection, ["collection", "note", "data_set", "synthetic", "software"]),
        (
            exports.ChosenTilesInfo("on the map", "d", False),
            ["chosen", "filters", "data_set", "synthetic", "software"],
        ),
    ):
        export = exports.export_of_tiles(searcher, NAMES[:2], info)
        about = json.loads(formats[1].write(export))["about"]
        assert list(about) == keys and about == info.to_json()
    with pytest.raises(ValueError, match="beside their query"):
        figure_of(export, "png")


def test_the_tiles_are_cited_as_their_card_says_and_the_camera_by_its_name(
    searcher: Searcher,
) -> None:
    landmarks = published_data_set("hirise").citation
    assert {"wilhelm2020", "malin2007"} == cited(searcher.card)
    own_ctx = dataclasses.replace(searcher.card, title="DoMars of my own", citation="")
    assert {"malin2007"} == cited(own_ctx)
    hirise = dataclasses.replace(searcher.card, instrument="HiRISE", title="Landmarks")
    assert {"mcewen2007"} == cited(dataclasses.replace(hirise, citation="a strip of my own"))
    assert {"hirise_", "mcewen2007"} == cited(dataclasses.replace(hirise, citation=landmarks))
    own = dataclasses.replace(searcher.card, instrument="unknown", citation="ask\n me } first")
    assert cited(own) == set() and "% The data set asks to be cited as: ask me } first" in (
        exports.bibtex(own)
    )


def cited(card: Card) -> set[str]:
    keys = ("wilhelm2020", "malin2007", "hirise_", "mcewen2007")
    return {key for key in keys if f"{{{key}" in exports.bibtex(card)}


def test_tiles_that_changed_or_went_are_marked_in_every_export(searcher: Searcher) -> None:
    hits = searcher.search(searcher.query_by_id(NAMES[0]))
    model = exports.ModelResults("Baseline", searcher, hits)
    info = exports.ResultsInfo(NAMES[0], "ab", {"run-1": "Baseline"}, 2, "d", False)
    formats = {one.name: one for one in exports.formats_for_tiles(with_comparison=True)}

    def export() -> exports.TileExport:
        return exports.export_of_results([model], info, NAMES[0])

    before = formats["figure-png"].write(export())
    assert {row.state for row in export().rows} == {"current"}
    changed, gone = hits[0].id, hits[1].id
    data = searcher.files.path(NAMES[0]).read_bytes()
    searcher.files.path(changed).write_bytes(data + b"\0")
    searcher.files.path(gone).unlink()
    written = export()
    expected = {hit.id: "current" for hit in hits} | {changed: "changed", gone: "missing"}
    assert {row.id: row.state for row in written.rows} == expected
    assert {row.state for row in exports.rows_of_tiles(searcher, [gone])} == {"missing"}
    frame = pd.read_csv(io.BytesIO(formats["csv"].write(written)))
    assert dict(zip(frame["id"].str.removeprefix("'"), frame["state"], strict=True)) == expected
    features = json.loads(formats["geojson"].write(written))["features"]
    properties = [feature["properties"] for feature in features]
    assert {item["id"]: item["state"] for item in properties} == expected
    with zipfile.ZipFile(io.BytesIO(formats["zip"].write(written))) as packed:
        tiles = json.loads(packed.read("manifest.json"))["tiles"]
    assert {tile["id"]: tile["state"] for tile in tiles} == expected
    figure = formats["figure-png"].write(written)
    searcher.files.path(changed).write_bytes(data)  # the same pixels, still not those archived
    assert formats["figure-png"].write(export()) == figure != before
    searcher.files.path(NAMES[0]).write_bytes(data + b"\0")
    assert formats["figure-png"].write(export()) != figure
