"""Overlapping footprints: pairs of tiles that show partly the same ground, detected from pixels.

Only tiles that a model ranks near each other are compared: the two images are registered by phase
correlation (Kuglin and Hines 1975), and the overlap is correlated. Only fine structure counts,
because brightness gradients and black image borders would otherwise make unrelated tiles match.
Rotated tiles are not detected.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mirs_core.hash_space.neighbourhoods import Neighbourhoods
from mirs_core.progress import Progress, silent

Grey = NDArray[np.float64]

SIDE = 96
"""Side, in pixels, at which images are compared."""
MOST_PAIRS = 3000
"""The most pairs that are compared, nearest first."""
_LEAST_SHARE, _ALIKE = 0.25, 0.7
_PEAKS, _REACH, _TAPER, _TINY = 8, 2, 0.3, 1e-9
_BLACK, _BLUR = 2.0, 3.0


@dataclass(frozen=True, slots=True)
class Overlap:
    """Two tiles whose footprints overlap.

    Attributes:
        rows: of the two, ascending.
        shift: of the second tile's corner in the first, right and down, as a share of the side.
        share: overlapping share of the area, 0..1.
        likeness: correlation of the two in the overlap, -1..1.
    """

    rows: tuple[int, int]
    shift: tuple[float, float]
    share: float
    likeness: float


def find(
    near: Neighbourhoods, read: Callable[[int], NDArray[np.uint8]], progress: Progress = silent
) -> list[Overlap]:
    """Pairs of mutual neighbours that overlap by at least a quarter, best correlated first.

    Args:
        read: the pixels (H, W) or (H, W, 3) of a row.

    Raises:
        MirsError: whatever ``read`` raises.
    """
    pairs = list(_mutual(near))[:MOST_PAIRS]
    small: dict[int, Grey] = {}
    overlapping = []
    for place, (first, second) in enumerate(pairs):
        progress("Comparing images", place, len(pairs))
        for row in (first, second):
            if row not in small:
                small[row] = shrunk(read(row))
        shift, share, likeness = compare(small[first], small[second])
        if share >= _LEAST_SHARE and likeness >= _ALIKE:
            overlapping.append(Overlap((first, second), shift, round(share, 3), round(likeness, 3)))
    return sorted(overlapping, key=lambda pair: (-pair.likeness, pair.rows))


def shrunk(pixels: NDArray[np.uint8]) -> Grey:
    """(SIDE, SIDE) fine structure of an image: less its blurred self, NaN if it is black."""
    from scipy.ndimage import gaussian_filter, minimum_filter

    image = Image.fromarray(np.ascontiguousarray(pixels)).convert("L")
    grey = np.asarray(image.resize((SIDE, SIDE), Image.Resampling.BOX), dtype=np.float64)
    # A pixel next to black is a mixture of both.
    there = minimum_filter(grey > _BLACK, 5)
    weight = gaussian_filter(there.astype(np.float64), _BLUR, mode="nearest")
    blurred = gaussian_filter(np.where(there, grey, 0.0), _BLUR, mode="nearest")
    return np.where(there, grey - blurred / np.maximum(weight, _TINY), np.nan)


def compare(first: Grey, second: Grey) -> tuple[tuple[float, float], float, float]:
    """Registers two images: shift, overlapping share, and correlation there.

    Images are (S, S), NaN where invalid. Each cyclic peak of the phase correlation allows four
    shifts; of those around the highest peaks, the one with the highest correlation is taken,
    unless the overlap is a mere edge.
    """
    side = len(first)
    product = _spectrum(first) * np.conj(_spectrum(second))
    surface = np.fft.irfft2(product / np.maximum(np.abs(product), _TINY), s=first.shape)
    peaks = np.argpartition(surface, -_PEAKS, axis=None)[-_PEAKS:]
    corners = {
        (down - up, right - left)
        for down, right in (divmod(int(peak), side) for peak in peaks)
        for up in (0, side)
        for left in (0, side)
    }
    tried = {corner: _likeness(first, second, *corner) for corner in corners}
    y, x = max(tried, key=tried.__getitem__)
    # The window biases the peak slightly towards the centre.
    around = range(-_REACH, _REACH + 1)
    tried = {(y + i, x + j): _likeness(first, second, y + i, x + j) for i in around for j in around}
    y, x = max(tried, key=tried.__getitem__)
    return (x / side, y / side), _share(side, y, x), tried[y, x]


def _share(side: int, y: int, x: int) -> float:
    return max(side - abs(y), 0) * max(side - abs(x), 0) / side**2


def _likeness(a: Grey, b: Grey, y: int, x: int) -> float:
    """The correlation in the overlap; -1 if that is too small."""
    if _share(len(a), y, x) < _LEAST_SHARE / 2:
        return -1.0
    first, second = _common(a, b, y, x)
    there = np.isfinite(first) & np.isfinite(second)
    if there.sum() < _LEAST_SHARE / 2 * a.size:
        return -1.0
    return correlation(first[there], second[there])


def correlation(first: Grey, second: Grey) -> float:
    """Pearson's correlation of two arrays of equal size; 0 if one of them is constant."""
    a, b = first - first.mean(), second - second.mean()
    size = float(np.sqrt((a * a).sum() * (b * b).sum()))
    return float((a * b).sum()) / size if size > _TINY else 0.0


def _mutual(near: Neighbourhoods) -> Iterator[tuple[int, int]]:
    """Pairs of mutual nearest neighbours, lowest ranks first."""
    count, ranks = near.rows.shape
    rows, neighbours = np.tile(np.arange(count), ranks), near.rows.T.ravel()
    rows, neighbours = rows[neighbours >= 0], neighbours[neighbours >= 0]
    mutual = np.isin(neighbours * count + rows, rows * count + neighbours)
    rows, neighbours = rows[mutual], neighbours[mutual]
    pairs = np.minimum(rows, neighbours) * count + np.maximum(rows, neighbours)
    _, first = np.unique(pairs, return_index=True)
    for pair in pairs[np.sort(first)]:
        yield int(pair // count), int(pair % count)


def _spectrum(grey: Grey) -> NDArray[np.complex128]:
    from scipy.signal.windows import tukey

    # Opposite edges do not match; without a window they would dominate the spectrum.
    window = tukey(len(grey), _TAPER)
    there = np.isfinite(grey)
    level = grey[there].mean() if there.any() else 0.0
    return np.fft.rfft2(np.where(there, grey - level, 0.0) * window[:, None] * window[None])


def _common(a: Grey, b: Grey, y: int, x: int) -> tuple[Grey, Grey]:
    side = len(a)
    first = a[max(0, y) : side + min(0, y), max(0, x) : side + min(0, x)]
    second = b[max(0, -y) : side - max(0, y), max(0, -x) : side - max(0, x)]
    return first, second
