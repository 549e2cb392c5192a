"""Own images and many queries: verdicts, places, rows that one can walk, tables."""

import io
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import rasterio
from fakes import stripes
from PIL import Image
from rasterio import Affine
from streamlit.testing.v1 import AppTest

from mirs_core import jobs
from mirs_core.exchange.hit_tables import COLUMNS, PARQUET, HitTable, to_bytes
from mirs_core.jobs.kinds.search import Search
from mirs_core.mars.geography import Region
from mirs_core.mars.regions import CircleRegion, polygons_of
from mirs_core.retrieval.batch import BatchSearch
from mirs_core.retrieval.filters import Filters
from mirs_core.retrieval.search import Searcher
from mirs_core.workspace import collections
from mirs_core.workspace.collections import CollectedTile
from mirs_core.workspace.home import Home
from pages.map import query_place
from pages.parts import query_rows
from pages.search import query_table
from pages.search.many_queries import FolderImages
from pages.shared import state


def png(width: int, height: int, seed: int = 1) -> bytes:
    out = io.BytesIO()
    pixels = np.random.default_rng(seed).integers(0, 255, (height, width), np.uint8)
    Image.fromarray(pixels).save(out, "PNG")
    return out.getvalue()


def geotiff(metres: float) -> bytes:
    with rasterio.MemoryFile() as memory:
        with memory.open(
            driver="GTiff", width=100, height=100, count=1, dtype="uint8", crs="IAU_2015:49910",
            transform=Affine(metres, 0, 59_274.7, 0, -metres, 118_549.4),
        ) as out:  # fmt: skip
            out.write(stripes(3, 100)[None])
        return bytes(memory.read())


def text_of(app: AppTest) -> str:
    return " ".join(element.proto.body for element in app.get("html")) + " ".join(
        element.value for element in (*app.markdown, *app.caption, *app.error, *app.info)
    )


def own(start: Any, *files: tuple[str, bytes]) -> AppTest:
    app: AppTest = start(models="demo-mirs")
    app.segmented_control(key=state.VIEW).set_value(state.OWN).run()
    app.file_uploader(key="mirs.file").set_value(
        [(name, data, "image/png") for name, data in files]
    ).run()
    assert not app.exception
    return app


def many(start: Any, kind: str) -> AppTest:
    app: AppTest = start(models="demo-mirs")
    app.segmented_control(key=state.VIEW).set_value(state.MANY).run()
    app.segmented_control(key="mirs.many.kind").set_value(kind).run()
    assert not app.exception
    return app


@pytest.mark.parametrize(
    ("size", "choice"),
    [
        ((400, 330), []),
        ((900, 850), ["Whole image", "A square"]),
        ((300, 200), ["A square", "Whole image"]),
    ],
    ids=str,
)
def test_a_nearly_square_image_is_taken_whole(
    home: Home, start: Any, size: tuple[int, int], choice: list[str]
) -> None:
    app = own(start, ("mine.png", png(*size)))
    controls = [c for c in app.segmented_control if c.label == "Search with"]
    assert [control.options for control in controls] == ([choice] if choice else [])
    is_whole = not choice or choice[0] == "Whole image"
    name = app.session_state["mirs.query"].name
    assert (name == "mine.png") == is_whole


def test_an_image_has_a_most_likely_landform_and_a_labelled_tile_has_none(
    home: Home, start: Any
) -> None:
    app = own(start, ("mine.png", png(200, 200)))
    assert "Most likely" in text_of(app) and "of 15 neighbours" in text_of(app)
    assert "Most likely" not in text_of(start(models="demo-mirs"))


@pytest.mark.parametrize(("metres", "warned"), [(12.0, False), (0.5, True)])
def test_a_georeferenced_image_knows_place_and_scale(
    home: Home, start: Any, metres: float, warned: bool
) -> None:
    text = text_of(own(start, ("geo.tif", geotiff(metres))))
    assert "Image centre" in text and "° N" in text.replace("&nbsp;", " ")
    assert f"{metres:g} m, {100 * metres:,.0f} m across" in text
    assert ("cannot tell small landforms from large ones" in text) == warned
    assert "of about 1.2 km from a single instrument" not in text


