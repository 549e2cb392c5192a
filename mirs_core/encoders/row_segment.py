"""One immutable file of rows by content hash: memory-mapped, and in the safetensors format.

It holds ``values`` (n, W), ``contents`` (n, 32) in ascending order, ``checksums`` (n,) of each row
with its content, ``versions`` (n,) and ``origins`` (n,), indices of a list in the file's metadata.
Nothing but the rows that are asked for is read, so damage to a row is noticed when it is read.
"""

import json
import struct
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from mirs_core.files import replace_file

Keys = NDArray[np.uint8]
"""Content hashes (n, 32)."""

Values = NDArray[Any]
"""(n, W)."""

_DTYPES: dict[str, np.dtype[Any]] = {
    "F32": np.dtype("<f4"),
    "U8": np.dtype("u1"),
    "U32": np.dtype("<u4"),
}
_NAMES = {dtype: name for name, dtype in _DTYPES.items()}
_COLUMNS = ("values", "contents", "checksums", "versions", "origins")
_LENGTH = struct.Struct("<Q")
_ALIGNMENT = 8
_LONGEST_HEADER = 1_000_000
_CHUNK = 1024


@dataclass(frozen=True, slots=True)
class Segment:
    """An open file of rows."""

    path: Path
    values: Values
    contents: Keys
    checksums: NDArray[np.uint32]
    versions: NDArray[np.uint8]
    origins: NDArray[np.uint8]
    names: tuple[str, ...]

    @classmethod
    def open(cls, path: Path, width: int, dtype: np.dtype[Any]) -> "Segment":
        """The rows in ``path``.

        Raises:
            OSError: it cannot be read.
            ValueError: it is damaged, or its rows are of another width or type.
        """
        data = np.memmap(path, dtype=np.uint8, mode="r")
        if len(data) < _LENGTH.size:
            raise ValueError("no header")
        (length,) = _LENGTH.unpack(data[: _LENGTH.size].tobytes())
        if length > min(_LONGEST_HEADER, len(data)):
            raise ValueError("no header")
        start = _LENGTH.size + length
        header = json.loads(data[_LENGTH.size : start].tobytes())
        names = json.loads(header["__metadata__"]["origins"])
        arrays = {key: _array(data[start:], header[key]) for key in _COLUMNS}
        segment = cls(path, **arrays, names=tuple(str(name) for name in names))
        count = len(segment.contents)
        shapes = [array.shape for array in arrays.values()]
        if shapes != [(count, width), (count, 32), (count,), (count,), (count,)]:
            raise ValueError("wrong shape")
        if segment.values.dtype != dtype:
            raise ValueError("wrong type")
        if not count or segment.origins.max() >= len(names):
            raise ValueError("wrong origins")
        return segment

    def __len__(self) -> int:
        return len(self.contents)

    def rows_of(self, keys: Keys) -> NDArray[np.int64]:
        """The row (n,) of each of ``keys`` (n, 32); -1 where there is none."""
        places = np.searchsorted(order_of(self.contents), order_of(keys))
        places = np.minimum(places, len(self) - 1)
        equal = (self.contents[places] == keys).all(axis=1)
        return np.where(equal, places, -1)

    def is_intact(self, rows: NDArray[np.int64], values: Values) -> NDArray[np.bool_]:
        """Whether each of ``values`` (n, W), read from ``rows`` (n,), is what was written."""
        return checksums_of(self.contents[rows], values) == self.checksums[rows]


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows to be written: parallel arrays, and the names that ``origins`` are indices of."""

    values: Values
    contents: Keys
    checksums: NDArray[np.uint32]
    versions: NDArray[np.uint8]
    origins: NDArray[np.uint8]
    names: tuple[str, ...]

    @classmethod
    def of(cls, contents: Keys, values: Values, version: int, origin: str) -> "Rows":
        """Rows that all have one version and one origin."""
        count = len(contents)
        return cls(
            values,
            contents,
            checksums_of(contents, values),
            np.full(count, version, np.uint8),
            np.zeros(count, np.uint8),
            (origin,),
        )


def order_of(keys: Keys) -> NDArray[np.uint64]:
    """Numbers (n,) by which keys (n, 32) are sorted: their first eight bytes."""
    first = np.ascontiguousarray(keys[:, :8])
    return first.view(">u8").ravel().astype(np.uint64)


def checksums_of(contents: Keys, values: Values) -> NDArray[np.uint32]:
    """A checksum (n,) of each row of ``values`` (n, W) with its content (n, 32)."""
    pairs = zip(contents, values, strict=True)
    sums = (zlib.crc32(row.tobytes(), zlib.crc32(key.tobytes())) for key, row in pairs)
    return np.fromiter(sums, dtype=np.uint32, count=len(values))


def write_segment(path: Path, parts: Sequence[Segment | Rows]) -> None:
    """Writes the rows of ``parts`` as one file; of several with one content, the best.

    That is the one of the highest version, and among those the first. Values are copied a thousand
    at a time.

    Raises:
        RunError: the file cannot be written.
    """
    contents = np.concatenate([part.contents for part in parts])
    versions = np.concatenate([part.versions for part in parts])
    names = tuple(dict.fromkeys(name for part in parts for name in part.names))
    origins = np.concatenate([_renumbered(part, names) for part in parts])
    checksums = np.concatenate([part.checksums for part in parts])
    order = np.lexsort((-versions.astype(np.int16), order_of(contents)))
    ordered = contents[order]
    first = np.ones(len(order), dtype=bool)
    first[1:] = (ordered[1:] != ordered[:-1]).any(axis=1)
    order = order[first]
    columns = (contents[order], checksums[order], versions[order], origins[order])

    def write(handle: BinaryIO) -> None:
        values = parts[0].values
        shapes: list[tuple[str, np.dtype[Any], tuple[int, ...]]] = [
            ("values", values.dtype, (len(order), values.shape[1])),
            *(
                (name, column.dtype, column.shape)
                for name, column in zip(_COLUMNS[1:], columns, strict=True)
            ),
        ]
        handle.write(_header(shapes, names))
        for chunk in _gathered(parts, order):
            handle.write(chunk.tobytes())
        for column in columns:
            handle.write(column.tobytes())

    replace_file(path, write)


def _renumbered(part: Segment | Rows, names: tuple[str, ...]) -> NDArray[np.uint8]:
    numbers = np.array([names.index(name) for name in part.names], dtype=np.uint8)
    return numbers[part.origins]


def _gathered(parts: Sequence[Segment | Rows], order: NDArray[np.int64]) -> Iterable[Values]:
    """The values of rows of all parts one after the other, in ``order``, in chunks."""
    starts = np.cumsum([0, *(len(part.contents) for part in parts)])
    for begin in range(0, len(order), _CHUNK):
        rows = order[begin : begin + _CHUNK]
        chunk = np.empty((len(rows), parts[0].values.shape[1]), parts[0].values.dtype)
        for part, start, end in zip(parts, starts[:-1], starts[1:], strict=True):
            inside = (rows >= start) & (rows < end)
            chunk[inside] = part.values[rows[inside] - start]
        yield chunk


def _header(
    shapes: Iterable[tuple[str, np.dtype[Any], tuple[int, ...]]], names: tuple[str, ...]
) -> bytes:
    header: dict[str, Any] = {"__metadata__": {"origins": json.dumps(names)}}
    offset = 0
    for name, dtype, shape in shapes:
        end = offset + int(np.prod(shape)) * dtype.itemsize
        header[name] = {
            "dtype": _NAMES[dtype.newbyteorder("<")],
            "shape": list(shape),
            "data_offsets": [offset, end],
        }
        offset = end
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % _ALIGNMENT)
    return _LENGTH.pack(len(text)) + text


def _array(data: NDArray[np.uint8], about: dict[str, Any]) -> NDArray[Any]:
    begin, end = about["data_offsets"]
    if end > len(data):
        raise ValueError("it ends too early")
    return data[begin:end].view(_DTYPES[about["dtype"]]).reshape(about["shape"])
