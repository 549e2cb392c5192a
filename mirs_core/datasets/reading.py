"""Reading every image of a data set once: its content hash, and whether it can be decoded."""

import contextlib
import json
import os
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mirs_core.datasets.data_files import stamp_of
from mirs_core.datasets.images import read_bytes, read_image
from mirs_core.errors import ImageError
from mirs_core.files import sha256, write_json
from mirs_core.progress import Progress, silent

STAGE = "Scanning images"
"""The stage that ``read_contents`` reports."""

# 2: TIFF is read by GDAL, which reads files that were refused before.
_VERSION = 2
# A file this recent may change again within the resolution of its modification time.
_SETTLED_NS = 2_000_000_000


@dataclass(slots=True)
class Read:
    """``contents``: SHA-256 (hex) of readable files; ``bad``: why others are not; both by path."""

    contents: dict[str, str] = field(default_factory=dict)
    bad: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Entry:
    """The result for one file. Either ``content`` or ``why`` is None."""

    size: int
    modified_ns: int
    content: str | None
    why: str | None


def read_contents(
    root: Path, paths: Sequence[str], cache: Path | None = None, progress: Progress = silent
) -> Read:
    """Reads and decodes the files ``paths`` (relative to ``root``), in threads.

    Args:
        cache: a JSON file of earlier results; files with the same size and modification time are
            not read again.
    """
    cached = _load(cache) if cache is not None else {}
    entries: dict[str, _Entry] = {}
    workers = min(8, (os.cpu_count() or 1) + 1)
    with ThreadPoolExecutor(workers, thread_name_prefix="mirs-scan") as pool:
        results = pool.map(lambda path: _look(root, path, cached.get(path)), paths)
        for done, (path, entry) in enumerate(zip(paths, results, strict=True), start=1):
            entries[path] = entry
            if done % 64 == 0 or done == len(paths):
                progress(STAGE, done, len(paths))
    if cache is not None:
        _save(cache, entries, cached)
    read = Read()
    for path, entry in entries.items():
        if entry.content is not None:
            read.contents[path] = entry.content
        else:
            read.bad[path] = entry.why or "unreadable"
    return read


def scanned_contents(cache: Path) -> dict[str, tuple[int, int, str]]:
    """Size, modification time in ns and SHA-256 of readable files by path, as last scanned.

    Empty if there is no such file or it is damaged.
    """
    return {
        path: (entry.size, entry.modified_ns, entry.content)
        for path, entry in _load(cache).items()
        if entry.content is not None
    }


def _look(root: Path, path: str, cached: _Entry | None) -> _Entry:
    file, stamp = root / path, (-1, -1)
    try:
        # A label whose data file is missing gives no stamp, and is looked at again.
        with contextlib.suppress(OSError):
            stamp = stamp_of(file)
        if cached is not None and (cached.size, cached.modified_ns) == stamp != (-1, -1):
            return cached
        data = read_bytes(file)
        read_image(data, file.name)
    except ImageError as error:
        return _Entry(*stamp, None, str(error))
    except OSError as error:
        return _Entry(-1, -1, None, f"{file.name} cannot be read ({error.strerror or error}).")
    return _Entry(*stamp, sha256(data), None)


def _load(cache: Path) -> dict[str, _Entry]:
    try:
        value: Any = json.loads(cache.read_text(encoding="utf-8"))
        if value["version"] != _VERSION:
            return {}
        return {path: _entry(row) for path, row in value["files"].items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return {}


def _entry(row: Any) -> _Entry:
    size, modified_ns, content, why = row
    texts = all(text is None or isinstance(text, str) for text in (content, why))
    if not (isinstance(size, int) and isinstance(modified_ns, int) and texts):
        raise TypeError("a damaged entry")
    return _Entry(size, modified_ns, content, why)


def _save(cache: Path, entries: dict[str, _Entry], cached: dict[str, _Entry]) -> None:
    settled = time.time_ns() - _SETTLED_NS
    lasting = {
        path: entry
        for path, entry in entries.items()
        if entry is cached.get(path) or 0 <= entry.modified_ns < settled
    }
    if lasting == cached:
        return
    rows = {path: [e.size, e.modified_ns, e.content, e.why] for path, e in lasting.items()}
    write_json(cache, {"version": _VERSION, "files": rows})
