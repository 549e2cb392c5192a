"""Writing an archive segment by segment; no more than one segment is held in memory."""

import contextlib
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from mirs_core.columns import blocks, files
from mirs_core.columns.blocks import Blocks, Layout
from mirs_core.columns.categories import categories
from mirs_core.columns.files import CATEGORIES, CODES, CONTENTS, IDS, NAMES, NUMBERS, TIES, TILES
from mirs_core.columns.hashes import Hashes
from mirs_core.columns.lookup import index_of
from mirs_core.columns.manifest import REMOVED, ArchiveList, SegmentEntry, StoredFile
from mirs_core.columns.reading import StoredArchive, as_text
from mirs_core.columns.texts import Texts
from mirs_core.files import copy_file, make_folder, write_array

Columns = Mapping[str, Any]
"""Columns by the names of ``files.NAMES``, such as those of ``Items.columns()``."""


class ArchiveWriter:
    """Writes the archive of a folder; it exists once the ``with`` block has ended without error."""

    def __init__(self, folder: Path, *, model: str, distractors: Sequence[str] = ()) -> None:
        """``model``: SHA-256 (hex) of the model that made the codes."""
        self._folder, self._model, self._distractors = folder, model, tuple(distractors)
        self._names: dict[str, dict[str, int]] = {name: {} for name in CATEGORIES}
        self._pending: list[tuple[NDArray[Any], dict[str, Any], NDArray[np.float64] | None]] = []
        self._waiting = 0
        self._entries: list[SegmentEntry] = []
        self._drawn: list[bool] = []
        self._removed: NDArray[np.int64] = np.empty(0, dtype=np.int64)
        self._shape: tuple[int, str] | None = None

    def __enter__(self) -> "ArchiveWriter":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is None:
            self._finish()

    def share(
        self, source: Path, archive: StoredArchive, removed: NDArray[np.int64] | None = None
    ) -> None:
        """Begins with the segments of another archive, without copying them where links work.

        Args:
            source: the folder of ``archive``.
            removed: places of removed tiles among the stored rows, ascending; by default those
                that are removed from ``archive``.

        Raises:
            RunError: a file cannot be linked or copied.
        """
        for number, entry in enumerate(archive.listing.segments):
            name = f"segment-{number:05}"
            for file in entry.files:
                _link(source / entry.name / file, self._folder / name / file)
            self._entries.append(SegmentEntry(name, entry.rows, entry.files, entry.spread))
            self._drawn.append(entry.spread is None)
        self._shape = archive.listing.width, archive.listing.dtype
        for name in CATEGORIES:
            names = archive.columns[name].names  # type: ignore[attr-defined]
            self._names[name] = {value: place for place, value in enumerate(names)}
        layout = archive.codes.layout
        edges = np.cumsum([0, *layout.sizes])
        gone = [rows + edges[block] for block, rows in enumerate(layout.removed)]
        self._removed = np.concatenate(gone) if removed is None else removed

    def append(
        self, codes: NDArray[Any], columns: Columns, ties: NDArray[np.float64] | None = None
    ) -> None:
        """Adds tiles in the order that breaks ties between them; any number at a time.

        Args:
            codes: (n, width) uint8 or float32.
            columns: of the tiles, parallel to ``codes``.
            ties: places (n,) of the tiles in the order of ties, ascending; by default all tiles
                that are written without are spread evenly.
        """
        self._shape = self._shape or (codes.shape[1], str(codes.dtype))
        self._pending.append((codes, {n: self._values(n, columns[n]) for n in NAMES}, ties))
        self._waiting += len(codes)
        while self._waiting >= blocks.BLOCK:
            self._flush(blocks.BLOCK)

    def _values(self, name: str, column: Any) -> Any:
        """The values of a column as one array; categories as codes of this archive's names."""
        if name in CATEGORIES:
            numbers, words = self._names[name], categories(column)
            places = [numbers.setdefault(value, len(numbers)) for value in words.names]
            translated = np.array([*places, -1], dtype=np.int32)
            return translated[words.codes.whole()]
        if name in NUMBERS:
            return np.asarray(column, dtype=np.float64)
        if isinstance(column, Hashes):
            return column.stored.whole()
        texts = column if isinstance(column, Texts) else Texts.of(column)
        pieces = [texts.block(n).cast(pa.string()) for n in range(len(texts.arrays))]
        return pa.concat_arrays(pieces)

    def _flush(self, rows: int) -> None:
        """Writes a segment of the first ``rows`` of the tiles that wait."""
        batch: list[tuple[NDArray[Any], dict[str, Any], NDArray[np.float64] | None]] = []
        taken_over = 0
        while taken_over < rows or (not batch and self._pending):
            codes, columns, ties = self._pending.pop(0)
            most = rows - taken_over
            if len(codes) > most:
                rest = {name: values[most:] for name, values in columns.items()}
                later = None if ties is None else ties[most:]
                self._pending.insert(0, (codes[most:], rest, later))
                columns = {name: values[:most] for name, values in columns.items()}
                codes, ties = codes[:most], None if ties is None else ties[:most]
            batch.append((codes, columns, ties))
            taken_over += len(codes)
        self._waiting -= taken_over
        joined = {name: _joined([columns[name] for _, columns, _ in batch]) for name in NAMES}
        places = [ties for _, _, ties in batch if ties is not None]
        self._write(
            np.concatenate([codes for codes, _, _ in batch]),
            joined,
            np.concatenate(places) if places else None,
        )

    def _write(
        self, codes: NDArray[Any], columns: Columns, ties: NDArray[np.float64] | None
    ) -> None:
        name = f"segment-{len(self._entries):05}"
        folder = make_folder(self._folder / name)
        arrays = {column: self._arrow(column, values) for column, values in columns.items()}
        layout = Layout((len(codes),), (np.empty(0, dtype=np.int64),))
        contents = columns["contents"]
        hashed = isinstance(contents, np.ndarray)
        indexes = {
            IDS: index_of(Texts([arrays["ids"]], layout), 0),
            CONTENTS: index_of(
                Hashes(Blocks([contents], layout)) if hashed else Texts([contents], layout), 0
            ),
        }
        write_array(folder / CODES, np.ascontiguousarray(codes))
        files.write_table(folder / TILES, arrays)
        for file, index in indexes.items():
            write_array(folder / file, index)
        if ties is not None:
            write_array(folder / TIES, ties)
        written = [CODES, TILES, IDS, CONTENTS, *([TIES] if ties is not None else [])]
        entry = {file: StoredFile.of(folder / file) for file in written}
        self._entries.append(SegmentEntry(name, len(codes), entry, None))
        self._drawn.append(ties is not None)

    def _arrow(self, name: str, values: Any) -> pa.Array:
        if name in CATEGORIES:
            return files.categories(values, list(self._names[name]))
        if name in NUMBERS:
            return files.numbers(values)
        return files.hashes(values) if isinstance(values, np.ndarray) else values

    def _finish(self) -> None:
        if self._waiting or not self._entries:
            self._flush(self._waiting)
        stored = sum(entry.rows for entry in self._entries)
        removed = None
        if len(self._removed):
            write_array(self._folder / REMOVED, self._removed)
            removed = StoredFile.of(self._folder / REMOVED)
        width, dtype = self._shape or (0, "uint8")
        ArchiveList(
            count=stored - len(self._removed),
            width=width,
            dtype=dtype,
            model=self._model,
            distractors=self._distractors,
            segments=tuple(self._spread()),
            removed=removed,
        ).write(self._folder)

    def _spread(self) -> list[SegmentEntry]:
        """The segments; those that were written without places are spread evenly, in order."""
        even = [
            entry.spread is None and not drawn
            for entry, drawn in zip(self._entries, self._drawn, strict=True)
        ]
        total = sum(entry.rows for entry, new in zip(self._entries, even, strict=True) if new)
        first, entries = 0, []
        for entry, new in zip(self._entries, even, strict=True):
            spread = (first, total) if new else entry.spread
            first += entry.rows if new else 0
            entries.append(SegmentEntry(entry.name, entry.rows, entry.files, spread))
        return entries


def _joined(pieces: list[Any]) -> Any:
    if len(pieces) == 1:
        return pieces[0]
    if all(isinstance(piece, np.ndarray) for piece in pieces):
        return np.concatenate(pieces)
    arrays = [files.hashes(p) if isinstance(p, np.ndarray) else p for p in pieces]
    return pa.concat_arrays([as_text(array) for array in arrays])


def _link(source: Path, target: Path) -> None:
    make_folder(target.parent)
    with contextlib.suppress(OSError):
        os.link(source, target)
    if not target.exists():
        copy_file(source, target)
