"""The metadata files of a folder of tiles, ``dataset.json`` and ``tiles.csv``: merged, written."""

import contextlib
import dataclasses
import json
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


def merge(old: TileRecord, new: TileRecord) -> TileRecord:
    """``old`` with the values of ``new`` that are not None; coordinates are replaced as a pair."""
    values = {name: value for name, value in dataclasses.asdict(new).items() if value is not None}
    if new.latitude is not None:
        values["longitude"] = new.longitude
    return dataclasses.replace(old, **values)


def write_metadata(
    root: Path, source: Path, card: Mapping[str, Any], stated: Mapping[str, TileRecord]
) -> list[str]:
    """Writes both files to ``root``: the values in those of ``source``, updated.

    Args:
        card: card values, which take precedence over existing ones.
        stated: records by path, which take precedence over the existing table.

    Returns:
        The changes, one line each.

    Raises:
        DataError: an existing file cannot be read, or a file cannot be written; nothing changes.
    """
    old = card_values(source)
    values = {**old, **card}
    _check_json(source / CARD_FILE, values)
    card_of(source / CARD_FILE, values, source.name)
    records, foreign = read_table(source), foreign_cells(source)
    updated = {
        path: merge(records.get(path, TileRecord(path)), record) for path, record in stated.items()
    }
    changed = [path for path, row in updated.items() if path in records and row != records[path]]
    added = sum(path not in records and row != TileRecord(path) for path, row in updated.items())
    notes = [
        f"{CARD_FILE}: {name} is {value!r}" + (f", was {old[name]!r}" if name in old else "")
        for name, value in card.items()
        if old.get(name) != value
    ]
    notes += [f"{TABLE_FILE}: {added:,} rows added"] if added else []
    notes += [f"{TABLE_FILE}: {len(changed):,} rows changed"] if changed else []
    all_records = {**records, **updated}
    try:
        with restored_on_failure(root):
            if values != old or root != source:
                write_json(root / CARD_FILE, values)
            if added or changed or (all_records and root != source):
                _check_plain(root / TABLE_FILE)
                write_table(root, all_records.values(), foreign)
    except RunError as error:
        raise DataError(
            f"{error} Import as a copy to put the tiles into the home folder instead."
        ) from None
    return notes


def _check_json(path: Path, values: dict[str, Any]) -> None:
    """Raises DataError for numbers that Python reads as JSON, but that are none."""
    try:
        json.dumps(values, allow_nan=False)
    except (ValueError, RecursionError):
        raise DataError(
            f"{path} has a value that is no JSON (NaN, Infinity, or nested too deeply); correct or"
            " remove it."
        ) from None


@contextlib.contextmanager
def restored_on_failure(root: Path) -> Iterator[None]:
    """Restores both files if the block fails."""
    before = {name: _content(root / name) for name in _FILES}
    try:
        yield
    except BaseException:
        for name, data in before.items():
            with contextlib.suppress(OSError, RunError):
                _restore(root / name, data)
        raise


def _restore(path: Path, data: bytes | None) -> None:
    if data is None:
        path.unlink(missing_ok=True)
    elif _content(path) != data:
        replace_file(path, lambda handle: handle.write(data))


def _content(path: Path) -> bytes | None:
    try:
        return path.read_bytes() if path.is_file() else None
    except OSError as error:
        raise DataError(f"{path} cannot be read ({error.strerror or error}).") from None


def _check_plain(path: Path) -> None:
    # A link or folder of that name was not made here and must not be replaced.
    if path.is_symlink() or (path.exists() and not path.is_file()):
        raise DataError(f"{path} is not a regular file; move it away, or import as a copy.")
