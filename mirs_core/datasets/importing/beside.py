"""What stands beside the tiles of a folder, ``dataset.json`` and ``tiles.csv``: merged, written."""

import contextlib
import dataclasses
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from mirs_core.datasets.card import CARD_FILE, card_of, card_values
from mirs_core.datasets.tile_table import (
    TABLE_FILE,
    TileRecord,
    foreign_cells,
    read_table,
    write_table,
)
from mirs_core.errors import DataError, RunError
from mirs_core.files import replace_file, write_json

_FILES = (CARD_FILE, TABLE_FILE)


def merged(old: TileRecord, new: TileRecord) -> TileRecord:
    """``old`` with all that ``new`` says; a place is one statement of two numbers."""
    said = {name: value for name, value in dataclasses.asdict(new).items() if value is not None}
    if new.latitude is not None:
        said["longitude"] = new.longitude
    return dataclasses.replace(old, **said)


def write_beside(
    root: Path, source: Path, card: Mapping[str, Any], told: Mapping[str, TileRecord]
) -> list[str]:
    """Writes both files into ``root``: what those of ``source`` say, and what is said now.

    Args:
        card: fields of the card; they win over those of the old one.
        told: records by path; what they say wins over the old table.

    Returns:
        What has changed, a line each.

    Raises:
        DataError: an old file cannot be read, or a new one not be written; nothing has changed.
    """
    old = card_values(source)
    values = {**old, **card}
    card_of(source / CARD_FILE, values, source.name)
    records, more = read_table(source), foreign_cells(source)
    fresh = {path: merged(records.get(path, TileRecord(path)), one) for path, one in told.items()}
    changed = [path for path, one in fresh.items() if path in records and one != records[path]]
    added = sum(path not in records and one != TileRecord(path) for path, one in fresh.items())
    notes = [
        f"{CARD_FILE}: {name} is {value!r}" + (f", was {old[name]!r}" if name in old else "")
        for name, value in card.items()
        if old.get(name) != value
    ]
    notes += [f"{TABLE_FILE}: {added:,} rows added"] if added else []
    notes += [f"{TABLE_FILE}: {len(changed):,} rows changed"] if changed else []
    everything = {**records, **fresh}
    try:
        with kept_on_failure(root):
            if values != old or root != source:
                write_json(root / CARD_FILE, values)
            if added or changed or (everything and root != source):
                _check_plain(root / TABLE_FILE)
                write_table(root, everything.values(), more)
    except RunError as error:
        raise DataError(
            f"{error} With --copy the tiles come into the app's own folder instead."
        ) from None
    return notes


@contextlib.contextmanager
def kept_on_failure(root: Path) -> Iterator[None]:
    """Brings both files back as they were where the block fails."""
    before = {name: _bytes(root / name) for name in _FILES}
    try:
        yield
    except BaseException:
        for name, data in before.items():
            with contextlib.suppress(OSError, RunError):
                _put_back(root / name, data)
        raise


def _put_back(path: Path, data: bytes | None) -> None:
    if data is None:
        path.unlink(missing_ok=True)
    elif _bytes(path) != data:
        replace_file(path, lambda handle: handle.write(data))


def _bytes(path: Path) -> bytes | None:
    try:
        return path.read_bytes() if path.is_file() else None
    except OSError as error:
        raise DataError(f"{path} cannot be read ({error.strerror or error}).") from None


def _check_plain(path: Path) -> None:
    # A link or a folder of that name is somebody else's, and would be replaced unread.
    if path.is_symlink() or (path.exists() and not path.is_file()):
        raise DataError(f"{path} is no plain file; move it away, or import with --copy.")
