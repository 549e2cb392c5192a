"""One file has the same pixels as an image and as a strip, whatever its kind and data type."""

import bz2
import gzip
import struct
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
import rasterio.shutil
from PIL import Image
from rasterio import Affine
from rasterio.enums import ColorInterp

from mirs_core.datasets import large_images
from mirs_core.datasets.images import read_image
from mirs_core.datasets.large_images import LargeImage, Square
from mirs_core.datasets.strips import CutSettings, cut_strip
from mirs_core.datasets.strips.raster import open_strip
from mirs_core.errors import DataError, ImageError

HEIGHT, WIDTH = 96, 112
RNG = np.random.default_rng(0)
# A smooth scene of 1 to 250 with some noise, so that no value is a special one.
SCENE = (
    np.add.outer(np.linspace(1, 120, HEIGHT), np.linspace(0, 110, WIDTH))
    + RNG.integers(0, 20, (HEIGHT, WIDTH))
).astype(np.uint8)  # fmt: skip
COLOUR = np.stack([SCENE, 251 - SCENE, np.roll(SCENE, 30, 1)])


def write(path: Path, bands: np.ndarray, **options: Any) -> Path:
    """A GeoTIFF of Mars; ``after`` is called with the raster before its pixels are written."""
    after = options.pop("after", lambda raster: None)
    count, height, width = bands.shape
    with rasterio.open(
        path, "w", driver="GTiff", width=width, height=height, count=count,
        dtype=options.pop("dtype", bands.dtype), crs="IAU_2015:49910",
        transform=Affine(6, 0, 0, 0, -6, 0), **options,
    ) as out:  # fmt: skip
        after(out)
        out.write(bands)
    return path


def as_strip(path: Path) -> np.ndarray:
    with open_strip(path) as raster:
        stretch = raster.survey().stretch
        return raster.read(0, 0, raster.width, raster.height, stretch)[0]


def both(path: Path) -> np.ndarray:
    """The pixels of a file, which all readers agree on."""
    pixels = read_image(path)
    assert np.array_equal(pixels, read_image(path.read_bytes()))
    assert np.array_equal(pixels, as_strip(path))
    return pixels


def stretched(values: np.ndarray) -> np.ndarray:
    """The slow twin of the stretch, by hand."""
    low, high = np.percentile(values, (0.5, 99.5))
    return np.rint(np.clip((values.astype(float) - low) / (high - low), 0, 1) * 255)


def last(bands: np.ndarray) -> np.ndarray:
    return bands[0] if len(bands) == 1 else np.moveaxis(bands, 0, -1)


LAYOUTS: list[dict[str, Any]] = [
    {},
    {"interleave": "band"},
    {"interleave": "pixel", "tiled": True, "blockxsize": 64, "blockysize": 32},
    {"compress": "lzw", "predictor": 2},
    {"compress": "deflate", "interleave": "band"},
    {"compress": "packbits"},
    {"BIGTIFF": "YES", "ENDIANNESS": "BIG"},
]


@pytest.mark.parametrize("options", LAYOUTS)
@pytest.mark.parametrize("bands", [SCENE[None], COLOUR])
def test_eight_bits_stay_as_they_are(
    bands: np.ndarray, options: dict[str, Any], tmp_path: Path
) -> None:
    assert np.array_equal(both(write(tmp_path / "a.tif", bands, **options)), last(bands))


