"""Why two tiles are called similar: the bits they share, and how near is near in this archive."""

from dataclasses import dataclass

import numpy as np

from mirs_core.ranking.codes import unpack
from mirs_core.retrieval.search import Query, Searcher

_NEIGHBOURS = 10


@dataclass(frozen=True, slots=True)
class Explanation:
    """What is known of the likeness of a query and a tile.

    Attributes:
        distance: in the unit of the run.
        closer: share of the run's other tiles that are farther from the query than this one, 0..1.
        usual: the mean distance from the query to all other tiles.
        shared: of the ten tiles nearest to each of the two, how many are the same.
        query_bits, tile_bits: the codes as tuples of 0 and 1; empty for float runs.
    """

    distance: float
    closer: float
    usual: float
    shared: int
    query_bits: tuple[int, ...] = ()
    tile_bits: tuple[int, ...] = ()

    @property
    def differing(self) -> tuple[int, ...]:
        """The places of the bits that differ, from 0."""
        pairs = enumerate(zip(self.query_bits, self.tile_bits, strict=True))
        return tuple(place for place, (one, other) in pairs if one != other)


def explain(searcher: Searcher, query: Query, tile_id: str) -> Explanation:
    """Compares a query with an archived tile, by the code that the archive holds of it.

    Raises:
        DataError: an unknown tile.
    """
    row = searcher.items.row(tile_id)
    index = searcher.full_archive()
    codes = searcher.retriever.codes
    found, places = index.search(query.code, len(codes))
    distances = np.empty(len(codes))
    distances[places[0]] = found[0]
    own = [i for i, content in enumerate(searcher.items.contents) if content == query.content]
    others = np.delete(distances, own)
    farther = float((others > distances[row]).mean()) if len(others) else 0.0
    nearest = set(places[0][: _NEIGHBOURS + len(own)].tolist()) - {row, *own}
    theirs = index.search(codes[row : row + 1], _NEIGHBOURS + 1 + len(own))[1][0].tolist()
    bits = searcher.summary.bits
    return Explanation(
        distance=float(distances[row]),
        closer=farther,
        usual=float(others.mean()) if len(others) else 0.0,
        shared=len(nearest & (set(theirs) - {row, *own})),
        query_bits=tuple(unpack(query.code, bits)[0].tolist()) if bits else (),
        tile_bits=tuple(unpack(codes[row : row + 1], bits)[0].tolist()) if bits else (),
    )
