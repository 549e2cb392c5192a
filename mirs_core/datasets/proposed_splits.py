"""A seeded split of labelled tiles that have none, so that models of them can be evaluated."""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

SHARES = {"test": 0.2, "val": 0.1}
"""The share of each class that is set aside; the others are training tiles."""

_LEAST = {"test": 4, "val": 10}


@dataclass(frozen=True, slots=True)
class Divisible:
    """A labelled tile to be assigned to a split: its id, label, content (SHA-256) and strip."""

    id: str
    label: str
    content: str
    strip: str | None = None


def proposed_splits(
    tiles: Sequence[Divisible], seed: int, by_strip: bool = False
) -> dict[str, str]:
    """The split of each tile by id: "train", "val" or "test".

    Of each class a fifth becomes test and a tenth validation, if it has at least 4 and 10 tiles.
    Copies of one image are in one split. The order in which tiles are chosen depends on their
    contents and the seed only, so neither names nor the other tiles matter.

    Args:
        by_strip: tiles of one strip are in one split, too; classes then have their shares only as
            far as whole strips allow.
    """
    groups: dict[str, list[Divisible]] = defaultdict(list)
    key_of_content: dict[str, str] = {}
    for tile in sorted(tiles, key=lambda tile: tile.id):
        key = tile.strip if by_strip and tile.strip else tile.content
        groups[key_of_content.setdefault(tile.content, key)].append(tile)
    totals = Counter(tile.label for tile in tiles)
    room = {split: _targets(totals, split) for split in SHARES}
    splits: dict[str, str] = {}
    for key in sorted(groups, key=lambda key: _lot(key, seed)):
        counts = Counter(tile.label for tile in groups[key])
        split = next((s for s in SHARES if _fits(counts, room[s])), "train")
        if split in room:
            room[split].subtract(counts)
        splits |= {tile.id: split for tile in groups[key]}
    return splits


def _targets(totals: Mapping[str, int], split: str) -> Counter[str]:
    """How many tiles of each class a split gets."""
    return Counter(
        {
            label: max(1, round(count * SHARES[split])) if count >= _LEAST[split] else 0
            for label, count in totals.items()
        }
    )


def _fits(counts: Mapping[str, int], room: Counter[str]) -> bool:
    return all(room[label] >= count for label, count in counts.items())


def _lot(key: str, seed: int) -> bytes:
    return hashlib.sha256(f"{seed}\n{key}".encode("utf-8", "surrogateescape")).digest()
