"""Hash codes with the clusters of real ones: the codes of a trained run, with bits flipped.

Every tile of the run is a centre. A bit of a new code differs from its centre's with the frequency
with which it differs among the centre's nearest neighbours of the same class, so that codes fill
the space between neighbours and many of them coincide, as real ones do.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from mirs_core.ranking.codes import Packed, hamming, unpack

_NEIGHBOURS = 4
_SHARE = 0.6
_FLOOR = 0.0015
"""Bits that never differ among neighbours flip this often: real archives gain new codes forever."""

_ANOTHER_CLASS = 1 << 12
_SCALE = 1 << 16


@dataclass(frozen=True, slots=True, eq=False)
class Clusters:
    """Centres from which codes are drawn.

    Attributes:
        bits: (C, K) of the centres, 0 or 1.
        rates: (C, K) how often each bit differs from the centre's.
        labels: (C,) the class of each centre, a place in ``names``.
        weights: (C,) how many of the codes each centre gets; their sum is 1.
    """

    bits: NDArray[np.uint8]
    rates: NDArray[np.float32]
    labels: NDArray[np.int64]
    names: tuple[str, ...]
    weights: NDArray[np.float64]

    @classmethod
    def of(cls, codes: Packed, labels: NDArray[np.int64], names: tuple[str, ...]) -> "Clusters":
        """The clusters of packed codes (C, K/8) with classes (C,); those of a class are together.

        The sizes of classes fall as 1, 1/2, 1/3 ..., those of clusters within a class are
        log-normal; both are drawn with a fixed seed.
        """
        rng = np.random.default_rng(0)
        bits = unpack(codes, 8 * codes.shape[1])
        distances = hamming(codes, codes)
        distances[labels[:, None] != labels] += _ANOTHER_CLASS
        np.fill_diagonal(distances, 2 * _ANOTHER_CLASS)
        near = np.argsort(distances, axis=1, kind="stable")[:, :_NEIGHBOURS]
        differs = (bits[near] != bits[:, None]).mean(axis=1)
        sizes = np.reciprocal(rng.permutation(len(names)) + 1.0)
        weights = rng.lognormal(size=len(codes))
        weights *= (sizes / np.bincount(labels, weights, minlength=len(names)))[labels]
        rates = (_SHARE * differs + _FLOOR).astype(np.float32)
        return cls(bits, rates, labels, names, weights / weights.sum())

    def evenly(self) -> "Clusters":
        """The same centres, each with as many codes as any other."""
        return replace(self, weights=np.full(len(self.weights), 1 / len(self.weights)))

    def draw(self, count: int, rng: np.random.Generator) -> tuple[Packed, NDArray[np.int64]]:
        """Packed codes (count, K/8) and the centre (count,) of each.

        Some codes stay close to their centre and some do not: the rates of each are multiplied by
        a number between 0 and 2.
        """
        edges = np.cumsum(self.weights)
        centres = np.searchsorted(edges, rng.random(count) * edges[-1], side="right")
        chances = self.rates[centres]
        chances *= rng.random((count, 1), dtype=np.float32) * (2 * _SCALE)
        flips = rng.integers(0, _SCALE, chances.shape, dtype=np.uint16) < chances
        return np.packbits(self.bits[centres] ^ flips, axis=1), centres
