"""The content hash of a tile that has no file: that of its pixels."""

import numpy as np

from mirs_core.datasets.images import Pixels
from mirs_core.files import sha256


def content_of(pixels: Pixels) -> str:
    """SHA-256 (hex) of pixels as a binary PGM file, or of colour as a PPM file (Netpbm)."""
    height, width = pixels.shape[:2]
    kind = "P5" if pixels.ndim == 2 else "P6"
    return sha256(f"{kind}\n{width} {height}\n255\n".encode() + np.ascontiguousarray(pixels).data)
