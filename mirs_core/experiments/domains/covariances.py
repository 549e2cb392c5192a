"""Covariances of features in groups of channels, and the distance between those of two domains.

All figures are dimensionless, so that features before and after a transform can be compared.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mirs_core.hashing.whitening import group_statistics

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Moments:
    """Mean and covariances of the features of a domain.

    Attributes:
        mean: (D,).
        covariances: (G, g, g), divisor N; missing channels of the last group are 0.
    """

    mean: Floats
    covariances: Floats

    @classmethod
    def of(cls, x: NDArray[np.floating], group_size: int) -> "Moments":
        """The moments of ``x`` (N, D) in groups of ``group_size`` channels."""
        return cls(*group_statistics(x, group_size))

    def channels(self, group: int) -> tuple[int, int]:
        """The first channel of a group, and the one after its last."""
        size = self.covariances.shape[1]
        return group * size, min((group + 1) * size, len(self.mean))

    def covariance(self, group: int) -> Floats:
        """The covariance of the channels of a group, (g, g) or less for the last one."""
        start, end = self.channels(group)
        return self.covariances[group, : end - start, : end - start]

    @property
    def variance(self) -> float:
        """The sum of the variances of all channels."""
        return float(np.einsum("gii->", self.covariances))


def off_diagonal_correlation(moments: Moments) -> float | None:
    """Mean absolute correlation of two different channels of a group, 0 to 1.

    Channels that do not vary are left out; None if no group has two that do.
    """
    total, pairs = 0.0, 0
    for covariance in moments.covariances:
        deviation = np.sqrt(np.diagonal(covariance))
        varying = np.flatnonzero(deviation > 0)
        inside = covariance[np.ix_(varying, varying)]
        correlation = inside / np.outer(deviation[varying], deviation[varying])
        total += float(np.abs(correlation[np.triu_indices(len(varying), 1)]).sum())
        pairs += len(varying) * (len(varying) - 1) // 2
    return total / pairs if pairs else None


def distance_to_identity(moments: Moments) -> float:
    """``|C - I| / |I|`` over all groups, Frobenius norm: 0 for white features, 1 for none."""
    width = len(moments.mean)
    # |C - I|^2 = |C|^2 - 2 tr C + D
    squared = _norm(moments.covariances) ** 2 - 2 * moments.variance + width
    return float(np.sqrt(max(squared, 0.0) / width))


def distance_to_scaled_identity(moments: Moments) -> float:
    """Distance to the nearest multiple of the identity, ``min |s C - I| / |I|``: 0 to 1.

    It ignores the overall scale of the features, which does not change a ranking.
    """
    norm = _norm(moments.covariances)
    if not norm:
        return 1.0
    explained = moments.variance**2 / (len(moments.mean) * norm**2)
    return float(np.sqrt(max(1 - explained, 0.0)))


def mean_gap(a: Moments, b: Moments) -> float:
    """Distance of two domains' means, in standard deviations of the features inside a domain.

    The deviation is the root of the summed variances, averaged over the two domains.
    """
    spread = np.sqrt((a.variance + b.variance) / 2)
    gap = np.linalg.norm(a.mean - b.mean)
    return float(gap / spread) if spread else float(gap > 0)


def covariance_gap(a: Moments, b: Moments) -> float:
    """Distance of two domains' covariances within groups, as a share of their own size.

    ``|Ca - Cb|`` over the root mean square of ``|Ca|`` and ``|Cb|``, Frobenius: 0 if they are
    equal, 1.41 if they have nothing in common.
    """
    size = np.sqrt((_norm(a.covariances) ** 2 + _norm(b.covariances) ** 2) / 2)
    return float(_norm(a.covariances - b.covariances) / size) if size else 0.0


def _norm(covariances: Floats) -> float:
    return float(np.linalg.norm(covariances))
