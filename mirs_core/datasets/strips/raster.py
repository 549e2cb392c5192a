"""A raster of Mars, read by windows: coordinates of its pixels, missing ones, grey levels.

At most ``MOST_VALUES`` values, or one tile, are read at once, whatever the size of the raster.
"""

import hashlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mirs_core.datasets.bands import Bands, Stretch, Survey
from mirs_core.datasets.data_files import files_of
from mirs_core.datasets.images import Pixels
from mirs_core.datasets.large_images import Square
from mirs_core.datasets.rasters import marks_of, opened
from mirs_core.datasets.strips import warping
from mirs_core.datasets.strips.frame import Frame, Warp
from mirs_core.datasets.strips.opening import Placing, placing
from mirs_core.errors import DataError, ImageError
from mirs_core.mars.crs import MarsCrs

_CACHE_BYTES = 256_000_000
_WARPED_SURVEY = 256
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
        fills: undeclared values along the edge that count as missing.
        white_edge: whether an 8-bit raster has 255 along its edge, which does not.
        warp: how its pixels differ from those of the file; None if they are the same.
        notes: what was corrected, converted, assumed or warped, in sentences.
    """

    name: str
    width: int
    height: int
    crs: MarsCrs
    transform: tuple[float, ...]
    nodata: str
    fills: tuple[float, ...]
    white_edge: bool
    _bands: Bands
    warp: Warp | None = None
    notes: tuple[str, ...] = ()
    _file: tuple[Frame, Bands] | None = field(default=None, repr=False)

    @property
    def frame(self) -> Frame:
        """Where its pixels are."""
        return Frame(self.crs, self.transform, self.width, self.height)

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
        if self.fills:
            values = " and ".join(f"{value:.10g}" for value in self.fills)
            noun, these = ("value", "this value") if len(self.fills) == 1 else ("values", "these")
            return (
                f"{self.name} has the {noun} {values} along its edge, not declared as missing;"
                f" pixels of {these} are taken as missing. If they are not, declare another value,"
                " for example with: gdal_edit.py -a_nodata VALUE.",
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
        bands = self._bands if self._file is None else self._file[1]
        survey = bands.survey(self.name)
        if not survey.valid.any():
            raise ImageError(f"{self.name} has no valid pixel: all are marked as missing.")
        return survey if self._file is None else replace(survey, valid=self._warped(survey.valid))

    def _warped(self, valid: Mask) -> Mask:
        """Which cells of a preview are valid, from those of the file."""
        source = self._file[0] if self._file else self.frame
        share = min(1.0, _WARPED_SURVEY / max(self.width, self.height))
        height, width = max(1, round(self.height * share)), max(1, round(self.width * share))
        columns, rows = np.meshgrid(
            (np.arange(width) + 0.5) * self.width / width,
            (np.arange(height) + 0.5) * self.height / height,
        )
        columns, rows = source.pixels(*self.frame.degrees(columns, rows))
        x, y = columns * valid.shape[1] / source.width, rows * valid.shape[0] / source.height
        inside = (x >= 0) & (x < valid.shape[1]) & (y >= 0) & (y < valid.shape[0])
        x, y = (np.where(inside, axis, 0).astype(int) for axis in (x, y))
        mask: Mask = inside & valid[y, x]
        # A sliver can lie between all cells.
        return mask if mask.any() else inside | True

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

    @property
    def has_overviews(self) -> bool:
        """Whether reduced windows are read from smaller copies of the raster."""
        return self._bands.has_overviews

    def reduced(
        self,
        corner: tuple[int, int],
        size: tuple[int, int],
        shape: tuple[int, int],
        stretch: Stretch,
    ) -> tuple[Pixels, Mask]:
        """Grey levels of a window in fewer pixels, and which are valid; see :meth:`read`.

        Args:
            corner: column and row of its upper left pixel.
            size: its width and height.
            shape: rows and columns of what is returned.

        Raises:
            ImageError: the raster is damaged.
        """
        from rasterio.windows import Window

        values = self._bands.read(Window(*corner, *size), shape)
        return values.grey(stretch), values.valid

    def preview(self, column: int, row: int, side: int, most: int, stretch: Stretch) -> Pixels:
        """A square inside the raster from an overview of at least ``most`` pixels a side, if any.

        Raises:
            ImageError: the raster is damaged.
        """
        factors = [f for f in self._bands.overviews if side >= most * f]
        if self.warp or not factors:
            return self.read(column, row, side, side, stretch)[0]
        count = -(-side // factors[-1])
        return self.reduced((column, row), (side, side), (count, count), stretch)[0]

    def square(self, square: Square, stretch: Stretch) -> Pixels:
        """Grey levels of a square inside the raster."""
        return self.read(square.x, square.y, square.side, square.side, stretch)[0]

    def pixel_of(self, longitude: float, latitude: float) -> tuple[float, float]:
        """Column and row of a place; of several, the one nearest to the centre of the raster.

        Raises:
            DataError: the place is outside the map projection.
        """
        column, row = self.frame.pixels(longitude, latitude)
        if not (np.isfinite(column) and np.isfinite(row)):
            raise DataError(
                f"{self.name}: its map projection does not cover {longitude % 360:g} E,"
                f" {abs(latitude):g} {'S' if latitude < 0 else 'N'}."
            )
        return float(column), float(row)


@contextmanager
def open_strip(
    path: Path, latitude: str | None = None, frame: Frame | None = None
) -> Iterator[StripRaster]:
    """Opens a map-projected raster of Mars of any size: TIFF, JPEG 2000, ISIS, PDS, VICAR, VRT.

    Rasters that are not upright maps of square pixels are warped to one while they are read; their
    ``warp`` and ``notes`` say so. What is read, ``raster.read(column, row, width, height,
    stretch)``, are pixels of that map.

    Args:
        latitude: "planetographic" or "planetocentric", what latitudes on an ellipsoid are; None for
            what the label of the raster tells.
        frame: of an earlier reading of the same file, to which it is warped again, so that its
            pixels stay the same.

    Raises:
        ImageError: it has another format, is damaged, refers to other files, or cannot be read by
            windows.
        DataError: it has no coordinate system of Mars, or cannot be warped.
    """
    with opened(path, path.name, _CACHE_BYTES) as raster, ExitStack() as stack:
        place = placing(raster, path, latitude)
        bands = Bands.of(raster, path.name, marks_of(path))
        strip = StripRaster(
            name=path.name,
            width=place.frame.width,
            height=place.frame.height,
            crs=place.frame.crs,
            transform=place.frame.transform,
            nodata=", ".join(bands.missing.words),
            fills=bands.missing.fills,
            white_edge=bands.missing.white_edge,
            _bands=bands,
            notes=place.notes,
        )
        if place.peculiarities:
            target = frame or warping.target_of(place.frame, path.name)
            view = stack.enter_context(warping.warped(raster, bands, place.frame, target))
            strip = _warped_strip(strip, place, target, view)
        yield strip


def _warped_strip(strip: StripRaster, place: Placing, target: Frame, bands: Bands) -> StripRaster:
    how = warping.resampling(strip._bands)
    metres = f"{target.transform[0] * target.crs.metres_per_unit:g} m/px"
    reason = " and ".join(place.peculiarities)
    return replace(
        strip,
        width=target.width,
        height=target.height,
        crs=target.crs,
        transform=target.transform,
        _bands=bands,
        warp=Warp(
            reason=reason,
            resampling=how,
            crs=place.frame.crs.wkt,
            transform=place.frame.transform,
            width=place.frame.width,
            height=place.frame.height,
        ),
        notes=(
            *place.notes,
            f"{strip.name} is {reason}; it was warped to {target.crs.name} at {metres}"
            f" ({target.width:,} x {target.height:,} pixels, {how} resampling).",
        ),
        _file=(place.frame, strip._bands),
    )


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
