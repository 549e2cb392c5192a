"""Which pixels of a raster are missing: as it declares, as its label says, and as is usual."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

# The integers that ISIS writes for missing or saturated pixels.
_ISIS_SPECIAL = {
    "int16": (-32768, -32767, -32766, -32765, -32764),
    "uint16": (0, 1, 2, 65534, 65535),
    "uint8": (0,),
}
_SATURATED = 255
# Fill values that products use without declaring them.
_USUAL_FILL = (0, -9999, -32768, _SATURATED)
_EDGE, _MIDDLE, _PLACES = 16, 64, 5
# Of the 256 pixels of a square at the edge. Real floats are hardly ever equal; integers may be.
_LEAST_FLOAT, _LEAST_INTEGER = 8, 128
_LEAST_LEVELS = 16
# Floats beyond are ISIS special pixels.
_LARGEST = 3.4e38

_Read = Callable[[int, int, int, int], NDArray[Any]]
# Values (C, h, w) by column, row, width and height.


@dataclass(frozen=True, slots=True)
class Missing:
    """How missing pixels are told.

    Attributes:
        words: the values and other marks, for people.
        values: those that mark missing pixels.
        has_mask: whether GDAL gives a mask.
        fills: those of ``values`` that are undeclared and lie along the edge.
        white_edge: whether 255 lies along the edge of an 8-bit image, which is kept.
    """

    words: tuple[str, ...]
    values: tuple[float, ...]
    has_mask: bool
    fills: tuple[float, ...]
    white_edge: bool


def missing_in(
    raster: Any, indexes: tuple[int, ...], has_alpha: bool, is_code: bool, label: tuple[float, ...]
) -> Missing:
    """How missing pixels of a rasterio dataset are told.

    Args:
        indexes: the bands that are read.
        is_code: its values are codes of colours, or inverted.
        label: values that its label gives.
    """
    kind = str(raster.dtypes[0])
    has_mask, words = _mask(raster, has_alpha)
    # GDAL invents a value for planetary labels that name none.
    is_default = raster.driver in ("ISIS3", "PDS") and not label
    # If the raster marks missing pixels itself, its smallest values are valid.
    declares = has_mask and kind != "int16" and raster.driver not in ("ISIS3", "PDS")
    special: tuple[float, ...] = () if declares or is_code else _special(kind, raster.driver)
    fills: tuple[float, ...] = ()
    is_white = False
    if not (is_code or (has_mask and not (is_default and raster.driver == "PDS")) or label):
        squares = _squares(_reading(raster, indexes), raster.width, raster.height)
        if kind == "uint16" and _is_wide_eight_bit(np.concatenate(squares, axis=None)):
            special = (0,)
        fills, is_white = _edge(squares)
    elif raster.nodata is not None and raster.driver == "GTiff" and not (is_code or has_alpha):
        squares = _squares(_reading(raster, indexes), raster.width, raster.height)
        fills = _far_values(squares, (raster.nodata,))
    fills = tuple(value for value in fills if value not in special)
    words += [f"value {value:.10g} (undeclared, along the edge)" for value in fills]
    special = tuple(dict.fromkeys((*special, *(value for value in label if _fits(value, kind)))))
    words += [f"value {number:g}" for number in special]
    if kind.startswith("float"):
        words.insert(int(has_mask), "not finite or ISIS special")
    values = (*special, *fills)
    return Missing(tuple(dict.fromkeys(words)), values, has_mask, fills, is_white)


def _mask(raster: Any, has_alpha: bool) -> tuple[bool, list[str]]:
    """Whether the raster marks missing pixels itself, and how, in words."""
    flags = {flag.name for flag in raster.mask_flag_enums[0]}
    if has_alpha:
        return True, ["alpha"]
    if "nodata" in flags or raster.nodata is not None:
        return True, [f"value {raster.nodata:g}"]
    has_mask = "per_dataset" in flags or "all_valid" not in flags
    return has_mask, (["mask"] if has_mask else [])


def _special(kind: str, driver: str) -> tuple[int, ...]:
    special = _ISIS_SPECIAL.get(kind, ())
    return (*special, _SATURATED) if driver == "ISIS3" and kind == "uint8" else special


def _fits(value: float, kind: str) -> bool:
    """Whether a data type has a value, beyond those of floats that are missing anyway."""
    if kind.startswith("float"):
        return math.isfinite(value) and abs(value) < _LARGEST
    info = np.iinfo(kind)
    return float(value).is_integer() and int(info.min) <= value <= int(info.max)


def _reading(raster: Any, indexes: tuple[int, ...]) -> _Read:
    from rasterio.windows import Window

    def square(column: int, row: int, width: int, height: int) -> NDArray[Any]:
        values: NDArray[Any] = raster.read(list(indexes), window=Window(column, row, width, height))
        return values

    return square


def fills_along_edge(values: NDArray[Any]) -> tuple[float, ...]:
    """Fill values along the edge of a decoded image (H, W) or (H, W, 3)."""
    planes = values[None] if values.ndim == 2 else np.moveaxis(values, -1, 0)

    def square(column: int, row: int, width: int, height: int) -> NDArray[Any]:
        return planes[:, row : row + height, column : column + width]

    return _edge(_squares(square, planes.shape[2], planes.shape[1]))[0]


def _squares(square: _Read, width: int, height: int) -> list[NDArray[Any]]:
    """Small squares along the edges, five on each, and a larger one in the middle.

    Nothing else is read, so that a raster of any size opens at once.
    """
    wide, high = min(_EDGE, width), min(_EDGE, height)
    right, bottom = width - wide, height - high
    edges = [
        square(column, row, wide, high)
        for row in sorted({bottom * place // (_PLACES - 1) for place in range(_PLACES)})
        for column in sorted({right * place // (_PLACES - 1) for place in range(_PLACES)})
        if not (0 < row < bottom and 0 < column < right)
    ]
    wide, high = min(_MIDDLE, width), min(_MIDDLE, height)
    return [*edges, square((width - wide) // 2, (height - high) // 2, wide, high)]


def _is_wide_eight_bit(values: NDArray[Any]) -> bool:
    """Whether 16-bit values are those of an 8-bit image, maybe times 257 or 256, without marks.

    ``depth.limits`` looks at the whole image before it takes them as such.
    """
    if len(np.unique(values)) < _LEAST_LEVELS:
        return False
    return bool(values.max() <= 255 or not (values % 257).any() or not (values % 256).any())


def _edge(squares: list[NDArray[Any]]) -> tuple[tuple[float, ...], bool]:
    """Fill values in all squares but the last one; whether 255 is there and stays white."""
    kind = squares[0].dtype
    counts = {
        value: max(int((square == value).all(axis=0).sum()) for square in squares[:-1])
        for value in _USUAL_FILL
    }
    everything = np.concatenate(squares, axis=None)
    is_grey = everything.min() >= 0 and everything.max() <= _SATURATED
    is_white = False
    if is_grey and not (everything % 1).any():
        # Grey levels of 8 bits, whatever the type.
        is_white = counts.pop(_SATURATED) >= _LEAST_INTEGER
        if kind == np.uint8:
            return (), is_white
    least = _least(everything)
    usual = [value for value, count in counts.items() if count >= least]
    return (*usual, *_far_values(squares, usual)), is_white


def _least(values: NDArray[Any]) -> int:
    """How many pixels of a square must be equal for their value to be a fill value."""
    finite = values[np.isfinite(values)]
    is_whole = values.dtype.kind != "f" or not (finite % 1).any()
    return _LEAST_INTEGER if is_whole else _LEAST_FLOAT


def _far_values(squares: list[NDArray[Any]], known_fills: Sequence[float]) -> tuple[float, ...]:
    """Values that fill part of an edge and are farther from all others than these are apart."""
    everything = np.concatenate(squares, axis=None)
    if everything.dtype.kind not in "iuf" or everything.dtype.itemsize == 1:
        return ()
    # Float64 has every value of these types closely enough.
    numbers = everything.astype(np.float64)
    numbers = numbers[np.isfinite(numbers) & (np.abs(numbers) < _LARGEST)]
    least = _least(everything)
    frequent: set[float] = set()
    for square in squares[:-1]:
        flat = square[0][(square == square[:1]).all(axis=0)]
        values, counts = np.unique(flat, return_counts=True)
        frequent.update(float(value) for value in values[counts >= least])
    frequent = {value for value in frequent if math.isfinite(value) and abs(value) < _LARGEST}
    rest = numbers[~np.isin(numbers, [*frequent, *known_fills])]
    if len(np.unique(rest)) < _LEAST_LEVELS:
        return ()
    low, high = float(rest.min()), float(rest.max())
    return tuple(
        value
        for value in sorted(frequent.difference(known_fills))
        if max(low - value, value - high) > high - low
    )
