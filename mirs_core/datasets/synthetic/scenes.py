"""Synthetic strips: illumination, positions of tiles, names, and splits.

A scene stands for one strip of one orbit. Several landforms occur in each, each landform occurs in
several, and a scene lies in one split only, so that no test tile has a neighbour in training.
"""

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from mirs_core.datasets.synthetic.camera import Camera, Sun, random_camera, random_sun

SPLITS = ("train", "val", "test")
_CELL = 300
"""Spacing [px] of the locations in a strip: wider than a pair of overlapping tiles."""
_COLUMNS, _ROWS = 16, 90
"""Locations across and along a strip: about 5,000 by 27,000 px, as CTX has."""
_PAIRS = 0.45
"""Fraction of visits that yield two overlapping tiles of one piece of ground."""


@dataclass(frozen=True)
class Scene:
    """A strip: its ``name`` in the form of CTX product names, its light, its camera, its split."""

    name: str
    sun: Sun
    camera: Camera
    split: str


@dataclass(frozen=True)
class Cut:
    """One tile of a piece of ground: its first row and column, and its ``path`` in the set."""

    top: int
    left: int
    path: str


@dataclass(frozen=True)
class Ground:
    """A piece of ground to be painted once: landform ``code``, random ``key``, size, and tiles."""

    code: str
    key: tuple[int, ...]
    scene: Scene
    shape: tuple[int, int]
    cuts: tuple[Cut, ...]


def shares(count: int) -> tuple[int, int, int]:
    """The numbers of ``count`` tiles in train, val and test: about 70, 20 and 10 per cent."""
    test = max(1, round(count * 0.1)) if count > 1 else 0
    val = max(1, round(count * 0.2)) if count > 2 else 0
    return count - val - test, val, test


def _scene(rng: np.random.Generator, orbit: int, split: str) -> Scene:
    tenths = int(rng.integers(-700, 800))
    longitude = int(rng.integers(0, 360))
    place = f"{abs(tenths) // 10:02d}{'N' if tenths >= 0 else 'S'}{longitude:03d}W"
    name = f"SYN_{orbit:06d}_{1800 + tenths:04d}_XI_{place}"
    return Scene(name, random_sun(rng), random_camera(rng), split)


def _visits(rng: np.random.Generator, codes: Sequence[str], count: int) -> list[tuple[str, int]]:
    """Each code's ``count`` tiles in visits of two to five, in random order."""
    visits = []
    for code in codes:
        remaining = count
        while remaining > 0:
            size = min(remaining, int(rng.integers(2, 6)))
            visits.append((code, size))
            remaining -= size
    return [visits[i] for i in rng.permutation(len(visits))]


def _bundles(
    rng: np.random.Generator, visits: list[tuple[str, int]]
) -> Iterator[list[tuple[str, int]]]:
    """The visits in bundles of three to six different landforms, one bundle per strip."""
    waiting = deque(visits)
    while waiting:
        size = min(len(waiting), int(rng.integers(3, 7)))
        bundle: list[tuple[str, int]] = []
        for _ in range(len(waiting)):
            visit = waiting.popleft()
            if len(bundle) < size and visit[0] not in {code for code, _ in bundle}:
                bundle.append(visit)
            else:
                waiting.append(visit)
        yield bundle


def _ground(
    rng: np.random.Generator,
    scene: Scene,
    code: str,
    key: tuple[int, ...],
    place: int,
    pair: bool,
    side: int,
) -> Ground:
    column, row = place % _COLUMNS * _CELL, place // _COLUMNS * _CELL
    down, right = (int(v) for v in rng.integers(20, 91, 2)) if pair else (0, 0)
    corners = [(0, 0), (down, right)] if pair else [(0, 0)]
    if pair and rng.random() < 0.5:
        corners = [(0, right), (down, 0)]
    cuts = tuple(
        Cut(
            top,
            left,
            f"{scene.split}/{code}/{scene.name}_CX{column + left}_CY{row + top}.jpg",
        )
        for top, left in corners
    )
    return Ground(code, key, scene, (side + down, side + right), cuts)


def plan(codes: Sequence[str], per_class: int, seed: int, side: int) -> list[Ground]:
    """Every piece of ground of a data set with ``per_class`` tiles of each landform in ``codes``.

    The plan depends on the arguments only; each piece carries the key of its random numbers,
    so that it may be painted anywhere, in any order.
    """
    rng = np.random.default_rng([seed, 0])
    orbits = iter(rng.permutation(np.arange(1000, 80000)))
    grounds: list[Ground] = []
    for split, count in zip(SPLITS, shares(per_class), strict=True):
        for bundle in _bundles(rng, _visits(rng, codes, count)):
            scene = _scene(rng, int(next(orbits)), split)
            places = iter(rng.permutation(_COLUMNS * _ROWS))
            for code, size in bundle:
                paired = size >= 2 and rng.random() < _PAIRS
                for first in range(size - 1 if paired else size):
                    key = (seed, 1, len(grounds))
                    grounds.append(
                        _ground(
                            rng, scene, code, key, int(next(places)), paired and first == 0, side
                        )
                    )
    return grounds
