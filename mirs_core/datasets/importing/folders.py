"""From a folder of somebody's own to a data set: in place, as a copy, or into another one."""

import contextlib
import dataclasses
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mirs_core.datasets.card import UNKNOWN, Card
from mirs_core.datasets.importing import placing
from mirs_core.datasets.importing.answers import Said, card_values_of, told_of
from mirs_core.datasets.importing.beside import kept_on_failure, merged, write_beside
from mirs_core.datasets.importing.copying import copy_tiles
from mirs_core.datasets.importing.table import Matched
from mirs_core.datasets.manifest import Manifest, Tile, Unreadable
from mirs_core.datasets.registry import remember
from mirs_core.datasets.scanning import scan_cached
from mirs_core.datasets.strips.strip_list import STRIPS_FILE
from mirs_core.datasets.tile_table import MAX_TEXT, TileRecord, read_table
from mirs_core.errors import DataError
from mirs_core.files import slug
from mirs_core.mars import observations
from mirs_core.progress import Progress, silent
from mirs_core.system.processes import lock_if_free
from mirs_core.workspace.home import Home

_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import has brought, and the data set as it is now.

    ``unmatched`` are rows of the table that name no file; ``changed`` says what was written,
    ``notes`` what deserves a second look.
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
            "placed": sum(tile.latitude is not None for tile in tiles),
            "copied": self.copied,
            "unmatched": list(self.unmatched[:_SHOWN]),
            "unmatched_rows": len(self.unmatched),
            "unreadable": [{"path": bad.path, "why": bad.why} for bad in self.unreadable],
            "duplicates": self.duplicates,
            "changed": list(self.changed),
            "notes": list(self.notes),
        }


def describe_in_place(home: Home, root: Path, said: Said, progress: Progress = silent) -> Imported:
    """Writes dataset.json and tiles.csv beside the tiles of ``root``; no image is touched.

    What these files say already stays where the call does not say otherwise.

    Raises:
        DataError: no images, a wrong table, or the folder cannot be written.
    """
    manifest = scan_cached(home, root, progress)
    matched, notes = told_of(manifest, said)
    with kept_on_failure(manifest.root):
        card = card_values_of(manifest, said)
        changed = write_beside(manifest.root, manifest.root, card, matched.records)
        after = scan_cached(home, manifest.root, progress)
    remember(home, after.root)
    return _imported(manifest, after, matched, len(after.tiles), changed=changed, notes=notes)


def copy_home(home: Home, root: Path, said: Said, progress: Progress = silent) -> Imported:
    """Copies the tiles of ``root`` to ``data/<name>`` in the home folder, all or none.

    Until it is complete everything stands in a hidden folder beside, which the next call clears.

    Raises:
        DataError: no images, a wrong table, the name is taken, or there is no room.
    """
    manifest = scan_cached(home, root, progress)
    matched, notes = told_of(manifest, said)
    card = card_values_of(manifest, said)
    target = home.data / slug(str(card.get("name", manifest.card.name)))
    work = target.with_name(f".{target.name}.import")
    with _workplace(work):
        if target.exists():
            raise DataError(f"{target} is there already; give another name with --name.")
        pairs = [(tile, tile.path) for tile in manifest.tiles]
        left_out = copy_tiles(manifest.root, pairs, work / "set", progress)
        if len(left_out) == len(pairs):
            raise DataError(f"No tile of {root} could be copied: {left_out[0].why}.")
        changed = write_beside(work / "set", manifest.root, card, matched.records)
        try:
            (work / "set").rename(target)
        except OSError as error:
            raise DataError(f"{target} cannot be made ({error.strerror or error}).") from None
    after = scan_cached(home, target, progress)
    bad = (*manifest.unreadable, *left_out)
    return _imported(
        manifest, after, matched, len(after.tiles),
        copied=True, unreadable=bad, changed=changed, notes=notes,
    )  # fmt: skip


