"""The hover card of a tile on a map, and its distance from the query."""

from collections.abc import Sequence

from mirs_core.retrieval import explanation
from mirs_core.retrieval.query import Query
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
    """The distance of a row from the query in words; empty without a plain query."""
    if query is None or row < 0 or query.refined:
        return ""
    away = explanation.distance_to(searcher, query, row)
    amount = f"{away:.0f} bits" if searcher.unit == "bits" else f"{away:.3g}"
    return f"{amount} from the query"
