"""The one reading of a raster's bands: grey or colour, and which of its pixels are missing.

Images and strips both read through :class:`Bands`, so that a file has the same pixels wherever it
is used.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mirs_core.datasets.depth import is_valid, levels, limits
from mirs_core.datasets.missing import Missing, missing_in
from mirs_core.datasets.rasters import Marks
from mirs_core.errors import ImageError

Stretch = tuple[float, float] | None
"""Values that become grey 0 and 255; None for 8-bit values, which are kept."""

MOST_VALUES = 4_000_000
"""Values (pixels x bands) that are converted at once."""

_SURVEY = 1024
_CONTINUOUS_BITS = 8
# Larger than any value of an image of Mars: one that ISIS marks, mixed with others.
_MIXED_SPECIAL = 1e30
# Of 255: of the weights with which a warped pixel is computed.
_LEAST_INSIDE = 100
_RGB = ("red", "green", "blue")


@dataclass(frozen=True, slots=True)
class Survey:
    """A preview of a raster: its ``stretch``, and which cells (h, w) are valid."""

    stretch: Stretch
    valid: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Values:
    """Values (C, H, W) of one or three channels, valid pixels (H, W), opacity (H, W) or None."""

    values: NDArray[Any]
    valid: NDArray[np.bool_]
    alpha: NDArray[np.uint8] | None

    def grey(self, stretch: Stretch) -> NDArray[np.uint8]:
        """Grey levels (H, W), or colour (H, W, 3); missing pixels black, alpha over black."""
        if stretch is None:
            shades = np.where(self.valid, self.values, 0).astype(np.uint8)
        else:
            everywhere = np.broadcast_to(self.valid, self.values.shape)
            shades = levels(self.values, everywhere, *stretch)
        if self.alpha is not None:
            shades = ((shades * self.alpha.astype(np.uint16) + 127) // 255).astype(np.uint8)
        return np.ascontiguousarray(shades[0] if len(shades) == 1 else np.moveaxis(shades, 0, -1))


@dataclass(frozen=True, slots=True)
class Bands:
    """How the bands of an open raster are read. Create it with :meth:`of`.

    Attributes:
        channels: 1, or 3 in colour.
        missing: how missing pixels are told.
    """

    channels: int
    missing: Missing
    _raster: Any
    _indexes: tuple[int, ...]
    _palette: NDArray[np.uint8] | None
    _white: int | None
    _factor: int
    _alpha: int | None
    _inside: int | None = None

    @classmethod
    def of(cls, raster: Any, name: str, marks: Marks | None = None) -> "Bands":
        """The bands of a rasterio dataset.

        Args:
            name: of the file, for messages.
            marks: what the file says of its pixels that GDAL does not report.

        Raises:
            ImageError: its bands are not one grey or colour image.
        """
        marks = marks or Marks()
        indexes = _indexes(raster, name)
        kind, is_inverted = str(raster.dtypes[0]), _is_inverted(raster)
        palette = None if is_inverted and kind != "uint8" else _palette(raster)
        has_alpha = _has_alpha(raster)
        is_code = is_inverted or palette is not None
        return cls(
            channels=len(indexes) if palette is None or palette.shape[1] == 1 else 3,
            missing=missing_in(raster, indexes, has_alpha, is_code, marks.special),
            _raster=raster, _indexes=indexes,
            _palette=palette, _factor=255 // (2 ** _bits(raster) - 1) if kind == "uint8" else 1,
            _white=_white(kind, _bits(raster)) if is_inverted and palette is None else None,
            _alpha=raster.count if has_alpha and not marks.has_premultiplied_alpha else None,
        )  # fmt: skip

    def survey(self, name: str, window: Any = None) -> Survey:
        """A window (None: the whole raster) in at most 1024 x 1024 pixels, from overviews if any.

        Raises:
            ImageError: all pixels are missing.
            rasterio.errors.RasterioError: the file is damaged.
        """
        width, height = self._size(window)
        share = min(1.0, _SURVEY / max(width, height))
        read = self.read(window, (max(1, round(height * share)), max(1, round(width * share))))
        if read.values.dtype == np.uint8:
            return Survey(None, read.valid)
        if not read.valid.any():
            raise ImageError(f"{name} has no valid pixel: all are marked as missing.")
        inner = read.valid
        if share < 1:
            # Overviews may have mixed valid pixels with their missing neighbours.
            inner = _inner(read.valid)
            inner = inner if inner.any() else read.valid
        return Survey(limits(read.values[:, inner]), read.valid)

    def grey(self, window: Any, stretch: Stretch) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
        """Grey levels (H, W) or (H, W, 3) of a window (None: all), and which of them are valid.

        The window is read in parts, so that the memory needed is little more than the result.

        Raises:
            rasterio.errors.RasterioError: the file is damaged.
        """
        from rasterio.windows import Window

        width, height = self._size(window)
        left, top = (0, 0) if window is None else (window.col_off, window.row_off)
        rows = max(1, MOST_VALUES // (width * len(self._indexes)))
        pixels = np.empty((height, width) if self.channels == 1 else (height, width, 3), np.uint8)
        valid = np.empty((height, width), bool)
        for row in range(0, height, rows):
            count = min(rows, height - row)
            read = self.read(Window(left, top + row, width, count), (count, width))
            pixels[row : row + count], valid[row : row + count] = read.grey(stretch), read.valid
        return pixels, valid

    def _size(self, window: Any) -> tuple[int, int]:
        if window is None:
            return int(self._raster.width), int(self._raster.height)
        return int(window.width), int(window.height)

    @property
    def has_alpha(self) -> bool:
        """Whether the last band is opacity."""
        return _has_alpha(self._raster)

    @property
    def overviews(self) -> tuple[int, ...]:
        """The factors of the overviews; none with a colour table, whose codes they mix."""
        return tuple(self._raster.overviews(1)) if self._palette is None else ()

    @property
    def has_overviews(self) -> bool:
        """Whether there are smaller copies of the bands."""
        return bool(self._raster.overviews(1))

    @property
    def is_continuous(self) -> bool:
        """Whether values between two others mean something: no palette, one missing value."""
        gaps = {*self.missing.values, *((self._raster.nodata,) if self.missing.has_mask else ())}
        bits = _bits(self._raster)
        return self._palette is None and len(gaps) <= 1 and bits >= _CONTINUOUS_BITS

    def through(self, warped: Any, inside: int | None) -> "Bands":
        """These bands in a warped raster of the same bands.

        Args:
            inside: its band of valid pixels (0 to 255); None if that is its opacity.
        """
        has_mask = self.missing.has_mask and inside is None
        # Values between two others may happen to be the missing one.
        values = () if self.is_continuous else self.missing.values
        missing = replace(self.missing, values=values, has_mask=has_mask)
        return replace(self, _raster=warped, _inside=inside, missing=missing)

    def read(self, window: Any = None, shape: tuple[int, int] | None = None,
             resampling: Any = None) -> Values:  # fmt: skip
        """The pixels of a window (None: the whole raster), resampled to ``shape`` (H, W).

        Raises:
            rasterio.errors.RasterioError: the file is damaged.
        """
        size: dict[str, Any] = {"window": window}
        if shape is not None:
            size["out_shape"] = (len(self._indexes), *shape)
        smooth = (
            {} if resampling is None or self._palette is not None else {"resampling": resampling}
        )
        values = self._raster.read(list(self._indexes), **size, **smooth)
        valid: NDArray[np.bool_] = np.ones(values.shape[1:], bool)
        if values.dtype.kind == "f":
            valid &= is_valid(values).all(axis=0)
            if self._inside is not None:
                valid &= (np.abs(values) < _MIXED_SPECIAL).all(axis=0)
        if self.missing.values:
            marks = np.array(self.missing.values).astype(values.dtype)
            valid &= ~np.isin(values, marks).all(axis=0)
        if self.missing.has_mask:
            valid &= (self._raster.read_masks(list(self._indexes), **size) > 0).any(axis=0)
        if self._inside is not None:
            inside = self._raster.read(self._inside, window=window, out_shape=shape)
            valid &= inside >= _LEAST_INSIDE
        alpha = self._opacity(window, shape)
        if self._palette is not None:
            # Codes beyond the palette have no colour: they are black.
            table = np.zeros((256, self._palette.shape[1]), np.uint8)
            table[: len(self._palette)] = self._palette
            return Values(np.moveaxis(table[values[0]], -1, 0), valid, alpha)
        if self._white is not None:
            values = np.asarray(self._white - values, values.dtype)
        return Values(values * values.dtype.type(self._factor), valid, alpha)

    def _opacity(self, window: Any, shape: tuple[int, int] | None) -> NDArray[np.uint8] | None:
        if self._alpha is None:
            return None
        alpha = self._raster.read(self._alpha, window=window, out_shape=shape)
        if alpha.dtype == np.uint16:
            return np.asarray(alpha >> 8, np.uint8)
        return np.asarray(alpha if alpha.dtype == np.uint8 else (alpha > 0) * 255, np.uint8)


def _inner(valid: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Valid pixels whose eight neighbours are valid, too; beyond the edge all count as valid."""
    framed = np.pad(valid, 1, constant_values=True)
    inner = valid.copy()
    for row in range(3):
        for column in range(3):
            inner &= framed[row : row + valid.shape[0], column : column + valid.shape[1]]
    return inner


