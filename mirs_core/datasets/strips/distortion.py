"""How far a map projection distorts the pixels of a raster."""

import numpy as np

from mirs_core.datasets.strips.frame import Frame
from mirs_core.mars.crs import RADIUS

_SQUEEZED = 1.25
# Degrees from a right angle.
_SHEARED = 15.0


def distortion_of(frame: Frame) -> str | None:
    """What is wrong with the shape of the central pixel, in words; None if it is nearly a square.

    Pixels are squeezed or sheared on the ground far from the parallel or the meridian at which a
    map projection is true.
    """
    x, y = frame.width / 2, frame.height / 2
    corners = np.array([(x, y), (x + 1, y), (x, y + 1)])
    east, north = (np.radians(degrees) for degrees in frame.degrees(corners[:, 0], corners[:, 1]))
    points = np.stack([np.cos(north) * np.cos(east), np.cos(north) * np.sin(east), np.sin(north)])
    sides = (points[:, 1:] - points[:, :1]).T * RADIUS
    across, down = (float(np.linalg.norm(side)) for side in sides)
    if not 1 / _SQUEEZED <= across / down <= _SQUEEZED:
        return f"a pixel is {across:.3g} m wide and {down:.3g} m high on the ground"
    angle = float(np.degrees(np.arccos(np.clip(sides[0] @ sides[1] / (across * down), -1, 1))))
    if abs(angle - 90) > _SHEARED:
        return f"rows and columns of pixels meet at {angle:.0f} degrees on the ground"
    return None
