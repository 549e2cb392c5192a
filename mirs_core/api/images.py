"""Query images in the forms that Python has them: files, bytes, arrays and Pillow images."""

import io
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mirs_core.errors import ImageError

ImageSource = str | PathLike[str] | bytes | NDArray[Any] | Image.Image
"""A query: the id of an archived tile, an image file, its bytes, an array or a Pillow image."""

_LOSSLESS = {"1", "L", "LA", "P", "RGB", "RGBA", "I;16"}


def as_path(path: str | PathLike[str]) -> Path:
    """An absolute path without ``~``; relative paths are relative to the working folder."""
    return Path(path).expanduser().resolve()


def encoded(image: NDArray[Any] | Image.Image) -> bytes:
    """An image file (PNG or TIFF, both lossless) with the pixels of an array or Pillow image.

    Args:
        image: an array (H, W) or (H, W, 1) of grey values, (H, W, 3) of RGB, or either with a last
            channel of opacity. Booleans are black and white; values other than uint8 are stretched
            to 0..255 when the file is read (see ``datasets.images.read_image``), and only grey
            images can have them.

    Raises:
        ImageError: the array has another shape, or a type that no image has.
    """
    picture = image if isinstance(image, Image.Image) else _picture(image)
    out = io.BytesIO()
    picture.save(out, format="PNG" if picture.mode in _LOSSLESS else "TIFF")
    return out.getvalue()


def _picture(array: NDArray[Any]) -> Image.Image:
    if array.ndim == 3 and array.shape[2] == 1:
        array = array[..., 0]
    grey = array.ndim == 2
    if not grey and not (array.ndim == 3 and array.shape[2] in (2, 3, 4)):
        raise ImageError(
            f"An array of shape {array.shape} is not an image; give (H, W) or (H, W, 3)."
        )
    if array.dtype == np.bool_:
        array = array.astype(np.uint8) * np.uint8(255)
    if array.dtype == np.uint8:
        return Image.fromarray(np.ascontiguousarray(array))
    if not grey or array.dtype.kind not in "iuf":
        raise ImageError(
            f"An array of {array.dtype} with shape {array.shape} cannot be read as an image;"
            " convert it to uint8."
        )
    kind = np.uint16 if array.dtype == np.uint16 else np.float32
    return Image.fromarray(np.ascontiguousarray(array, dtype=kind))