def test_a_georeferenced_image_has_its_place_on_the_map(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(state, "query", lambda: state.Upload("geo.tif", geotiff(12.0)))
    pin = query_place.pin()
    assert pin is not None and pin.name == "geo.tif"
    assert (pin.lat, pin.lon) == pytest.approx((1.9899, 1.0101), abs=1e-3)
    monkeypatch.setattr(state, "query", lambda: state.Upload("mine.png", png(64, 64)))
    assert query_place.pin() is None


def test_several_images_are_rows_and_those_that_are_no_tiles_say_why(
    home: Home, start: Any
) -> None:
    files = [(f"mine {number}.png", png(80, 80, number)) for number in range(9)]
    app = own(start, *files, ("strip.png", png(80, 400)), ("text.png", b"no image"))
    text = text_of(app)
    assert "mine 0.png" in text and "Queries 1 to 8 of 11" in text
    app.get("pagination")[0]
    app.session_state["mirs.many.page.11 images.11"] = 2
    app.run()
    errors = [error.value for error in app.error]
    assert len(errors) == 2 and "80 x 400" in errors[0] and "text" in errors[1]
    # The query of the app is still the one that was there before.
    assert isinstance(app.session_state[state.TILE], str)


def test_ids_and_collections_are_rows(home: Home, start: Any) -> None:
    items = Searcher.open(home, "demo-mirs").items
    app = many(start, "Tile ids")
    app.text_area(key="mirs.many.ids").set_value(f"{items.ids[0]}\n{items.ids[3]}\n").run()
    assert not app.exception and not app.error
    assert items.ids[0].rsplit("/", 1)[-1] in text_of(app)
    app.text_area(key="mirs.many.ids").set_value("nothing\n").run()
    assert "1 of 1 ids are no tiles" in app.error[0].value
    app.segmented_control(key="mirs.many.kind").set_value("Collection").run()
    assert "No collections yet" in text_of(app)
    made = collections.create(home, "Mine", str(app.session_state[state.DATA]), "Mars", True)
    tiles = [CollectedTile(items.ids[row], items.contents[row]) for row in (1, 2)]
    collections.add(home, made.id, tiles)
    app.run()
    assert not app.exception and not app.error
    assert items.ids[2].rsplit("/", 1)[-1] in text_of(app)


def test_a_folder_is_rows_that_are_read_when_they_are_looked_at(
    home: Home, start: Any, tmp_path: Path
) -> None:
    for number in range(3):
        (tmp_path / f"{number}.png").write_bytes(png(64, 64, number))
    app = many(start, "Folder on this computer")
    app.text_input(key="mirs.many.folder").set_value(str(tmp_path)).run()
    assert not app.exception and not app.error and "2.png" in text_of(app)
    app.text_input(key="mirs.many.folder").set_value(str(tmp_path / "none")).run()
    assert "No such folder" in app.error[0].value
    searcher = Searcher.open(home, "demo-mirs")
    out = query_table._out_of(searcher, tmp_path, PARQUET)
    out.parent.mkdir()
    out.write_bytes(b"PAR1")
    app.text_input(key="mirs.many.folder").set_value(str(tmp_path)).run()
    assert not app.exception and len(app.get("download_button")) == 1
    images = FolderImages(tmp_path, ("0.png", "gone.png"))
    assert images[0].image == png(64, 64, 0) and images[1].image == b"" and len(images[:1]) == 1


def test_the_table_of_rows_is_that_of_the_library(home: Home) -> None:
    """What the app writes for tiles and images is what a search with all of them writes."""
    searcher = Searcher.open(home, "demo-mirs")
    sources: list[state.QuerySource] = [state.Tile(tile) for tile in searcher.items.ids[:70]]
    sources += [state.Upload("mine.png", png(64, 64)), state.Upload("strip.png", png(40, 400))]
    left_out: list[str] = []
    table = HitTable(BatchSearch(searcher, 3), "mine", "MIRS")
    data = to_bytes(table, query_table.blocks_of(searcher, sources, left_out), 72, PARQUET)
    frame = pd.read_parquet(io.BytesIO(data))
    assert tuple(frame.columns) == COLUMNS and len(left_out) == 1 and "40 x 400" in left_out[0]
    assert frame["query"].nunique() == 71
    for source in sources[::35]:
        if source.name != "strip.png":
            hits = searcher.search(query_rows.query_of(searcher, source), 3)
            assert frame[frame["query"] == source.name]["id"].tolist() == [h.id for h in hits]


@pytest.mark.parametrize(
    "region",
    [
        None,
        Region(350, -10, 20, 10),
        CircleRegion(4.0, 5.0, 60.0),
        polygons_of(Region(10, -10, 20, 10)),
    ],
    ids=["none", "box", "circle", "polygon"],
)
def test_the_job_of_a_folder_has_the_filters_of_the_session(
    home: Home, tmp_path: Path, region: Any
) -> None:
    from mirs_core.jobs.kinds import search as many_search

    searcher = Searcher.open(home, "demo-mirs")
    filters = Filters(
        roles=("archive",), labels=("cra", "rid"), latitudes=(-30.0, 30.0), within=40.0,
        exclude_strip=True, exclude_near=True, region=region,
    )  # fmt: skip
    spec = query_table.spec_of(home, "demo-mirs", tmp_path, home.tables / "a.parquet", filters, 7)
    assert isinstance(spec, Search) and spec.k == 7 and spec.images == tmp_path
    again = jobs.specs.from_json(jobs.specs.to_json(spec))
    assert isinstance(again, Search)
    built = many_search.filters_of(again, searcher, many_search.region_of(again))
    if region is not None:
        places = np.array([0.0, 5.0, 9.0, 50.0]), np.array([0.0, 4.5, 15.0, 15.0])
        assert built.region is not None
        assert np.array_equal(built.region.contains(*places), region.contains(*places))
    assert built == Filters(**{**_values(filters), "region": built.region})


def _values(filters: Filters) -> dict[str, Any]:
    return {name: getattr(filters, name) for name in Filters.__dataclass_fields__}
