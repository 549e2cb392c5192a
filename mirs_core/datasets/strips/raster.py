"""A raster of Mars, read by windows: coordinates of its pixels, missing ones, grey levels.

At most ``MOST_VALUES`` values, or one tile, are read at once, whatever the size of the raster.
"""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mirs_core.datasets.bands import Bands, Stretch, Survey
from mirs_core.datasets.data_files import files_of
from mirs_core.datasets.images import Pixels
from mirs_core.datasets.large_images import Square
from mirs_core.datasets.rasters import check_blocks, marks_of, opened
from mirs_core.datasets.strips.unprojected import check_projected
from mirs_core.errors import DataError, ImageError
from mirs_core.mars.crs import MarsCrs

_CACHE_BYTES = 256_000_000
_MOST_PIXELS = 200_000_000_000
_SHAPE_TOLERANCE = 0.01
_PIECES, _PIECE_BYTES = 64, 256_000
Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class StripRaster:
    """An open raster with coordinates on Mars; made by :func:`open_strip`.

    Attributes:
        name: used in messages.
        width: pixels.
        height: pixels.
        crs: its coordinate system.
        transform: (a, b, c, d, e, f), see ``strip_list.Strip``.
        nodata: which values count as missing, in words.
        fill: an undeclared value along the edge that counts as missing.
        white_edge: whether an 8-bit raster has 255 along its edge, which does not.
    """

    name: str
    width: int
    height: int
    crs: MarsCrs
    transform: tuple[float, ...]
    nodata: str
    fill: int | None
    white_edge: bool
    _bands: Bands

    @property
    def metres_per_pixel(self) -> float:
        """Pixel scale where the projection is true to scale; for degrees, at the equator."""
        return abs(self.transform[4]) * self.crs.metres_per_unit

    @property
    def bands(self) -> int:
        """1, or 3 in colour."""
        return self._bands.channels

    @property
    def edge_warnings(self) -> tuple[str, ...]:
        """What to tell of undeclared values along the edge; usually nothing."""
        if self.fill is not None:
            return (
                f"{self.name} declares no missing pixels, but has the value {self.fill} along its"
                " edge; pixels of this value are taken as missing. If they are not, declare another"
                " value, for example with: gdal_edit.py -a_nodata VALUE.",
            )
        if self.white_edge:
            return (
                f"{self.name} has the value 255 along its edge and does not declare it as missing,"
                " so it is kept as white. If it is fill, declare it, for example with:"
                " gdal_edit.py -a_nodata 255.",
            )
        return ()

    def survey(self) -> Survey:
        """The whole raster in at most 1024 x 1024 pixels, from its overviews if it has any.

        Raises:
            ImageError: it is damaged, or all pixels are missing.
        """
        survey = self._bands.survey(self.name)
        if not survey.valid.any():
            raise ImageError(f"{self.name} has no valid pixel: all are marked as missing.")
        return survey

    def read(
        self, column: int, row: int, width: int, height: int, stretch: Stretch
    ) -> tuple[Pixels, Mask]:
        """Grey levels (H, W) or (H, W, 3) of a window inside the raster, and which are valid.

        Missing pixels are black. One ``stretch`` for a whole strip keeps its tiles comparable.

        Raises:
            ImageError: the raster is damaged.
        """
        from rasterio.windows import Window

        return self._bands.grey(Window(column, row, width, height), stretch)

    def square(self, square: Square, stretch: Stretch) -> Pixels:
        """Grey levels of a square inside the raster."""
        return self.read(square.x, square.y, square.side, square.side, stretch)[0]

    def pixel_of(self, longitude: float, latitude: float) -> tuple[float, float]:
        """Column and row of a place; of several, the one nearest to the centre of the raster.

        Raises:
            DataError: the place is outside the map projection.
        """
        a, _, c, _, e, f = self.transform
        around = longitude + np.array([0.0, 1.0, -1.0])
        xs, ys = self.crs.from_degrees(around, np.full(3, latitude))
        x, y = float(xs[0]), float(ys[0])
        if not (np.isfinite(xs).all() and np.isfinite(y)):
            raise DataError(
                f"{self.name}: its map projection does not cover {longitude % 360:g} E,"
                f" {latitude:g} N."
            )
        # A cylindrical map may continue beyond the meridian at which it ends.
        turn = 360 * float(np.abs(xs[1:] - x).min())
        candidates = [x]
        for shifted in (x - turn, x + turn):
            east, north = self.crs.to_degrees(shifted, y)
            apart = abs((float(east) - longitude + 180) % 360 - 180)
            if apart < 1e-3 and abs(float(north) - latitude) < 1e-3:
                candidates.append(shifted)
        columns = [(x - c) / a for x in candidates]
        return min(columns, key=lambda column: abs(column - self.width / 2)), (y - f) / e


