"""What a scan remembers of files, so that the next one does not read them again.

An Arrow stream of blocks in the order of paths, each with a checksum. It is written while the scan
runs; what a killed scan has left is a stream without an end, which the next scan uses as well.
"""

import contextlib
import json
import os
import uuid
import zlib
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from mirs_core.columns.arrow import strings
from mirs_core.errors import RunError
from mirs_core.files import make_folder

BLOCK = 2048
"""Files whose results are remembered at once; a scan that is killed loses no more than these."""

# 2: TIFF is read by GDAL, which reads files that were refused before.
_VERSION = 2
_NO_HASH = bytes(32)
_CHECK = b"crc32"
_SCHEMA = pa.schema(
    {
        "path": pa.large_string(),
        "size": pa.int64(),
        "modified_ns": pa.int64(),
        "content": pa.binary(32),
        "why": pa.large_string(),
    },
    metadata={"mirs_scan": str(_VERSION)},
)
_DAMAGED = (
    OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError, pa.ArrowException,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Entry:
    """The result for one file. Either ``content`` (SHA-256) or ``why`` (not) is None."""

    size: int
    modified_ns: int
    content: bytes | None
    why: str | None


class Remembered:
    """The results of earlier scans of a data set; damaged ones are left out."""

    def __init__(self, cache: Path | None) -> None:
        """``cache``: where the last scan is; versions up to 0.3 have written JSON beside it."""
        self.files: list[Path] = []
        if cache is not None:
            parts = sorted(cache.parent.glob(f"{cache.name}.*.part"))
            self.files = [*parts, *dict.fromkeys([cache, cache.with_suffix(".json")])]
        self._sources = [list(_blocks(file)) for file in self.files]
        self._starts = [[b.column(0)[0].as_py() for b in source] for source in self._sources]
        self._ends = [[b.column(0)[-1].as_py() for b in source] for source in self._sources]

    def __iter__(self) -> Iterator[tuple[str, Entry]]:
        """The paths and results of all files, source by source."""
        for source in self._sources:
            for block in source:
                yield from zip(block.column(0).to_pylist(), _entries(block), strict=True)

    def is_exactly(self, cache: Path, rows: int) -> bool:
        """Whether all there is are so many files in ``cache``."""
        present = dict(zip(self.files, self._sources, strict=True))
        others = [file for file in self.files if file != cache and file.exists()]
        return not others and sum(len(block) for block in present[cache]) == rows

    def find(self, paths: Sequence[str]) -> list[Entry | None]:
        """The result for each of ``paths``, which ascend; None where there is none."""
        results: list[Entry | None] = [None] * len(paths)
        words = strings(paths)
        for source, starts, ends in zip(self._sources, self._starts, self._ends, strict=True):
            for number in range(bisect_left(ends, paths[0]), bisect_right(starts, paths[-1])):
                block = source[number]
                rows = pc.index_in(words, value_set=block.column(0))
                places = [place for place, row in enumerate(rows.to_pylist()) if row is not None]
                entries = _entries(block.take(pc.drop_null(rows)))
                for place, entry in zip(places, entries, strict=True):
                    results[place] = results[place] or entry
        return results


class ScanWriter:
    """Remembers the results of a scan, in the order of paths, as it goes on."""

    def __init__(self, cache: Path) -> None:
        """``cache``: the file that replaces the last scan once this one has ended."""
        self._cache = cache
        self._part = cache.with_name(f"{cache.name}.{uuid.uuid4().hex[:8]}.part")
        self._handle: Any = None
        self._writer: Any = None
        self._rows = 0
        self._is_new = False

    def add(self, paths: Sequence[str], entries: Sequence[Entry], is_new: bool) -> None:
        """Adds results; ``is_new`` if one of them was not remembered.

        Raises:
            RunError: the file cannot be written.
        """
        self._is_new |= is_new
        self._rows += len(paths)
        if not paths:
            return
        block = _block(paths, entries)
        with self._writing():
            if self._handle is None:
                make_folder(self._part.parent)
                self._handle = self._part.open("wb")
                self._writer = pa.ipc.new_stream(self._handle, _SCHEMA)
            self._writer.write_batch(block, custom_metadata={_CHECK: _checksum(block)})
            self._handle.flush()

    def finish(self, earlier: Remembered) -> None:
        """Replaces what earlier scans have remembered, unless it is the same.

        Raises:
            RunError: the file cannot be written.
        """
        if not self._is_new and earlier.is_exactly(self._cache, self._rows):
            self.close()
            self._part.unlink(missing_ok=True)
            return
        files = earlier.files
        with self._writing():
            if self._handle is None:
                self._cache.unlink(missing_ok=True)
            else:
                self._writer.close()
                os.fsync(self._handle.fileno())
                self.close()
                # Another scan of the same folder that ended before has removed what this one wrote.
                with contextlib.suppress(FileNotFoundError):
                    self._part.replace(self._cache)
            for file in files:
                if file != self._cache:
                    file.unlink(missing_ok=True)

    def close(self) -> None:
        """Closes the file; what is in it remains for the next scan."""
        if self._handle is not None:
            self._handle.close()

    @contextlib.contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise RunError(
                f"{self._cache} cannot be written ({error.strerror or error});"
                " free some space, or choose a writable folder (MIRS_HOME sets the home folder)."
            ) from None


def _blocks(path: Path) -> Iterator[pa.RecordBatch]:
    """The intact blocks of a file that a scan has written."""
    try:
        with path.open("rb") as handle:
            is_json = handle.read(1) == b"{"
        if is_json:
            yield from _blocks_of_json(path)
            return
        with pa.memory_map(str(path)) as file, pa.ipc.open_stream(file) as stream:
            if not stream.schema.equals(_SCHEMA, check_metadata=True):
                return
            while True:
                block, more = stream.read_next_batch_with_custom_metadata()
                if not len(block) or more is None or any(c.null_count for c in block.columns):
                    return
                if more.get(_CHECK) != _checksum(block):
                    return
                yield block
    except (*_DAMAGED, StopIteration):
        return


def _blocks_of_json(path: Path) -> list[pa.RecordBatch]:
    """What versions up to 0.3 have written."""
    value: Any = json.loads(path.read_text(encoding="utf-8"))
    if value["version"] != _VERSION:
        return []
    paths = sorted(value["files"])
    entries = [_entry_of_json(value["files"][name]) for name in paths]
    steps = [slice(start, start + BLOCK) for start in range(0, len(paths), BLOCK)]
    return [_block(paths[step], entries[step]) for step in steps]


def _entry_of_json(row: Any) -> Entry:
    size, modified_ns, content, why = row
    if not (isinstance(size, int) and isinstance(modified_ns, int)):
        raise TypeError("a damaged entry")
    hashed = None if content is None else bytes.fromhex(content)
    if hashed is not None and len(hashed) != len(_NO_HASH):
        raise ValueError("a damaged hash")
    if why is not None and not isinstance(why, str):
        raise TypeError("a damaged entry")
    return Entry(size, modified_ns, hashed, why)


def _block(paths: Sequence[str], entries: Sequence[Entry]) -> pa.RecordBatch:
    numbers = np.array([(e.size, e.modified_ns) for e in entries], dtype=np.int64).T
    contents = b"".join(entry.content or _NO_HASH for entry in entries)
    arrays = [
        strings(paths),
        *(
            pa.Array.from_buffers(pa.int64(), len(entries), [None, pa.py_buffer(column.tobytes())])
            for column in numbers
        ),
        pa.Array.from_buffers(pa.binary(32), len(entries), [None, pa.py_buffer(contents)]),
        strings([entry.why or "" for entry in entries]),
    ]
    return pa.RecordBatch.from_arrays(arrays, schema=_SCHEMA)


def _entries(block: pa.RecordBatch) -> Iterator[Entry]:
    _, sizes, times, contents, reasons = (column.to_pylist() for column in block.columns)
    for size, modified_ns, content, why in zip(sizes, times, contents, reasons, strict=True):
        yield Entry(size, modified_ns, None if content == _NO_HASH else content, why or None)


def _checksum(block: pa.RecordBatch) -> bytes:
    """CRC-32 of the values of a block, in decimal."""
    check = 0
    for column in block.columns:
        _, first, *data = column.buffers()
        is_text = bool(data)
        length = (len(block) + 1) * 8 if is_text else len(block) * column.type.byte_width
        check = zlib.crc32(memoryview(first)[:length], check)
        if is_text and data[0] is not None:
            end = int(np.frombuffer(first, dtype=np.int64, count=len(block) + 1)[-1])
            check = zlib.crc32(memoryview(data[0])[:end], check)
    return str(check).encode()
