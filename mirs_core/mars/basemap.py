"""Makes the basemap of the app from a global image of Mars; assets/mars describes the source."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mirs_core.files import replace_file
from mirs_core.mars.geography import from_polar, polar

EDGE = 55.0
"""Latitude, north or south, of the edge of the polar maps."""

Grey = NDArray[np.uint8]
# Albedo contrast is greatest in red; blue is nearly uniform on Mars.
_MIX = (0.7, 0.2, 0.1)
_QUALITY = 84


def make(source: Path, folder: Path, side: int = 1024) -> list[Path]:
    """Writes ``global.jpg``, ``north.jpg`` and ``south.jpg``, all grey, into ``folder``.

    Args:
        source: an equirectangular image, north up, from 0 to 360 degrees east.
        side: of the polar maps, pixels.
    """
    with Image.open(source) as opened:
        whole = mixed(np.asarray(opened.convert("RGB")))
    images = {"global": whole}
    for name, is_north in (("north", True), ("south", False)):
        images[name] = seen_from_pole(whole, side, north=is_north)
    paths = []
    for name, grey in images.items():
        path = folder / f"{name}.jpg"
        image = Image.fromarray(grey)

        def save(handle: object, image: Image.Image = image) -> None:
            image.save(handle, "JPEG", quality=_QUALITY, optimize=True)  # type: ignore[arg-type]

        replace_file(path, save)
        paths.append(path)
    return paths


def mixed(colours: NDArray[np.uint8]) -> Grey:
    """Grey (H, W) of a colour image (H, W, 3), with the seam at 180 degrees interpolated."""
    grey = colours @ np.array(_MIX)
    middle = grey.shape[1] // 2
    edges = grey[:, [middle - 3, middle + 2]]
    for step, column in enumerate(range(middle - 2, middle + 2), start=1):
        grey[:, column] = edges[:, 0] + (edges[:, 1] - edges[:, 0]) * step / 5
    return grey.round().clip(0, 255).astype(np.uint8)


def seen_from_pole(whole: Grey, side: int, *, north: bool) -> Grey:
    """The polar stereographic map (side, side) down to ``EDGE`` at the middle of its sides.

    Args:
        whole: equirectangular (H, W), north up, from 0 to 360 degrees east.
    """
    from scipy.ndimage import map_coordinates

    reach = float(polar(EDGE if north else -EDGE, 90.0, north=north)[0])
    steps = (np.arange(side) + 0.5) / side * 2 - 1
    x, y = np.meshgrid(steps * reach, -steps * reach)
    latitudes, longitudes = from_polar(x, y, north=north)
    height, width = whole.shape
    joined = np.concatenate([whole[:, -1:], whole, whole[:, :1]], axis=1).astype(np.float32)
    rows = ((90 - latitudes) / 180 * height - 0.5).clip(0, height - 1)
    columns = longitudes / 360 * width + 0.5
    values = map_coordinates(joined, [rows, columns], order=1, mode="nearest")
    return np.asarray(values.round().clip(0, 255), dtype=np.uint8)
