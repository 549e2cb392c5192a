"""Linear transforms of features before the head: scaling, and whitening in groups of channels.

Whitening follows Roy et al. (CVPR 2019) as the MIRS method states it: groups of ``g`` channels,
each centred and multiplied by ``L^-1`` where ``S = (1 - eps) C + eps (tr C / g) I = L L^T``.
"""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mirs_core.errors import DataError


@dataclass(frozen=True, slots=True)
class Transform:
    """``(x - mean)`` times one square matrix a group of channels.

    Attributes:
        mean: (D,) float32.
        blocks: (G, g, g) float32; the last may be larger than the channels it has left, and is
            padded with zeros.
    """

    mean: Tensor
    blocks: Tensor

    def __call__(self, x: Tensor) -> Tensor:
        """Transformed features (..., D) of features (..., D)."""
        groups, size = self.blocks.shape[:2]
        padding = groups * size - self.mean.shape[0]
        centred = torch.nn.functional.pad(x - self.mean, (0, padding))
        split = centred.unflatten(-1, (groups, size))
        mixed = torch.einsum("...gi,gji->...gj", split, self.blocks)
        return mixed.flatten(-2)[..., : self.mean.shape[0]]


def identity(features: int) -> Transform:
    """The transform that changes nothing."""
    return Transform(torch.zeros(features), torch.ones(features, 1, 1))


def scaling(x: NDArray[np.floating], form: str) -> Transform:
    """Features centred on the mean of ``x`` (N, D) and scaled by its spread.

    Args:
        form: "centred" leaves the scale, "scaled" divides by the root of the mean variance (one
            number), "standardised" divides each channel by its own standard deviation.
    """
    mean, variance = x.mean(axis=0, dtype=np.float64), x.var(axis=0, dtype=np.float64)
    floor = max(float(variance.mean()), 1e-12)
    scale = {
        "centred": np.ones_like(variance),
        "scaled": np.full_like(variance, floor),
        "standardised": np.maximum(variance, 1e-4 * floor),
    }[form]
    return _transform(mean, (1 / np.sqrt(scale))[:, None, None])


def whitening(
    x: NDArray[np.floating], group_size: int, eps: float, shrinkage: str = "trace"
) -> Transform:
    """The whitening transform of ``x`` (N, D) with shrinkage ``eps``.

    The covariance has divisor N. The output's covariance is ``L^-1 C L^-T``: the identity only as
    ``eps`` goes to 0. Shrinkage "absolute" is ``C + eps I`` without the trace (2021).

    Raises:
        DataError: fewer than two rows, or a group without any variance.
    """
    if len(x) < 2:
        raise DataError("Whitening needs at least two tiles of a domain; the archive has fewer.")
    x = x.astype(np.float64)
    mean, width = x.mean(axis=0), x.shape[1]
    size = min(group_size, width)
    blocks = np.zeros((-(-width // size), size, size))
    for place, start in enumerate(range(0, width, size)):
        part = x[:, start : start + size] - mean[start : start + size]
        covariance = part.T @ part / len(x)
        channels = len(covariance)
        level = covariance.trace() / channels if shrinkage == "trace" else 1.0
        kept = (1 - eps) if shrinkage == "trace" else 1.0
        if level < 1e-12:
            raise DataError(
                f"Channels {start} to {start + channels - 1} hardly vary between these tiles and"
                " cannot be whitened; use a larger whitening.group_size."
            )
        shrunk = kept * covariance + eps * level * np.eye(channels)
        try:
            blocks[place, :channels, :channels] = np.linalg.inv(np.linalg.cholesky(shrunk))
        except np.linalg.LinAlgError:
            raise DataError(
                f"Channels {start} to {start + channels - 1} do not vary enough to be whitened;"
                " raise whitening.eps."
            ) from None
    return _transform(mean, blocks)


def _transform(mean: NDArray[np.float64], blocks: NDArray[np.float64]) -> Transform:
    return Transform(torch.from_numpy(mean).float(), torch.from_numpy(blocks).float())