def add_to(home: Home, root: Path, into: Path, said: Said, progress: Progress = silent) -> Imported:
    """Copies tiles of ``root`` into the data set ``into``, each with where it is from.

    A tile whose content is there already is skipped. The new ones get a folder of their own, in
    a labelled data set one in each class; a tile without a split comes to ``database/``, or to
    ``train/`` where there is none. tiles.csv is extended by source, licence and credit.

    Raises:
        DataError: no images, a wrong table, no room; synthetic tiles would stand among real ones
            or the other way round. The data set is then as it was.
    """
    manifest, target = scan_cached(home, root, progress), scan_cached(home, into, progress)
    if manifest.root == target.root:
        raise DataError(f"{root} is that data set itself; import it without --to.")
    _check_alike(manifest, target, said)
    matched, notes = told_of(manifest, said)
    new = _new_tiles(manifest, target, matched.records)
    unsplit = sum(not tile.split for tile in new)
    where = placing.Place.free(target, slug(said.name or manifest.card.name))
    placed = [(tile, where.path_of(tile)) for tile in new]
    notes = (*notes, *_cautions(manifest, target, said))
    if where.labelled and unsplit:
        notes = (*notes, f"{unsplit:,} tiles without a split stand in {where.loose}/")
    work = target.root / ".mirs-import"
    with _workplace(work):
        left_out = copy_tiles(manifest.root, placed, work / "set", progress)
        gone = {bad.path for bad in left_out}
        placed = [(tile, path) for tile, path in placed if tile.path not in gone]
        old = read_table(manifest.root)
        told = {
            path: _provenance(
                tile, path, merged(old.get(tile.path, TileRecord(tile.path)),
                matched.records.get(tile.path, TileRecord(tile.path))),
                manifest.card, target.card, said,
            )
            for tile, path in placed
        }  # fmt: skip
        with kept_on_failure(target.root):
            # Before the tiles: no tile of a killed import may stand there and nobody know whence.
            changed = write_beside(target.root, target.root, {}, told)
            with placing.moved(work / "set", target.root, list(told)):
                after = scan_cached(home, target.root, progress)
                if missing := set(told) - {tile.id for tile in after.tiles}:
                    raise DataError(
                        f"{target.root} would not show {min(missing)}: one of its folders is a"
                        " link. Nothing was added."
                    )
    return _imported(
        manifest, after, matched, len(told), skipped=len(manifest.tiles) - len(new),
        copied=True, unreadable=(*manifest.unreadable, *left_out), changed=changed, notes=notes,
    )  # fmt: skip


def _imported(
    before: Manifest, after: Manifest, matched: Matched, added: int, **more: Any
) -> Imported:
    known = {"skipped": 0, "copied": False, "unreadable": before.unreadable, **more}
    known |= {name: tuple(known[name]) for name in ("unreadable", "changed", "notes")}
    return Imported(
        manifest=after,
        added=added,
        unmatched=matched.unmatched,
        duplicates=len(before.duplicates),
        **known,
    )


def _check_alike(manifest: Manifest, target: Manifest, said: Said) -> None:
    seen = (observations.parse(tile.path.rsplit("/", 1)[-1]) for tile in manifest.tiles)
    invented = all(one is not None and one.instrument == "SYN" for one in seen)
    synthetic = said.synthetic or manifest.card.synthetic or invented
    if synthetic != target.card.synthetic:
        kinds = ("synthetic", "real") if synthetic else ("real", "synthetic")
        raise DataError(
            f"{manifest.root} holds {kinds[0]} tiles and {target.root} {kinds[1]} ones, and a data"
            " set is one or the other: import them as a data set of their own"
            + (" (--copy)." if synthetic else " (--copy), or say --synthetic if they are that.")
        )


def _cautions(manifest: Manifest, target: Manifest, said: Said) -> Iterator[str]:
    """What the new tiles lose or are taken for in the other data set."""
    scale = target.card.metres_per_pixel
    if scale and not (said.metres_per_pixel or manifest.card.metres_per_pixel):
        yield (
            f"tiles whose scale nobody told are taken to have {scale:g} m per pixel, as those of"
            f" {target.card.name}; say --metres-per-pixel if they have not"
        )
    if (manifest.root / STRIPS_FILE).is_file():
        yield (
            "they keep their places, but not the ground of their strips; to have that too, cut the"
            f" raster into the data set: data tile --out {target.root}"
        )


def _new_tiles(manifest: Manifest, target: Manifest, told: Mapping[str, TileRecord]) -> list[Tile]:
    """The tiles that the target does not hold, one of each content, as the call describes them."""
    known = {tile.content for tile in target.tiles}
    found = []
    for tile in manifest.tiles:
        if tile.content in known:
            continue
        known.add(tile.content)
        record = told.get(tile.path, TileRecord(tile.path))
        found.append(
            dataclasses.replace(
                tile, label=record.label or tile.label, split=record.split or tile.split
            )
        )
    return found


def _provenance(
    tile: Tile, path: str, record: TileRecord, card: Card, target: Card, said: Said
) -> TileRecord:
    """All that is known of a tile that leaves its data set, under its new path.

    Where nothing is known, the new data set's card would be taken for the tile's own: its licence
    is then called unknown. What the old card wants cited is the credit of tiles that have none.
    """
    licence = record.licence or said.licence or card.licence
    scale = said.metres_per_pixel or card.metres_per_pixel
    cited = card.citation[:MAX_TEXT] if card.citation != target.citation else ""
    return dataclasses.replace(
        record,
        path=path,
        label=tile.label,
        split=tile.split or None,
        licence=None if licence == target.licence == UNKNOWN else licence,
        credit=record.credit or " ".join(cited.split()) or None,
        metres_per_pixel=record.metres_per_pixel
        or (scale if scale != target.metres_per_pixel else None),
    )


@contextlib.contextmanager
def _workplace(folder: Path) -> Iterator[None]:
    """An empty hidden folder for this process alone, gone afterwards; a killed one left none.

    Raises:
        DataError: another import is at work there, or it cannot be made.
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
            raise DataError(f"Another import works in {folder.parent}; wait for its end.")
        shutil.rmtree(folder / "set", ignore_errors=True)
        try:
            yield
        finally:
            shutil.rmtree(folder, ignore_errors=True)
