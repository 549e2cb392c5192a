"""Projection of the hash space to two dimensions: UMAP over exact neighbours, and its fidelity.

UMAP: McInnes, Healy, Melville 2018. The neighbours come from the archive's own exact search, so the
graph is that of Hamming distance (or of the baseline's), and equal seeds give equal projections.
"""

import itertools
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mirs_core.errors import DataError
from mirs_core.ranking.archive import FloatArchive, HashArchive

Points = NDArray[np.float32]

NEIGHBOURS, SPREAD = 15, 0.9
MANY, EPOCHS, EPOCHS_OF_MANY = 8_000, 200, 100
"""Above this many tiles the projection gets fewer epochs, at a cost of 0.001 trustworthiness."""
_LEAST = 5
_EXTENT = 3.0
SAMPLE, LOOKED = 2000, 10
"""Fidelity is measured on so many tiles at most, and on so many neighbours of each."""
_BLOCK, _SPARE = 128, 16


@dataclass(frozen=True, slots=True)
class Fidelity:
    """How well a projection preserves neighbourhoods; both values in 0..1, higher is better.

    Attributes:
        trustworthiness: 1 minus a penalty for neighbours in the projection that are
            distant in the space, by rank (Venna and Kaski 2001), over the 10 nearest.
        preservation: share of the 10 nearest in the space that are among the 10 nearest in the
            projection.
        sample_size: the number of tiles it was measured on.
        near: share of the 10 nearest in the projection that are among the nearest hundredth in the
            space; measured where there are so many tiles that 10 are few.
    """

    trustworthiness: float
    preservation: float
    sample_size: int
    near: float | None = None


def project(archive: HashArchive | FloatArchive, seed: int = 0) -> Points:
    """A map (N, 2) float32 of an archive, centred, its farthest point at distance 1.

    Raises:
        DataError: fewer than five tiles.
    """
    count = len(archive)
    if count < _LEAST:
        raise DataError(f"A projection needs at least {_LEAST} tiles; there are {count}.")
    import umap

    neighbours = min(NEIGHBOURS, count - 1)
    distances, rows = _nearest(archive, neighbours + 1)
    indices, away = _with_itself_first(rows, distances)
    reducer = umap.UMAP(
        n_neighbors=neighbours + 1,
        precomputed_knn=(indices, away.astype(np.float32), None),
        n_epochs=EPOCHS if count <= MANY else EPOCHS_OF_MANY,
        min_dist=SPREAD,
        init=_start(archive),
        random_state=seed,
        n_jobs=1,
    )
    points = reducer.fit_transform(np.zeros((count, 1), np.float32))
    return normalised(points)


def normalised(points: NDArray[Any]) -> Points:
    """Points (N, 2) moved to their mean, scaled so that the farthest is at distance 1."""
    moved = points - points.mean(axis=0)
    farthest = float(np.linalg.norm(moved, axis=1).max(initial=0.0))
    result: Points = (moved / farthest if farthest > 0 else moved).astype(np.float32)
    return result


def _nearest(archive: HashArchive | FloatArchive, k: int) -> tuple[NDArray[Any], NDArray[np.int64]]:
    """Distances and rows (N, k) of every tile's nearest, itself among them."""
    if isinstance(archive, HashArchive) or len(archive) <= _BLOCK:
        return archive.search(codes_of(archive), k)
    return _nearest_vectors(archive.vectors, archive, k)


def nearest(
    codes: NDArray[Any], archive: HashArchive | FloatArchive, k: int
) -> tuple[NDArray[Any], NDArray[np.int64]]:
    """Distances and rows (Q, k) of an archive's nearest for some of another's ``compared``."""
    if isinstance(archive, HashArchive):
        return archive.search(codes, k)
    return _nearest_vectors(codes, archive, k)


def compared(archive: HashArchive | FloatArchive) -> NDArray[Any]:
    """What an archive compares: its codes, or its vectors, for cosine distance of length 1.

    The codes of an archive of several segments are copied: ask once.
    """
    return archive.codes if isinstance(archive, HashArchive) else archive.vectors


