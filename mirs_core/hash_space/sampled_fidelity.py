"""How well a projection of many tiles preserves neighbourhoods, measured on a sample.

The same figures as ``projection.fidelity``, by counting: the rank of a tile is the number of tiles
that are nearer, so no list of all tiles is sorted.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mirs_core.hash_space import projection
from mirs_core.hash_space.projection import LOOKED, Fidelity, Points
from mirs_core.progress import Progress, silent
from mirs_core.ranking.archive import FloatArchive, HashArchive
from mirs_core.ranking.codes import hamming

SAMPLE = 1000
"""The most tiles that it is measured on."""
_QUERIES, _COLUMNS = 32, 65_536


def fidelity(
    archive: HashArchive | FloatArchive,
    points: Points,
    seed: int = 0,
    progress: Progress = silent,
    most: int = SAMPLE,
) -> Fidelity:
    """The fidelity of points (N, 2) to an archive, on at most ``most`` of its tiles.

    Of float features the distances are those of a matrix product, whose rounding may swap tiles
    at nearly equal distances.

    Raises:
        StoppedError: from ``progress``.
    """
    from scipy.spatial import KDTree

    count, codes = len(archive), projection.compared(archive)
    near = min(LOOKED, (count - 1) // 2)
    sample = np.random.default_rng(seed).permutation(count)[:most]
    tree = KDTree(points, balanced_tree=False, compact_nodes=False)
    penalty, preserved, close = 0.0, 0, 0
    for start in range(0, len(sample), _QUERIES):
        progress("Measuring the projection", start, len(sample))
        block = sample[start : start + _QUERIES]
        distances = _distances(codes, block)
        neighbours = np.reshape(tree.query(points[block], near + 1)[1], (len(block), near + 1))
        for row, away, listed in zip(block, distances, neighbours, strict=True):
            others = listed[listed != row][:near]
            ranks = _ranks(away, int(row), others)
            penalty += float((ranks - near).clip(min=0).sum())
            preserved += int((ranks <= near).sum())
            close += int((ranks <= count / 100).sum())
    worst = len(sample) * near * (2 * count - 3 * near - 1) / 2
    return Fidelity(
        trustworthiness=round(1 - penalty / worst, 4) if worst > 0 else 1.0,
        preservation=round(preserved / (len(sample) * near), 4),
        sample_size=len(sample),
        near=round(close / (len(sample) * near), 4),
    )


def _distances(codes: NDArray[Any], rows: NDArray[np.int64]) -> NDArray[Any]:
    """Distances (Q, N) of some rows to all, or values that increase with them."""
    if codes.dtype == np.uint8:
        kind = np.uint8 if codes.shape[1] < 32 else np.uint16
        result = np.empty((len(rows), len(codes)), dtype=kind)
        for start in range(0, len(codes), _COLUMNS):
            block = slice(start, start + _COLUMNS)
            result[:, block] = hamming(codes[rows], codes[block])
        return result
    squared = np.empty((len(rows), len(codes)), dtype=np.float32)
    for start in range(0, len(codes), _COLUMNS):
        stored = codes[start : start + _COLUMNS]
        lengths = np.einsum("ij,ij->i", stored, stored)
        squared[:, start : start + _COLUMNS] = lengths - 2 * (codes[rows] @ stored.T)
    return squared


def _ranks(away: NDArray[Any], own: int, rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """The ranks of ``rows`` by (distance, row) among all tiles but ``own``, from 1."""
    ranks = np.empty(len(rows), dtype=np.int64)
    for place, row in enumerate(rows):
        distance = away[row]
        before = np.count_nonzero(away < distance) + np.count_nonzero(away[:row] == distance)
        ranks[place] = before + 1 - _precedes(away, own, int(row))
    return ranks


def _precedes(away: NDArray[Any], own: int, row: int) -> bool:
    return bool(away[own] < away[row] or (away[own] == away[row] and own < row))
