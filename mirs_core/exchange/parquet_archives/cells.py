"""The cells of a table, batch by batch, each batch checked before it is converted."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mirs_core.exchange.parquet_archives.checks import is_plain
from mirs_core.exchange.parquet_archives.layout import (
    LONGEST,
    LONGEST_TEXT,
    PLACES,
    ROWS_IN_GROUP,
    TEXTS,
    code_type,
    refused,
)
from mirs_core.progress import Progress
from mirs_core.retrieval import retriever

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq

_MOST_ROWS = 4_000_000
_MOST_CODE_BYTES = 4 << 30


@dataclass(frozen=True, slots=True)
class Contents:
    """The content of a table: ``codes`` (N, ...) as in a run, other columns as lists of N."""

    codes: NDArray[Any]
    columns: dict[str, list[Any]]


def read_cells(
    table: "pq.ParquetFile", trained: retriever.Retriever, progress: Progress
) -> Contents:
    """The codes, with type and width of those of ``trained``, and the other columns.

    Raises:
        RunError: a column is missing or has another type, a cell is not allowed, or the table is
            larger than a run can be.
    """
    kind, width = trained.codes.dtype, trained.codes.shape[1]
    count = table.metadata.num_rows
    if not 0 < count <= _MOST_ROWS or count * width * kind.itemsize > _MOST_CODE_BYTES:
        raise refused(f"has {count:,} tiles, which is none or too many")
    _check_columns(table, kind == np.uint8, width)
    codes = np.empty((count, width), kind)
    columns: dict[str, list[Any]] = {name: [] for name in (*TEXTS, *PLACES)}
    row = 0
    for batch in table.iter_batches(ROWS_IN_GROUP, columns=["code", *columns]):
        progress("Reading the table", row, count)
        if row + len(batch) > count:
            raise refused("has more rows than its metadata states")
        codes[row : row + len(batch)] = _codes_of(batch.column("code"), kind, width)
        for name in columns:
            columns[name] += _cells_of(name, batch.column(name))
        row += len(batch)
    if row != count:
        raise refused("has fewer rows than its metadata states")
    progress("Reading the table", count, count)
    return Contents(codes, columns)


def _check_columns(table: "pq.ParquetFile", hashes: bool, width: int) -> None:
    import pyarrow as pa

    schema = table.schema_arrow
    if len(set(schema.names)) != len(schema.names):
        raise refused("has two columns with the same name")
    required = {"code": code_type(hashes, width)} | {name: pa.float64() for name in PLACES}
    for name in (*required, *TEXTS):
        if name not in schema.names:
            raise refused(f"has no column {name}")
        kind = schema.field(name).type
        is_text = pa.types.is_dictionary(kind) and pa.types.is_string(kind.value_type)
        if not (
            kind == required[name] if name in required else is_text or pa.types.is_string(kind)
        ):
            raise refused(f"has a column {name} of type {str(kind)[:80]}")


def _codes_of(column: "pa.Array", kind: np.dtype[Any], width: int) -> NDArray[Any]:
    if column.null_count:
        raise refused("lacks a hash code")
    if kind == np.uint8:
        data = column.buffers()[1]
        bytes_ = np.frombuffer(data, np.uint8)[column.offset * width :][: len(column) * width]
        return bytes_.reshape(-1, width)
    flat = column.flatten()
    if flat.null_count or len(flat) != len(column) * width:
        raise refused("lacks values of a feature vector")
    values: NDArray[Any] = flat.to_numpy(zero_copy_only=False).reshape(-1, width)
    if not np.isfinite(values).all():
        raise refused("has features that are not finite numbers")
    return values


def _cells_of(name: str, column: "pa.Array") -> list[Any]:
    import pyarrow as pa
    import pyarrow.compute as pc

    if name in PLACES:
        cells: list[Any] = column.to_pylist()
        is_north = name == "latitude"
        if not all(
            cell is None or (-90 <= cell <= 90 if is_north else 0 <= cell < 360) for cell in cells
        ):
            raise refused(f"has a {name} out of range")
        return cells
    if not TEXTS[name] and column.null_count:
        raise refused(f"lacks a value in column {name}")
    # A dictionary entry can be repeated any number of times: check its length before expanding it.
    words = column.dictionary if pa.types.is_dictionary(column.type) else column
    longest = pc.max(pc.binary_length(words)).as_py() or 0
    if longest > 4 * LONGEST.get(name, LONGEST_TEXT):
        raise refused(f"has a cell of {longest:,} bytes in column {name}")
    words.validate(full=True)
    texts: list[Any] = column.to_pylist()
    if not all(text is None or is_plain(text) for text in set(texts)):
        raise refused(f"has a control character in column {name}")
    return texts
