"""Reading untrusted image files: the correct pixels, or a one-line error."""

import io
import stat
import warnings
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray
from PIL import (
    BmpImagePlugin,
    GifImagePlugin,
    Image,
    ImageFile,
    ImageOps,
    JpegImagePlugin,
    PngImagePlugin,
    WebPImagePlugin,
)

from mirs_core.datasets.bands import Bands
from mirs_core.datasets.bundles import pack
from mirs_core.datasets.data_files import files_of
from mirs_core.datasets.depth import deep_colour, is_deep_colour, stretch
from mirs_core.datasets.missing import fills_along_edge
from mirs_core.datasets.raster_formats import REFERRING, driver_of, unpacker_of
from mirs_core.datasets.rasters import check_blocks, marks_of, opened, tiff_orientation
from mirs_core.errors import ImageError

MAX_PIXELS = 50_000_000
"""Images with more pixels are refused before they are decoded."""

MIN_SIDE = 16
"""Images with a shorter side cannot show a landform and are refused."""

MAX_BYTES = 256_000_000
"""Larger files are refused before they are opened."""

SUFFIXES = frozenset(
    {".jpg", ".jpeg", ".png", ".tif", ".tiff", ".webp", ".bmp", ".gif", ".jp2", ".j2k", ".cub"}
    | {".img", ".vic"}
)
"""File name extensions (lower case) of images."""

LABELS = frozenset({".lbl", ".xml"})
"""Those of planetary labels, which other files have too."""

Pixels = NDArray[np.uint8]
"""(H, W), or (H, W, 3) in colour."""

_KINDS = "JPEG, PNG, TIFF, JPEG 2000, WebP, BMP, GIF, ISIS, PDS, VICAR or VRT"
_WIDE_MODES = frozenset({"I", "F", "I;16", "I;16B", "I;16L", "I;16N"})

# Pillow warns about tags of files that it reads correctly. The filter is process-wide because
# ``catch_warnings`` is not thread-safe.
warnings.filterwarnings("ignore", module=r"PIL(\.|$)")


def read_image(source: Path | bytes, name: str = "") -> Pixels:
    """The pixels of an image file.

    JPEG, PNG, WebP, BMP and GIF (first frame) are read by Pillow, all others (TIFF, its first page,
    JPEG 2000, planetary products, VRT) by GDAL, exactly as strips are (see ``datasets.bands``).
    Transparency becomes black, EXIF orientation is applied, CMYK and palettes become RGB. All but
    unsigned 8-bit images are stretched to 0..255 from the 0.5 to the 99.5 percentile of their valid
    pixels, unless they hold an 8-bit image (see ``depth.limits``); pixels that are not finite,
    no-data values (declared, or usual ones along the edge) and ISIS special pixels are not valid
    and become black; an image whose valid pixels are all equal becomes mid grey (128).

    Args:
        source: a file, or what ``read_bytes`` returns for one.
        name: of the image, for messages; the name of the file if empty.

    Returns:
        (H, W) uint8 for grey images, (H, W, 3) for colour, H and W at least ``MIN_SIDE``.

    Raises:
        ImageError: it is not a file, empty, not an image, damaged, too small or too large.
    """
    if isinstance(source, bytes):
        return _read(source, name or "The image")
    name = name or source.name
    return _read(read_bytes(source, name), name)


def read_bytes(path: Path, name: str = "") -> bytes:
    """The bytes of a regular file of at most ``MAX_BYTES``; of a label, with its data files.

    Type and size are checked before reading: a pipe would block forever, a huge file fill the
    memory.

    Raises:
        ImageError: it is a folder, a pipe, missing, too large or unreadable, or its data files are.
    """
    name = name or path.name
    data = _bytes_of(path, name)
    if driver_of(data) not in REFERRING:
        return data
    files = files_of(path)
    if len(files) == 1:
        return data
    _check_bytes(sum(file.stat().st_size for file in files), name)
    return pack([(path.name, data), *((file.name, _bytes_of(file, name)) for file in files[1:])])


def _bytes_of(path: Path, name: str) -> bytes:
    try:
        status = path.stat()
        if stat.S_ISDIR(status.st_mode):
            raise ImageError(f"{name} is a folder, not an image. Choose a file inside it.")
        if not stat.S_ISREG(status.st_mode):
            raise ImageError(f"{name} is not a regular file. Choose an image file.")
        _check_bytes(status.st_size, name)
        return path.read_bytes()
    except FileNotFoundError:
        raise ImageError(f"{name} does not exist. Check the path.") from None
    except OSError as error:
        raise ImageError(f"{name} cannot be read ({error.strerror or error}).") from None


def thumbnail(image: Pixels, side: int) -> bytes:
    """A JPEG of ``image``, shrunk (never enlarged) so that neither side is longer than ``side``."""
    small = Image.fromarray(np.ascontiguousarray(image))
    small.thumbnail((side, side), Image.Resampling.LANCZOS)
    out = io.BytesIO()
    small.save(out, format="JPEG", quality=85)
    return out.getvalue()


def _read(data: bytes, name: str) -> Pixels:
    if not data:
        raise ImageError(f"{name} is empty. Copy or download it again.")
    _check_bytes(len(data), name)
    if driver_of(data) is not None:
        return _read_raster(data, name)
    handle = io.BytesIO(data)
    with _open(handle, name) as image:
        _check_size(image.size, name)
        return _decode(image, handle, name)


