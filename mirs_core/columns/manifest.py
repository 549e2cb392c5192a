"""The list of an archive's segments with their sizes and checksums: ``archive.json``."""

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from mirs_core.columns.blocks import BLOCK
from mirs_core.columns.files import CODES, CONTENTS, IDS, TIES, TILES
from mirs_core.columns.mapping import damaged
from mirs_core.files import read_json, write_json

LIST, REMOVED = "archive.json", "removed.npy"
FORMAT, VERSION = "mirs-archive", 1
_SEGMENT = re.compile(r"segment-[0-9]{5}")
_DIGEST = re.compile(r"[0-9a-f]{64}")
_ALWAYS = {CODES, TILES, IDS, CONTENTS}


@dataclass(frozen=True, slots=True)
class StoredFile:
    """Size and SHA-256 of a file."""

    size: int
    sha256: str

    @classmethod
    def of(cls, path: Path) -> "StoredFile":
        """Size and checksum of a file that exists."""
        with path.open("rb") as handle:
            return cls(path.stat().st_size, hashlib.file_digest(handle, "sha256").hexdigest())


@dataclass(frozen=True, slots=True)
class SegmentEntry:
    """A segment: its folder, its stored rows and its files.

    ``spread`` says where its tiles stand in the order of ties if ``ties.npy`` does not: the first
    of them, and the number of tiles that are spread evenly over the order.
    """

    name: str
    rows: int
    files: dict[str, StoredFile]
    spread: tuple[int, int] | None


@dataclass(frozen=True, slots=True)
class ArchiveList:
    """What ``archive.json`` says.

    Attributes:
        count: number of tiles, without removed ones.
        width: bytes of a packed code, or features of a baseline.
        dtype: of the codes: uint8, or float32.
        model: SHA-256 of the model that made the codes.
        removed: the list of removed tiles, ``removed.npy``; None if there are none.
    """

    count: int
    width: int
    dtype: str
    model: str
    distractors: tuple[str, ...]
    segments: tuple[SegmentEntry, ...]
    removed: StoredFile | None = None

    def files(self) -> dict[str, StoredFile]:
        """Every file of the archive but this list, by its path in the archive's folder."""
        listed = {
            f"{segment.name}/{name}": file
            for segment in self.segments
            for name, file in segment.files.items()
        }
        return listed if self.removed is None else {**listed, REMOVED: self.removed}

    def write(self, folder: Path) -> None:
        """Writes ``archive.json``, which makes the archive complete."""
        segments = [
            {
                "name": segment.name,
                "rows": segment.rows,
                "spread": list(segment.spread) if segment.spread else None,
                "files": {name: _entry(file) for name, file in segment.files.items()},
            }
            for segment in self.segments
        ]
        value = {
            "format": FORMAT,
            "version": VERSION,
            "count": self.count,
            "width": self.width,
            "dtype": self.dtype,
            "model": self.model,
            "distractors": list(self.distractors),
            "segments": segments,
            "removed": None if self.removed is None else _entry(self.removed),
        }
        write_json(folder / LIST, value)


def _entry(file: StoredFile) -> dict[str, Any]:
    return {"bytes": file.size, "sha256": file.sha256}


def read_list(folder: Path) -> ArchiveList:
    """The list of an archive's segments.

    Raises:
        RunError: ``archive.json`` is missing, damaged or of a later version.
    """
    path = folder / LIST
    value = read_json(path)
    try:
        if value["format"] != FORMAT or value["version"] != VERSION:
            raise damaged(path, "made by another version of MIRS Explorer")
        removed = value["removed"]
        entries = tuple(_segment(entry) for entry in value["segments"])
        result = ArchiveList(
            count=_whole(value["count"]),
            width=_whole(value["width"]),
            dtype=value["dtype"],
            model=_digest(value["model"]),
            distractors=tuple(_text(name) for name in value["distractors"]),
            segments=entries,
            removed=None if removed is None else _file(removed),
        )
        stored = sum(entry.rows for entry in entries)
        if not entries or len({entry.name for entry in entries}) != len(entries):
            raise ValueError("segments")
        if result.dtype not in ("uint8", "float32") or result.count > stored:
            raise ValueError("counts")
        if removed is None and result.count != stored:
            raise ValueError("counts")
        if any(entry.spread and sum(entry.spread) > np.iinfo(np.int64).max for entry in entries):
            raise ValueError("spread")
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise damaged(path, str(error)[:80]) from None
    return result


def _segment(value: Any) -> SegmentEntry:
    files, spread = value["files"], value["spread"]
    names = _ALWAYS if spread is not None else {*_ALWAYS, TIES}
    if set(files) != names or not _SEGMENT.fullmatch(value["name"]):
        raise ValueError("files")
    if spread is not None:
        first, of = spread
        spread = (_whole(first), _whole(of))
        if spread[0] + value["rows"] > spread[1]:
            raise ValueError("spread")
    rows = _whole(value["rows"])
    if rows > BLOCK:
        raise ValueError("rows")
    return SegmentEntry(
        value["name"], rows, {name: _file(file) for name, file in files.items()}, spread
    )


def _file(value: Any) -> StoredFile:
    return StoredFile(_whole(value["bytes"]), _digest(value["sha256"]))


def _whole(value: Any) -> int:
    if type(value) is not int or value < 0:
        raise ValueError("not a whole number")
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError("not a text")
    return value


def _digest(value: Any) -> str:
    if not _DIGEST.fullmatch(_text(value)):
        raise ValueError("not a checksum")
    return str(value)
