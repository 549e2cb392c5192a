"""The manifest of a data set: every tile with label, split, strip, coordinates, content hash.

A labelled data set is a folder ``train/ val/ test/ [database/]`` with one folder per class in each
(DoMars16k as published); only those four folders of it are read. Any other folder is an unlabelled
data set of all images below it. ``tiles.csv`` at the root adds further metadata.
"""

import hashlib
import heapq
import itertools
import json
import operator
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np

from mirs_core.datasets.card import Card, read_card
from mirs_core.datasets.reading import read_contents
from mirs_core.datasets.strips.mending import mended_records
from mirs_core.datasets.strips.strip_list import read_strips
from mirs_core.datasets.strips.virtual import completed, tiles_of
from mirs_core.datasets.table_lookup import Records, Rows, checked_records
from mirs_core.datasets.tile_table import TileRecord, read_table
from mirs_core.datasets.tiles import STEP, Tile, Tiles
from mirs_core.datasets.walk import SPLITS, FoundImages, find_images, is_labelled, passed_over_lines
from mirs_core.errors import DataError
from mirs_core.mars import observations
from mirs_core.progress import Progress, silent

OWN_PLACE, STRIP_CENTRE, INVENTED, NO_PLACE = "tile", "strip centre", "invented", ""
"""What the coordinates of a tile refer to."""

