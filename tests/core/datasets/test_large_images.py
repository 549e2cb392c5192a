"""Squares out of large images: the right pixels, little memory, nothing but plain files."""

import io
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import rasterio
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from mirs_core.datasets import large_images
from mirs_core.datasets.images import read_image
from mirs_core.datasets.large_images import LEAST, MOST, LargeImage, Square, png
from mirs_core.errors import ImageError


def write_tiff(path: Path, bands: np.ndarray, **more: object) -> Path:
    count, height, width = bands.shape
    with rasterio.open(
        path, "w", driver="GTiff", width=width, height=height, count=count, dtype=bands.dtype,
        tiled=True, blockxsize=256, blockysize=256, **more,
    ) as out:  # fmt: skip
        out.write(bands)
    return path


@given(
    st.integers(-50, 500), st.integers(-50, 500), st.integers(-5, 900),
    st.integers(16, 400), st.integers(16, 400),
)  # fmt: skip
def test_a_square_is_moved_inside(x: int, y: int, side: int, width: int, height: int) -> None:
    found = Square(x, y, side).inside(width, height)
    assert found.x >= 0 and found.x + found.side <= width
    assert found.y >= 0 and found.y + found.side <= height
    assert min(LEAST, width, height) <= found.side <= MOST
    asked = Square(x, y, side)
    fits = side >= LEAST and x >= 0 and y >= 0 and x + side <= width and y + side <= height
    assert not fits or found == asked


def test_a_cut_is_the_slice_of_the_whole() -> None:
    pixels = np.arange(90 * 120, dtype=np.uint32).reshape(90, 120).astype(np.uint8)
    image = LargeImage.open(png(pixels), "mine.png")
    assert (image.width, image.height, image.name) == (120, 90, "mine.png")
    assert (image.cut(Square(30, 20, 40)) == pixels[20:60, 30:70]).all()
    again = np.asarray(Image.open(io.BytesIO(png(image.cut(Square(0, 0, 32))))))
    assert (again == pixels[:32, :32]).all()


@pytest.mark.parametrize("bands", [1, 3, 4])
def test_windows_give_the_same_as_the_whole(
    tmp_path: Path, bands: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = np.random.default_rng(0)
    values = rng.integers(0, 255, (bands, 700, 900)).astype(np.uint8)
    path = write_tiff(tmp_path / "strip.tif", values)
    monkeypatch.setattr(large_images, "MAX_PIXELS", 1000)
    image = LargeImage.open(path)
    assert image._pixels is None and (image.width, image.height) == (900, 700)
    assert image.preview.shape[:2] == (700, 900)
    expected = values[0] if bands == 1 else np.moveaxis(values[:3], 0, -1)
    if bands == 4:
        opacity = values[3].astype(int)[..., None]
        expected = (expected * opacity + 127) // 255
    assert (expected == read_image(path.read_bytes())).all()
    assert (image.cut(Square(123, 45, 200)) == expected[45:245, 123:323]).all()


def test_deep_values_are_stretched_and_what_is_missing_is_black(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(large_images, "MAX_PIXELS", 1000)
    values = np.linspace(1000, 5000, 300 * 300).reshape(1, 300, 300).astype(np.uint16)
    values[0, :20, :20] = 0
    cut = LargeImage.open(write_tiff(tmp_path / "deep.tif", values, nodata=0)).cut(
        Square(0, 0, 300)
    )
    assert cut.dtype == np.uint8 and not cut[:20, :20].any()
    assert cut[299, 299] == 255 and cut[20, 20] < 30


def test_a_strip_larger_than_memory_should_be_takes_little_of_it(tmp_path: Path) -> None:
    path = tmp_path / "strip.tif"
    with rasterio.open(
        path, "w", driver="GTiff", width=20_000, height=20_000, count=1, dtype="uint8",
        tiled=True, sparse_ok=True, compress="deflate",
    ) as out:  # fmt: skip
        out.write(np.full((1, 256, 256), 99, np.uint8),
                  window=rasterio.windows.Window(19_000, 19_000, 256, 256))  # fmt: skip
    code = f"""
import re
from pathlib import Path
from mirs_core.datasets.large_images import LargeImage, Square
image = LargeImage.open(Path({str(path)!r}))
assert max(image.preview.shape) == 1200, image.preview.shape
assert (image.cut(Square(19_000, 19_000, 256)) == 99).all()
# Not ru_maxrss, which begins with that of the process that started this one.
print(int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) // 1024)
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120,
        cwd=Path(__file__).parents[3], env={"GDAL_CACHEMAX": "64", "PATH": "/usr/bin"},
    )  # fmt: skip
    assert int(done.stdout) < 350


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"just text",
        b'<VRTDataset rasterXSize="9" rasterYSize="9"><SourceFilename>/etc/passwd'
        b"</SourceFilename></VRTDataset>",
        b"II*\0" + b"\xff" * 200,
        b"\0\0\0\x0cjP  \r\n\x87\n" + b"\0" * 50,
    ],
)
def test_what_is_no_image_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "hostile.tif"
    path.write_bytes(content)
    with pytest.raises(ImageError):
        LargeImage.open(path)


@pytest.mark.parametrize("name", ["/vsicurl/http://localhost:1/x.tif", "http://localhost:1/x.tif"])
def test_addresses_are_no_files(name: str) -> None:
    with pytest.raises(ImageError):
        LargeImage.open(Path(name))


def test_a_file_that_goes_away_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(large_images, "MAX_PIXELS", 1000)
    path = write_tiff(tmp_path / "strip.tif", np.zeros((1, 300, 300), np.uint8))
    image = LargeImage.open(path)
    path.unlink()
    with pytest.raises(ImageError, match="cannot be read"):
        image.cut(Square(0, 0, 64))


def test_a_tiff_whose_tags_lead_to_another_file_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(large_images, "MAX_PIXELS", 1000)
    secret = write_tiff(tmp_path / "secret.tif", np.full((1, 150, 150), 200, np.uint8))
    path = write_tiff(tmp_path / "strip.tif", np.zeros((1, 300, 300), np.uint8))
    with rasterio.open(path, "r+") as out:
        out.update_tags(ns="OVERVIEWS", OVERVIEW_FILE=str(secret))
    with pytest.raises(ImageError, match="other files"):
        large_images._open_windowed(path, "strip.tif")
    with pytest.raises(ImageError, match="other files"):
        LargeImage.open(path)


def test_what_lies_beside_a_file_is_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(large_images, "MAX_PIXELS", 1000)
    path = write_tiff(tmp_path / "strip.tif", np.zeros((1, 2600, 2600), np.uint8))
    beside = write_tiff(tmp_path / "other.tif", np.full((1, 1300, 1300), 200, np.uint8))
    beside.rename(tmp_path / "strip.tif.ovr")
    assert not LargeImage.open(path).preview.any()
