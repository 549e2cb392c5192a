"""Importing a folder as a data set: in place, as a copy, or into an existing data set."""

import contextlib
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mirs_core.columns.lookup import lookup_of
from mirs_core.datasets.importing.copying import copy_tiles
from mirs_core.datasets.importing.csv_table import RowProblem
from mirs_core.datasets.importing.description import (
    FolderDescription,
    card_values_of,
    describe_tiles,
)
from mirs_core.datasets.importing.destination import Destination, moved_files
from mirs_core.datasets.importing.metadata_files import restored_on_failure, write_metadata
from mirs_core.datasets.importing.table_format import TableFormat
from mirs_core.datasets.importing.table_matching import MatchedTable
from mirs_core.datasets.importing.transfer import (
    check_same_kind,
    new_tiles,
    records_of,
    transfer_warnings,
)
from mirs_core.datasets.label_corrections import carry_over
from mirs_core.datasets.manifest import Manifest, Unreadable
from mirs_core.datasets.registry import remember
from mirs_core.datasets.scanning import scan_cached
from mirs_core.errors import DataError
from mirs_core.files import slug
from mirs_core.progress import Progress, silent
from mirs_core.system.processes import lock_if_free
from mirs_core.workspace.home import Home

_LISTED = 20


@dataclass(frozen=True, slots=True)
class ImportedFolder:
    """The result of an import.

    Attributes:
        manifest: of the data set after the import.
        added, skipped: number of tiles added, and of tiles that were there already.
        copied: whether tiles were copied.
        unmatched: paths in the table that match no file.
        unreadable: images that were left out.
        duplicates: number of files that are copies of others.
        changed: changes in dataset.json and tiles.csv, one line each.
        notes: warnings, one line each.
        table: how the table is written; None if there is none.
        problems: rows of the table that are not used.
        passed_over: number of files that are no images, by suffix.
    """

    manifest: Manifest
    added: int
    skipped: int
    copied: bool
    unmatched: tuple[str, ...]
    unreadable: tuple[Unreadable, ...]
    duplicates: int
    changed: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    table: TableFormat | None = None
    problems: tuple[RowProblem, ...] = ()
    passed_over: Mapping[str, int] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """The object that ``data import --json`` prints."""
        tiles = self.manifest.tiles
        return {
            "data": self.manifest.card.name,
            "dir": str(self.manifest.root),
            "tiles": len(tiles),
            "added": self.added,
            "skipped": self.skipped,
            "labelled": self.manifest.labelled,
            "placed": sum(
                tile.latitude is not None and tile.longitude is not None for tile in tiles
            ),
            "copied": self.copied,
            "unmatched": list(self.unmatched[:_LISTED]),
            "unmatched_rows": len(self.unmatched),
            "problems": [problem.text for problem in self.problems[:_LISTED]],
            "problem_rows": len(self.problems),
            "splits": self.manifest.splits,
            "unreadable": [{"path": bad.path, "why": bad.why} for bad in self.unreadable],
            "passed_over": dict(sorted(self.passed_over.items())),
            "duplicates": self.duplicates,
            "changed": list(self.changed),
            "notes": list(self.notes),
            "table": self.table.to_json() if self.table else None,
        }


def import_in_place(
    home: Home, root: Path, description: FolderDescription, progress: Progress = silent
) -> ImportedFolder:
    """Writes dataset.json and tiles.csv next to the tiles of ``root``; no image is touched.

    Existing values in these files are kept unless ``description`` states others.

    Raises:
        DataError: there are no images, the table is invalid, or the folder cannot be written.
    """
    manifest = scan_cached(home, root, progress)
    matched, notes = describe_tiles(manifest, description)
    with restored_on_failure(manifest.root):
        card = card_values_of(manifest, description)
        changed = write_metadata(manifest.root, manifest.root, card, matched.records)
        after = scan_cached(home, manifest.root, progress)
    remember(home, after.root)
    notes = (*notes, *_overruled(after, matched))
    return _imported(manifest, after, matched, len(after.tiles), changed=changed, notes=notes)


def import_copy(
    home: Home, root: Path, description: FolderDescription, progress: Progress = silent
) -> ImportedFolder:
    """Copies the tiles of ``root`` to ``data/<name>`` in the home folder, all or none.

    The copy is made in a hidden folder next to it, which the next import clears after a failure.

    Raises:
        DataError: there are no images, the table is invalid, the name is in use, or the disk is
            full.
    """
    manifest = scan_cached(home, root, progress)
    matched, notes = describe_tiles(manifest, description)
    card = card_values_of(manifest, description)
    target = home.data / slug(str(card.get("name", manifest.card.name)))
    work = target.with_name(f".{target.name}.import")
    with _work_folder(work):
        if target.exists():
            raise DataError(f"{target} exists already; choose another name for the data set.")
        pairs = [(tile, tile.path) for tile in manifest.tiles]
        left_out = copy_tiles(manifest.root, pairs, work / "set", progress).left_out
        if len(left_out) == len(pairs):
            raise DataError(f"No tile of {root} could be copied: {left_out[0].why}.")
        changed = write_metadata(work / "set", manifest.root, card, matched.records)
        try:
            (work / "set").rename(target)
        except OSError as error:
            raise DataError(f"{target} cannot be created ({error.strerror or error}).") from None
    carry_over(home, manifest.root, target)
    after = scan_cached(home, target, progress)
    unreadable = (*manifest.unreadable, *left_out)
    return _imported(
        manifest, after, matched, len(after.tiles),
        copied=True, unreadable=unreadable, changed=changed, notes=notes,
    )  # fmt: skip


