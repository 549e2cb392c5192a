"""What the user states about the tiles of an imported folder."""

import dataclasses
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mirs_core.datasets.card import card_values
from mirs_core.datasets.importing import spellings, splitting
from mirs_core.datasets.importing.csv_table import RECOGNISED
from mirs_core.datasets.importing.table_layout import TableLayout
from mirs_core.datasets.importing.table_matching import MatchedTable
from mirs_core.datasets.importing.table_preview import preview_table
from mirs_core.datasets.manifest import Manifest
from mirs_core.datasets.tile_table import TileRecord
from mirs_core.datasets.walk import is_labelled
from mirs_core.errors import DataError


@dataclass(frozen=True, slots=True)
class FolderDescription:
    """What the user states about the tiles; None keeps existing values.

    Attributes:
        table: CSV file or Excel workbook with values of single tiles.
        layout: how the table is to be read, as far as somebody has said so.
        strict: whether one row of the table that cannot be used is an error.
        from_folders: whether the top-level folder of a tile is its label.
        merge_labels: whether spellings of one label become one class.
        split_seed: seed of a split of labelled tiles; None for none.
        split_by_strip: whether tiles of one strip are in one split.
        credit, source: of every tile for which the table gives no other.
        name, title, instrument, metres_per_pixel, licence, citation, synthetic: of the data set.
    """

    table: Path | None = None
    layout: TableLayout = RECOGNISED
    strict: bool = False
    from_folders: bool = False
    merge_labels: bool = False
    split_seed: int | None = None
    split_by_strip: bool = False
    name: str | None = None
    title: str | None = None
    instrument: str | None = None
    metres_per_pixel: float | None = None
    licence: str | None = None
    citation: str | None = None
    credit: str | None = None
    source: str | None = None
    synthetic: bool = False

    def __post_init__(self) -> None:
        for name in ("name", "title", "instrument", "licence", "citation", "credit", "source"):
            if (text := getattr(self, name)) is not None:
                # Arguments of a command line may be invalid Unicode, or several lines.
                line = " ".join(text.encode("utf-8", "replace").decode("utf-8").split())
                object.__setattr__(self, name, line or None)

    def card(self) -> dict[str, Any]:
        """The values that belong on the card of a data set."""
        names = ("name", "title", "instrument", "metres_per_pixel", "licence", "citation")
        values = {name: getattr(self, name) for name in names if getattr(self, name) is not None}
        return {**values, **({"synthetic": True} if self.synthetic else {})}


def describe_tiles(
    manifest: Manifest, description: FolderDescription, target: Manifest | None = None
) -> tuple[MatchedTable, tuple[str, ...]]:
    """The stated values of each tile, and notes on what may be missing.

    Args:
        target: the data set that the tiles are added to, if any.
    """
    paths = [tile.path for tile in manifest.tiles]
    matched = MatchedTable({}, ())
    table_notes: tuple[str, ...] = ()
    if description.table is not None:
        preview = preview_table(
            description.table.expanduser(), paths, description.layout, strict=description.strict
        )
        matched, table_notes = preview.matched, preview.notes
    folders = {path: path.split("/")[0] for path in paths if "/" in path}
    if description.from_folders:
        _check_folders(manifest, folders)
    records = {}
    for path in paths:
        record = matched.records.get(path, TileRecord(path))
        record = dataclasses.replace(
            record,
            label=record.label or (folders.get(path) if description.from_folders else None),
            credit=record.credit or description.credit,
            source=record.source or description.source,
        )
        if record != TileRecord(path):
            records[path] = record
    spelling_notes = _spellings(manifest, records, description.merge_labels, target)
    split_notes = splitting.add_splits(
        manifest, records, description.split_seed, description.split_by_strip
    )
    notes = (
        *table_notes,
        *manifest.remarks,
        *spelling_notes,
        *split_notes,
        *_notes(manifest, records, folders),
    )
    return dataclasses.replace(matched, records=records), notes


def _spellings(
    manifest: Manifest, records: dict[str, TileRecord], merge: bool, target: Manifest | None
) -> tuple[str, ...]:
    """Notes on labels that are spellings of one another; changes ``records`` if they are merged."""
    labels = {}
    for tile in manifest.tiles:
        record = records.get(tile.path)
        if label := (record.label if record else None) or tile.label:
            labels[tile.path] = label
    counts = Counter(labels.values())
    fixed = Counter(tile.label for tile in target.tiles if tile.label) if target else Counter()
    becomes = spellings.merged(counts, fixed) if merge else {}
    for path, label in labels.items():
        if label in becomes:
            record = records.get(path, TileRecord(path))
            records[path] = dataclasses.replace(record, label=becomes[label])
    return tuple(spellings.notes(counts, fixed, becomes))


def _check_folders(manifest: Manifest, folders: Mapping[str, str]) -> None:
    if is_labelled(manifest.root):
        raise DataError(
            f"{manifest.root} already has its labels in train/<class>/; do not take labels from"
            " folder names."
        )
    if not folders:
        raise DataError(f"No image of {manifest.root} is in a subfolder that could be its class.")


def _notes(
    manifest: Manifest, records: Mapping[str, TileRecord], folders: Mapping[str, str]
) -> tuple[str, ...]:
    has_labels = manifest.labelled or any(record.label for record in records.values())
    classes = sorted(set(folders.values()))
    if has_labels or len(classes) < 2 or len(folders) < len(manifest.tiles):
        return ()
    examples = ", ".join(classes[:3])
    return (
        f"No tile has a label. If the {len(classes)} folders ({examples}, ...) are classes, import"
        " with labels from folder names.",
    )


def card_values_of(manifest: Manifest, description: FolderDescription) -> dict[str, Any]:
    """The stated card values, with the name of a data set that has none on its card."""
    card = description.card()
    return card if "name" in card_values(manifest.root) else {"name": manifest.card.name, **card}
