"""Hostile and odd images: each gives the right pixels or one clear line."""

import io
import os
import struct
import subprocess
import sys
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from mirs_core.datasets import images
from mirs_core.datasets.images import MAX_PIXELS, MIN_SIDE, read_image, thumbnail
from mirs_core.errors import ImageError

# Pillow's warnings are silenced where the program runs; pytest sets up its own filters.
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:PIL.TiffImagePlugin")

GREY = np.arange(32 * 48, dtype=np.uint32).reshape(32, 48) % 251


def saved(image: Image.Image, kind: str, **options: object) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def grey(kind: str = "PNG") -> bytes:
    return saved(Image.fromarray(GREY.astype(np.uint8)), kind)


def png(*chunks: tuple[bytes, bytes]) -> bytes:
    out = b"\x89PNG\r\n\x1a\n"
    for kind, data in chunks:
        checksum = struct.pack(">I", zlib.crc32(kind + data))
        out += struct.pack(">I", len(data)) + kind + data + checksum
    return out


def header_only_png(width: int, height: int) -> bytes:
    """A valid PNG header that claims a size, and no pixels."""
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return png((b"IHDR", header), (b"IDAT", b""), (b"IEND", b""))


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "BMP"])
def test_grey_comes_back_as_it_was(kind: str) -> None:
    pixels = read_image(grey(kind))
    assert pixels.dtype == np.uint8
    assert np.array_equal(pixels, GREY)


@pytest.mark.parametrize(
    ("kind", "options"), [("JPEG", {"quality": 95}), ("WEBP", {"quality": 95})]
)
def test_lossy_kinds_come_close(kind: str, options: dict[str, int]) -> None:
    y, x = np.mgrid[:40, :40]
    smooth = (x + 3 * y).astype(np.uint8)
    pixels = read_image(saved(Image.fromarray(smooth), kind, **options)).astype(int)
    pixels = pixels if pixels.ndim == 2 else pixels[..., 0]
    assert np.abs(pixels - smooth).mean() < 4


