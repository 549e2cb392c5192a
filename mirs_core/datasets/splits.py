"""Assigning splits: the seeded halving of the training split into training and archive."""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from mirs_core.columns.categories import Categories
from mirs_core.datasets.tiles import Tile, Tiles

_VALIDATION_SHARE = 0.1
_ROLES = ("train", "archive", "val", "test")
_ROLE_OF_SPLIT = {
    "train": "train",
    "val": "val",
    "test": "test",
    "database": "archive",
    "": "archive",
}


def assign_roles(
    tiles: Sequence[Tile], digest: str, seed: int, by_strip: bool = False
) -> Categories:
    """The role of each tile: "train", "archive", "val" or "test" (MIRS method, evaluation).

    Half of the train split, drawn class by class, trains the head; the other half is the archive. A
    coin decides which half gets the extra tile of an odd class. A database split, if there is one,
    is the archive, and the head is trained on all of train. Tiles without a split belong to the
    archive. Without a val split, a tenth of the training half becomes val, never the last tile of a
    class.

    The result depends on the set of tiles, ``digest`` and ``seed``, not on the order of tiles.

    Args:
        digest: of the manifest that the tiles come from.
        by_strip: no strip has tiles both in the training half (or val drawn from it) and in the
            archive half; classes are then halved as evenly as whole strips allow.

    Returns:
        Roles parallel to ``tiles``.
    """
    columns = Tiles.of(tiles)
    rows, splits = columns.splits.rows_with("train"), columns.splits
    training = sorted(columns.take(rows), key=lambda tile: tile.id)
    archived: set[str] = set()
    if "database" not in splits:
        halve = _strip_half if by_strip else _class_half
        archived = halve(training, _rng("halves", digest, seed))
    learning = [tile for tile in training if tile.id not in archived]
    validating: set[str] = set()
    if "val" not in splits:
        tenth = _strip_tenth if by_strip else _class_tenth
        validating = tenth(learning, _rng("validation", digest, seed))
    place_of = {role: place for place, role in enumerate(_ROLES)}
    place_of_split = [place_of[_ROLE_OF_SPLIT[split]] for split in splits.names]
    places = np.array([*place_of_split, 0], dtype=np.int8)[splits.codes.whole()]
    for row, tile in zip(rows.tolist(), columns.ids.take(rows), strict=True):
        if tile in archived:
            places[row] = place_of["archive"]
        elif tile in validating:
            places[row] = place_of["val"]
    return Categories.of_codes(places, _ROLES).compact()


def row_order(n: int, digest: str, seed: int) -> NDArray[np.int64]:
    """The order of ``n`` tiles in the archive: a seeded permutation (n,) of 0..n-1.

    It breaks ties: equal distances rank by row, and the order of paths would be that of classes.
    """
    return _rng("rows", digest, seed).permutation(n).astype(np.int64)


def grown_order(old: int, new: int, digest: str) -> NDArray[np.int64]:
    """The row order (old + new,) of an archive of ``old`` tiles to which ``new`` ones are added.

    Values below ``old`` are old tiles, the others new ones. Old tiles keep their relative order, so
    that their ties rank as before; new ones are shuffled and inserted at random positions, so that
    neither kind ranks before the other at equal distances.

    Args:
        digest: of the old and the added tiles.
    """
    rng = _rng("grown", digest, 0)
    order = np.empty(old + new, dtype=np.int64)
    fresh = np.zeros(old + new, dtype=bool)
    fresh[rng.choice(old + new, new, replace=False)] = True
    order[fresh] = old + rng.permutation(new)
    order[~fresh] = np.arange(old)
    return order


def _rng(purpose: str, digest: str, seed: int) -> np.random.Generator:
    key = hashlib.sha256(f"{purpose}:{digest}:{seed}".encode()).digest()
    return np.random.default_rng(int.from_bytes(key, "big"))


def _by_class(tiles: Iterable[Tile]) -> list[list[Tile]]:
    """Tiles class by class, both in an order that does not depend on that of ``tiles``."""
    groups: dict[tuple[bool, str], list[Tile]] = defaultdict(list)
    for tile in sorted(tiles, key=lambda tile: tile.id):
        groups[tile.label is None, tile.label or ""].append(tile)
    return [groups[key] for key in sorted(groups)]


def _by_strip(tiles: Iterable[Tile], rng: np.random.Generator) -> list[list[Tile]]:
    """Tiles strip by strip in random order; a tile without a strip counts as one."""
    groups: dict[tuple[bool, str], list[Tile]] = defaultdict(list)
    for tile in sorted(tiles, key=lambda tile: tile.id):
        groups[tile.strip is None, tile.strip or tile.id].append(tile)
    strips = [groups[key] for key in sorted(groups)]
    return [strips[i] for i in rng.permutation(len(strips))]


def _class_half(tiles: Sequence[Tile], rng: np.random.Generator) -> set[str]:
    chosen: set[str] = set()
    for group in _by_class(tiles):
        count = len(group) // 2 + (int(rng.integers(2)) if len(group) % 2 else 0)
        chosen |= {group[i].id for i in rng.permutation(len(group))[:count]}
    return chosen


def _strip_half(tiles: Sequence[Tile], rng: np.random.Generator) -> set[str]:
    """Whole strips, largest first, each for the half with fewer tiles of its classes."""
    chosen: set[str] = set()
    surplus: Counter[str | None] = Counter()  # archive minus training half, by class
    for strip in sorted(_by_strip(tiles, rng), key=len, reverse=True):
        counts = Counter(tile.label for tile in strip)
        lean = sum(surplus[label] * count for label, count in counts.items())
        to_archive = lean < 0 or (lean == 0 and bool(rng.integers(2)))
        for label, count in counts.items():
            surplus[label] += count if to_archive else -count
        if to_archive:
            chosen |= {tile.id for tile in strip}
    return chosen


def _class_tenth(tiles: Sequence[Tile], rng: np.random.Generator) -> set[str]:
    """A tenth of all, shared among classes by size (largest remainders, ties broken at random)."""
    groups = _by_class(tiles)
    shares = [len(group) * _VALIDATION_SHARE for group in groups]
    counts = [min(int(share), len(group) - 1) for share, group in zip(shares, groups, strict=True)]
    lots = rng.random(len(groups))
    missing = _tenth_of(len(tiles)) - sum(counts)
    order = sorted(range(len(groups)), key=lambda i: (counts[i] - shares[i], lots[i]))
    for i in [i for i in order if counts[i] < len(groups[i]) - 1][: max(0, missing)]:
        counts[i] += 1
    chosen: set[str] = set()
    for group, count in zip(groups, counts, strict=True):
        chosen |= {group[i].id for i in rng.permutation(len(group))[:count]}
    return chosen


def _strip_tenth(tiles: Sequence[Tile], rng: np.random.Generator) -> set[str]:
    """About a tenth of all in whole strips, as many as fit; the smallest strip if none fits."""
    target = _tenth_of(len(tiles))
    remaining = Counter(tile.label for tile in tiles)
    chosen: set[str] = set()
    strips = _by_strip(tiles, rng)
    for limit in (target, len(tiles)):
        for strip in strips if limit == target else sorted(strips, key=len):
            counts = Counter(tile.label for tile in strip)
            spared = all(remaining[label] > count for label, count in counts.items())
            if spared and len(chosen) + len(strip) <= limit:
                remaining -= counts
                chosen |= {tile.id for tile in strip}
                if limit != target:
                    break
        if chosen:
            break
    return chosen


def _tenth_of(n: int) -> int:
    return max(1, round(n * _VALIDATION_SHARE)) if n > 1 else 0