def _nearest_vectors(
    vectors: NDArray[np.float32], archive: FloatArchive, k: int
) -> tuple[NDArray[Any], NDArray[np.int64]]:
    """A float archive's nearest for vectors (Q, D) as it compares them.

    A float archive compares vector by vector, so that equal ones are at distance 0; for all pairs
    a matrix product is eight times faster. It proposes, and the true distances decide.
    """
    stored, rows = archive.vectors, []
    lengths = np.einsum("ij,ij->i", stored, stored)
    proposed = min(k + _SPARE, len(stored))
    distances = []
    for start in range(0, len(vectors), _BLOCK):
        block = vectors[start : start + _BLOCK]
        about = lengths - 2 * (block @ stored.T)
        near = np.sort(np.argpartition(about, proposed - 1, axis=1)[:, :proposed], axis=1)
        exact = ((stored[near] - block[:, None]) ** 2).sum(axis=2)
        order = np.argsort(exact, axis=1, kind="stable")[:, :k]
        rows.append(np.take_along_axis(near, order, 1))
        distances.append(np.take_along_axis(exact, order, 1))
    squared = np.concatenate(distances)
    away = squared / 2 if archive.metric == "cosine" else np.sqrt(squared)
    return away, np.concatenate(rows).astype(np.int64)


def codes_of(archive: HashArchive | FloatArchive) -> NDArray[Any]:
    """The codes (N, B) or features (N, D) that an archive holds."""
    return archive.codes if isinstance(archive, HashArchive) else archive.features


def _with_itself_first(
    rows: NDArray[np.int64], distances: NDArray[Any]
) -> tuple[NDArray[np.int64], NDArray[Any]]:
    """Neighbours with each tile before all others at distance 0: many tiles may share a code."""
    own = np.arange(len(rows))[:, None]
    is_own = rows == own
    # A tile that shares its code with many may not find itself: it takes the last one's place.
    rows = np.where(is_own.any(axis=1, keepdims=True), rows, np.concatenate([rows[:, :-1], own], 1))
    order = np.argsort(rows != own, axis=1, kind="stable")
    return np.take_along_axis(rows, order, 1), np.take_along_axis(distances, order, 1)


def _start(archive: HashArchive | FloatArchive) -> NDArray[np.float32]:
    """The first two principal axes: a start that equal archives share."""
    codes = codes_of(archive)
    values = np.unpackbits(codes, axis=1) if isinstance(archive, HashArchive) else codes
    centred = values.astype(np.float32) - values.mean(axis=0, dtype=np.float64).astype(np.float32)
    scatter = centred.T @ centred
    _, axes = np.linalg.eigh(scatter.astype(np.float64))
    chosen = axes[:, -2:] if axes.shape[1] > 1 else np.repeat(axes, 2, axis=1)
    # The sign of an axis is arbitrary; its largest entry decides.
    signs = np.sign(chosen[np.abs(chosen).argmax(axis=0), [0, 1]])
    points = centred @ (chosen * signs).astype(np.float32)
    spread = float(np.abs(points).max(initial=0.0)) or 1.0
    noise = np.random.default_rng(0).normal(scale=1e-3, size=points.shape)
    return np.ascontiguousarray(_EXTENT * points / spread + noise, dtype=np.float32)


