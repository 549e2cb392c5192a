"""Projection of large archives: UMAP of landmarks, and every tile among its nearest landmarks.

UMAP of a million tiles takes hours. Some ten thousand of them carry the shape of the space, if
those of rare codes are among them: half of the draw is uniform, and half favours tiles far from a
uniform sample, by squared distance (the proposal of Bachem et al. 2016, Fast and provably good
seedings for k-means, NeurIPS). A code counts once, however many tiles share it.
"""

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import faiss
import numpy as np
from numpy.typing import NDArray

from mirs_core.hash_space import projection
from mirs_core.hash_space.projection import Points
from mirs_core.progress import Progress, silent
from mirs_core.ranking.archive import FloatArchive, HashArchive
from mirs_core.system.devices import compute_threads

Archive = HashArchive | FloatArchive
Near = tuple[NDArray[Any], NDArray[np.int64]]
"""Distances and rows (Q, k), nearest first."""

LIMIT = 50_000
"""Up to this many tiles the projection is UMAP of all tiles."""
LANDMARKS = 20_000
"""The most landmarks."""
AMONG = 5
"""The number of nearest landmarks that place a tile."""
_FEWEST, _REFERENCE = 64, 4096
_BLOCK, _FEW, _MOST_THREADS = 8192, 1024, 8
_DRAWN, _SPREAD = 1, 2


def project(
    archive: Archive, seed: int = 0, progress: Progress = silent, most: int = LANDMARKS
) -> tuple[Points, int]:
    """A projection (N, 2) like that of ``projection.project``, and the number of its landmarks.

    Equal seeds give equal projections. Memory is bounded: beside the codes and the points, that of
    a projection of ``most`` tiles.

    Raises:
        StoppedError: from ``progress``.
    """
    rows = choose(archive, most, seed, progress)
    progress("Projecting landmarks", 0, 1)
    chosen = subset(archive, rows)
    layout = projection.project(chosen, seed)
    points = place(archive, chosen, layout, seed, progress)
    points[rows] = layout
    return projection.normalised(points), len(rows)


def choose(
    archive: Archive, most: int = LANDMARKS, seed: int = 0, progress: Progress = silent
) -> NDArray[np.int64]:
    """The rows (L,) of at most ``most`` landmarks, ascending; all of different codes.

    Of an archive with few different codes at least 64 tiles are chosen, whatever their codes.
    """
    count = len(archive)
    rng = np.random.default_rng([seed, _DRAWN])
    size = max(1, min(_REFERENCE, count // 16))
    reference = subset(archive, np.sort(rng.choice(count, size, replace=False)))
    away = np.empty(count)
    for block, (distances, _) in _nearest(archive, reference, 1, progress, "Choosing landmarks"):
        away[block] = distances[:, 0]
    squared = away**2
    total = squared.sum()
    weights = 0.5 / count + (0.5 * squared / total if total > 0 else 0.5 / count)
    # Drawing without replacement by weight is a race of exponential clocks.
    clocks = rng.exponential(size=count) / weights
    ahead = np.argpartition(clocks, min(4 * most, count) - 1)[: 4 * most]
    order = ahead[np.argsort(clocks[ahead], kind="stable")]
    return np.sort(_different(archive, order, most))


def _different(archive: Archive, order: NDArray[np.int64], most: int) -> NDArray[np.int64]:
    """The first ``most`` rows of an order that differ in their codes."""
    codes = projection.codes_of(archive)
    first: dict[bytes, int] = {}
    for start in range(0, len(order), _FEW):
        rows = order[start : start + _FEW]
        for row, code in zip(rows.tolist(), codes[rows], strict=True):
            first.setdefault(code.tobytes(), row)
        if len(first) >= most:
            break
    chosen = np.array(list(first.values())[:most], dtype=np.int64)
    if len(chosen) >= _FEWEST:
        return chosen
    others = order[~np.isin(order, chosen)]
    return np.concatenate([chosen, others[: _FEWEST - len(chosen)]])


def place(
    archive: Archive,
    landmarks: Archive,
    layout: Points,
    seed: int = 0,
    progress: Progress = silent,
) -> Points:
    """The points (N, 2) of all tiles, from the points (L, 2) of the landmarks.

    A tile lies at the mean of its ``AMONG`` nearest landmarks, weighted by exp(-(d - d1) / s), d1
    being the smallest distance and s the mean of d - d1. Tiles with the code of a landmark are
    spread around it, within half of its distance to the next: otherwise a class with few codes
    would shrink to dots.
    """
    from scipy.spatial import KDTree

    spacing = KDTree(layout).query(layout, 2)[0][:, 1] / 2
    points = np.empty((len(archive), 2), dtype=np.float32)
    near = min(AMONG, len(landmarks))
    for block, (distances, rows) in _nearest(archive, landmarks, near, progress, "Placing tiles"):
        beyond = distances.astype(np.float64) - distances[:, :1]
        scale = beyond.mean(axis=1, keepdims=True)
        weights = np.exp(-beyond / np.where(scale > 0, scale, 1))
        weights /= weights.sum(axis=1, keepdims=True)
        points[block] = np.einsum("ij,ijk->ik", weights, layout[rows])
        same = np.flatnonzero(distances[:, 0] == 0)
        rng = np.random.default_rng([seed, _SPREAD, block.start])
        *thirds, turn = rng.random((4, len(distances)))[:, same]
        # The median of three is rarely near 0 or 1, so that the disc has no edge.
        reach = spacing[rows[same, 0]] * np.median(thirds, axis=0)
        circle = np.column_stack([np.cos(2 * np.pi * turn), np.sin(2 * np.pi * turn)])
        points[block.start + same] = layout[rows[same, 0]] + reach[:, None] * circle
    return points


def subset(archive: Archive, rows: NDArray[np.int64]) -> Archive:
    """An archive of some rows of another, in their order."""
    if isinstance(archive, HashArchive):
        return HashArchive(archive.codes[rows])
    return FloatArchive(archive.features[rows], archive.metric)


def _nearest(
    archive: Archive, of: Archive, k: int, progress: Progress, stage: str
) -> Iterator[tuple[slice, Near]]:
    """Blocks of an archive with the distances and rows of their nearest in another, in order."""

    codes = projection.compared(archive)

    def search(block: slice) -> Near:
        return projection.nearest(codes[block], of, k)

    blocks = [slice(at, min(at + _BLOCK, len(archive))) for at in range(0, len(archive), _BLOCK)]
    for number, (block, result) in enumerate(zip(blocks, _in_threads(search, blocks), strict=True)):
        progress(stage, number, len(blocks))
        yield block, result
    progress(stage, len(blocks), len(blocks))


def _in_threads(search: Callable[[slice], Near], blocks: list[slice]) -> Iterator[Near]:
    """The results of ``search`` in the order of the blocks, a few ahead of their use."""
    # A thread each with FAISS on one: OpenMP threads spin, and a busy neighbour stalls them.
    threads = max(1, min(_MOST_THREADS, compute_threads()))
    with ThreadPoolExecutor(threads, initializer=faiss.omp_set_num_threads, initargs=(1,)) as pool:
        waiting: deque[Future[Near]] = deque()
        try:
            for block in blocks:
                waiting.append(pool.submit(search, block))
                if len(waiting) > 2 * threads:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()