def import_into(
    home: Home,
    root: Path,
    into: Path,
    description: FolderDescription,
    progress: Progress = silent,
) -> ImportedFolder:
    """Copies the tiles of ``root`` into the data set ``into``, each with its source and licence.

    Tiles whose content is there already are skipped. New tiles get a folder of their own, one in
    each class of a labelled data set; a tile without a split goes to ``database/``, or to
    ``train/`` where there is none. Source, licence and credit are added to tiles.csv.

    Raises:
        DataError: there are no images, the table is invalid, the disk is full, or synthetic and
            real tiles would be mixed. The data set is unchanged then.
    """
    manifest, target = scan_cached(home, root, progress), scan_cached(home, into, progress)
    if manifest.root == target.root:
        raise DataError(f"{root} is that data set itself; choose another folder.")
    check_same_kind(manifest, target, description)
    matched, notes = describe_tiles(manifest, description, target)
    new = new_tiles(manifest, target, matched.records)
    destination = Destination.unused(target, slug(description.name or manifest.card.name))
    pairs = [(tile, destination.path_of(tile)) for tile in new]
    notes = (*notes, *transfer_warnings(manifest, target, description))
    without_split = sum(not tile.split for tile in new)
    if destination.labelled and without_split:
        where = f"{destination.default_split}/"
        are = (
            "1 tile without a split is"
            if without_split == 1
            else (f"{without_split:,} tiles without a split are")
        )
        notes = (*notes, f"{are} in {where}")
    work = target.root / ".mirs-import"
    with _work_folder(work):
        copies = copy_tiles(manifest.root, pairs, work / "set", progress, target.root)
        left_out_paths = {bad.path for bad in copies.left_out}
        pairs = [(tile, path) for tile, path in pairs if tile.path not in left_out_paths]
        records = records_of(pairs, manifest, target, matched, description)
        with restored_on_failure(target.root):
            # Before the tiles, so that none is ever there without its source, even after a kill.
            changed = write_metadata(target.root, target.root, {}, records)
            with moved_files(work / "set", target.root, [*copies.data_files, *records]):
                after = scan_cached(home, target.root, progress)
                if missing := set(records) - {tile.id for tile in after.tiles}:
                    raise DataError(
                        f"{target.root} would not list {min(missing)}: one of its folders is a"
                        " link. Nothing was added."
                    )
    return _imported(
        manifest, after, matched, len(records), skipped=len(manifest.tiles) - len(new),
        copied=True, unreadable=(*manifest.unreadable, *copies.left_out), changed=changed,
        notes=notes,
    )  # fmt: skip


def _overruled(after: Manifest, matched: MatchedTable) -> Iterator[str]:
    """A note on labels that were stated, where a label that somebody corrected takes precedence."""
    if not after.corrected:
        return
    stated = {path: record.label for path, record in matched.records.items() if record.label}
    rows = lookup_of(after.tiles.ids).rows_of(list(stated))
    labels = after.tiles.labels.take(rows).tolist()
    pairs = zip(stated.items(), labels, strict=True)
    if differing := [path for (path, label), present in pairs if label != present]:
        are = "1 label is" if len(differing) == 1 else f"{len(differing):,} labels are"
        yield f"{are} not used, because they were corrected by hand ({differing[0]})."


def _imported(
    before: Manifest, after: Manifest, matched: MatchedTable, added: int, **more: Any
) -> ImportedFolder:
    values = {"skipped": 0, "copied": False, "unreadable": before.unreadable, **more}
    values |= {name: tuple(values[name]) for name in ("unreadable", "changed", "notes")}
    return ImportedFolder(
        manifest=after,
        added=added,
        unmatched=matched.unmatched,
        duplicates=len(before.duplicates),
        passed_over=before.passed_over,
        table=matched.format,
        problems=matched.problems,
        **values,
    )


@contextlib.contextmanager
def _work_folder(folder: Path) -> Iterator[None]:
    """An empty hidden folder for this process alone, deleted afterwards.

    Raises:
        DataError: another import is running there, or the folder cannot be created.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DataError(
            f"{folder.parent} cannot be written ({error.strerror or error}); make it writable, or"
            " choose another folder."
        ) from None
    with lock_if_free(folder / "lock") as free:
        if free is None:
            raise DataError(
                f"Another import is running in {folder.parent}; wait until it has finished."
            )
        shutil.rmtree(folder / "set", ignore_errors=True)
        try:
            yield
        finally:
            shutil.rmtree(folder, ignore_errors=True)
