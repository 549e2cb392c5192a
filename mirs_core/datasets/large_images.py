"""Images that may be larger than memory: a preview of the whole, and squares at full resolution.

JPEG, PNG and small TIFF files are read whole. Larger TIFF files, JPEG 2000 and planetary products
are read by windows through GDAL, from plain files in one folder alone (see ``rasters.opened``).
"""

import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from mirs_core.datasets.bands import Bands
from mirs_core.datasets.images import MAX_BYTES, MAX_PIXELS, Pixels, read_image
from mirs_core.datasets.raster_formats import driver_of
from mirs_core.datasets.rasters import check_blocks, marks_of, opened
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
            bands = Bands.of(raster, self.name, marks_of(self._path))
            return bands.grey(window, bands.survey(self.name, window).stretch)[0]


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

        check_blocks(raster, name)
        bands = Bands.of(raster, name, marks_of(path))
        small = bands.read(shape=shape, resampling=Resampling.average)
        preview = small.grey(bands.survey(name).stretch)
        return LargeImage(name, width, height, preview, _path=path)
