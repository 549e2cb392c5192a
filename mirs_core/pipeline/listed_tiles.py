"""Tiles of an archive by a list of their ids."""

import unicodedata
from collections.abc import Sequence

from mirs_core.datasets.items import Items
from mirs_core.errors import DataError

_LISTED = 10


def rows_of(items: Items, tiles: Sequence[str]) -> set[int]:
    """The rows of tiles by their ids, also in another Unicode form: lists come from other systems.

    Raises:
        DataError: there are no such tiles.
    """
    rows = dict(zip(tiles, items.rows_of(tiles).tolist(), strict=True))
    if any(row < 0 and not tile.isascii() for tile, row in rows.items()):
        composed = {unicodedata.normalize("NFC", tile): row for row, tile in enumerate(items.ids)}
        for tile in [tile for tile, row in rows.items() if row < 0]:
            rows[tile] = composed.get(unicodedata.normalize("NFC", tile), -1)
    unknown = [tile for tile, row in rows.items() if row < 0]
    if unknown:
        names = ", ".join(repr(tile[:200]) for tile in unknown[:_LISTED])
        more = f" and {len(unknown) - _LISTED:,} more" if len(unknown) > _LISTED else ""
        raise DataError(f"There is no tile {names}{more} in this archive. Nothing was removed.")
    return set(rows.values())
