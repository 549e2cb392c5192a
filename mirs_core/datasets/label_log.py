"""The log of corrected labels of a data set: one JSON object per line, appended, never rewritten.

It is ``labels/<name>-<key>.jsonl`` of the home folder, so that nothing is written beside the images
of the user. The first line names the data set. A line holds the corrections that were made
together, or undoes earlier ones. A line that a crash has cut off was never confirmed to its author:
it is ignored, and removed by the next one.
"""

import errno
import hashlib
import json
import os
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from io import FileIO
from pathlib import Path
from typing import Any

from mirs_core.errors import DataError
from mirs_core.files import make_folder, slug
from mirs_core.system.processes import locked
from mirs_core.workspace.clock import now
from mirs_core.workspace.home import Home

_SCHEMA = 1
_SHARED, _OWN = ("batch", "by", "at", "note"), ("tile", "before", "label", "content")
_OPTIONAL = ("before", "label")


@dataclass(frozen=True, slots=True)
class Correction:
    """The verdict of a person on the label of one tile.

    Attributes:
        id: of the correction: that of its batch, and its place there if it has several.
        tile: its id in the data set.
        before: the label that it had until then; None for none.
        label: the label that it is to have; None for none.
        by: who said so.
        at: when, as ISO 8601 in UTC.
        note: why, in the person's words.
        content: SHA-256 of the image that the person judged; empty if unknown.
        batch: shared by corrections that were made together, 12 hexadecimal digits.
        undone: whether it was undone later.
    """

    id: str
    tile: str
    before: str | None
    label: str | None
    by: str
    at: str
    note: str = ""
    content: str = ""
    batch: str = ""
    undone: bool = False

    @property
    def confirms(self) -> bool:
        """Whether it states that the label was right."""
        return self.label == self.before


def log_of(home: Home, root: Path) -> Path:
    """The log of the data set in ``root``, which may not exist yet."""
    root = root.expanduser().resolve()
    key = hashlib.sha256(str(root).encode("utf-8", "surrogateescape")).hexdigest()[:16]
    return home.labels / f"{slug(root.name)}-{key}.jsonl"


def new_batch() -> str:
    """A random id of a batch."""
    return secrets.token_hex(6)


def id_in(batch: str, place: int, count: int) -> str:
    """The id of the correction at ``place`` of a batch of ``count``."""
    return batch if count == 1 else f"{batch}.{place + 1}"


def read_log(home: Home, root: Path) -> list[Correction]:
    """All corrections of a data set in the order in which they were made, undone ones included.

    Raises:
        DataError: the log cannot be read, or a line of it is damaged.
    """
    path = log_of(home, root)
    try:
        data = path.read_bytes() if path.is_file() else b""
    except OSError as error:
        raise DataError(f"{path} cannot be read ({error.strerror or error}).") from None
    corrections: dict[str, Correction] = {}
    # What stands behind the last line end was cut off.
    for number, line in enumerate(data.split(b"\n")[:-1], 1):
        try:
            _heed(json.loads(line), corrections, number)
        except (ValueError, KeyError, TypeError, RecursionError):
            raise DataError(
                f"{path}, line {number}, is damaged; remove this line, or restore a copy of the"
                " file."
            ) from None
    return list(corrections.values())


def append(home: Home, root: Path, line: dict[str, Any]) -> None:
    """Adds a line at the end of the log.

    Raises:
        DataError: the log cannot be written.
    """
    path = log_of(home, root)
    data = json.dumps(line).encode() + b"\n"
    try:
        make_folder(path.parent)
        with locked(home.locks / f"labels-{path.stem}"), path.open("ab+", buffering=0) as handle:
            _append(handle, root, data)
    except OSError as error:
        raise DataError(
            f"{path} cannot be written ({error.strerror or error}); free some space, or choose a"
            " writable home folder (MIRS_HOME)."
        ) from None


def line_of(corrections: Sequence[Correction]) -> dict[str, Any]:
    """The corrections of one batch as a line of the log."""
    shared = {name: getattr(corrections[0], name) for name in _SHARED}
    own = [{name: getattr(c, name) for name in _OWN} for c in corrections]
    return {**shared, "corrections": own}


def undoing(ids: Sequence[str], by: str) -> dict[str, Any]:
    """The line that undoes corrections."""
    return {"undo": list(ids), "by": by, "at": now()}


def _append(handle: FileIO, root: Path, data: bytes) -> None:
    end = _end_of_lines(handle)
    handle.truncate(end)
    if not end:
        head = {"schema": _SCHEMA, "data": str(root.expanduser().resolve())}
        data = json.dumps(head).encode() + b"\n" + data
    try:
        if handle.write(data) < len(data):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        os.fsync(handle.fileno())
    except OSError:
        handle.truncate(end)
        raise


def _end_of_lines(handle: FileIO) -> int:
    """Where the last line of the log ends that was written in full."""
    end = handle.seek(0, os.SEEK_END)
    for start in _steps_back(end):
        handle.seek(start)
        place = handle.read(end - start).rfind(b"\n")
        if place >= 0:
            return start + place + 1
    return 0


def _steps_back(end: int) -> Iterator[int]:
    step, start = 1 << 12, end
    while start:
        start = max(end - step, 0)
        yield start
        step *= 4


def _heed(value: Any, corrections: dict[str, Correction], number: int) -> None:
    if not isinstance(value, dict):
        raise TypeError("a line that is no object")
    if number == 1:
        if value["schema"] != _SCHEMA:
            raise ValueError("another schema")
    elif "undo" in value:
        for correction_id in value["undo"]:
            corrections[correction_id] = replace(corrections[correction_id], undone=True)
    else:
        rows = value["corrections"]
        for place, row in enumerate(rows):
            texts = {name: value[name] for name in _SHARED} | {name: row[name] for name in _OWN}
            if not all(
                isinstance(text, str) or (text is None and name in _OPTIONAL)
                for name, text in texts.items()
            ):
                raise TypeError("a field of another type")
            correction = Correction(id=id_in(value["batch"], place, len(rows)), **texts)
            corrections[correction.id] = correction