def _read_raster(data: bytes, name: str) -> Pixels:
    """All formats of GDAL, as strips are read."""
    with opened(data, name) as raster:
        _check_size((raster.width, raster.height), name)
        check_blocks(raster, name)
        bands = Bands.of(raster, name, marks_of(data))
        pixels = bands.grey(None, bands.survey(name).stretch)[0]
        # The rows of a georeferenced raster are where its coordinates say.
        return pixels if not raster.transform.is_identity else _turned(pixels, data)


def _turned(pixels: Pixels, data: bytes) -> Pixels:
    """Pixels of a TIFF file the right way up."""
    orientation = tiff_orientation(data)
    if orientation >= 5:
        pixels = pixels.swapaxes(0, 1)
    if orientation in (3, 4, 7, 8):
        pixels = pixels[::-1]
    if orientation in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    return np.ascontiguousarray(pixels)


def _check_bytes(size: int, name: str) -> None:
    if size > MAX_BYTES:
        raise ImageError(
            f"{name} has {size / 1e6:,.0f} MB; at most {MAX_BYTES / 1e6:,.0f} can be read."
            " Cut it into tiles first."
        )


def _open(handle: BinaryIO, name: str) -> ImageFile.ImageFile:
    """The image with its header read but nothing decoded.

    Plugins are called directly: ``Image.open`` has a global size limit, and its error does not say
    how large the image is.
    """
    handle.seek(0)
    head = handle.read(12)
    handle.seek(0)
    plugin = _plugin(head)
    if plugin is None:
        if unpacker := unpacker_of(head):
            raise ImageError(f"{name} is a packed file; unpack it first: {unpacker} {name}")
        raise ImageError(f"{name} is not an image that can be read here ({_KINDS}).")
    try:
        return plugin(handle)
    except Exception:  # any decoder error: the file is untrusted
        raise ImageError(f"{name} is damaged: its header cannot be read. Copy it again.") from None


def _plugin(head: bytes) -> type[ImageFile.ImageFile] | None:
    if head.startswith(b"\xff\xd8\xff"):
        return JpegImagePlugin.JpegImageFile
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return PngImagePlugin.PngImageFile
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return WebPImagePlugin.WebPImageFile
    if head.startswith((b"GIF87a", b"GIF89a")):
        return GifImagePlugin.GifImageFile
    return BmpImagePlugin.BmpImageFile if head.startswith(b"BM") else None


def _check_size(size: tuple[int, int], name: str) -> None:
    width, height = size
    if min(width, height) < MIN_SIDE:
        raise ImageError(
            f"{name} is {width} x {height} pixels, too small to show a landform;"
            f" a tile has at least {MIN_SIDE} x {MIN_SIDE}."
        )
    if width * height > MAX_PIXELS:
        raise ImageError(
            f"{name} is {width:,} x {height:,} pixels; at most {MAX_PIXELS // 1_000_000} million"
            " can be read at once. Cut it into tiles first."
        )


def _decode(image: ImageFile.ImageFile, handle: BinaryIO, name: str) -> Pixels:
    try:
        if is_deep_colour(image):
            return _flatten_deep(deep_colour(lambda: _open(handle, name)), name)
        image.load()
        upright = _upright(image)
        if upright.mode in _WIDE_MODES:
            values = np.asarray(upright)
            return stretch(values, name, fills_along_edge(values))
        return _eight_bit(upright)
    except ImageError:
        raise
    except MemoryError:
        raise ImageError(f"{name} does not fit into memory. Cut it into tiles first.") from None
    except Exception:  # any decoder error: the file is untrusted
        raise ImageError(f"{name} is damaged or ends too early. Copy it again.") from None


def _flatten_deep(values: NDArray[np.uint16], name: str) -> Pixels:
    """16-bit RGB or RGBA (H, W, C), stretched; alpha over black."""
    if values.shape[2] > 4:
        raise ImageError(f"{name} has {values.shape[2]} channels; save one or three of them.")
    colour = stretch(values[..., :3], name, fills_along_edge(values[..., :3]))
    if values.shape[2] == 3:
        return colour
    return _over_black(colour, (values[..., 3:] >> 8).astype(np.uint8))


def size_of(data: bytes, name: str) -> tuple[int, int]:
    """Width and height of an image in pixels, from its header alone, before any turning.

    Raises:
        ImageError: it is not an image, or its header is damaged.
    """
    if driver_of(data) is not None:
        with opened(data, name) as raster:
            return int(raster.width), int(raster.height)
    with _open(io.BytesIO(data), name) as image:
        return image.size


def is_animated(path: Path) -> bool:
    """Whether a GIF has further frames, which are not read; False if it cannot be read."""
    try:
        with path.open("rb") as handle, GifImagePlugin.GifImageFile(handle) as image:
            return bool(image.is_animated)
    except Exception:  # any decoder error: reading the file says why
        return False


def _upright(image: Image.Image) -> Image.Image:
    try:
        return ImageOps.exif_transpose(image)
    except Exception:  # damaged EXIF data does not affect the pixels
        return image


def _eight_bit(image: Image.Image) -> Pixels:
    if image.has_transparency_data:
        is_colour = image.mode not in ("1", "L", "LA", "La")
        layered = np.asarray(image.convert("RGBA"))
        flat = _over_black(layered[..., :3], layered[..., 3:])
        return flat if is_colour else flat[..., 0].copy()
    if image.mode in ("1", "L"):
        return np.array(image.convert("L"), dtype=np.uint8)
    return np.array(image.convert("RGB"), dtype=np.uint8)


def _over_black(colour: Pixels, alpha: Pixels) -> Pixels:
    """Colour (H, W, 3) under alpha (H, W, 1), over black."""
    return ((colour * alpha.astype(np.uint16) + 127) // 255).astype(np.uint8)
