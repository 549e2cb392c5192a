"""Tiles in an unranked grid: the caption and the hover card of each."""

from mirs_core.retrieval.search import Searcher
from pages.components.tile_grid.tile_grid import TileEntry
from pages.shared import state, words


def plain(searcher: Searcher, tile: str) -> TileEntry:
    """A tile with its landform; a click makes it the query."""
    items = searcher.items
    row = items.row(tile)
    label, file = items.labels[row], words.file_name(tile)
    name = words.class_name(label)
    return TileEntry(
        id=tile,
        name=words.short_name(label) if label else file,
        colour=words.colour(label),
        label=f"{name}, {file}. Use as the query.",
        lines=(name, f"Split: {words.SPLITS[items.roles[row]].lower()}", file),
        current=tile == state.tile(),
    )