@pytest.mark.parametrize("compression", [None, "tiff_lzw", "tiff_deflate", "packbits", "jpeg"])
@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "LA", "RGBA", "RGBX"])
def test_tiffs_of_pillow_are_read_as_pillow_does(
    mode: str, compression: str | None, tmp_path: Path
) -> None:
    if compression == "jpeg" and mode not in ("L", "RGB"):
        pytest.skip("no such TIFF")
    path = tmp_path / "a.tif"
    image = Image.fromarray(last(COLOUR))
    image = image.quantize(32) if mode == "P" else image.convert(mode)
    if mode in ("LA", "RGBA"):
        image.putalpha(Image.fromarray(SCENE))
    image.save(path, compression=compression)
    with Image.open(path) as again:
        expected = np.asarray(again.convert({"1": "L", "P": "RGB", "RGBX": "RGB"}.get(mode, mode)))
    if mode in ("LA", "RGBA"):
        opacity = expected[..., -1:].astype(int)
        expected = ((expected[..., :-1] * opacity + 127) // 255).squeeze()
    assert np.array_equal(read_image(path), expected)


@pytest.mark.parametrize(
    "kind", ["int8", "uint16", "int16", "uint32", "int32", "int64", "float32", "float64"]
)
@pytest.mark.parametrize("options", LAYOUTS[:3])
@pytest.mark.parametrize("bands", [SCENE[None], COLOUR])
def test_other_types_are_stretched(
    kind: str, bands: np.ndarray, options: dict[str, Any], tmp_path: Path
) -> None:
    values = bands.astype(int) - 128 if kind == "int8" else bands.astype(int) * 7 + 300
    values = values / 7 if kind.startswith("float") else values
    path = write(tmp_path / "a.tif", values.astype(kind), **options)
    error = np.abs(both(path).astype(int) - last(stretched(values)))
    assert error.max() <= (1 if kind.startswith("float") else 0)


def test_twelve_bits(tmp_path: Path) -> None:
    values = (SCENE[None] * 16.0 + 3).astype(np.uint16)
    pixels = both(write(tmp_path / "a.tif", values, nbits=12))
    assert np.array_equal(pixels, stretched(values)[0])


@pytest.mark.parametrize("bits", [1, 2, 4])
def test_fewer_bits_use_the_whole_range(bits: int, tmp_path: Path) -> None:
    values = SCENE[None] >> (8 - bits)
    pixels = both(write(tmp_path / "a.tif", values, nbits=bits))
    assert np.array_equal(pixels, values[0] * (255 // (2**bits - 1)))


@pytest.mark.parametrize(("kind", "white"), [("uint8", 255), ("uint16", 65535), ("int16", -1)])
def test_white_is_zero(kind: str, white: int, tmp_path: Path) -> None:
    values = (SCENE[None].astype(int) * (1 if kind == "uint8" else 100)).astype(kind)
    pixels = both(write(tmp_path / "a.tif", values, photometric="MINISWHITE"))
    true = white - values[0].astype(int)
    assert np.array_equal(pixels, true if kind == "uint8" else stretched(true))


def test_white_is_zero_in_one_bit_and_twelve(tmp_path: Path) -> None:
    bits = SCENE[None] >> 7
    pixels = both(write(tmp_path / "1.tif", bits, nbits=1, photometric="MINISWHITE"))
    assert np.array_equal(pixels, (1 - bits[0]) * 255)
    twelve = SCENE[None].astype(np.uint16) * 16
    pixels = both(write(tmp_path / "12.tif", twelve, nbits=12, photometric="MINISWHITE"))
    assert np.array_equal(pixels, stretched(4095 - twelve[0]))


def inverted_palette(raster: Any) -> None:
    raster.write_colormap(1, {code: (255 - code, code // 2, 9, 255) for code in range(256)})


def test_palettes_become_their_colours_in_every_reader(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path / "a.tif", SCENE[None], photometric="PALETTE", after=inverted_palette)
    expected = np.stack([255 - SCENE, SCENE // 2, np.full_like(SCENE, 9)], axis=-1)
    assert np.array_equal(both(path), expected)
    monkeypatch.setattr(large_images, "MAX_PIXELS", 1000)
    assert np.array_equal(LargeImage.open(path).cut(Square(8, 8, 64)), expected[8:72, 8:72])


def test_cmyk_becomes_rgb_and_deep_cmyk_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    ink = np.stack([SCENE, 255 - SCENE, SCENE // 2, SCENE // 8])
    pixels = both(write(path, ink, photometric="CMYK")).astype(float)
    true = (255.0 - ink[:3]) * (255.0 - ink[3]) / 255
    assert np.abs(pixels - last(true)).max() <= 1
    write(path, ink.astype(np.uint16), photometric="CMYK")
    for reader in (read_image, as_strip):
        with pytest.raises(ImageError, match="CMYK of more than 8 bits"):
            reader(path)


@pytest.mark.parametrize("deep", [False, True])
@pytest.mark.parametrize("bands", [SCENE[None], COLOUR])
def test_alpha_lies_over_black(deep: bool, bands: np.ndarray, tmp_path: Path) -> None:
    alpha = np.full_like(SCENE, 255)
    alpha[:20], alpha[20:40] = 0, 51
    values = np.concatenate([bands, alpha[None]])
    colour = [ColorInterp.red, ColorInterp.green, ColorInterp.blue][: len(bands)]
    colour = colour if len(bands) == 3 else [ColorInterp.gray]

    def name(raster: Any) -> None:
        raster.colorinterp = [*colour, ColorInterp.alpha]

    path = write(tmp_path / "a.tif", values.astype(np.uint16) * 257 if deep else values,
                 photometric="RGB" if len(bands) == 3 else "MINISBLACK", after=name)  # fmt: skip
    pixels = both(path)
    assert not pixels[:20].any()
    # Times 257, the values are those of an 8-bit image.
    assert np.array_equal(pixels[40:], last(bands)[40:])
    assert np.abs(pixels[20:40] - last(bands)[20:40] / 5).max() <= 1


def test_colours_that_are_multiplied_by_their_opacity_are_not_darkened_again(
    tmp_path: Path,
) -> None:
    values = np.concatenate([COLOUR // 2, np.full_like(SCENE, 128)[None]])
    path = write(tmp_path / "a.tif", values, photometric="RGB", alpha="PREMULTIPLIED")
    assert np.array_equal(both(path), last(values[:3]))


@pytest.mark.parametrize(
    ("kind", "nodata"),
    [("uint8", 0), ("uint8", 255), ("int16", -9999), ("uint16", 7), ("float32", -1e32),
     ("float64", np.nan)],
)  # fmt: skip
def test_declared_values_are_missing(kind: str, nodata: float, tmp_path: Path) -> None:
    values = (SCENE[None] * (1 if kind == "uint8" else 7.0)).astype(kind)
    values += np.asarray(20 if kind == "uint16" else 0, kind)
    values[0, :30] = nodata
    pixels = both(write(tmp_path / "a.tif", values, nodata=nodata))
    assert not pixels[:30].any()
    levels = values[0, 30:] if kind == "uint8" else stretched(values[0, 30:].astype(int))
    assert np.array_equal(pixels[30:], levels)


def test_masks_are_missing_pixels(tmp_path: Path) -> None:
    mask = np.full_like(SCENE, 255)
    mask[:30] = 0
    with rasterio.Env(GDAL_TIFF_INTERNAL_MASK=True):
        path = write(tmp_path / "a.tif", SCENE[None])
        with rasterio.open(path, "r+") as raster:
            raster.write_mask(mask)
    assert np.array_equal(both(path), np.where(mask > 0, SCENE, 0))


@pytest.mark.parametrize("fill", [0, -9999, -32768])
@pytest.mark.parametrize("kind", ["int16", "int32", "float32", "float64"])
@pytest.mark.parametrize("place", ["corner", "left", "frame"])
def test_undeclared_fill_along_the_edge_is_missing(
    place: str, kind: str, fill: int, tmp_path: Path
) -> None:
    is_fill = np.zeros(SCENE.shape, bool)
    if place == "corner":
        is_fill[:] = np.add.outer(np.arange(HEIGHT), np.arange(WIDTH)) < 40
    elif place == "left":
        is_fill[20:80, :40] = True
    else:
        is_fill[:20], is_fill[-20:], is_fill[:, :20], is_fill[:, -20:] = True, True, True, True
    values = np.where(is_fill, fill, SCENE * 3.0 + 50).astype(kind)
    path = write(tmp_path / "a.tif", values[None])
    pixels = both(path)
    assert not pixels[is_fill].any()
    assert np.array_equal(pixels[~is_fill], stretched(values[~is_fill].astype(int)))
    made = cut_strip(path, tmp_path / "out", CutSettings(size=16))
    assert any(f"value {fill}" in line for line in made.strip.nodata.split(", "))
    assert made.strip.without_data > 0
    is_special = kind == "int16" and fill == -32768
    assert any(f"value {fill} along" in line for line in made.warnings) != is_special


def test_values_inside_and_single_ones_at_the_edge_are_no_fill(tmp_path: Path) -> None:
    values = SCENE[None].astype(np.float32) - 100
    values[0, 40:60, 40:60] = 0
    values[0, 0, :5] = -9999
    with open_strip(write(tmp_path / "a.tif", values)) as raster:
        assert raster.fills == ()
        assert raster.survey().valid.all()


def test_eight_bit_white_along_the_edge_is_kept_and_warned_of(tmp_path: Path) -> None:
    values = SCENE[None].copy()
    values[0, :20] = 255
    path = write(tmp_path / "a.tif", values)
    assert np.array_equal(both(path), values[0])
    made = cut_strip(path, tmp_path / "out", CutSettings(size=32))
    assert any("255 along its edge" in line for line in made.warnings)


@pytest.mark.parametrize("order", [("blue", "green", "red"), ("green", "red", "blue")])
@pytest.mark.parametrize("count", [3, 4])
def test_bands_are_red_green_and_blue_as_the_file_names_them(
    count: int, order: tuple[str, ...], tmp_path: Path
) -> None:
    names = [ColorInterp[name] for name in (*order, "undefined")[:count]]
    stored = np.stack([COLOUR[("red", "green", "blue").index(name)] for name in order])
    bands = np.concatenate([stored, SCENE[None]])[:count]

    def name_bands(raster: Any) -> None:
        raster.colorinterp = names

    path = write(tmp_path / "a.tif", bands, photometric="MINISBLACK", after=name_bands)
    assert np.array_equal(both(path), last(COLOUR))


@pytest.mark.parametrize("count", [5, 7])
def test_more_bands_are_refused_by_both(count: int, tmp_path: Path) -> None:
    path = write(tmp_path / "a.tif", np.repeat(SCENE[None], count, axis=0))
    for reader in (read_image, as_strip):
        with pytest.raises(ImageError, match=rf"a\.tif has {count} bands.*gdal_translate -b 1"):
            reader(path)


@pytest.mark.parametrize("kind", ["complex64", "complex128", "complex_int16"])
def test_complex_numbers_are_refused_by_both(kind: str, tmp_path: Path) -> None:
    values = SCENE[None].astype("int16" if kind == "complex_int16" else kind)
    path = write(tmp_path / "a.tif", values, dtype=kind)
    for reader in (read_image, as_strip):
        with pytest.raises(ImageError, match="no band of real numbers"):
            reader(path)


def test_jpeg_2000(tmp_path: Path) -> None:
    whole = write(tmp_path / "a.tif", COLOUR)
    path = tmp_path / "a.jp2"
    rasterio.shutil.copy(whole, path, driver="JP2OpenJPEG", QUALITY=100, REVERSIBLE="YES")
    assert np.array_equal(both(path), last(COLOUR))


@pytest.mark.parametrize("height", [3, 7, 16, 33])
def test_a_jpeg_2000_file_with_damaged_blocks_is_refused_by_both(
    height: int, tmp_path: Path
) -> None:
    whole, path = write(tmp_path / "whole.tif", SCENE[None]), tmp_path / "a.jp2"
    rasterio.shutil.copy(whole, path, driver="JP2OpenJPEG", QUALITY=100, REVERSIBLE="YES")
    data = bytearray(path.read_bytes())
    # The height of a block, in the marker segment of sizes: most blocks are not there then.
    place = data.index(b"\xff\x51") + 26
    assert data[place : place + 4] == HEIGHT.to_bytes(4, "big")
    data[place : place + 4] = height.to_bytes(4, "big")
    path.write_bytes(data)
    for reader in (read_image, as_strip):
        with pytest.raises(ImageError, match=r"a\.jp2 is damaged"):
            reader(path)


@pytest.mark.parametrize("kind", ["uint8", "int16", "uint16", "float32"])
def test_isis_cubes(kind: str, tmp_path: Path) -> None:
    values = SCENE[None].astype(kind) + (0 if kind == "uint8" else 40)
    null = {"uint8": 0, "int16": -32768, "uint16": 0, "float32": -3.4028226550889045e38}[kind]
    values[0, :30] = null
    whole, path = write(tmp_path / "a.tif", values, nodata=null), tmp_path / "a.cub"
    rasterio.shutil.copy(whole, path, driver="ISIS3")
    pixels = both(path)
    assert not pixels[:30].any()
    levels = values[0, 30:] if kind == "uint8" else stretched(values[0, 30:].astype(int))
    assert np.array_equal(pixels[30:], levels)
    assert cut_strip(path, tmp_path / "out", CutSettings(size=32)).strip.without_data > 0


def test_a_cube_without_a_map_projection_leads_to_cam2map(tmp_path: Path) -> None:
    path = tmp_path / "a.cub"
    Image.fromarray(SCENE).save(tmp_path / "a.tif")
    rasterio.shutil.copy(tmp_path / "a.tif", path, driver="ISIS3")
    assert np.array_equal(read_image(path), SCENE)
    with pytest.raises(DataError, match=r"without a map projection.*cam2map from=a\.cub"):
        as_strip(path)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_orientation_of_a_tiff_is_applied(orientation: int, tmp_path: Path) -> None:
    Image.fromarray(SCENE).save(tmp_path / "a.tif", tiffinfo={274: orientation})
    turned = {
        1: SCENE, 2: SCENE[:, ::-1], 3: SCENE[::-1, ::-1], 4: SCENE[::-1], 5: SCENE.T,
        6: np.rot90(SCENE, -1), 7: SCENE[::-1, ::-1].T, 8: np.rot90(SCENE),
    }  # fmt: skip
    assert np.array_equal(read_image(tmp_path / "a.tif"), turned[orientation])


def test_a_jpeg_needs_no_rasterio(tmp_path: Path) -> None:
    Image.fromarray(SCENE).save(tmp_path / "a.jpg")
    code = (
        "import sys; from pathlib import Path; from mirs_core.datasets.images import read_image\n"
        "read_image(Path(sys.argv[1])); print('rasterio' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "a.jpg")],
        capture_output=True, text=True, check=True, cwd=Path(__file__).parents[3],
    )  # fmt: skip
    assert done.stdout.strip() == "False"


def test_every_tag_in_place_of_every_other_is_read_or_refused(tmp_path: Path) -> None:
    # GDAL reports some damage to tags by errors of its own, while it is asked for other things.
    data = write(tmp_path / "a.tif", SCENE[None]).read_bytes()
    (start,) = struct.unpack_from("<I", data, 4)
    (count,) = struct.unpack_from("<H", data, start)
    places = [start + 2 + 12 * entry for entry in range(count)]
    outcomes = set()
    for place in places:
        for source in places:
            damaged = data[:place] + data[source : source + 2] + data[place + 2 :]
            (tmp_path / "b.tif").write_bytes(damaged)
            for read in (read_image, as_strip):
                try:
                    outcomes.add(read(tmp_path / "b.tif").ndim)
                except DataError as error:
                    outcomes.add(type(error))
    assert outcomes == {2, ImageError, DataError}


@pytest.mark.parametrize(
    "name, pack, program",
    [
        ("a.cub.gz", gzip.compress, "gunzip"),
        ("a.tif.bz2", bz2.compress, "bunzip2"),
        ("a.zip", lambda data: b"PK\x03\x04" + data, "unzip"),
    ],
)
def test_packed_files_are_refused_with_the_program_that_unpacks_them(
    name: str, pack: Callable[[bytes], bytes], program: str, tmp_path: Path
) -> None:
    data = pack(write(tmp_path / "a.tif", SCENE[None]).read_bytes())
    (tmp_path / name).write_bytes(data)
    for read in (read_image, as_strip, LargeImage.open):
        with pytest.raises(ImageError, match=f"unpack it first: {program} {name}$"):
            read(tmp_path / name)
    with pytest.raises(ImageError, match=f"unpack it first: {program} x$"):
        read_image(data, "x")
