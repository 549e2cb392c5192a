"""The seeded split of an imported folder, on request."""

import dataclasses
from collections import Counter
from collections.abc import Iterator

from mirs_core.datasets.manifest import Manifest
from mirs_core.datasets.proposed_splits import Divisible, proposed_splits
from mirs_core.datasets.tile_table import TileRecord
from mirs_core.errors import DataError

_LISTED = 5


def add_splits(
    manifest: Manifest, records: dict[str, TileRecord], seed: int | None, by_strip: bool
) -> tuple[str, ...]:
    """Gives every labelled tile a split in ``records``; notes on what came of it.

    Tiles without a label stay without a split, and belong to the archive. Without a seed nothing
    changes.

    Raises:
        DataError: tiles have a split already, none has a label, or no tile can be set aside.
    """
    if seed is None:
        return ()
    tiles = []
    for tile in manifest.tiles:
        record = records.get(tile.path, TileRecord(tile.path))
        if split := record.split or tile.split:
            raise DataError(
                f"{tile.path} is in the split {split!r} already; import without a new split, or"
                " remove the column 'split' first."
            )
        if label := record.label or tile.label:
            tiles.append(Divisible(tile.id, label, tile.content, record.strip or tile.strip))
    if not tiles:
        raise DataError("No tile has a label, so there is nothing to split.")
    splits = proposed_splits(tiles, seed, by_strip)
    counts = Counter(splits.values())
    if not counts["test"]:
        advice = "split tile by tile" if by_strip else "label at least four tiles of a class"
        raise DataError(f"No tiles can be set aside as test tiles; {advice}.")
    for tile_id, split in splits.items():
        record = records.get(tile_id, TileRecord(tile_id))
        records[tile_id] = dataclasses.replace(record, split=split)
    return tuple(_notes(tiles, splits, seed, by_strip))


def _notes(
    tiles: list[Divisible], splits: dict[str, str], seed: int, by_strip: bool
) -> Iterator[str]:
    counts = Counter(splits.values())
    unit = "strip by strip" if by_strip else "tile by tile"
    yield (
        f"Split {unit} with seed {seed}: {counts['train']:,} training, {counts['val']:,} validation"
        f" and {counts['test']:,} test tiles."
    )
    tested = {tile.label for tile in tiles if splits[tile.id] == "test"}
    if untested := sorted({tile.label for tile in tiles} - tested):
        more = f" and {len(untested) - _LISTED} more" if len(untested) > _LISTED else ""
        yield f"Too few tiles for test tiles: {', '.join(untested[:_LISTED])}{more}."
    if by_strip:
        return
    sides: dict[str, set[str]] = {}
    for tile in tiles:
        if tile.strip:
            sides.setdefault(tile.strip, set()).add(splits[tile.id])
    if shared := sum("test" in side and len(side) > 1 for side in sides.values()):
        are = "1 strip has" if shared == 1 else f"{shared:,} strips have"
        yield (
            f"{are} both training and test tiles, which makes scores look better than they are;"
            " split by strip (--split-by-strip) to keep them apart."
        )
