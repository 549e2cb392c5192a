"""Corrected labels: a person's verdicts on labels of tiles, which precede folders and tables.

The images and tables of a data set stay as they are; verdicts are kept in a log of the home folder
(see ``label_log``). Every scan reads labels through ``mended``, so what is trained, archived and
evaluated from then on has the corrected ones. An archive keeps the labels that it was made with;
``differing`` tells which of them are out of date.
"""

import dataclasses
import getpass
import unicodedata
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from mirs_core.columns.categories import Categories, code_type
from mirs_core.columns.lookup import lookup_of
from mirs_core.datasets.items import Items
from mirs_core.datasets.label_log import (
    Correction,
    append,
    id_in,
    line_of,
    log_of,
    new_batch,
    read_log,
    undoing,
)
from mirs_core.datasets.manifest import Manifest
from mirs_core.datasets.tile_table import MAX_TEXT
from mirs_core.datasets.tiles import Tiles
from mirs_core.errors import DataError
from mirs_core.workspace.annotations import control_character
from mirs_core.workspace.clock import now
from mirs_core.workspace.home import Home

__all__ = [
    "Correction",
    "carry_over",
    "correct",
    "current",
    "differing",
    "log_of",
    "mended",
    "mended_names",
    "read_log",
    "this_person",
    "undo",
]


def this_person() -> str:
    """Who corrects labels unless a name is stated: the user of this computer."""
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return "unknown"


def correct(
    home: Home,
    root: Path,
    tiles: Tiles | Items,
    labels: Mapping[str, str | None],
    *,
    by: str,
    note: str = "",
) -> list[Correction]:
    """Records the verdict of a person on labels of the data set in ``root``; all or none.

    A label that is equal to the present one is recorded too: it confirms it.

    Args:
        tiles: what the person looked at: the tiles of a scan, or the items of an archive.
        labels: the label that each tile is to have, by its id; None for no label.
        by: the person's name.
        note: why.

    Returns:
        The corrections in the order of ``labels``; they share one batch.

    Raises:
        DataError: ``tiles`` lacks a tile, a text cannot be used, or the log cannot be written.
    """
    by, note = checked_text(by, "The name"), checked_text(note, "The note")
    if not by:
        raise DataError("State who corrects the labels.")
    if not labels:
        return []
    rows = lookup_of(tiles.ids).rows_of(list(labels))
    if (rows < 0).any():
        missing = list(labels)[int(np.argmin(rows))]
        raise DataError(f"There is no tile {missing!r} in {root}.")
    earlier, at, batch = current(home, root), now(), new_batch()
    values = zip(
        labels.items(),
        tiles.labels.take(rows).tolist(),
        tiles.contents.take(rows).tolist(),
        strict=True,
    )
    corrections = [
        Correction(
            id=id_in(batch, place, len(labels)),
            tile=tile,
            before=earlier[tile].label if tile in earlier else before,
            label=_label(label),
            by=by,
            at=at,
            note=note,
            content=content,
            batch=batch,
        )
        for place, ((tile, label), before, content) in enumerate(values)
    ]
    append(home, root, line_of(corrections))
    return corrections


def undo(home: Home, root: Path, ids: Sequence[str], *, by: str) -> list[Correction]:
    """Undoes corrections; a tile gets back the label of the correction before, or its own.

    Args:
        ids: of corrections, or of batches.

    Returns:
        The corrections that are undone now.

    Raises:
        DataError: there is no such correction, or it is undone already.
    """
    by, log = checked_text(by, "The name"), read_log(home, root)
    undone = []
    for word in dict.fromkeys(ids):
        matching = [c for c in log if word in (c.id, c.batch)]
        active = [c for c in matching if not c.undone]
        if not active:
            why = "is undone already" if matching else "does not exist"
            raise DataError(f"The correction {word!r} {why}; list them: mirs data labels {root}")
        undone += [c for c in active if c not in undone]
    if undone:
        append(home, root, undoing([c.id for c in undone], by))
    return [dataclasses.replace(c, undone=True) for c in undone]


def carry_over(home: Home, source: Path, target: Path) -> None:
    """Takes the corrections in force in one data set over to a copy of it with the same paths.

    Raises:
        DataError: a log is damaged, or that of the copy cannot be written.
    """
    batches: dict[str, list[Correction]] = {}
    for correction in current(home, source).values():
        batches.setdefault(correction.batch, []).append(correction)
    for corrections in batches.values():
        batch = new_batch()
        append(home, target, line_of([dataclasses.replace(c, batch=batch) for c in corrections]))