def _indexes(raster: Any, name: str) -> tuple[int, ...]:
    """The bands that are read: one, or three in the order red, green, blue."""
    if raster.count < 1 or any(kind.startswith("complex") for kind in raster.dtypes):
        raise ImageError(f"{name} has no band of real numbers; choose an image.")
    colours = [colour.name for colour in raster.colorinterp]
    if "cyan" in colours:
        raise ImageError(f"{name} is CMYK of more than 8 bits; save it as grey or RGB.")
    if raster.count in (3, 4):
        # Some programs write blue first.
        named = tuple(colours.index(name) + 1 for name in _RGB if colours.count(name) == 1)
        return named if len(named) == len(_RGB) else (1, 2, 3)
    if raster.count > 4:
        raise ImageError(
            f"{name} has {raster.count} bands, a kind of TIFF or cube that is not one image; save"
            " one or three of them, as 8-bit, 16-bit or float, for example with:"
            " gdal_translate -b 1."
        )
    return (1,)


def _bits(raster: Any) -> int:
    """Bits of a value as they are stored, which may be fewer than those of its data type."""
    bits = raster.tags(1, ns="IMAGE_STRUCTURE").get("NBITS", "")
    whole = np.dtype(raster.dtypes[0]).itemsize * 8
    return int(bits) if bits.isdigit() and 0 < int(bits) < whole else whole


def _is_inverted(raster: Any) -> bool:
    return bool(raster.tags(ns="IMAGE_STRUCTURE").get("MINISWHITE") == "YES")


def _white(kind: str, bits: int) -> int:
    """The value from which others are subtracted where the smallest one is white."""
    if kind.startswith("uint"):
        return int(2**bits - 1)
    return -1 if kind.startswith("int") else 0


def _palette(raster: Any) -> NDArray[np.uint8] | None:
    """Colours (n, 3), or grey levels (n, 1) of a raster of one bit or with white as 0."""
    if raster.count > 1 or str(raster.dtypes[0]) != "uint8":
        return None
    try:
        colours = raster.colormap(1)
    except ValueError:
        return None
    table = np.array([colours[code] for code in sorted(colours)], np.uint8)
    rgb = (table[:, :3] * (table[:, 3:] / 255)).round().astype(np.uint8)
    is_grey = bool((rgb[:, :1] == rgb).all())
    return rgb[:, :1] if is_grey and (_bits(raster) == 1 or _is_inverted(raster)) else rgb


def _has_alpha(raster: Any) -> bool:
    return bool(raster.count > 1 and raster.colorinterp[raster.count - 1].name == "alpha")
