"""Images that may be larger than memory: a preview of the whole, and squares at full resolution.

Images that ``read_image`` can read are read whole. Larger TIFF and JPEG 2000 files are read by
windows through GDAL, with the drivers of these two formats alone: no URLs, no references to other
files.
"""

import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from mirs_core.datasets.bands import Bands, Values
from mirs_core.datasets.depth import limits
from mirs_core.datasets.images import MAX_BYTES, MAX_PIXELS, Pixels, read_image
from mirs_core.datasets.rasters import driver_of, has_premultiplied_alpha, opened
from mirs_core.errors import ImageError

PREVIEW, LEAST = 1200, 32
"""Longest side of a preview, shortest side of a cut, in pixels."""
MOST = 4096
"""Longest side of a cut."""


@dataclass(frozen=True, slots=True)
class Square:
    """A square of an image in its pixels: the upper left corner and the side."""

    x: int
    y: int
    side: int

    def inside(self, width: int, height: int) -> "Square":
        """The nearest square that lies inside an image and has an allowed side."""
        side = min(max(self.side, min(LEAST, width, height)), MOST, width, height)
        return Square(min(max(self.x, 0), width - side), min(max(self.y, 0), height - side), side)


@dataclass(frozen=True, slots=True)
class LargeImage:
    """An image to cut squares from; ``preview`` shows it whole, with sides of at most 1200 px."""

    name: str
    width: int
    height: int
    preview: Pixels
    _pixels: Pixels | None = None
    _path: Path | None = None

    @classmethod
    def open(cls, source: Path | bytes, name: str = "") -> "LargeImage":
        """Opens an image.

        Raises:
            ImageError: it is not a readable image, damaged, or missing.
        """
        if isinstance(source, Path) and _is_too_large(source):
            return _open_windowed(source, name or source.name)
        pixels = read_image(source, name)
        height, width = pixels.shape[:2]
        title = name or (source.name if isinstance(source, Path) else "image")
        return cls(title, width, height, _shrunk(pixels), pixels)

    def cut(self, square: Square) -> Pixels:
        """A square at full resolution, moved inside the image if necessary; (S, S) or (S, S, 3).

        Values of more than 8 bits are stretched as ``read_image`` does, each square separately.

        Raises:
            ImageError: the file is missing or damaged.
        """
        inside = square.inside(self.width, self.height)
        if self._pixels is not None:
            rows = slice(inside.y, inside.y + inside.side)
            return self._pixels[rows, inside.x : inside.x + inside.side].copy()
        assert self._path is not None
        with opened(self._path, self.name) as raster:
            from rasterio.windows import Window

            window = Window(inside.x, inside.y, inside.side, inside.side)
            bands = Bands.of(raster, self.name, has_premultiplied_alpha(self._path))
            return _pixels(bands.read(window), self.name)


def png(pixels: Pixels) -> bytes:
    """The pixels as PNG (lossless)."""
    out = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(pixels)).save(out, format="PNG")
    return out.getvalue()


def _shrunk(pixels: Pixels) -> Pixels:
    image = Image.fromarray(np.ascontiguousarray(pixels))
    image.thumbnail((PREVIEW, PREVIEW), Image.Resampling.LANCZOS, reducing_gap=2.0)
    return np.asarray(image)


def _is_too_large(path: Path) -> bool:
    """Whether a GeoTIFF or JPEG 2000 file is too large to be read whole."""
    driver = driver_of(path)
    if driver != "GTiff":
        return driver is not None
    try:
        if path.stat().st_size > MAX_BYTES:
            return True
        with opened(path, path.name) as raster:
            return bool(raster.width * raster.height > MAX_PIXELS)
    except (ImageError, OSError):
        return False


def _open_windowed(path: Path, name: str) -> LargeImage:
    with opened(path, name) as raster:
        width, height = int(raster.width), int(raster.height)
        share = min(1.0, PREVIEW / max(width, height))
        shape = max(1, round(height * share)), max(1, round(width * share))
        from rasterio.enums import Resampling

        bands = Bands.of(raster, name, has_premultiplied_alpha(path))
        small = bands.read(shape=shape, resampling=Resampling.average)
        return LargeImage(name, width, height, _pixels(small, name), _path=path)


def _pixels(read: Values, name: str) -> Pixels:
    if read.values.dtype == np.uint8:
        return read.grey(None)
    if not read.valid.any():
        raise ImageError(f"{name} has no valid pixel: all are marked as missing.")
    return read.grey(limits(read.values[:, read.valid]))