def test_a_path_works_like_bytes(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(grey())
    assert np.array_equal(read_image(path), GREY)


def test_colour_keeps_three_channels() -> None:
    colour = np.stack([GREY, GREY // 2, 250 - GREY], axis=2).astype(np.uint8)
    assert np.array_equal(read_image(saved(Image.fromarray(colour), "PNG")), colour)


def test_alpha_lies_over_black() -> None:
    rgba = np.full((20, 20, 4), 200, np.uint8)
    rgba[:10, :, 3], rgba[10:, :, 3] = 0, 51
    pixels = read_image(saved(Image.fromarray(rgba, "RGBA"), "PNG"))
    assert pixels.shape == (20, 20, 3)
    assert (pixels[:10] == 0).all() and (pixels[10:] == 40).all()


def test_grey_with_alpha_stays_grey() -> None:
    la = np.full((20, 20, 2), 100, np.uint8)
    la[:10, :, 1], la[10:, :, 1] = 0, 255
    pixels = read_image(saved(Image.fromarray(la, "LA"), "PNG"))
    assert pixels.shape == (20, 20)
    assert (pixels[:10] == 0).all() and (pixels[10:] == 100).all()


def test_a_transparent_palette_lies_over_black() -> None:
    image = Image.new("P", (20, 20), 1)
    image.putpalette([255, 0, 0, 0, 255, 0])
    image.paste(0, (0, 0, 20, 10))
    pixels = read_image(saved(image, "PNG", transparency=0))
    assert (pixels[:10] == 0).all()
    assert (pixels[10:] == (0, 255, 0)).all()


def test_a_palette_becomes_its_colours() -> None:
    image = Image.new("P", (20, 20), 1)
    image.putpalette([255, 0, 0, 10, 20, 30])
    assert (read_image(saved(image, "PNG")) == (10, 20, 30)).all()


@pytest.mark.parametrize("kind", ["JPEG", "TIFF"])
def test_cmyk_becomes_rgb(kind: str) -> None:
    image = Image.new("CMYK", (32, 32), (0, 255, 255, 0))
    pixels = read_image(saved(image, kind)).astype(int)
    assert pixels.shape == (32, 32, 3)
    assert np.abs(pixels - (255, 0, 0)).max() < 12


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_one_bit_is_black_and_white(kind: str) -> None:
    pixels = read_image(saved(Image.fromarray(GREY > 100), kind))
    assert np.array_equal(pixels, np.where(GREY > 100, 255, 0))


def stretched(values: NDArray[np.float64]) -> NDArray[np.uint8]:
    low, high = np.percentile(values, (0.5, 99.5))
    grey_levels = np.rint(np.clip((values - low) / (high - low), 0, 1) * 255)
    return np.asarray(grey_levels, dtype=np.uint8)


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_sixteen_bits_are_stretched_by_percentiles(kind: str) -> None:
    values = (GREY * 7 + 20_000).astype(np.uint16)
    pixels = read_image(saved(Image.fromarray(values), kind))
    assert np.array_equal(pixels, stretched(values.astype(float)))
    assert pixels.min() == 0 and pixels.max() == 255


def test_big_endian_sixteen_bits() -> None:
    values = (GREY * 7 + 300).astype(np.uint16)
    pixels = read_image(tiff16(values, ">"))
    assert np.array_equal(pixels, stretched(values.astype(float)))
    assert np.array_equal(pixels, read_image(tiff16(values, "<")))


def tiff16(values: NDArray[np.uint16], order: str, samples: int = 1) -> bytes:
    """An uncompressed 16-bit TIFF written by hand, in either byte order."""
    height, width = values.shape[:2]
    data = values.astype(f"{order}u2").tobytes()
    tags = [
        (256, 3, 1, width),
        (257, 3, 1, height),
        (258, 3, 1, 16),
        (259, 3, 1, 1),
        (262, 3, 1, 1 if samples == 1 else 2),
        (273, 4, 1, 8),
        (277, 3, 1, samples),
        (278, 3, 1, height),
        (279, 4, 1, len(data)),
    ]
    out = (b"II" if order == "<" else b"MM") + struct.pack(f"{order}HI", 42, 8 + len(data)) + data
    out += struct.pack(f"{order}H", len(tags))
    for tag, kind, count, value in tags:
        packed = struct.pack(f"{order}HH" if kind == 3 else f"{order}I", *([value, 0][: 5 - kind]))
        out += struct.pack(f"{order}HHI", tag, kind, count) + packed
    return out + struct.pack(f"{order}I", 0)


DARK_COLOUR = np.stack([GREY * 3, GREY * 5 + 40, 2000 - GREY], axis=2).astype(np.uint16)


@pytest.mark.parametrize("order", ["<", ">"])
def test_sixteen_bit_colour_tiff_keeps_its_low_bytes(order: str) -> None:
    pixels = read_image(tiff16(DARK_COLOUR, order, samples=3))
    assert np.array_equal(pixels, stretched(DARK_COLOUR.astype(float)))


def png16(values: NDArray[np.uint16], colour_type: int) -> bytes:
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in values)
    header = struct.pack(">IIBBBBB", values.shape[1], values.shape[0], 16, colour_type, 0, 0, 0)
    return png((b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))


def test_sixteen_bit_colour_png_keeps_its_low_bytes() -> None:
    expected = stretched(DARK_COLOUR.astype(float))
    assert np.array_equal(read_image(png16(DARK_COLOUR, 2)), expected)
    alpha = np.full((*GREY.shape, 1), 65535, np.uint16)
    alpha[:5] = 0
    pixels = read_image(png16(np.concatenate([DARK_COLOUR, alpha], axis=2), 6))
    assert (pixels[:5] == 0).all() and np.array_equal(pixels[5:], expected[5:])


def test_sixteen_bit_grey_with_alpha() -> None:
    values = np.stack([GREY * 250, np.full_like(GREY, 65535)], axis=2).astype(np.uint16)
    pixels = read_image(png16(values, 4))
    assert pixels.shape[:2] == GREY.shape
    assert np.abs(pixels[..., 0].astype(int) - stretched(values[..., 0].astype(float))).max() <= 2


def test_a_tiff_of_many_bands_is_refused_clearly() -> None:
    values = np.repeat((GREY * 7).astype(np.uint16)[..., None], 7, axis=2)
    with pytest.raises(ImageError, match=r"big\.tif .* kind of TIFF .* 8-bit"):
        read_image(tiff16(values, "<", samples=7), "big.tif")


def test_floats_with_missing_pixels() -> None:
    values = (GREY / 251).astype(np.float32)
    values[0, :4] = (np.nan, np.inf, -np.inf, -3.4028227e38)
    pixels = read_image(saved(Image.fromarray(values), "TIFF"))
    assert (pixels[0, :4] == 0).all()
    valid = np.ones(values.shape, bool)
    valid[0, :4] = False
    assert np.array_equal(pixels[valid], stretched(values[valid].astype(float)))


def test_the_nodata_value_of_a_geotiff_is_missing() -> None:
    values = np.linspace(10, 20, 32 * 32, dtype=np.float32).reshape(32, 32)
    values[:8] = -9999
    pixels = read_image(saved(Image.fromarray(values), "TIFF", tiffinfo={42113: "-9999"}))
    assert (pixels[:8] == 0).all()
    assert pixels[8:].std() > 60


@pytest.mark.parametrize("kind", [np.uint16, np.float32, np.int32])
def test_a_constant_deep_image_is_mid_grey(kind: type) -> None:
    pixels = read_image(saved(Image.fromarray(np.full((20, 20), 5000, kind)), "TIFF"))
    assert (pixels == 128).all()


def test_nothing_valid_is_an_error() -> None:
    nothing = saved(Image.fromarray(np.full((20, 20), np.nan, np.float32)), "TIFF")
    with pytest.raises(ImageError, match=r"void\.tif has no valid pixel"):
        read_image(nothing, "void.tif")


def test_the_first_page_of_a_tiff() -> None:
    first = Image.fromarray(GREY.astype(np.uint8))
    data = saved(first, "TIFF", save_all=True, append_images=[Image.new("RGB", (99, 99))])
    assert np.array_equal(read_image(data), GREY)


def test_exif_orientation_is_applied() -> None:
    image = Image.fromarray(np.repeat(np.arange(0, 240, 5, dtype=np.uint8)[None], 32, axis=0))
    exif = Image.Exif()
    exif[0x0112] = 6  # turn clockwise by a quarter
    turned = read_image(saved(image, "JPEG", exif=exif, quality=95))
    assert turned.shape == (48, 32)
    assert turned[0].mean() < 20 and turned[-1].mean() > 220


def test_broken_exif_does_not_matter() -> None:
    data = saved(
        Image.fromarray(GREY.astype(np.uint8)), "JPEG", exif=b"Exif\0\0II*\0\xff\xff\xff\xff"
    )
    assert read_image(data).shape == GREY.shape


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "is empty"),
        (b"this is no image, whatever its name says\n" * 9, "is not an image"),
        (b"GIF89a" + b"\0" * 99, "damaged|too small"),
        (grey("JPEG")[:400], "damaged"),
        (grey("JPEG")[:-100], "damaged"),
        (grey("PNG")[:-40], "damaged"),
        (grey("TIFF")[:-400], "damaged"),
        (saved(Image.fromarray(GREY.astype(np.uint8)), "WEBP")[:60], "damaged"),
        (b"\xff\xd8\xff\xe0", "damaged"),
        (b"II*\0\x08\0\0\0", "damaged"),
        (b"BM", "damaged"),
        (saved(Image.new("L", (1, 1)), "PNG"), "1 x 1 pixels, too small"),
        (saved(Image.new("L", (400, MIN_SIDE - 1)), "PNG"), "too small"),
        (header_only_png(30_000, 30_000), "30,000 x 30,000 pixels.* Cut it into tiles"),
        (header_only_png(2**31 - 1, 2**31 - 1), "Cut it into tiles"),
        (header_only_png(0, 10), "x.jpg"),
    ],
)
def test_bad_files_are_named_with_the_reason(data: bytes, words: str, tmp_path: Path) -> None:
    path = tmp_path / "x.jpg"
    path.write_bytes(data)
    for source in (data, path):
        with pytest.raises(ImageError, match=words) as caught:
            read_image(source, "x.jpg")
        assert "x.jpg" in str(caught.value)
        assert "\n" not in str(caught.value)


