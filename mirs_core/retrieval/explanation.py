"""Why a tile ranks where it does: bits in common, and how its distance compares in the archive."""

from dataclasses import dataclass

import numpy as np

from mirs_core.hashing.baseline import FloatModel
from mirs_core.ranking import refine
from mirs_core.ranking.codes import hamming, unpack
from mirs_core.retrieval.query import Query
from mirs_core.retrieval.search import Searcher

_NEIGHBOURS = 10


@dataclass(frozen=True, slots=True)
class Explanation:
    """How similar a query and a tile are, compared with the rest of the archive.

    Attributes:
        distance: between the two, in the unit of the run.
        share_farther: share of the run's other tiles that are farther from the query, 0..1.
        mean_distance: mean distance from the query to all other tiles.
        shared_neighbours: how many of the ten nearest tiles the two have in common.
        query_bits, tile_bits: the codes as tuples of 0 and 1; empty for baselines.
    """

    distance: float
    share_farther: float
    mean_distance: float
    shared_neighbours: int
    query_bits: tuple[int, ...] = ()
    tile_bits: tuple[int, ...] = ()

    @property
    def differing(self) -> tuple[int, ...]:
        """Indices of the bits that differ, from 0."""
        pairs = enumerate(zip(self.query_bits, self.tile_bits, strict=True))
        return tuple(bit for bit, (query, tile) in pairs if query != tile)


def distance_to(searcher: Searcher, query: Query, row: int) -> float:
    """The distance from a query to the tile of a row, in the unit of the run.

    Further examples of the query are ignored.
    """
    code, model = searcher.retriever.codes[row : row + 1], searcher.retriever.model
    if isinstance(model, FloatModel):
        return float(refine.mean_float(code, query.code, model.distance)[0])
    return float(hamming(query.code, code)[0, 0])


def explain(searcher: Searcher, query: Query, tile_id: str) -> Explanation:
    """Compares a query with an archived tile by its stored code.

    Raises:
        DataError: an unknown tile.
    """
    row = searcher.items.row(tile_id)
    index = searcher.full_archive()
    codes = searcher.retriever.codes
    distances = index.distances(query.code)
    own = searcher.items.rows_with_contents([query.content])
    others = np.delete(distances, own)
    farther = float((others > distances[row]).mean()) if len(others) else 0.0
    excluded = np.union1d(own, row).astype(np.int64)
    nearest = [
        set(index.search(code, _NEIGHBOURS, excluded=excluded)[1][0].tolist())
        for code in (query.code, codes[row : row + 1])
    ]
    bits = searcher.summary.bits
    return Explanation(
        distance=float(distances[row]),
        share_farther=farther,
        mean_distance=float(others.mean(dtype=np.float64)) if len(others) else 0.0,
        shared_neighbours=len(nearest[0] & nearest[1]),
        query_bits=tuple(unpack(query.code, bits)[0].tolist()) if bits else (),
        tile_bits=tuple(unpack(codes[row : row + 1], bits)[0].tolist()) if bits else (),
    )
