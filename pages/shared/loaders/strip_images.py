"""The pixels of image strips in a part of the map."""

import numpy as np
from numpy.typing import NDArray

from mirs_core.errors import MirsError
from mirs_core.landform_map.strip_pixels import MapWindow, strip_picture
from mirs_core.retrieval.search import Searcher
from pages.shared.loaders.ground import strips


def strip_pixels(
    opened: Searcher, window: MapWindow
) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    """The pixels (H, W, 3) of the strips of a data set in a window, and which are valid (H, W)."""
    try:
        listed = strips(opened.root)
    except MirsError:
        listed = ()
    return strip_picture(opened.root, listed, window)
