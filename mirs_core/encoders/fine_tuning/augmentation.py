"""Augmentation of training tiles.

Every function maps pixels (B, 3, S, S) float32 in grey levels 0..255 to pixels of the same shape,
draws from torch's global random state and preserves the mean of a tile in expectation. Scale and
solar elevation carry meaning, so rotations are by quarter turns and crops keep most of a tile.
"""

import torch
from torch import Tensor
from torch.nn import functional


def turned(pixels: Tensor) -> Tensor:
    """Each tile in one of its 8 rotations and reflections, at random."""
    views = torch.randint(8, (len(pixels),))
    out = torch.empty_like(pixels)
    for view in range(8):
        rows = (views == view).nonzero(as_tuple=True)[0].to(pixels.device)
        if len(rows):
            chosen = pixels[rows]
            out[rows] = torch.rot90(chosen.flip(3) if view >= 4 else chosen, view % 4, (2, 3))
    return out


def jittered(pixels: Tensor, strength: float) -> Tensor:
    """Contrast about each tile's mean by 1 +- ``strength``, brightness by +- 128 ``strength``."""
    contrast, brightness = (_uniform(pixels, 1 - strength, 1 + strength) for _ in range(2))
    mean = pixels.mean((1, 2, 3), keepdim=True)
    return ((pixels - mean) * contrast + mean + 128 * (brightness - 1)).clamp(0, 255)


def cropped(pixels: Tensor, smallest: float) -> Tensor:
    """A random square crop of each tile, ``smallest`` to 1 of its area, resized to the tile."""
    side = _uniform(pixels, smallest, 1.0).sqrt().flatten()
    x, y = ((1 - side) * _uniform(pixels, -1.0, 1.0).flatten() for _ in range(2))
    zero = torch.zeros_like(side)
    maps = torch.stack([side, zero, x, zero, side, y], dim=1).view(-1, 2, 3)
    grid = functional.affine_grid(maps, list(pixels.shape), align_corners=False)
    return functional.grid_sample(pixels, grid, padding_mode="border", align_corners=False)


def noisy(pixels: Tensor, strongest: float) -> Tensor:
    """Adds Gaussian noise; its standard deviation is up to ``strongest`` grey levels per tile."""
    noise = torch.randn(pixels.shape[0], 1, *pixels.shape[2:]).to(pixels.device)
    return (pixels + noise * _uniform(pixels, 0.0, strongest)).clamp(0, 255)


def _uniform(pixels: Tensor, low: float, high: float) -> Tensor:
    """One random number per tile, (B, 1, 1, 1); drawn on the CPU, so that devices agree."""
    return (low + (high - low) * torch.rand(len(pixels), 1, 1, 1)).to(pixels.device)