def test_a_real_gigapixel_image_is_refused_before_it_is_decoded(tmp_path: Path) -> None:
    path = tmp_path / "planet.png"
    header = struct.pack(">IIBBBBB", 30_000, 30_000, 1, 0, 0, 0, 0)
    rows = zlib.compress(bytes(30_000 * (1 + 3_750)), 1)
    path.write_bytes(png((b"IHDR", header), (b"IDAT", rows), (b"IEND", b"")))
    with pytest.raises(ImageError, match="30,000 x 30,000"):
        read_image(path)


def test_the_largest_that_is_allowed_is_read() -> None:
    assert MAX_PIXELS >= 7000 * 7000
    assert read_image(saved(Image.new("1", (7000, 7000)), "PNG")).shape == (7000, 7000)


def test_a_large_file_is_not_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(images, "MAX_BYTES", 100)
    path = tmp_path / "a.png"
    path.write_bytes(grey())
    with pytest.raises(ImageError, match="MB"):
        read_image(path)


def test_folders_pipes_and_missing_files(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").mkdir()
    with pytest.raises(ImageError, match=r"a\.jpg is a folder"):
        read_image(tmp_path / "a.jpg")
    with pytest.raises(ImageError, match=r"b\.jpg does not exist"):
        read_image(tmp_path / "b.jpg")
    os.mkfifo(tmp_path / "c.jpg")
    with pytest.raises(ImageError, match=r"c\.jpg is not a regular file"):
        read_image(tmp_path / "c.jpg")


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    kind=st.sampled_from(["JPEG", "PNG", "TIFF", "WEBP", "BMP"]),
    cut=st.integers(0, 2000),
    changes=st.lists(st.tuples(st.integers(0, 1500), st.integers(0, 255)), max_size=4),
)
def test_any_damage_gives_an_image_or_an_image_error(
    kind: str, cut: int, changes: list[tuple[int, int]]
) -> None:
    data = bytearray(grey(kind))
    for place, value in changes:
        if place < len(data):
            data[place] = value
    try:
        pixels = read_image(bytes(data[: max(20, len(data) - cut)]))
    except ImageError:
        return
    assert pixels.dtype == np.uint8 and pixels.ndim in (2, 3)