def current(home: Home, root: Path) -> dict[str, Correction]:
    """The corrections in force in the data set in ``root``, by tile: the last that is not undone.

    Raises:
        DataError: the log is damaged.
    """
    return {c.tile: c for c in read_log(home, root) if not c.undone}


def mended(home: Home, manifest: Manifest) -> Manifest:
    """A manifest with corrected labels.

    A correction counts for the image that was judged: if the file has changed since, it is left
    out, and the remarks of the manifest say so.

    Raises:
        DataError: the log is damaged.
    """
    corrections = current(home, manifest.root)
    if not corrections:
        return manifest
    tiles = list(corrections)
    rows = lookup_of(manifest.tiles.ids).rows_of(tiles)
    contents = manifest.tiles.contents.take(rows[rows >= 0]).tolist()
    present = [tile for tile, row in zip(tiles, rows.tolist(), strict=True) if row >= 0]
    judged = [corrections[tile].content for tile in present]
    stale = [t for t, a, b in zip(present, judged, contents, strict=True) if a and a != b]
    labels = {tile: corrections[tile].label for tile in present if tile not in set(stale)}
    after, changed = _with_labels(manifest.tiles, labels)
    return dataclasses.replace(
        manifest,
        tiles=after,
        corrected=changed,
        stale_corrections=tuple(stale),
        uncorrected=manifest,
    )


def mended_names(home: Home, root: Path, tiles: Tiles) -> Tiles:
    """Tiles whose images were not read, as ``tiles_named`` returns them, with corrected labels.

    Raises:
        DataError: the log is damaged.
    """
    corrections = current(home, root)
    return _with_labels(tiles, {tile: c.label for tile, c in corrections.items()})[0]


def differing(home: Home, root: Path, items: Items) -> dict[str, tuple[str | None, str | None]]:
    """Tiles of an archive whose labels were corrected, or corrected back, since it was made.

    Returns:
        The label in the archive and the present one, by tile.

    Raises:
        DataError: the log is damaged.
    """
    present: dict[str, str | None] = {}
    judged: dict[str, str] = {}
    for correction in read_log(home, root):
        present.setdefault(correction.tile, correction.before)
        if not correction.undone:
            present[correction.tile] = correction.label
            judged[correction.tile] = correction.content
    rows = items.rows_of(list(present))
    stored = rows[rows >= 0]
    tiles = [tile for tile, row in zip(present, rows.tolist(), strict=True) if row >= 0]
    pairs = zip(tiles, items.labels.take(stored), items.contents.take(stored), strict=True)
    return {
        tile: (label, present[tile])
        for tile, label, content in pairs
        if label != present[tile] and judged.get(tile, content) in ("", content)
    }


def checked_text(text: str, what: str) -> str:
    """``text`` on one line, without blanks around it.

    Raises:
        DataError: it is too long, or holds control characters.
    """
    text = unicodedata.normalize("NFC", " ".join(text.split()))
    if len(text) > MAX_TEXT:
        raise DataError(f"{what} has {len(text):,} characters; at most {MAX_TEXT:,} are allowed.")
    if character := control_character(text):
        raise DataError(f"{what} holds the character U+{ord(character):04X}; remove it.")
    return text


def _label(label: str | None) -> str | None:
    return checked_text(label, "The label") or None if label is not None else None


def _with_labels(tiles: Tiles, labels: Mapping[str, str | None]) -> tuple[Tiles, int]:
    """Tiles with other labels by id, and the number of those that differ."""
    ids = list(labels)
    rows = lookup_of(tiles.ids).rows_of(ids)
    pairs = [(row, labels[tile]) for tile, row in zip(ids, rows.tolist(), strict=True) if row >= 0]
    before = tiles.labels.take(np.array([row for row, _ in pairs], dtype=np.int64)).tolist()
    changed = [pair for pair, label in zip(pairs, before, strict=True) if pair[1] != label]
    if not changed:
        return tiles, 0
    names = list(dict.fromkeys([*tiles.labels.names, *(label for _, label in changed if label)]))
    places: dict[str | None, int] = {None: -1, **{name: place for place, name in enumerate(names)}}
    codes = tiles.labels.codes.whole().astype(code_type(len(names)))
    for row, label in changed:
        codes[row] = places[label]
    column = Categories.of_codes(codes, names).compact()
    return dataclasses.replace(tiles, labels=column), len(changed)
