"""The hover card of a tile on a map, and its distance from the query."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from mirs_core.ranking.codes import hamming
from mirs_core.retrieval.query import Query
from mirs_core.retrieval.search import Searcher
from pages.components.space_map.space_map import Peek
from pages.shared import loaders, words


def card(searcher: Searcher, row: int, lines: Sequence[str]) -> Peek:
    """The hover card of a tile: its image, its landform class and further lines."""
    items = searcher.items
    tile, label = items.ids[row], items.labels[row]
    return Peek(
        row=row,
        picture=loaders.thumbnails(searcher, [tile])[tile],
        title=words.class_name(label),
        colour=words.colour(label),
        lines=(*lines, f"Split: {words.SPLITS[items.roles[row]].lower()}", words.file_name(tile)),
    )


def distance(searcher: Searcher, query: Query | None, row: int) -> str:
    """The distance of a row from the query in words; empty without a plain query."""
    if query is None or row < 0 or query.refined:
        return ""
    code = searcher.retriever.codes[row : row + 1]
    if searcher.unit == "bits":
        return f"{int(hamming(query.code, code)[0, 0])} bits from the query"
    return f"{_float_distance(query.code[0], code[0], searcher.unit):.3g} from the query"


def _float_distance(a: NDArray[np.float32], b: NDArray[np.float32], metric: str) -> float:
    if metric == "euclidean":
        return float(np.linalg.norm(a - b))
    lengths = float(np.linalg.norm(a) * np.linalg.norm(b))
    return 1 - float(a @ b) / lengths if lengths else 0.5
