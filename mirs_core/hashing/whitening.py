"""Linear transforms of features before the head: scaling, and whitening in groups of channels.

Whitening follows Roy et al. (CVPR 2019) as the MIRS method states it: groups of ``g`` channels,
each centred and multiplied by ``L^-1`` where ``S = (1 - eps) C + eps (tr C / g) I = L L^T``.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mirs_core.errors import DataError


@dataclass(frozen=True, slots=True)
class Transform:
    """``(x - mean)`` times one square matrix per group of channels.

    Attributes:
        mean: (D,) float32.
        blocks: (G, g, g) float32; the last one is padded with zeros if fewer than g channels
            remain.
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
    """The transform that leaves features unchanged."""
    return Transform(torch.zeros(features), torch.ones(features, 1, 1))


def scaling(x: NDArray[np.floating], form: str) -> Transform:
    """Features centred on the mean of ``x`` (N, D) and scaled by its spread.

    Args:
        form: "centred" keeps the scale, "scaled" divides by the root of the mean variance (one
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


def part_spread(x: NDArray[np.floating], parts: Sequence[int]) -> NDArray[np.float64]:
    """The number (D,) that divides each channel of ``x`` (N, D), so that parts count equally.

    It is the root of the total variance of the channel's part; ``parts`` are widths, which add up
    to D.
    """
    variance = x.var(axis=0, dtype=np.float64)
    totals = [part.sum() for part in np.split(variance, np.cumsum(parts)[:-1])]
    return np.repeat(np.sqrt(np.maximum(totals, 1e-12)), parts)


def of_scaled(transform: Transform, spread: NDArray[np.float64]) -> Transform:
    """The transform of features whose ``transform`` is that of features divided by ``spread``."""
    groups, size = transform.blocks.shape[:2]
    padded = np.ones(groups * size)
    padded[: len(spread)] = spread
    columns = torch.from_numpy(padded.reshape(groups, 1, size))
    mean = transform.mean.double() * torch.from_numpy(spread)
    return Transform(mean.float(), (transform.blocks.double() / columns).float())


def whitening(
    x: NDArray[np.floating], group_size: int, eps: float, shrinkage: str = "trace"
) -> Transform:
    """The whitening transform of ``x`` (N, D) with shrinkage ``eps``.

    The covariance has divisor N. The output's covariance is ``L^-1 C L^-T``: the identity only as
    ``eps`` goes to 0. Shrinkage "common" takes the mean variance of all channels for ``tr C / g``,
    so that groups keep their strength; "absolute" is ``C + eps I`` without the trace (2021).

    Raises:
        DataError: fewer than two rows, or a group without any variance.
    """
    if len(x) < 2:
        raise DataError("Whitening needs at least two tiles of each domain. Add tiles.")
    mean, blocks = group_statistics(x, group_size)
    return _whitener(mean, blocks, eps, shrinkage)


class MovingStatistics:
    """Whitening each batch by its own statistics, and the model by their moving average.

    The estimator of Roy et al. (CVPR 2019), whose encoder is trained too, so that no exact
    statistics exist. The average of a domain starts with its first batch.

    Args:
        momentum: weight of the newest batch.
        reads_validation: validation tiles update the average too, as in the code of 2021.
        kept_late: the last epoch's average is combined with the best epoch's head, as in 2021.
    """

    def __init__(
        self,
        group_size: int,
        eps: float,
        shrinkage: str = "trace",
        momentum: float = 0.1,
        reads_validation: bool = False,
        kept_late: bool = False,
    ) -> None:
        self.group_size, self.eps, self.shrinkage = group_size, eps, shrinkage
        self.momentum, self.reads_validation, self.kept_late = momentum, reads_validation, kept_late
        self._averages: dict[str, tuple[NDArray[np.float64], NDArray[np.float64]]] = {}

    def step(self, domain: str, x: Tensor) -> Tensor:
        """A training batch (B, D) whitened by itself; its statistics update the average."""
        statistics = self._statistics(x)
        self._update(domain, statistics)
        return _whitener(*statistics, self.eps, self.shrinkage)(x)

    def alone(self, x: Tensor) -> Tensor:
        """A batch (B, D) whitened by itself; no average is updated."""
        return _whitener(*self._statistics(x), self.eps, self.shrinkage)(x)

    def _statistics(self, x: Tensor) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        if len(x) < 2:
            raise DataError(
                "A batch of one tile has no covariance and cannot be whitened. Raise"
                " training.batch_size, add tiles, or set whitening.estimator to exact."
            )
        return group_statistics(x.numpy(), self.group_size)

    def state(self) -> dict[str, Tensor]:
        """The averages as float64 tensors, ``<domain>.mean`` and ``<domain>.covariances``."""
        return {
            f"{domain}.{name}": torch.from_numpy(value.copy())
            for domain, pair in self._averages.items()
            for name, value in zip(("mean", "covariances"), pair, strict=True)
        }

    def restore(self, state: Mapping[str, Tensor]) -> None:
        """Restores the averages from ``state()``. Raises KeyError if one is missing."""
        domains = sorted({name.partition(".")[0] for name in state})
        self._averages = {
            domain: (state[f"{domain}.mean"].numpy(), state[f"{domain}.covariances"].numpy())
            for domain in domains
        }

    def transforms(self) -> dict[str, Transform]:
        """The transform by domain, from the averages so far."""
        return {
            domain: _whitener(*average, self.eps, self.shrinkage)
            for domain, average in self._averages.items()
        }

    def _update(self, domain: str, new: tuple[NDArray[np.float64], NDArray[np.float64]]) -> None:
        old = self._averages.get(domain, new)
        share = self.momentum
        mean, covariances = ((1 - share) * a + share * b for a, b in zip(old, new, strict=True))
        self._averages[domain] = mean, covariances


def group_statistics(
    x: NDArray[np.floating], group_size: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean (D,) and covariance of each group (G, g, g) of ``x`` (N, D), divisor N.

    If the last group has fewer channels than ``g``, it is padded with zeros.
    """
    x = x.astype(np.float64)
    mean, width = x.mean(axis=0), x.shape[1]
    size = min(group_size, width)
    covariances = np.zeros((-(-width // size), size, size))
    for place, start in enumerate(range(0, width, size)):
        part = x[:, start : start + size] - mean[start : start + size]
        channels = part.shape[1]
        covariances[place, :channels, :channels] = part.T @ part / len(x)
    return mean, covariances


def _whitener(
    mean: NDArray[np.float64], covariances: NDArray[np.float64], eps: float, shrinkage: str
) -> Transform:
    blocks, size = np.zeros_like(covariances), covariances.shape[1]
    common = np.einsum("gii->", covariances) / len(mean)
    for place, padded in enumerate(covariances):
        start = place * size
        channels = min(size, len(mean) - start)
        covariance = padded[:channels, :channels]
        own = covariance.trace() / channels
        level = {"trace": own, "common": common, "absolute": 1.0}[shrinkage]
        factor = 1.0 if shrinkage == "absolute" else 1 - eps
        if level < 1e-12:
            raise DataError(
                f"Channels {start} to {start + channels - 1} hardly vary between these tiles and"
                " cannot be whitened. Raise whitening.group_size."
            )
        shrunk = factor * covariance + eps * level * np.eye(channels)
        try:
            blocks[place, :channels, :channels] = np.linalg.inv(np.linalg.cholesky(shrunk))
        except np.linalg.LinAlgError:
            raise DataError(
                f"Channels {start} to {start + channels - 1} do not vary enough to be whitened."
                " Raise whitening.eps."
            ) from None
    return _transform(mean, blocks)


def _transform(mean: NDArray[np.float64], blocks: NDArray[np.float64]) -> Transform:
    return Transform(torch.from_numpy(mean).float(), torch.from_numpy(blocks).float())
