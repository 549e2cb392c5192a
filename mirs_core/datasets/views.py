"""Views of a tile for augmentation: quarter turns and mirror images.

Scale and solar elevation carry information, so views preserve both; they do change the solar
azimuth, on which no landform depends.
"""

import numpy as np
from numpy.typing import NDArray

VIEWS = 8


def view_of(image: NDArray[np.uint8], view: int) -> NDArray[np.uint8]:
    """View 0..7 of an image (H, W) or (H, W, 3): 0 is the image, 4 and more are mirrored.

    Raises:
        ValueError: no such view.
    """
    if not 0 <= view < VIEWS:
        raise ValueError(f"there is no view {view}")
    mirrored = image[:, ::-1] if view >= 4 else image
    return np.ascontiguousarray(np.rot90(mirrored, view % 4))