def fidelity(archive: HashArchive | FloatArchive, points: Points, seed: int = 0) -> Fidelity:
    """How well points (N, 2) preserve the neighbourhoods of an archive, on at most 2000 tiles."""
    count, near = len(archive), min(LOOKED, (len(archive) - 1) // 2)
    sample = np.random.default_rng(seed).permutation(count)[:SAMPLE]
    plane = FloatArchive(np.ascontiguousarray(points), "euclidean")
    codes, penalty, preserved = codes_of(archive), 0.0, 0
    for start in range(0, len(sample), _BLOCK):
        block = sample[start : start + _BLOCK]
        ranks = _ranks(archive.search(codes[block], count)[1], block)
        nearest = _without_itself(plane.search(points[block], near + 1)[1], block)
        rank_of_nearest = np.take_along_axis(ranks, nearest, axis=1)
        penalty += float((rank_of_nearest - near).clip(min=0).sum())
        preserved += int((rank_of_nearest <= near).sum())
    worst = len(sample) * near * (2 * count - 3 * near - 1) / 2
    return Fidelity(
        trustworthiness=round(1 - penalty / worst, 4) if worst > 0 else 1.0,
        preservation=round(preserved / (len(sample) * near), 4),
        sample_size=len(sample),
    )


def _ranks(order: NDArray[np.int64], own: NDArray[np.int64]) -> NDArray[np.int64]:
    """The rank (Q, N) of each row for each query, from 1; its own row has rank 0."""
    others = _without_itself(order, own)
    ranks = np.zeros(order.shape, dtype=np.int64)
    places = np.broadcast_to(np.arange(1, others.shape[1] + 1), others.shape)
    np.put_along_axis(ranks, others, places, axis=1)
    return ranks


def _without_itself(rows: NDArray[np.int64], own: NDArray[np.int64]) -> NDArray[np.int64]:
    """Rows (Q, k) without each query's own row, or without the last row if that is absent."""
    order = np.argsort(rows == own[:, None], axis=1, kind="stable")
    return np.take_along_axis(rows, order, axis=1)[:, :-1]


def aligned(points: Points, reference: Points) -> Points:
    """``points`` (N, 2) rotated or reflected to lie as near to ``reference`` as possible.

    Orthogonal Procrustes (Schönemann 1966): distances within the projection do not change.
    """
    return turned(points, points, reference)


def turned(points: Points, shared: Points, reference: Points) -> Points:
    """``points`` (N, 2) rotated or reflected to align ``shared`` (M, 2) with ``reference``.

    ``shared`` are the points that both projections have, in the order of ``reference``.
    """
    if not len(shared):
        return points
    result: Points = (points @ rotation(shared, reference)).astype(np.float32)
    return result


def rotation(points: Points, reference: Points) -> NDArray[np.float64]:
    """The rotation or reflection (2, 2) that aligns ``points`` (M, 2) with ``reference``."""
    # As scipy.linalg.orthogonal_procrustes, whose import takes half a second.
    left, _, right = np.linalg.svd(points.T.astype(np.float64) @ reference.astype(np.float64))
    turn: NDArray[np.float64] = left @ right
    return turn


def placed(near: Points, distances: NDArray[Any]) -> Points:
    """The position (2,) of a tile whose nearest tiles lie at ``near`` (k, 2).

    Starts from the neighbour with the most weight around it and takes the weighted mean of those
    on its side, since the mean of two distant clusters would lie in neither. Weights decrease
    with ``distances`` (k,).
    """
    weights = 1 / (1 + np.asarray(distances, dtype=np.float64))
    gaps = np.linalg.norm(near[:, None].astype(np.float64) - near[None], axis=2)
    best = int(np.argmin((gaps * weights).sum(axis=1)))
    side = gaps[best] <= np.median(gaps[best])
    middle: Points = np.average(near[side], axis=0, weights=weights[side]).astype(np.float32)
    return middle


def central_rows(points: Points, groups: NDArray[Any], count: int) -> list[int | None]:
    """For each group 0..count-1 the row whose point (N, 2) is nearest to the group's median.

    Points that are not finite are ignored; None for a group without any other.
    """
    finite = np.flatnonzero(np.isfinite(points).all(axis=1))
    order = finite[np.argsort(groups[finite], kind="stable")]
    starts = np.searchsorted(groups[order], np.arange(count + 1))
    rows: list[int | None] = []
    for start, end in itertools.pairwise(starts):
        members = order[start:end]
        if not len(members):
            rows.append(None)
            continue
        centre = np.median(points[members], axis=0)
        rows.append(int(members[np.linalg.norm(points[members] - centre, axis=1).argmin()]))
    return rows
