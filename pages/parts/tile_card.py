"""The hover card of a tile on a map, and its distance from the query or its score."""

from collections.abc import Sequence

import numpy as np

from mirs_core.retrieval import explanation
from mirs_core.retrieval.query import Query, rank_refined
from mirs_core.retrieval.ranked_by import ranked_by
from mirs_core.retrieval.search import Searcher
from pages.components.space_map.space_map import HoverCard
from pages.shared import loaders, words


def card(searcher: Searcher, row: int, lines: Sequence[str]) -> HoverCard:
    """The hover card of a tile: its image, its landform class and further lines."""
    items = searcher.items
    tile, label = items.ids[row], items.labels[row]
    image = loaders.thumbnails(searcher, [tile])[tile]
    return HoverCard(
        row=row,
        picture=image.uri,
        title=words.class_name(label),
        colour=words.colour(label),
        lines=(
            *([image.about] if image.about else []),
            *lines,
            f"Split: {words.SPLITS[items.roles[row]].lower()}",
            words.file_name(tile),
        ),
    )


def distance(searcher: Searcher, query: Query | None, row: int) -> str:
    """What a row is ranked by, with its name; empty without a query, and for the query itself."""
    if query is None or row < 0 or searcher.items.ids[row] == query.tile_id:
        return ""
    ranked = ranked_by(searcher.unit, query)
    if not ranked.is_score:
        return f"{ranked.long(explanation.distance_to(searcher, query, row))} from the query"
    ((score, _),) = rank_refined(searcher.retriever, query, np.array([row]), 1)
    return ranked.long(score)
