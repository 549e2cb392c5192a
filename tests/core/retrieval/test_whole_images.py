"""Whole images as queries: strips are refused, coordinates are read, scales are compared."""

import dataclasses
import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from fakes import make_fake_encoder
from PIL import Image
from rasterio import Affine
from searchers import items_of, searcher_of

from mirs_core.datasets.images import read_image
from mirs_core.datasets.large_images import LargeImage, Square
from mirs_core.datasets.strips.raster import open_strip
from mirs_core.errors import DataError
from mirs_core.files import sha256
from mirs_core.hashing.baseline import FloatModel
from mirs_core.retrieval.search import Searcher
from mirs_core.retrieval.whole_images import (
    cut_with_place,
    place_of,
    query_by_whole_image,
    tile_metres,
)


@pytest.fixture
def searcher() -> Searcher:
    """Three tiles of a baseline, 200 px wide at 6 m per pixel as far as the card tells."""
    encoder, _ = make_fake_encoder()
    codes = np.random.default_rng(0).normal(size=(3, 48)).astype(np.float32)
    opened = searcher_of(codes, items_of([None] * 3))
    opened.card = dataclasses.replace(opened.card, metres_per_pixel=6.0)
    opened._encoder = encoder
    assert isinstance(opened.retriever.model, FloatModel)
    return opened


def picture(width: int, height: int, kind: str = "PNG") -> bytes:
    noise = np.random.default_rng(1).integers(1, 255, (height, width)).astype(np.uint8)
    out = io.BytesIO()
    Image.fromarray(noise).save(out, format=kind)
    return out.getvalue()


def raster(path: Path, width: int, height: int, metres: float, crs: str | None = "IAU_2015:49910",
           corner: tuple[float, float] = (59_274.7, 118_549.4)) -> Path:  # fmt: skip
    noise = np.random.default_rng(2).integers(1, 255, (1, height, width)).astype(np.uint8)
    place: dict[str, Any] = {}
    if crs is not None:
        place = {"crs": crs, "transform": Affine(metres, 0, corner[0], 0, -metres, corner[1])}
    with rasterio.open(
        path, "w", driver="GTiff", width=width, height=height, count=1, dtype="uint8", **place
    ) as out:
        out.write(noise)
    return path


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF", "BMP", "WEBP"])
@pytest.mark.parametrize("size", [(90, 400), (400, 90)], ids=str)
@pytest.mark.parametrize("as_file", [True, False], ids=["file", "bytes"])
def test_an_image_that_is_no_tile_is_refused(
    searcher: Searcher, tmp_path: Path, kind: str, size: tuple[int, int], as_file: bool
) -> None:
    data = picture(*size, kind)
    (tmp_path / "strip").write_bytes(data)
    source = tmp_path / "strip" if as_file else data
    with pytest.raises(DataError, match="not a tile"):
        query_by_whole_image(searcher, source, "strip")
    image = query_by_whole_image(searcher, source, "strip", whole=True)
    assert image.query.tile_id is None and image.place is None


def test_a_large_image_without_a_scale_is_refused(searcher: Searcher) -> None:
    with pytest.raises(DataError, match="what is small in it would be lost"):
        query_by_whole_image(searcher, picture(4100, 2100, "BMP"))


@pytest.mark.parametrize("size", [(200, 200), (199, 200), (300, 160), (1000, 1400)], ids=str)
def test_an_image_about_as_wide_as_high_is_taken(searcher: Searcher, size: tuple[int, int]) -> None:
    image = query_by_whole_image(searcher, picture(*size), "mine.png")
    assert image.query.name == "mine.png" and image.notes == ()


def test_a_georeferenced_strip_is_refused_by_its_width_in_metres(
    searcher: Searcher, tmp_path: Path
) -> None:
    with pytest.raises(DataError, match=r"strip\.tif is 1,000 x 900 pixels \(6 km long\)"):
        query_by_whole_image(searcher, raster(tmp_path / "strip.tif", 1000, 900, 6.0))
    detailed = query_by_whole_image(searcher, raster(tmp_path / "fine.tif", 1000, 900, 1.2))
    assert detailed.place is not None and detailed.place.side == pytest.approx(1080)


