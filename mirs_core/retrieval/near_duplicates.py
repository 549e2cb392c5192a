"""Near-duplicates: tiles whose footprints overlap, as far as their names tell."""

from mirs_core.datasets.items import Items
from mirs_core.mars import observations

SIDE = 200
"""Side of a DoMars16k tile, in pixels of its image strip; the names of such tiles use that unit."""


def by_name(items: Items, row: int) -> list[int]:
    """Rows of the other tiles of the same strip whose footprints overlap ``row``'s, ascending.

    Names of CTX tiles contain the pixel of the upper left corner. The list is empty for tiles whose
    names do not.
    """
    strip, own = items.strips[row], observations.parse(items.ids[row])
    if strip is None or own is None or own.x is None or own.y is None:
        return []
    overlapping = []
    same_strip = items.strips.rows_with(strip)
    for candidate, name in zip(same_strip.tolist(), items.ids.take(same_strip), strict=True):
        tile = observations.parse(name) if candidate != row else None
        if tile is None or tile.x is None or tile.y is None:
            continue
        if abs(tile.x - own.x) < SIDE and abs(tile.y - own.y) < SIDE:
            overlapping.append(candidate)
    return overlapping
