"""Hash codes: soft codes to bits, bits to packed bytes, and the Hamming distance between them."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Packed = NDArray[np.uint8]


def binarise(soft: NDArray[Any]) -> NDArray[np.uint8]:
    """Hash codes {0, 1} of soft codes (N, K): exactly 0.5 is a one (MIRS method, notation)."""
    return (soft >= 0.5).astype(np.uint8)


def pack(bits: NDArray[Any]) -> Packed:
    """Packed codes (N, K/8) of bits (N, K), the first bit the highest of its byte.

    Raises:
        ValueError: K is not a multiple of 8.
    """
    if bits.ndim != 2 or bits.shape[1] % 8:
        raise ValueError(f"bits of shape {bits.shape} do not fill whole bytes")
    return np.packbits(bits.astype(bool), axis=1)


def unpack(packed: Packed, bits: int) -> NDArray[np.uint8]:
    """Bits {0, 1} (N, ``bits``) of packed codes (N, ``bits``/8)."""
    return np.unpackbits(packed, axis=1, count=bits)


def equal_codes(codes: Packed) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The number (N,) of each code among the different ones, and how many tiles (C,) have each.

    Numbers follow the order of the codes, compared byte by byte from the first.
    """
    if not len(codes):
        return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64)
    width = -(-codes.shape[1] // 8) * 8
    padded = np.zeros((len(codes), width), dtype=np.uint8)
    padded[:, : codes.shape[1]] = codes
    words = padded.view(">u8").astype(np.uint64)
    order = np.lexsort(words.T[::-1])
    ordered = words[order]
    begins = np.concatenate([[True], (ordered[1:] != ordered[:-1]).any(axis=1)])
    numbers = np.empty(len(codes), dtype=np.int64)
    numbers[order] = np.cumsum(begins) - 1
    return numbers, np.bincount(numbers)


def hamming(a: Packed, b: Packed) -> NDArray[np.int32]:
    """Differing bits (Q, N) between packed codes ``a`` (Q, B) and ``b`` (N, B), in 0..8 B.

    Raises:
        ValueError: the codes differ in length.
    """
    if a.shape[1] != b.shape[1]:
        raise ValueError(f"codes of {a.shape[1]} and of {b.shape[1]} bytes cannot be compared")
    # A product of matrices of -1 and +1 is exact in float32, and the fastest that numpy has.
    signs_a, signs_b = _signs(a), _signs(b)
    distances = signs_a @ signs_b.T
    distances *= -0.5
    distances += signs_a.shape[1] / 2
    return distances.astype(np.int32)


def _signs(packed: Packed) -> NDArray[np.float32]:
    return np.unpackbits(packed, axis=1).astype(np.float32) * 2 - 1
