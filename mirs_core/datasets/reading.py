"""Reading every image of a data set once: its content hash, and whether it can be decoded."""

import contextlib
import os
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TypeVar

import numpy as np
import pyarrow as pa

from mirs_core.columns.arrow import strings
from mirs_core.columns.blocks import Blocks
from mirs_core.columns.hashes import Hashes
from mirs_core.columns.texts import Texts
from mirs_core.datasets.data_files import stamp_of
from mirs_core.datasets.images import read_bytes, read_image
from mirs_core.datasets.scan_memory import BLOCK, Entry, Remembered, ScanWriter
from mirs_core.errors import ImageError
from mirs_core.files import sha256
from mirs_core.progress import Progress, silent

STAGE = "Scanning images"
"""The stage that ``read_contents`` reports."""

# A file this recent may change again within the resolution of its modification time.
_SETTLED_NS = 2_000_000_000
_CHUNK = 64

T = TypeVar("T")


@dataclass(slots=True)
class Read:
    """The files of a data set.

    Attributes:
        paths: of readable files, ascending.
        contents: their SHA-256, parallel to ``paths``.
        bad: why other files are not readable, by path.
    """

    paths: Texts
    contents: Hashes
    bad: dict[str, str] = field(default_factory=dict)

    def pairs(self) -> Iterator[tuple[str, str]]:
        """Path and content (hex) of each readable file in turn."""
        for start in range(0, len(self.paths), BLOCK):
            rows = np.arange(start, min(start + BLOCK, len(self.paths)), dtype=np.int64)
            yield from zip(self.paths.take(rows), self.contents.take(rows), strict=True)


def read_contents(
    root: Path, paths: Sequence[str], cache: Path | None = None, progress: Progress = silent
) -> Read:
    """Reads and decodes the files ``paths`` (relative to ``root``), in threads.

    Args:
        cache: a file of earlier results; files with the same size and modification time are not
            read again. It is written as the scan goes on, so that one that is killed is resumed.

    Raises:
        RunError: the cache cannot be written.
    """
    ordered, earlier = sorted(paths), Remembered(cache)
    writer = ScanWriter(cache) if cache is not None else None
    names: list[pa.Array] = [strings([])]
    contents: list[bytes] = []
    bad: dict[str, str] = {}
    workers = min(8, (os.cpu_count() or 1) + 1)
    with (
        ThreadPoolExecutor(workers, thread_name_prefix="mirs-scan") as pool,
        contextlib.closing(writer) if writer is not None else contextlib.nullcontext(),
    ):
        for start in range(0, len(ordered), BLOCK):
            block = ordered[start : start + BLOCK]
            cached = earlier.find(block)
            entries: list[Entry] = []
            for looked in pool.map(partial(_look_at, root), _chunks(block), _chunks(cached)):
                entries += looked
                progress(STAGE, start + len(entries), len(ordered))
            pairs = list(zip(block, entries, strict=True))
            names.append(strings([path for path, entry in pairs if entry.content]))
            contents.append(b"".join(entry.content for entry in entries if entry.content))
            bad.update((p, e.why or "unreadable") for p, e in pairs if not e.content)
            if writer is not None:
                _remember(writer, block, entries, cached)
        if writer is not None:
            writer.finish(earlier)
    stored = np.frombuffer(b"".join(contents), dtype=np.uint8).reshape(-1, 32)
    return Read(Texts.cut(pa.concat_arrays(names)), Hashes(Blocks.of(stored)), bad)


def scanned_contents(cache: Path) -> dict[str, tuple[int, int, str]]:
    """Size, modification time in ns and SHA-256 of readable files by path, as last scanned.

    Empty if there is no such file or it is damaged.
    """
    results: dict[str, tuple[int, int, str]] = {}
    for path, entry in Remembered(cache):
        if entry.content is not None:
            results.setdefault(path, (entry.size, entry.modified_ns, entry.content.hex()))
    return results


def _chunks(values: list[T]) -> list[list[T]]:
    return [values[start : start + _CHUNK] for start in range(0, len(values), _CHUNK)]


def _remember(
    writer: ScanWriter,
    paths: Sequence[str],
    entries: Sequence[Entry],
    cached: Sequence[Entry | None],
) -> None:
    settled = time.time_ns() - _SETTLED_NS
    lasting = [
        (path, entry, entry is not old)
        for path, entry, old in zip(paths, entries, cached, strict=True)
        if entry is old or 0 <= entry.modified_ns < settled
    ]
    is_new = any(new for _, _, new in lasting)
    writer.add([path for path, _, _ in lasting], [entry for _, entry, _ in lasting], is_new)


def _look_at(root: Path, paths: Sequence[str], cached: Sequence[Entry | None]) -> list[Entry]:
    return [_look(root, path, entry) for path, entry in zip(paths, cached, strict=True)]


def _look(root: Path, path: str, cached: Entry | None) -> Entry:
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
        return Entry(*stamp, None, str(error))
    except OSError as error:
        return Entry(-1, -1, None, f"{file.name} cannot be read ({error.strerror or error}).")
    return Entry(*stamp, bytes.fromhex(sha256(data)), None)
