"""The files of a segment: arrays and tables that are mapped into memory, not read."""

import io
import math
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from mirs_core.columns.arrow import strings
from mirs_core.columns.categories import code_type
from mirs_core.columns.mapping import MappedFile, damaged, map_file
from mirs_core.files import DAMAGED_ARRAY, replace_file

CODES, TILES, IDS, CONTENTS, TIES = (
    "codes.npy", "tiles.arrow", "id_index.npy", "content_index.npy", "ties.npy",
)  # fmt: skip
NAMES = {
    "ids": "id",
    "labels": "label",
    "roles": "role",
    "strips": "strip",
    "contents": "content",
    "latitudes": "latitude",
    "longitudes": "longitude",
    "places": "place",
}
"""The column of ``tiles.arrow`` that holds each column of the items."""
CATEGORIES = ("labels", "roles", "strips", "places")
NUMBERS = ("latitudes", "longitudes")
HASH = pa.binary(32)
_HEADER = 1 << 16


def map_array(path: Path) -> NDArray[Any]:
    """The array in an .npy file, read-only; its values are read from disk when they are used.

    Raises:
        RunError: the file is missing, or its header does not match its size.
    """
    return array_of(map_file(path))


def array_of(file: MappedFile) -> NDArray[Any]:
    """The array in the bytes of an .npy file. Raises RunError if its header does not match them."""
    path, buffer = file.path, file.bytes
    try:
        header = io.BytesIO(buffer.slice(0, min(_HEADER, buffer.size)).to_pybytes())
        if np.lib.format.read_magic(header) != (1, 0):
            raise ValueError("unknown version")
        shape, fortran, dtype = np.lib.format.read_array_header_1_0(header)
        if dtype.hasobject or (fortran and len(shape) > 1):
            raise ValueError("not a plain array")
        if math.prod(shape) * dtype.itemsize != buffer.size - header.tell():
            raise ValueError("its size does not match its header")
        return np.frombuffer(buffer, dtype=dtype, offset=header.tell()).reshape(shape)
    except DAMAGED_ARRAY as error:
        raise damaged(path, " ".join(str(error).split())[:80]) from None


def map_table(path: Path) -> pa.RecordBatch:
    """The tiles of a segment; their values are read from disk when they are used.

    Raises:
        RunError: the file is missing, or is not the table of a segment.
    """
    return table_of(map_file(path))


def table_of(file: MappedFile) -> pa.RecordBatch:
    """The tiles in the bytes of an Arrow file. Raises RunError if it is no table of a segment."""
    path = file.path
    try:
        reader = pa.ipc.open_file(file.bytes)
        if reader.num_record_batches != 1:
            raise damaged(path, "not one batch")
        batch = reader.get_batch(0)
        # What follows reads offsets and dictionaries, which must not lead out of the file.
        batch.validate()
        for array in batch.columns:
            if isinstance(array, pa.DictionaryArray):
                array.dictionary.validate(full=True)
    except (pa.ArrowException, OSError, ValueError) as error:
        raise damaged(path, " ".join(str(error).split())[:80]) from None
    if batch.schema.names != list(NAMES.values()):
        raise damaged(path, "other columns")
    for name, column in NAMES.items():
        if not _fits(name, batch.column(column).type):
            raise damaged(path, f"column {column}")
    return batch


def _fits(name: str, kind: pa.DataType) -> bool:
    if name in CATEGORIES:
        small = pa.types.is_dictionary(kind) and pa.types.is_signed_integer(kind.index_type)
        return small and kind.value_type == pa.string() and kind.index_type != pa.int64()
    if name in NUMBERS:
        return bool(kind == pa.float64())
    return bool(kind == pa.string() or (name == "contents" and kind == HASH))


def values_of(array: pa.Array) -> NDArray[Any]:
    """The values of a mapped Arrow array of fixed width, as they are stored."""
    if isinstance(array, pa.DictionaryArray):
        array = array.indices
    if array.type == HASH:
        end = array.offset + len(array)
        stored = np.frombuffer(array.buffers()[1], dtype=np.uint8, count=32 * end)
        return stored.reshape(-1, 32)[array.offset :]
    dtype = array.type.to_pandas_dtype()
    end = array.offset + len(array)
    return np.frombuffer(array.buffers()[1], dtype=dtype, count=end)[array.offset :]


def categories(codes: NDArray[Any], names: list[str]) -> pa.DictionaryArray:
    """Codes as an Arrow array with their names; -1 is null, and stays -1 below."""
    small = np.ascontiguousarray(codes, dtype=code_type(len(names)))
    indices = _nullable(small, small < 0)
    return pa.DictionaryArray.from_arrays(indices, strings(names).cast(pa.string()), safe=False)


def numbers(values: NDArray[np.float64]) -> pa.Array:
    """Numbers as an Arrow array; NaN is null, and stays NaN below."""
    return _nullable(np.ascontiguousarray(values, dtype=np.float64), np.isnan(values))


def hashes(values: NDArray[np.uint8]) -> pa.Array:
    """Hashes (N, 32) as an Arrow array."""
    data = pa.py_buffer(np.ascontiguousarray(values))
    return pa.Array.from_buffers(HASH, len(values), [None, data])


def _nullable(values: NDArray[Any], missing: NDArray[np.bool_]) -> pa.Array:
    valid = np.packbits(~missing, bitorder="little") if missing.any() else None
    buffers = [None if valid is None else pa.py_buffer(valid), pa.py_buffer(values)]
    return pa.Array.from_buffers(pa.from_numpy_dtype(values.dtype), len(values), buffers)


def write_table(path: Path, columns: dict[str, pa.Array]) -> None:
    """Writes the tiles of a segment, uncompressed, as one batch of an Arrow file."""
    batch = pa.RecordBatch.from_arrays([columns[name] for name in NAMES], list(NAMES.values()))

    def write(handle: Any) -> None:
        with pa.ipc.new_file(handle, batch.schema) as writer:
            writer.write_batch(batch)

    replace_file(path, write)
