"""Near-duplicates: tiles that show, in part, the very same ground."""

from mirs_core.datasets.items import Items
from mirs_core.mars import observations

SIDE = 200
"""Side of a tile of DoMars16k in pixels of its strip, which the names of such tiles count in."""


def by_name(items: Items, row: int) -> list[int]:
    """Rows of other tiles of the same strip whose squares overlap that of ``row``, ascending.

    The names of CTX tiles tell the pixel of their upper left corner; where they do not, nothing is
    known, and the list is empty.
    """
    strip, own = items.strips[row], observations.parse(items.ids[row])
    if strip is None or own is None or own.x is None or own.y is None:
        return []
    found = []
    for other, its in enumerate(items.strips):
        if its != strip or other == row:
            continue
        known = observations.parse(items.ids[other])
        if known is None or known.x is None or known.y is None:
            continue
        if abs(known.x - own.x) < SIDE and abs(known.y - own.y) < SIDE:
            found.append(other)
    return found
