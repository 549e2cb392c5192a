"""Labels of a data set that is there already: from a table, merged, written beside the images."""

from collections import Counter
from pathlib import Path

from mirs_core.datasets import label_corrections
from mirs_core.datasets.importing import spellings
from mirs_core.datasets.importing.metadata_files import write_metadata
from mirs_core.datasets.importing.table_preview import preview_table
from mirs_core.datasets.manifest import Manifest
from mirs_core.datasets.tile_table import TileRecord
from mirs_core.errors import DataError
from mirs_core.workspace.home import Home


def table_labels(table: Path, manifest: Manifest) -> dict[str, str | None]:
    """The labels in a table by tile; rows without a label are left out.

    Raises:
        DataError: the table cannot be read, or does not fit the data set.
    """
    paths = manifest.tiles.ids.tolist()
    records = preview_table(table.expanduser(), paths, strict=True).matched.records
    labels: dict[str, str | None] = {
        tile: record.label for tile, record in records.items() if record.label
    }
    if not labels:
        raise DataError(f"{table} has no labels; it needs a column 'label' or 'class'.")
    return labels


def merged_spellings(manifest: Manifest) -> dict[str, str | None]:
    """What the label of each tile becomes whose class is a spelling of another one."""
    becomes = spellings.merged(manifest.classes, Counter())
    rows = {label: manifest.tiles.labels.rows_with(label) for label in becomes}
    return {
        tile: becomes[label]
        for label in becomes
        for tile in manifest.tiles.ids.take(rows[label]).tolist()
    }


def write_corrections(home: Home, root: Path) -> tuple[int, list[str]]:
    """Writes the corrected labels of a data set to ``tiles.csv`` beside its images.

    A label that was taken away cannot be written there, because an empty cell means that of the
    folder. Undoing a correction later does not change the table.

    Returns:
        The number of labels written, and the changes, one line each.

    Raises:
        DataError: the table cannot be written.
    """
    current = label_corrections.current(home, root)
    stated = {t: TileRecord(t, label=c.label) for t, c in current.items() if c.label}
    lines = write_metadata(root, root, {}, stated) if stated else []
    if unlabelled := len(current) - len(stated):
        lines.append(f"{unlabelled:,} labels that were taken away are not in the table")
    return len(stated), lines
