"""Every kind of raster through every reader: one answer, which is that of a slow twin."""

import itertools
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
import rasterio.shutil
from PIL import Image
from rasterio import Affine
from rasterio.enums import ColorInterp

from mirs_core.datasets import bands, large_images, rasters
from mirs_core.datasets.images import read_bytes, read_image
from mirs_core.datasets.large_images import LargeImage, Square
from mirs_core.datasets.strips.raster import open_strip
from mirs_core.errors import ImageError

SIDE = 80
RNG = np.random.default_rng(3)
# Grey levels of a smooth scene with noise, as a CTX tile has them; some are 255.
GREY = np.clip(
    np.add.outer(np.linspace(20, 140, SIDE), np.linspace(0, 80, SIDE))
    + RNG.normal(0, 9, (SIDE, SIDE)), 3, 255,
).astype(np.uint8)  # fmt: skip
GREY[40, 30:50] = 255
COLOUR = np.stack([GREY, np.roll(GREY, 9, 1), 255 - GREY // 2])

KINDS = ["uint8", "int8", "uint16", "int16", "uint32", "int32", "int64", "float32", "float64"]
LAYOUTS: list[dict[str, Any]] = [
    {"interleave": "pixel"},
    {"interleave": "band", "compress": "deflate"},
    {"tiled": True, "blockxsize": 32, "blockysize": 32, "interleave": "pixel"},
]
FILL = {"int8": -128, "uint8": 0, "uint16": 0, "uint32": 0}
"""What a type has for missing pixels; -9999 for the others."""


def deep(grey: np.ndarray, kind: str) -> np.ndarray:
    """Values of a type that are no grey levels of 8 bits."""
    if kind == "uint8":
        return grey.copy()
    if kind == "int8":
        return (grey.astype(int) // 2 - 60).astype(np.int8)
    return (grey.astype(float) * 8.5 + 100.25).astype(kind)


def expected(values: np.ndarray, valid: np.ndarray, alpha: np.ndarray | None) -> np.ndarray:
    """The slow twin: (C, H, W) to grey levels, pixel by pixel where that is short enough."""
    if values.dtype == np.uint8:
        grey = values.astype(float)
    else:
        low, high = np.percentile(values[:, valid].astype(float), (0.5, 99.5))
        grey = np.rint(np.clip((values.astype(float) - low) / (high - low), 0, 1) * 255)
    grey = np.where(valid, grey, 0)
    if alpha is not None:
        grey = np.rint(grey * alpha / 255)
    return grey[0] if len(grey) == 1 else np.moveaxis(grey, 0, -1)


def write(path: Path, values: np.ndarray, alpha: np.ndarray | None, **options: Any) -> Path:
    count = len(values) + (alpha is not None)
    with rasterio.open(
        path, "w", driver="GTiff", width=values.shape[2], height=values.shape[1], count=count,
        dtype=values.dtype, crs="IAU_2015:49910", transform=Affine(6, 0, 0, 0, -6, 0),
        photometric="RGB" if len(values) == 3 else "MINISBLACK", **options,
    ) as out:  # fmt: skip
        if alpha is not None:
            out.colorinterp = [*out.colorinterp[: len(values)], ColorInterp.alpha]
        for number, band in enumerate(values, start=1):
            out.write(band, number)
        if alpha is not None:
            out.write(alpha.astype(values.dtype), count)
    return path


def all_readers(path: Path, monkeypatch: pytest.MonkeyPatch) -> np.ndarray:
    pixels = read_image(path)
    assert np.array_equal(pixels, read_image(read_bytes(path), path.name))
    with open_strip(path) as raster:
        survey = raster.survey()
        strip, valid = raster.read(0, 0, raster.width, raster.height, survey.stretch)
        assert np.array_equal(valid, survey.valid)
    assert np.array_equal(pixels, strip)
    with monkeypatch.context() as patch:
        patch.setattr(large_images, "MAX_PIXELS", 100)
        image = LargeImage.open(path)
        assert np.array_equal(pixels, image.cut(Square(0, 0, 4096)))
    # In parts of a few rows, the same.
    with monkeypatch.context() as patch:
        patch.setattr(bands, "MOST_VALUES", 7 * SIDE)
        assert np.array_equal(pixels, read_image(path))
    return pixels


@pytest.mark.parametrize("nodata", ["none", "declared", "undeclared"])
@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_tiff(
    kind: str, nodata: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill = FILL.get(kind, -9999)
    for number, (layout, grey, has_alpha) in enumerate(
        itertools.product(LAYOUTS, (GREY[None], COLOUR), (False, True))
    ):
        if has_alpha and (nodata != "none" or kind not in ("uint8", "uint16")):
            continue
        values, valid, alpha = deep(grey, kind), np.ones((SIDE, SIDE), bool), None
        if nodata != "none":
            valid[:, :20], valid[60:] = False, False
            values[:, ~valid] = fill
        if nodata == "undeclared" and kind == "int8":
            continue  # -128 may be a value
        if has_alpha:
            full = 255 if kind == "uint8" else 65535
            alpha = np.full((SIDE, SIDE), full)
            alpha[:20], alpha[20:30] = 0, full // 5
            valid[:20] = False
        options = {**layout, **({"nodata": fill} if nodata == "declared" else {})}
        path = write(tmp_path / f"{number}.tif", values, alpha, **options)
        opacity = None if alpha is None else np.rint(alpha * 255.0 / alpha.max())
        error = np.abs(
            all_readers(path, monkeypatch) - expected(values, valid, opacity).astype(float)
        )
        assert error.max() <= 1 and (error > 0).mean() < 0.02, (layout, len(grey), has_alpha)


@pytest.mark.parametrize("fill", [0, -9999, -32768, 255])
@pytest.mark.parametrize("kind", ["uint16", "int16", "uint32", "int32", "float32", "float64"])
@pytest.mark.parametrize("place", ["corner", "quarter of an edge", "frame", "slanted"])
def test_fill_along_the_edge_is_no_part_of_the_stretch(
    place: str, kind: str, fill: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if fill < 0 and kind.startswith("u"):
        pytest.skip("no such value")
    is_fill = np.zeros((SIDE, SIDE), bool)
    rows, columns = np.indices(is_fill.shape)
    if place == "corner":
        is_fill[:24, 50:] = True
    elif place == "quarter of an edge":
        is_fill[:22, 8:40] = True
    elif place == "frame":
        is_fill[:] = True
        is_fill[18:-18, 18:-18] = False
    else:
        is_fill = rows * 3 > columns * 2 + 70
    for grey in (GREY[None], COLOUR):
        values = deep(grey, kind)
        values[:, is_fill] = fill
        path = write(tmp_path / "a.tif", values, None)
        pixels = all_readers(path, monkeypatch)
        assert np.abs(pixels - expected(values, ~is_fill, None)).max() <= 1


@pytest.mark.parametrize("kind", ["uint16", "int16", "float32"])
def test_white_along_the_edge_of_an_8_bit_image_in_a_wider_type_is_kept(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    values = GREY[None].astype(kind)
    values[0, :20] = 255
    path = write(tmp_path / "a.tif", values, None)
    assert np.array_equal(all_readers(path, monkeypatch), values[0])
    with open_strip(path) as raster:
        assert raster.white_edge and "255 along its edge" in raster.edge_warnings[0]


def test_fill_along_the_edge_of_a_deep_png(tmp_path: Path) -> None:
    values = deep(GREY, "uint16").astype(np.uint16)
    values[:30] = 0
    Image.fromarray(values).save(tmp_path / "a.png")
    valid = values > 0
    assert np.abs(read_image(tmp_path / "a.png") - expected(values[None], valid, None)).max() <= 1


@pytest.mark.parametrize("fill", [-32768, 0])
def test_overviews_that_mix_fill_with_pixels_do_not_stretch(
    fill: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bands, "_SURVEY", 128)
    rows, columns = np.indices((512, 512))
    values = (RNG.integers(4000, 5000, (512, 512)) + rows).astype(np.int32)
    is_fill = rows * 2 > columns + 500
    values[is_fill] = fill
    path = write(tmp_path / "a.tif", values[None], None)
    with rasterio.open(path, "r+") as raster:
        raster.build_overviews([4], rasterio.enums.Resampling.average)
    with open_strip(path) as raster:
        low, high = raster.survey().stretch or (0, 0)
    assert 3990 <= low <= 4700 and 5000 <= high <= 5600


TWINS = {
    "as it is, uint16": (1, "uint16"),
    "as it is, int16": (1, "int16"),
    "as it is, int32": (1, "int32"),
    "as it is, float32": (1, "float32"),
    "as it is, float64": (1, "float64"),
    "times 257": (257, "uint16"),
    "times 256": (256, "uint16"),
    "times 257, int32": (257, "int32"),
    "fractions, float32": (1 / 255, "float32"),
    "fractions, float64": (1 / 255, "float64"),
}


@pytest.mark.parametrize("kind", TWINS)
@pytest.mark.parametrize("grey", [GREY[None], COLOUR])
def test_an_8_bit_image_in_a_wider_type_keeps_its_grey_levels(
    kind: str, grey: np.ndarray, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    step, dtype = TWINS[kind]
    levels = grey.copy()
    levels[:, 5:9, 5:9] = 0
    path = write(tmp_path / "a.tif", (levels * float(step)).astype(dtype), None)
    pixels = all_readers(path, monkeypatch)
    assert np.array_equal(pixels, levels[0] if len(levels) == 1 else np.moveaxis(levels, 0, -1))
    if dtype == "uint16" and len(grey) == 1:
        Image.fromarray((levels[0] * float(step)).astype(dtype)).save(tmp_path / "a.png")
        assert np.array_equal(read_image(tmp_path / "a.png"), levels[0])


def test_a_few_levels_and_deep_values_are_stretched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = (GREY[None] // 32 + 1).astype(np.int16)
    dark = (GREY[None].astype(float) * 40 + 3 + RNG.integers(0, 40, GREY.shape)).astype(np.uint16)
    for values in (few, dark):
        path = write(tmp_path / "a.tif", values, None)
        pixels = all_readers(path, monkeypatch)
        assert np.abs(pixels - expected(values, np.ones(GREY.shape, bool), None)).max() <= 1


@pytest.mark.parametrize("driver", ["PDS4", "ISIS3", "VICAR", "JP2OpenJPEG", "VRT"])
@pytest.mark.parametrize("kind", ["uint8", "uint16", "int16", "float32"])
def test_one_raster_in_every_format(
    driver: str, kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if (driver, kind) in (("JP2OpenJPEG", "float32"), ("VICAR", "uint16")):
        pytest.skip("no such file")
    values = deep(GREY[None], kind)
    if kind == "uint8":
        values = np.clip(values, 1, 254)  # ISIS takes 255 as saturated
    path = write(tmp_path / "a.tif", values, None)
    whole = all_readers(path, monkeypatch)
    suffix = {"PDS4": ".xml", "ISIS3": ".cub", "VICAR": ".vic", "VRT": ".vrt"}.get(driver, ".jp2")
    options = {
        "PDS4": {"VAR_TITLE": "a"},
        "JP2OpenJPEG": {"QUALITY": 100, "REVERSIBLE": "YES"},
    }.get(driver, {})
    other = tmp_path / f"b{suffix}"
    rasterio.shutil.copy(path, other, driver=driver, **options)
    assert np.array_equal(all_readers(other, monkeypatch), whole)


def huge(path: Path, **options: Any) -> Path:
    """20,000 x 20,000 float64 RGB, of which the file has nothing: 9.6 GB when read whole."""
    with rasterio.open(
        path, "w", driver="GTiff", width=20_000, height=20_000, count=3, dtype="float64",
        crs="IAU_2015:49910", transform=Affine(6, 0, 0, 0, -6, 0), sparse_ok=True, BIGTIFF="YES",
        **options,
    ) as out:  # fmt: skip
        rows = np.arange(256.0)[:, None] + np.arange(256)
        out.write(np.stack([rows] * 3) + 0.5, window=rasterio.windows.Window(0, 0, 256, 256))
    return path


def test_a_huge_raster_is_read_in_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = huge(tmp_path / "a.tif", tiled=True, blockxsize=256, blockysize=256)
    with pytest.raises(ImageError, match="at most 50 million"):
        read_image(path)
    largest = 0
    whole = bands.Bands.read

    def measured(self: bands.Bands, *args: Any, **options: Any) -> Any:
        nonlocal largest
        read = whole(self, *args, **options)
        largest = max(largest, read.values.nbytes)
        return read

    monkeypatch.setattr(bands.Bands, "read", measured)
    with open_strip(path) as raster:
        raster.read(0, 0, 4096, 1000, (0, 500))
    image = LargeImage.open(path)
    assert image.cut(Square(0, 0, 2048)).shape == (2048, 2048, 3)
    # float64, MOST_VALUES or those of a preview.
    assert 0 < largest <= 8 * max(bands.MOST_VALUES, 3 * large_images.PREVIEW**2) < 40_000_000


def test_blocks_that_do_not_fit_are_refused_before_they_are_decoded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path / "a.tif", deep(COLOUR, "float64"), None, blockysize=SIDE,
                 compress="deflate", interleave="pixel")  # fmt: skip
    monkeypatch.setattr(rasters, "_MOST_BLOCK_BYTES", SIDE * SIDE * 24 - 1)
    monkeypatch.setattr(large_images, "MAX_PIXELS", 100)
    for reader in (read_image, LargeImage.open, lambda path: open_strip(path).__enter__()):
        with pytest.raises(ImageError, match="blocks of 0 MB"):
            reader(path)
