"""Sound images and rasters of every format that people bring, made from tiles."""

import io
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from benchmarks.mutations.seed import IMAGE, Seed
from mirs_core.datasets.bundles import pack

Pixels = NDArray[Any]

SIDE = 160
"""Side of the images in pixels: small, so that thousands of files are read in minutes."""

_CRS = {
    "equirectangular": "IAU_2015:49910",
    "south": "IAU_2015:49935",
    "degrees": "IAU_2015:49900",
    "west": "IAU_2015:49911",
    "ellipsoid": "+proj=eqc +lat_ts=30 +a=3396190 +b=3376200 +units=m +no_defs",
    "sinusoidal": "+proj=sinu +lon_0=0 +R=3396190 +units=m +no_defs",
}
# Rasters that are warped while they are read: what is peculiar, the system, a, b, d, e in pixels.
_PECULIAR = (
    ("rotated.tif", "equirectangular", (0.8, 0.6, 0.6, -0.8)),
    ("sheared.tif", "equirectangular", (1.0, 0.3, 0.0, -1.0)),
    ("mirrored.tif", "south", (-1.0, 0.0, 0.0, -1.0)),
    ("oblong.tif", "sinusoidal", (1.0, 0.0, 0.0, -3.0)),
    ("west.tif", "west", (1.0, 0.0, 0.0, -1.0)),
    ("ellipsoid.tif", "ellipsoid", (0.8, 0.6, 0.6, -0.8)),
)
_PDS3 = """PDS_VERSION_ID = PDS3
RECORD_TYPE = FIXED_LENGTH
RECORD_BYTES = {side}
FILE_RECORDS = {records}
LABEL_RECORDS = {first}
^IMAGE = {image}
TARGET_NAME = MARS
INSTRUMENT_NAME = "CONTEXT CAMERA"
OBJECT = IMAGE
  LINES = {side}
  LINE_SAMPLES = {side}
  BANDS = 1
  BAND_STORAGE_TYPE = BAND_SEQUENTIAL
  SAMPLE_TYPE = UNSIGNED_INTEGER
  SAMPLE_BITS = 8
END_OBJECT = IMAGE
OBJECT = IMAGE_MAP_PROJECTION
  MAP_PROJECTION_TYPE = "SIMPLE CYLINDRICAL"
  A_AXIS_RADIUS = 3396.19 <KM>
  B_AXIS_RADIUS = 3396.19 <KM>
  C_AXIS_RADIUS = 3396.19 <KM>
  COORDINATE_SYSTEM_NAME = PLANETOCENTRIC
  POSITIVE_LONGITUDE_DIRECTION = EAST
  CENTER_LATITUDE = 0.0 <DEG>
  CENTER_LONGITUDE = 0.0 <DEG>
  LINE_FIRST_PIXEL = 1
  LINE_LAST_PIXEL = {side}
  SAMPLE_FIRST_PIXEL = 1
  SAMPLE_LAST_PIXEL = {side}
  MAP_RESOLUTION = 9878.0 <PIXEL/DEGREE>
  MAP_SCALE = 0.006 <KM/PIXEL>
  LINE_PROJECTION_OFFSET = 80.5
  SAMPLE_PROJECTION_OFFSET = 80.5
END_OBJECT = IMAGE_MAP_PROJECTION
END
"""


def image_seeds(folder: Path, tiles: Sequence[Pixels]) -> Iterator[Seed]:
    """Seeds of every format, in folders of their own below ``folder``.

    Args:
        tiles: (SIDE, SIDE) uint8 each.
    """
    for format, name, data in _pictures(tiles):
        yield seed_of(folder, format, name, data)
    for number, (name, profile, values) in enumerate(_tiffs(tiles)):
        path = _place(folder, "tiff", name)
        write_raster(path, values, **profile)
        yield Seed("tiff", IMAGE, path.parent, path.name, path.name, "tiff")
        if number == 0:
            source = path
    for name, crs, turn in _PECULIAR:
        path = _place(folder, "warped", name)
        write_raster(path, tiles[0][None], crs, turn=turn)
        yield Seed("warped", IMAGE, path.parent, path.name, path.name, "tiff")
    yield from _planetary(folder, source, tiles[0])