__all__ = [
    "SPLITS",
    "Card",
    "Manifest",
    "Tile",
    "Tiles",
    "Unreadable",
    "read_card",
    "scan",
    "tiles_named",
]


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A file that was skipped, and the reason."""

    path: str
    why: str


@dataclass(frozen=True)
class Manifest:
    """What a scan finds. ``tiles`` are sorted by path.

    ``duplicates`` are pairs of paths with the same content, the first path being the first of all
    its copies; copies stay among the tiles. ``passed_over`` is the number of files that are no
    images, by suffix; ``outside`` that of images beside the folders of a labelled data set;
    ``animated`` that of GIFs of which the first frame is read. ``corrected`` is the number of
    labels that differ from those of folders and tables because somebody has corrected them;
    ``stale_corrections`` are tiles whose images have changed since; ``uncorrected`` is the manifest
    with the labels of folders and tables, None if it is this one.
    """

    root: Path
    card: Card
    tiles: Tiles
    duplicates: tuple[tuple[str, str], ...]
    unreadable: tuple[Unreadable, ...]
    passed_over: Mapping[str, int] = field(default_factory=dict)
    outside: int = 0
    animated: int = 0
    corrected: int = 0
    stale_corrections: tuple[str, ...] = ()
    uncorrected: "Manifest | None" = None

    @property
    def remarks(self) -> tuple[str, ...]:
        """What was not read of the folder, in words; usually nothing."""
        lines = passed_over_lines(self.passed_over, self.outside, self.animated)
        if stale := self.stale_corrections:
            are = (
                "1 corrected label is"
                if len(stale) == 1
                else f"{len(stale):,} corrected labels are"
            )
            lines = (*lines, f"{are} not used, because the image has changed since ({stale[0]})")
        return lines

    @cached_property
    def digest(self) -> str:
        """SHA-256 (hex) over path, label, split and content of all tiles."""
        tiles, digest = self.tiles, hashlib.sha256(b"[")
        for start in range(0, len(tiles), STEP):
            rows = np.arange(start, min(start + STEP, len(tiles)), dtype=np.int64)
            columns = (tiles.ids, tiles.labels, tiles.splits, tiles.contents)
            values = zip(*(column.take(rows).tolist() for column in columns), strict=True)
            # As json.dumps writes the list of all tiles at once.
            text = json.dumps(list(values))[1:-1]
            digest.update(f", {text}".encode() if start else text.encode())
        digest.update(b"]")
        return digest.hexdigest()

    @property
    def labelled(self) -> int:
        """Number of tiles with a label."""
        return len(self.tiles) - self.tiles.labels.count(None)

    @property
    def classes(self) -> dict[str, int]:
        """Tiles by class, sorted by name; tiles without a label are left out."""
        counts = self.tiles.labels.counts().items()
        return dict(sorted((label, count) for label, count in counts if label is not None))

    @property
    def splits(self) -> dict[str, int]:
        """Tiles by split, in the order of ``SPLITS``; tiles without a split are under ""."""
        counts = self.tiles.splits.counts()
        return {split: counts[split] for split in (*SPLITS, "") if split in counts}

    @property
    def strips(self) -> int:
        """Number of distinct known strips."""
        return len(self.tiles.strips.counts().keys() - {None})


def scan(root: Path, cache: Path | None = None, progress: Progress = silent) -> Manifest:
    """The manifest of the data set in ``root``. Every image file is decoded once.

    Contents of virtual tiles are those of when they were cut, if their rasters have not changed.

    Files that cannot be tiles are reported by name and skipped.

    Args:
        cache: a file of earlier results by path, size and modification time, written as the scan
            goes on; a damaged one is ignored.

    Raises:
        DataError: there is no such folder, no readable image in it, or dataset.json is invalid.
    """
    if not root.is_dir():
        raise DataError(f"There is no folder {root}. Check the path of the data set.")
    root = root.resolve()
    card = read_card(root)
    images = find_images(root)
    read = read_contents(root, images.paths, cache, progress)
    labelled, virtual = is_labelled(root), tiles_of(root)
    table = _table(root)
    files = ((path, content, None) for path, content in read.pairs())
    merged = heapq.merge(files, virtual.tiles(), key=operator.itemgetter(0))
    tiles = Tiles.of(_described(merged, table, labelled, card))
    refused = {**images.refused, **virtual.refused, **read.bad}
    unreadable = tuple(Unreadable(*pair) for pair in sorted(refused.items()))
    if not tiles:
        raise DataError(_nothing_in(root, unreadable, images))
    return Manifest(
        root,
        card,
        tiles,
        _duplicates(tiles),
        unreadable,
        images.passed_over,
        images.outside,
        images.animated,
    )


def tiles_named(root: Path) -> Tiles:
    """The tiles of the data set in ``root`` by names, folders and ``tiles.csv``, sorted by path.

    No image is read: contents are empty, and undecodable files are included.

    Raises:
        DataError: dataset.json or tiles.csv is invalid.
    """
    root = root.resolve()
    card, labelled = read_card(root), is_labelled(root)
    table, virtual = _table(root), tiles_of(root, with_stale=True)
    named = ((path, "", None) for path in sorted(find_images(root).tiles))
    described = ((path, "", own) for path, _, own in virtual.tiles())
    # An id of a window may come twice: by its list alone, and then with what its strip tells.
    merged = heapq.merge(named, described, key=operator.itemgetter(0))
    last = (list(same)[-1] for _, same in itertools.groupby(merged, operator.itemgetter(0)))
    return Tiles.of(_described(last, table, labelled, card))


def _described(
    entries: Iterable[tuple[str, str, TileRecord | None]],
    table: Records,
    labelled: bool,
    card: Card,
) -> Iterator[Tile]:
    """The tiles of paths and contents; cells of the table stand before what a strip tells."""
    remaining = iter(entries)
    while block := list(itertools.islice(remaining, STEP)):
        records = table.of([path for path, _, _ in block])
        for (path, content, own), record in zip(block, records, strict=True):
            whole = record if own is None else completed(own, record)
            yield _tile(path, content, labelled, whole, card)


def _table(root: Path) -> Records:
    """The records of a data set, with true coordinates of strips recorded wrongly before."""
    try:
        strips = read_strips(root)
    except DataError:
        # Footprints say so; labels and licences do not depend on it.
        strips = ()
    if not any(strip.is_mended for strip in strips) and (records := checked_records(root)):
        return records
    return Rows(mended_records(strips, read_table(root)))


def _tile(path: str, content: str, labelled: bool, record: TileRecord | None, card: Card) -> Tile:
    parts = path.split("/")
    label = parts[1] if labelled and len(parts) > 2 else None
    split = parts[0] if labelled else ""
    record = record or TileRecord(path)
    label = record.label or label
    observation = None
    if record.strip is None or record.latitude is None:
        observation = observations.parse(parts[-1])
    latitude, longitude, place = _place(record, observation, card.synthetic)
    return Tile(
        id=path,
        path=path,
        label=unicodedata.normalize("NFC", label) if label else None,
        split=record.split or split,
        content=content,
        strip=record.strip or (observation.strip if observation else None),
        latitude=latitude,
        longitude=longitude,
        place=place,
    )


def _place(
    record: TileRecord, observation: observations.Observation | None, synthetic: bool
) -> tuple[float | None, float | None, str]:
    """Latitude, longitude, and what they refer to."""
    if record.latitude is not None:
        return record.latitude, record.longitude, INVENTED if synthetic else OWN_PLACE
    if observation is None or observation.latitude is None:
        return None, None, NO_PLACE
    invented = synthetic or observation.instrument == "SYN"
    return observation.latitude, observation.longitude, INVENTED if invented else STRIP_CENTRE


def _duplicates(tiles: Tiles) -> tuple[tuple[str, str], ...]:
    contents = tiles.contents
    keys = np.concatenate([contents.keys(block) for block in range(len(contents.layout.sizes))])
    _, inverse, counts = np.unique(keys, return_inverse=True, return_counts=True)
    # Different contents may have a key in common; few tiles are looked at more closely.
    rows = np.flatnonzero(counts[inverse] > 1)
    first: dict[str, str] = {}
    pairs = (
        (first.setdefault(content, path), path)
        for content, path in zip(contents.take(rows), tiles.ids.take(rows), strict=True)
    )
    return tuple(pair for pair in pairs if pair[0] != pair[1])


def _nothing_in(root: Path, unreadable: tuple[Unreadable, ...], images: FoundImages) -> str:
    if unreadable:
        more = f" and {len(unreadable) - 1} more" if len(unreadable) > 1 else ""
        return f"No image in {root} can be read: {unreadable[0].path} ({unreadable[0].why}){more}."
    why = f" ({'; '.join(images.remarks)})" if images.remarks else ""
    return f"There are no images in {root}{why}. Choose a folder with JPEG, PNG or TIFF files."