@pytest.mark.parametrize("as_bytes", [False, True], ids=["file", "bytes"])
def test_a_georeferenced_image_has_a_place_and_a_scale(
    searcher: Searcher, tmp_path: Path, as_bytes: bool
) -> None:
    path = raster(tmp_path / "tile.tif", 200, 180, 6.0)
    source = path.read_bytes() if as_bytes else path
    image = query_by_whole_image(searcher, source, "tile.tif")
    assert image.place is not None and image.notes == ()
    assert image.place.metres_per_pixel == 6.0 and image.place.side == 1080.0
    a_degree = np.pi * 3_396_190 / 180
    assert image.place.longitude == pytest.approx((59_274.7 + 600) / a_degree)
    assert image.place.latitude == pytest.approx((118_549.4 - 540) / a_degree)
    assert set(image.place.to_json()) == {
        "latitude", "longitude", "metres_per_pixel", "metres_across",
    }  # fmt: skip


@pytest.mark.parametrize(("metres", "warned"), [(6.0, 0), (3.2, 0), (2.0, 1), (13.0, 1), (0.25, 1)])
def test_a_scale_far_from_the_archive_is_told(
    searcher: Searcher, tmp_path: Path, metres: float, warned: int
) -> None:
    image = query_by_whole_image(searcher, raster(tmp_path / "tile.tif", 200, 200, metres))
    assert len(image.notes) == warned
    assert all(f"{200 * metres:,.0f} m across" in note for note in image.notes)


@pytest.mark.parametrize("crs", [None, "EPSG:4326", "EPSG:32633", "IAU_2015:30110"])
def test_coordinates_of_no_place_on_mars_are_none(tmp_path: Path, crs: str | None) -> None:
    path = raster(tmp_path / "tile.tif", 64, 64, 0.001, crs, (10.0, 20.0))
    assert place_of(path, path.name) is None and place_of(path.read_bytes(), path.name) is None


def test_an_archived_tile_may_have_any_shape(searcher: Searcher, tmp_path: Path) -> None:
    data = picture(90, 400)
    items = dataclasses.replace(searcher.items, contents=(sha256(data), "b", "c"))
    archived = searcher_of(searcher.retriever.codes, items)
    (tmp_path / "tile.png").write_bytes(data)
    for source in (data, tmp_path / "tile.png"):
        assert query_by_whole_image(archived, source).query.tile_id == "0.png"


def test_tiles_are_as_wide_as_the_card_tells(searcher: Searcher) -> None:
    assert tile_metres(searcher) == 1200.0
    searcher.card = dataclasses.replace(searcher.card, metres_per_pixel=None)
    assert tile_metres(searcher) == 1200.0
    searcher.card = dataclasses.replace(searcher.card, metres_per_pixel=0.25)
    assert tile_metres(searcher) == 50.0


@pytest.mark.parametrize("as_bytes", [False, True], ids=["file", "bytes"])
@pytest.mark.parametrize("crs", ["IAU_2015:49910", "IAU_2015:49900", None], ids=str)
def test_a_square_of_an_image_keeps_its_place(
    tmp_path: Path, crs: str | None, as_bytes: bool
) -> None:
    metres = 6.0 if crs != "IAU_2015:49900" else 1e-4
    corner = (59_274.7, 118_549.4) if crs != "IAU_2015:49900" else (10.0, 20.0)
    path = raster(tmp_path / "strip.tif", 300, 500, metres, crs, corner)
    source = path.read_bytes() if as_bytes else path
    image, square = LargeImage.open(source, "strip.tif"), Square(40, 300, 64)
    data = cut_with_place(image, source, square)
    assert np.array_equal(read_image(data), image.cut(square))
    place = place_of(data, "cut")
    if crs is None:
        assert place is None and data.startswith(b"\x89PNG")
        return
    with open_strip(path) as strip:
        longitude, latitude = strip.frame.degrees(40 + 32, 300 + 32)
    assert place is not None and place.side == pytest.approx(64 * place.metres_per_pixel)
    assert place.longitude == pytest.approx(float(longitude))
    assert place.latitude == pytest.approx(float(latitude))
