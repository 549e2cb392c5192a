"""Archived coordinates of tiles whose strips earlier versions recorded in the wrong place."""

from pathlib import Path

from mirs_core.datasets.items import Items
from mirs_core.datasets.strips.mending import true_places
from mirs_core.datasets.strips.strip_list import read_strips
from mirs_core.errors import DataError


def with_true_places(items: Items, root: Path) -> Items:
    """The items, with true coordinates of tiles of strips that were mended (see ``mending``).

    Args:
        root: of the data set; a damaged list of its strips is ignored, since footprints report it.
    """
    try:
        strips = [strip for strip in read_strips(root) if strip.is_mended]
    except DataError:
        return items
    if not strips:
        return items
    places = true_places(strips, list(items.ids))
    stored = zip(items.ids, items.longitudes, items.latitudes, strict=True)
    pairs = [places.get(tile, (east, north)) for tile, east, north in stored]
    columns = {
        **items.columns(),
        "longitudes": [east for east, _ in pairs],
        "latitudes": [north for _, north in pairs],
    }
    return Items(**columns)
