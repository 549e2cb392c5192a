"""Images with more than 8 bits per channel: their full values, and grey levels from them.

Pillow reads only the high bytes of 16-bit colour, which leaves 16 levels of a 12-bit image; here
the low bytes are read as well.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import ImageFile

from mirs_core.errors import ImageError

# ISIS, the calibration software of CTX and HiRISE, marks missing float pixels with such values.
_ISIS_SPECIAL = 3.4028e38
_MID_GREY = 128
_OTHER_BYTE = {"L": "B", "B": "L", "N": "B"}


def stretch(values: NDArray[Any], nodata: float | None, name: str) -> NDArray[np.uint8]:
    """Values of any range as grey levels 0..255, from the 0.5 to the 99.5 percentile.

    Args:
        values: (H, W), or (H, W, 3), whose channels are stretched together.
        nodata: a value that marks missing pixels.
        name: of the image, for messages.

    Returns:
        uint8 of the same shape; missing values (not finite, ``nodata``, ISIS special pixels) are
        0; if all others are equal, they are 128.

    Raises:
        ImageError: there is no valid value.
    """
    pixels = values.astype(np.float64)
    valid = is_valid(pixels)
    if nodata is not None:
        valid &= pixels != nodata
    if not valid.any():
        raise ImageError(f"{name} has no valid pixel: all are marked as missing.")
    return levels(pixels, valid, *limits(pixels[valid]))


def is_valid(values: NDArray[Any]) -> NDArray[np.bool_]:
    """Which values, of any shape, are finite and not ISIS special pixels."""
    return np.isfinite(values) & (np.abs(values) < _ISIS_SPECIAL)


def limits(values: NDArray[Any]) -> tuple[float, float]:
    """The values that become grey 0 and 255, from valid ``values``; equal if all of these are."""
    low, high = np.percentile(values, (0.5, 99.5))
    if high <= low:
        # Nearly all pixels are equal: show the few others, if any.
        low, high = values.min(), values.max()
    return float(low), float(high)


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
    so (grey with alpha), the low bytes are 0.

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
            return high
        high += np.asarray(image)
    return high


def _raw_mode(tile: Any) -> str:
    mode = tile.args if isinstance(tile.args, str) else tile.args[0]
    return mode if isinstance(mode, str) else ""


def _swapped(tile: Any) -> Any:
    mode = _raw_mode(tile)
    mode = mode[:-1] + _OTHER_BYTE[mode[-1]]
    return tile._replace(args=mode if isinstance(tile.args, str) else (mode, *tile.args[1:]))