def seed_of(folder: Path, format: str, name: str, data: bytes, edits: str = "") -> Seed:
    """The seed of an image file with these bytes; its structure is that of its format."""
    path = _place(folder, format, name)
    path.write_bytes(data)
    return Seed(format, IMAGE, path.parent, path.name, path.name, edits or format)


def write_raster(path: Path, values: Pixels, crs: str = "equirectangular", **profile: Any) -> None:
    """A GeoTIFF of values (bands, H, W) with 6 m per pixel on Mars; no ``crs`` for none.

    Args:
        profile: options of rasterio; ``palette`` and ``turn`` (a, b, d, e of a pixel).
    """
    import rasterio
    from rasterio import Affine

    scale = 1e-4 if crs == "degrees" else 6.0
    a, b, d, e = (scale * term for term in profile.pop("turn", (1.0, 0.0, 0.0, -1.0)))
    where: dict[str, Any] = {"transform": Affine(a, b, 100 * scale, d, e, 300 * scale)}
    palette = profile.pop("palette", None)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that it has no coordinates
        raster = rasterio.open(
            path, "w", driver="GTiff", width=values.shape[2], height=values.shape[1],
            count=len(values), dtype=values.dtype, **({"crs": _CRS[crs], **where} if crs else {}),
            **profile,
        )  # fmt: skip
    with raster:
        raster.write(values)
        if palette:
            raster.write_colormap(1, palette)


def _place(folder: Path, format: str, name: str) -> Path:
    path = folder / format / Path(name).stem / name
    path.parent.mkdir(parents=True)
    return path


def _pictures(tiles: Sequence[Pixels]) -> Iterator[tuple[str, str, bytes]]:
    grey, colour = Image.fromarray(tiles[0]), _colour(tiles)
    deep = Image.fromarray(tiles[0].astype(np.uint16) * 257)
    turned = Image.Exif()
    turned[274] = 6
    palette = colour.quantize(64)
    for format, name, image, options in (
        ("jpeg", "grey.jpg", grey, {"quality": 90}),
        ("jpeg", "colour.jpg", colour, {"quality": 80}),
        ("jpeg", "progressive.jpg", grey, {"progressive": True, "exif": turned}),
        ("png", "grey.png", grey, {}),
        ("png", "colour.png", colour, {}),
        ("png", "palette.png", palette, {}),
        ("png", "deep.png", deep, {}),
        ("png", "alpha.png", colour.convert("RGBA"), {}),
        ("webp", "lossy.webp", colour, {"quality": 80}),
        ("webp", "lossless.webp", grey, {"lossless": True}),
        ("bmp", "grey.bmp", grey, {}),
        ("bmp", "colour.bmp", colour, {}),
        ("gif", "grey.gif", grey, {}),
    ):
        out = io.BytesIO()
        image.save(out, format=format.upper(), **options)
        yield format, name, out.getvalue()


def _colour(tiles: Sequence[Pixels]) -> Image.Image:
    return Image.fromarray(np.stack([tiles[number % len(tiles)] for number in range(3)], axis=-1))


