"""Tiles that move to another data set: which are new, and what their records say there."""

import dataclasses
from collections.abc import Iterator, Mapping, Sequence

from mirs_core.datasets.card import UNKNOWN, Card
from mirs_core.datasets.importing.description import FolderDescription
from mirs_core.datasets.importing.metadata_files import merge
from mirs_core.datasets.importing.table_matching import MatchedTable
from mirs_core.datasets.manifest import Manifest, Tile
from mirs_core.datasets.strips.strip_list import STRIPS_FILE
from mirs_core.datasets.tile_table import MAX_TEXT, TileRecord, read_table
from mirs_core.errors import DataError
from mirs_core.mars import observations


def check_same_kind(manifest: Manifest, target: Manifest, description: FolderDescription) -> None:
    """Raises DataError if synthetic and real tiles would be mixed."""
    parsed = (observations.parse(tile.path.rsplit("/", 1)[-1]) for tile in manifest.tiles)
    all_named_so = all(name is not None and name.instrument == "SYN" for name in parsed)
    synthetic = description.synthetic or manifest.card.synthetic or all_named_so
    if synthetic != target.card.synthetic:
        kinds = ("synthetic", "real") if synthetic else ("real", "synthetic")
        raise DataError(
            f"{manifest.root} holds {kinds[0]} tiles and {target.root} {kinds[1]} ones, which"
            " cannot be mixed: import them as a separate data set"
            + ("." if synthetic else ", or state that they are synthetic if they are.")
        )


def transfer_warnings(
    manifest: Manifest, target: Manifest, description: FolderDescription
) -> Iterator[str]:
    """Metadata that the new tiles lose in the other data set, or take over from it."""
    scale = target.card.metres_per_pixel
    if scale and not (description.metres_per_pixel or manifest.card.metres_per_pixel):
        yield (
            f"tiles without a known pixel scale are assumed to have {scale:g} m per pixel, like"
            f" those of {target.card.name}; state the metres per pixel if that is wrong"
        )
    if (manifest.root / STRIPS_FILE).is_file():
        yield (
            "the tiles keep their coordinates, but not the footprints from their strips; to keep"
            f" those as well, cut the raster into tiles in {target.root} itself"
        )


def new_tiles(
    manifest: Manifest, target: Manifest, records: Mapping[str, TileRecord]
) -> list[Tile]:
    """The tiles that the target does not hold, one per content, with label and split stated."""
    contents = {tile.content for tile in target.tiles}
    tiles = []
    for tile in manifest.tiles:
        if tile.content in contents:
            continue
        contents.add(tile.content)
        record = records.get(tile.path, TileRecord(tile.path))
        tiles.append(
            dataclasses.replace(
                tile, label=record.label or tile.label, split=record.split or tile.split
            )
        )
    return tiles


def _provenance(
    tile: Tile,
    path: str,
    record: TileRecord,
    card: Card,
    target: Card,
    description: FolderDescription,
) -> TileRecord:
    """The record of a tile that leaves its data set, under its new path.

    Without a licence of its own, the tile would take over that of the new data set, so it is set to
    unknown. The citation of the old data set becomes the credit of tiles that have none.
    """
    licence = record.licence or description.licence or card.licence
    scale = description.metres_per_pixel or card.metres_per_pixel
    citation = card.citation[:MAX_TEXT] if card.citation != target.citation else ""
    return dataclasses.replace(
        record,
        path=path,
        label=tile.label,
        split=tile.split or None,
        licence=None if licence == target.licence == UNKNOWN else licence,
        credit=record.credit or " ".join(citation.split()) or None,
        metres_per_pixel=record.metres_per_pixel
        or (scale if scale != target.metres_per_pixel else None),
    )


def records_of(
    pairs: Sequence[tuple[Tile, str]],
    manifest: Manifest,
    target: Manifest,
    matched: MatchedTable,
    description: FolderDescription,
) -> dict[str, TileRecord]:
    """The records of copied tiles by their new paths."""
    existing = read_table(manifest.root)
    records = {}
    for tile, path in pairs:
        empty = TileRecord(tile.path)
        record = merge(existing.get(tile.path, empty), matched.records.get(tile.path, empty))
        records[path] = _provenance(tile, path, record, manifest.card, target.card, description)
    return records
