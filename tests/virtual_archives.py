"""A raster and virtual tiles of it for tests."""

from pathlib import Path

import numpy as np
import rasterio
from numpy.typing import NDArray
from rasterio import Affine

from mirs_core.datasets.strips import CutSettings, cut_strip

SIDE = 32


def write_raster(path: Path, seed: int = 0, turn: float = 0.0) -> Path:
    """A grey raster of 192 x 160 pixels of 6 m, with relief of its own; turned by an angle."""
    rng = np.random.default_rng(seed)
    pixels = rng.integers(20, 230, (160, 192)).astype(np.uint8)
    transform = Affine.translation(4e6, 1e6) @ Affine.rotation(turn) @ Affine.scale(6, -6)
    with rasterio.open(
        path, "w", driver="GTiff", width=192, height=160, count=1, dtype="uint8", tiled=True,
        blockxsize=64, blockysize=64, crs="IAU_2015:49910", transform=transform,
    ) as out:  # fmt: skip
        out.write(pixels, 1)
    return path


def window(path: Path, tile_id: str) -> NDArray[np.uint8]:
    """The pixels of an upright raster that a tile's id names."""
    x, y = (int(word[1:]) for word in tile_id.removesuffix(".window").split("_")[-2:])
    with rasterio.open(path) as raster:
        pixels: NDArray[np.uint8] = raster.read(1)[y : y + SIDE, x : x + SIDE]
    return pixels


def cut_virtually(raster: Path, root: Path) -> None:
    """Adds virtual tiles of 32 pixels to a data set: 30 of an upright raster."""
    cut_strip(raster, root, CutSettings(size=SIDE, virtual=True))