@contextmanager
def open_strip(path: Path) -> Iterator[StripRaster]:
    """Opens a map-projected raster of Mars of any size: TIFF, JPEG 2000, ISIS, PDS, VICAR, VRT.

    Raises:
        ImageError: it has another format, is damaged, refers to other files, or cannot be read by
            windows.
        DataError: it has no coordinate system of Mars, or its pixels are not upright squares.
    """
    with opened(path, path.name, _CACHE_BYTES) as raster:
        yield _checked(raster, path)


def content_of(path: Path) -> str:
    """Fingerprint of a raster: the size of each of its files, and evenly spaced pieces of it.

    Files up to 16 MB are covered completely. Beginning and end alone would not do: they are often
    margins without data, equal in a strip that was processed again.

    Raises:
        ImageError: the file cannot be read.
    """
    fingerprint = hashlib.sha256()
    try:
        for file in files_of(path):
            size = file.stat().st_size
            fingerprint.update(str(size).encode())
            last = max(0, size - _PIECE_BYTES)
            with file.open("rb") as handle:
                for piece in range(_PIECES):
                    handle.seek(last * piece // (_PIECES - 1))
                    fingerprint.update(handle.read(_PIECE_BYTES))
    except OSError as error:
        raise ImageError(f"{path.name} cannot be read ({error.strerror or error}).") from None
    return fingerprint.hexdigest()


def _checked(raster: Any, path: Path) -> StripRaster:
    name = path.name
    _check_storage(raster, name)
    check_projected(raster, path)
    crs = MarsCrs.of(raster.crs.to_wkt() if raster.crs else "", name)
    transform = tuple(float(term) for term in raster.transform[:6])
    _check_pixels(transform, name, crs.warp_target)
    bands = Bands.of(raster, name, marks_of(path))
    strip = StripRaster(
        name=name,
        width=int(raster.width),
        height=int(raster.height),
        crs=crs,
        transform=transform,
        nodata=", ".join(bands.missing.words),
        fill=bands.missing.fill,
        white_edge=bands.missing.white_edge,
        _bands=bands,
    )
    _check_place(strip)
    return strip


def _check_storage(raster: Any, name: str) -> None:
    if raster.width * raster.height > _MOST_PIXELS:
        raise ImageError(f"{name} is larger than any image of Mars; cut it into parts.")
    check_blocks(raster, name)


def _check_pixels(transform: tuple[float, ...], name: str, warp_target: str) -> None:
    a, b, _, d, e, _ = transform
    if not all(np.isfinite(term) for term in transform) or not (a > 0 > e) or b != 0 or d != 0:
        raise DataError(
            f"{name} is rotated or mirrored: its rows are not parallel to the axes of the map;"
            f" warp it first, for example with: gdalwarp -t_srs {warp_target}."
        )
    if abs(a + e) > _SHAPE_TOLERANCE * a:
        raise DataError(
            f"The pixels of {name} are {a:g} by {-e:g} units, not squares;"
            " resample it first, for example with: gdalwarp -tr SIZE SIZE."
        )


def _check_place(strip: StripRaster) -> None:
    a, _, c, _, e, f = strip.transform
    x, y = c + a * strip.width / 2, f + e * strip.height / 2
    if not all(np.isfinite(degrees) for degrees in strip.crs.to_degrees(x, y)):
        raise DataError(
            f"The middle of {strip.name} lies outside its map projection: its coordinates do not"
            " match its coordinate system. Use the product as it was published."
        )
