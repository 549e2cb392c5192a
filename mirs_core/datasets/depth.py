"""Images with more than 8 bits per channel: their full values, and grey levels from them.

Pillow reads only the high bytes of 16-bit colour, which leaves 16 levels of a 12-bit image; here
the low bytes are read as well.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import ImageFile

from mirs_core.errors import ImageError

# ISIS, the calibration software of CTX and HiRISE, marks missing float pixels with such values.
_ISIS_SPECIAL = 3.4028e38
_MID_GREY = 128
_MOST_VALUES = 4_000_000
_FIRST, _LEAST_LEVELS = 1_000, 16
_GREY_TOLERANCE = 1e-3
_OTHER_BYTE = {"L": "B", "B": "L", "N": "B"}


def stretch(values: NDArray[Any], name: str, fills: Sequence[float] = ()) -> NDArray[np.uint8]:
    """Values of any range as grey levels 0..255, between their ``limits``.

    Args:
        values: (H, W), or (H, W, 3), whose channels are stretched together.
        name: of the image, for messages.
        fills: values of missing pixels.

    Returns:
        uint8 of the same shape; missing values (not finite, ISIS special pixels, ``fills``) are 0;
        if all others are equal, they are 128.

    Raises:
        ImageError: there is no valid value.
    """
    valid = is_valid(values)
    for fill in fills:
        is_fill = values == fill
        valid &= ~(is_fill if values.ndim == 2 else is_fill.all(axis=-1, keepdims=True))
    if not valid.any():
        raise ImageError(f"{name} has no valid pixel: all are marked as missing.")
    low, high = limits(values[valid])
    grey = np.empty(values.shape, np.uint8)
    rows = max(1, _MOST_VALUES * len(values) // values.size)
    for row in range(0, len(values), rows):
        part = slice(row, row + rows)
        grey[part] = levels(values[part], valid[part], low, high)
    return grey


def is_valid(values: NDArray[Any]) -> NDArray[np.bool_]:
    """Which values, of any shape, are finite and not ISIS special pixels."""
    return np.isfinite(values) & (np.abs(values) < _ISIS_SPECIAL)


def limits(values: NDArray[Any]) -> tuple[float, float]:
    """The values that become grey 0 and 255, from valid ``values``; equal if all of these are.

    They are the 0.5 and 99.5 percentiles, except where the values are those of an 8-bit image in a
    wider type: then its grey levels come back.
    """
    scale = _eight_bit_scale(values)
    if scale is not None:
        return 0.0, scale
    # Differences of neighbouring integers could overflow.
    numbers = values if values.dtype == np.uint16 else values.astype(np.float64)
    low, high = np.percentile(numbers, (0.5, 99.5))
    if high <= low:
        # Nearly all pixels are equal: show the few others, if any.
        low, high = values.min(), values.max()
    return float(low), float(high)


def _eight_bit_scale(values: NDArray[Any]) -> float | None:
    """The value of white if ``values`` are the grey levels of an 8-bit image; None if they are not.

    Programs write such images into wider types as they are, times 257 or 256 in 16 bits, and as
    fractions of 255 in floats. A few distinct values could be anything.
    """
    low, high = values.min(), values.max()
    if low < 0 or high > 65535 or values.dtype == np.int8:
        return None
    steps: tuple[float, ...] = (1 / 255,) if values.dtype.kind == "f" and high <= 1 else (1.0,)
    if high > 255:
        steps = (257.0, 256.0) if values.dtype.kind in "iu" else ()
    for step in steps:
        # The first few decide nearly always.
        for part in (values[:_FIRST], values):
            grey = np.rint(part / step)
            if grey.max() > 255 or (np.abs(part / step - grey) > _GREY_TOLERANCE).any():
                break
        else:
            return 255 * step if len(np.unique(grey)) >= _LEAST_LEVELS else None
    return None


def levels(
    values: NDArray[Any], valid: NDArray[np.bool_], low: float, high: float
) -> NDArray[np.uint8]:
    """Values as grey levels 0..255 from ``low`` to ``high``; 0 where they are not ``valid``.

    Valid values are 128 where ``low`` and ``high`` are equal.
    """
    if high <= low:
        return np.where(valid, _MID_GREY, 0).astype(np.uint8)
    scaled = np.clip((np.where(valid, values, low) - low) / (high - low), 0.0, 1.0)
    return np.where(valid, np.rint(scaled * 255), 0).astype(np.uint8)


def is_deep_colour(image: ImageFile.ImageFile) -> bool:
    """Whether an image that is not yet decoded has several channels of 16 bits."""
    return len(image.getbands()) > 1 and any(";16" in _raw_mode(tile) for tile in image.tile)


def deep_colour(reopen: Callable[[], ImageFile.ImageFile]) -> NDArray[np.uint16]:
    """All values (H, W, C) of a 16-bit colour image.

    Decodes twice, the second time with the two bytes of every value swapped. Where Pillow cannot do
    so (grey with alpha), the low bytes are 128, the middle of what they may be.

    Args:
        reopen: opens the image again, with the header read but nothing decoded.
    """
    with reopen() as image:
        image.load()
        high: NDArray[np.uint16] = np.asarray(image).astype(np.uint16) * np.uint16(256)
    with reopen() as image:
        image.tile = [_swapped(tile) for tile in image.tile]
        try:
            image.load()
        except ValueError:
            return high + np.uint16(128)
        high += np.asarray(image)
    return high


def _raw_mode(tile: Any) -> str:
    mode = tile.args if isinstance(tile.args, str) else tile.args[0]
    return mode if isinstance(mode, str) else ""


def _swapped(tile: Any) -> Any:
    mode = _raw_mode(tile)
    mode = mode[:-1] + _OTHER_BYTE[mode[-1]]
    return tile._replace(args=mode if isinstance(tile.args, str) else (mode, *tile.args[1:]))