def _tiffs(tiles: Sequence[Pixels]) -> Iterator[tuple[str, dict[str, Any], Pixels]]:
    grey = tiles[0][None]
    colour = np.stack([tiles[number % len(tiles)] for number in range(3)])
    blocks = {"tiled": True, "blockxsize": 64, "blockysize": 64}
    yield "strips.tif", {}, grey
    yield "tiled_deflate.tif", {"compress": "deflate", "predictor": 2, **blocks}, grey
    yield "lzw.tif", {"compress": "lzw", "nodata": 0, "crs": "south"}, grey
    yield "jpeg.tif", {"compress": "jpeg", **blocks}, grey
    yield "jpeg_colour.tif", {"compress": "jpeg", "photometric": "ycbcr", **blocks}, colour
    yield "deep.tif", {"nodata": 0, "crs": "sinusoidal"}, grey.astype(np.uint16) * 250
    yield "signed.tif", {"nodata": -32768, "compress": "packbits"}, grey.astype(np.int16) * 100
    yield "float.tif", {"predictor": 3, "compress": "deflate"}, grey.astype(np.float32) / 255
    yield "double.tif", {"crs": "degrees"}, grey.astype(np.float64)
    yield "planes.tif", {"interleave": "band"}, colour
    yield "big.tif", {"BIGTIFF": "YES", **blocks}, grey
    yield "big_endian.tif", {"ENDIANNESS": "BIG", "compress": "lzw"}, grey.astype(np.uint16)
    yield "white.tif", {"photometric": "miniswhite", "crs": ""}, grey
    palette = {code: (code, 255 - code, code // 2, 255) for code in range(256)}
    yield "palette.tif", {"palette": palette}, grey
    yield "bits.tif", {"nbits": 1, "crs": ""}, (grey > 128).astype(np.uint8)
    yield "zstd.tif", {"compress": "zstd", **blocks}, grey


def _planetary(folder: Path, source: Path, tile: Pixels) -> Iterator[Seed]:
    import rasterio
    from rasterio.shutil import copy

    def copied(format: str, name: str, edits: str, edited: str = "", **options: Any) -> Seed:
        path = _place(folder, format, name)
        driver = {"jp2": "JP2OpenJPEG", "isis": "ISIS3", "cog": "COG"}.get(format, format.upper())
        with rasterio.Env(GDAL_PAM_ENABLED=False):
            copy(options.pop("source", source), path, driver=driver, **options)
        return Seed(format, IMAGE, path.parent, edited or path.name, path.name, edits)

    yield copied("cog", "cog.tif", "tiff", BLOCKSIZE=128, COMPRESS="DEFLATE")
    yield copied("jp2", "lossless.jp2", "jp2", QUALITY="100", REVERSIBLE="YES")
    yield copied("jp2", "tiles.jp2", "jp2", BLOCKXSIZE="64", BLOCKYSIZE="64")
    yield copied("isis", "cube.cub", "label")
    yield copied("isis", "bytes.cub", "bytes")
    yield copied("isis", "detached.lbl", "label", DATA_LOCATION="EXTERNAL")
    yield copied("pds4", "product.xml", "label")
    yield copied("vicar", "product.vic", "label")
    vrt = _place(folder, "vrt", "mosaic.vrt")
    beside = vrt.with_name("source.tif")
    beside.write_bytes(source.read_bytes())
    copy(beside, vrt, driver="VRT")
    yield Seed("vrt", IMAGE, vrt.parent, vrt.name, vrt.name, "label")
    yield Seed("vrt", IMAGE, vrt.parent, beside.name, vrt.name, "tiff")
    yield from _pds3(folder, tile)


def _pds3(folder: Path, tile: Pixels) -> Iterator[Seed]:
    first = -(-len(_PDS3) // SIDE) + 1
    about = {"side": SIDE, "records": first + SIDE, "first": first}
    attached = _place(folder, "pds3", "attached.img")
    label = _PDS3.format(**about, image=first + 1).ljust(first * SIDE).encode()
    attached.write_bytes(label + tile.tobytes())
    yield Seed("pds3", IMAGE, attached.parent, attached.name, attached.name, "label")
    detached = _place(folder, "pds3", "detached.lbl")
    detached.write_text(_PDS3.format(**about, image='"detached.img"'))
    detached.with_suffix(".img").write_bytes(tile.tobytes())
    yield Seed("pds3", IMAGE, detached.parent, detached.name, detached.name, "label")
    parts = [(path.name, path.read_bytes()) for path in sorted(detached.parent.iterdir())[::-1]]
    yield seed_of(folder, "bundle", "bundle.lbl", pack(parts), "label")