def test_nothing_leaks_to_standard_error(tmp_path: Path) -> None:
    palette = Image.new("P", (20, 20), 1)
    palette.putpalette([255, 0, 0, 0, 255, 0])
    files = [
        header_only_png(9_000, 12_000),
        grey("TIFF")[:-400],
        saved(palette, "PNG", transparency=b"\x00\x80"),
        saved(
            Image.fromarray(GREY.astype(np.uint8)), "JPEG", exif=b"Exif\0\0II*\0\xff\xff\xff\xff"
        ),
        saved(Image.fromarray(GREY.astype(np.uint8)), "TIFF", compression="tiff_lzw")[:300],
    ]
    for i, data in enumerate(files):
        (tmp_path / f"{i}.jpg").write_bytes(data)
    code = (
        "import sys; from pathlib import Path; from mirs_core.datasets.images import read_image\n"
        "from mirs_core.errors import ImageError\n"
        "for path in Path(sys.argv[1]).iterdir():\n"
        "    try: read_image(path)\n"
        "    except ImageError: pass\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)],
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[3],
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_thumbnails_shrink_and_keep_the_shape() -> None:
    small = Image.open(io.BytesIO(thumbnail(np.zeros((300, 200, 3), np.uint8), 96)))
    assert small.size == (64, 96)
    assert Image.open(io.BytesIO(thumbnail(GREY.astype(np.uint8), 96))).size == (48, 32)


def test_real_tiles_are_read(real_data: Path) -> None:
    paths = sorted((real_data / "ctx").rglob("*.jpg"))[:40]
    assert all(read_image(path).shape[:2] in ((224, 224), (200, 200)) for path in paths)
