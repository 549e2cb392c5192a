"""The columns of synthetic tiles: ids, classes, splits, strips, places, contents."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from benchmarks.scale.clusters import Clusters
from benchmarks.scale.strips import Strips
from mirs_core.columns.blocks import Blocks
from mirs_core.columns.categories import Categories, code_type
from mirs_core.columns.hashes import Hashes
from mirs_core.columns.numbers import Numbers
from mirs_core.columns.texts import Texts
from mirs_core.datasets.manifest import INVENTED
from mirs_core.ranking.codes import Packed

ROLES = ("archive", "train", "val", "test")
_FOLDERS = ("database", "train", "val", "test")
_UNLABELLED = 0.2
_LEARNT = (0.01, 10_000), (0.005, 5_000), (0.05, 20_000)
"""Shares of train, val and test, and the most tiles of each."""

Contents = Callable[[list[str], NDArray[np.int64]], NDArray[np.uint8]]
"""From ids and centres of tiles to the SHA-256 (n, 32) of their files."""


@dataclass(slots=True, eq=False)
class Tiles:
    """Draws the tiles of an archive, some at a time; the same ones for the same seed."""

    clusters: Clusters
    total: int
    rng: np.random.Generator
    strips: Strips

    @classmethod
    def of(cls, clusters: Clusters, total: int, seed: int = 0) -> "Tiles":
        """The tiles of an archive of ``total`` tiles."""
        rng = np.random.default_rng(seed)
        return cls(clusters, total, rng, Strips.for_tiles(total, rng))

    def draw(self, count: int, contents: Contents) -> tuple[Packed, dict[str, Any]]:
        """Packed codes of the next tiles, and their columns by name (as in ``Items``)."""
        codes, centres = self.clusters.draw(count, self.rng)
        roles = self._roles(count)
        classes = self.clusters.labels[centres]
        classes[(self.rng.random(count) < _UNLABELLED) & (roles == 0)] = -1
        strips, x, y = self.strips.place(count, self.rng)
        latitudes, longitudes = self.strips.coordinates(strips, x, y)
        ids = self._ids(roles, classes, strips, x, y)
        return codes, {
            "ids": Texts.cut(ids),
            "labels": _categories(classes, self.clusters.names),
            "roles": _categories(roles, ROLES),
            "strips": _categories(strips, self.strips.names),
            "contents": Hashes(Blocks.of(contents(ids.to_pylist(), centres))),
            "latitudes": Numbers(Blocks.of(latitudes)),
            "longitudes": Numbers(Blocks.of(longitudes)),
            "places": _categories(np.zeros(count, dtype=np.int64), (INVENTED,)),
        }

    def _roles(self, count: int) -> NDArray[np.int64]:
        shares = [min(share, most / self.total) for share, most in _LEARNT]
        edges = np.cumsum(shares)
        draws = self.rng.random(count)
        return (1 + np.searchsorted(edges, draws, side="right")) % len(ROLES)

    def _ids(
        self,
        roles: NDArray[np.int64],
        classes: NDArray[np.int64],
        strips: NDArray[np.int64],
        x: NDArray[np.int64],
        y: NDArray[np.int64],
    ) -> pa.Array:
        """Paths as in a labelled data set, whose tiles a scan reads with the same metadata."""
        names = (*(f"{name}/" for name in self.clusters.names), "")
        folders = pa.array([f"{split}/{name}" for split in _FOLDERS for name in names])
        width = len(names)
        places = roles * width + np.where(classes < 0, width - 1, classes)
        return pc.binary_join_element_wise(
            folders.take(pa.array(places)),
            pa.array(self.strips.names).take(pa.array(strips)),
            "_CX",
            pa.array(x).cast(pa.string()),
            "_CY",
            pa.array(y).cast(pa.string()),
            ".jpg",
            "",
        )


def contents_of_ids(ids: list[str], centres: NDArray[np.int64]) -> NDArray[np.uint8]:
    """SHA-256 of the ids, for tiles without files."""
    data = b"".join([hashlib.sha256(tile.encode()).digest() for tile in ids])
    return np.frombuffer(data, dtype=np.uint8).reshape(-1, 32)


def _categories(codes: NDArray[np.int64], names: tuple[str, ...]) -> Categories:
    return Categories.of_codes(codes.astype(code_type(len(names))), names)
