"""The one reading of a raster's bands: grey or colour, and which of its pixels are missing.

Images and strips both read through :class:`Bands`, so that a file has the same pixels wherever it
is used.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mirs_core.datasets.depth import is_valid, levels
from mirs_core.errors import ImageError

Stretch = tuple[float, float] | None
"""Values that become grey 0 and 255; None for 8-bit values, which are kept."""

# The integers that ISIS writes for missing or saturated pixels.
_ISIS_SPECIAL = {
    "int16": (-32768, -32767, -32766, -32765, -32764),
    "uint16": (0, 1, 2, 65534, 65535),
    "uint8": (0,),
}
# Fill values that products use without declaring them.
_USUAL_FILL = (0, -9999, -32768)
_SATURATED = 255
_EDGE = 16
# Of the 256 pixels of a square at the edge. Real floats are hardly ever equal; integers may be.
_LEAST_FLOAT, _LEAST_INTEGER = 8, 128


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
        nodata: which values count as missing, in words.
        fill: an undeclared value along the edge that counts as missing.
        white_edge: whether an 8-bit raster has 255 along its edge, which does not.
    """

    channels: int
    nodata: tuple[str, ...]
    fill: int | None
    white_edge: bool
    _raster: Any
    _indexes: tuple[int, ...]
    _palette: NDArray[np.uint8] | None
    _white: int | None
    _factor: int
    _alpha: int | None
    _special: tuple[int, ...]
    _has_mask: bool

    @classmethod
    def of(cls, raster: Any, name: str, has_premultiplied_alpha: bool = False) -> "Bands":
        """The bands of a rasterio dataset.

        Args:
            name: of the file, for messages.
            has_premultiplied_alpha: its colours have been multiplied by their opacity already.

        Raises:
            ImageError: its bands are not one grey or colour image.
        """
        indexes = _indexes(raster, name)
        kind, is_inverted = str(raster.dtypes[0]), _is_inverted(raster)
        palette = None if is_inverted and kind != "uint8" else _palette(raster)
        has_alpha = _has_alpha(raster)
        has_mask, words = _mask(raster, has_alpha)
        # If the raster marks missing pixels itself, its smallest values are valid.
        declares = has_mask and kind != "int16" and raster.driver != "ISIS3"
        is_code = declares or is_inverted or palette is not None
        special = () if is_code else _special(kind, raster.driver)
        fill, is_white = (None, False) if is_code or has_mask else _edge(raster, indexes)
        if fill is not None and fill not in special:
            words.append(f"value {fill} (undeclared, along the edge)")
        else:
            fill = None
        words += [f"value {number}" for number in special]
        if kind.startswith("float"):
            words.insert(int(has_mask), "not finite or ISIS special")
        return cls(
            channels=len(indexes) if palette is None or palette.shape[1] == 1 else 3,
            nodata=tuple(words), fill=fill, white_edge=is_white, _raster=raster, _indexes=indexes,
            _palette=palette, _factor=255 // (2 ** _bits(raster) - 1) if kind == "uint8" else 1,
            _white=_white(kind, _bits(raster)) if is_inverted and palette is None else None,
            _alpha=raster.count if has_alpha and not has_premultiplied_alpha else None,
            _special=special if fill is None else (*special, fill), _has_mask=has_mask,
        )  # fmt: skip

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
        if self._special:
            valid &= ~np.isin(values, self._special).all(axis=0)
        if self._has_mask:
            valid &= (self._raster.read_masks(list(self._indexes), **size) > 0).any(axis=0)
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


def _indexes(raster: Any, name: str) -> tuple[int, ...]:
    if raster.count < 1 or any(kind.startswith("complex") for kind in raster.dtypes):
        raise ImageError(f"{name} has no band of real numbers; choose an image.")
    colours = [colour.name for colour in raster.colorinterp]
    if "cyan" in colours:
        raise ImageError(f"{name} is CMYK of more than 8 bits; save it as grey or RGB.")
    if raster.count in (3, 4):
        return (1, 2, 3)
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


def _mask(raster: Any, has_alpha: bool) -> tuple[bool, list[str]]:
    """Whether the raster marks missing pixels itself, and how, in words."""
    flags = {flag.name for flag in raster.mask_flag_enums[0]}
    if has_alpha:
        return True, ["alpha"]
    if "nodata" in flags or raster.nodata is not None:
        return True, [f"value {raster.nodata:g}"]
    return ("per_dataset" in flags), (["mask"] if "per_dataset" in flags else [])


def _special(kind: str, driver: str) -> tuple[int, ...]:
    special = _ISIS_SPECIAL.get(kind, ())
    return (*special, _SATURATED) if driver == "ISIS3" and kind == "uint8" else special


def _edge(raster: Any, indexes: tuple[int, ...]) -> tuple[int | None, bool]:
    """A usual fill value in corners or at the middles of the edges; whether 255 is there.

    Only these eight squares are read, so that a raster of any size opens at once.
    """
    from rasterio.windows import Window

    counts: dict[int, int] = dict.fromkeys((*_USUAL_FILL, _SATURATED), 0)
    width, height = min(_EDGE, raster.width), min(_EDGE, raster.height)
    right, bottom = raster.width - width, raster.height - height
    for row in sorted({0, bottom // 2, bottom}):
        for column in sorted({0, right // 2, right}):
            if 0 < row < bottom and 0 < column < right:
                continue
            square = raster.read(list(indexes), window=Window(column, row, width, height))
            for value in counts:
                count = int((square == value).all(axis=0).sum())
                counts[value] = max(counts[value], count)
    kind = np.dtype(raster.dtypes[0])
    if kind == np.uint8:
        return None, counts[_SATURATED] >= _LEAST_INTEGER
    least = _LEAST_FLOAT if kind.kind == "f" else _LEAST_INTEGER
    fill = max(_USUAL_FILL, key=lambda value: counts[value])
    return (fill if counts[fill] >= least else None), False
