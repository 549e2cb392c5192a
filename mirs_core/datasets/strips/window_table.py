"""``windows.arrow``: the virtual tiles of a strip, as columns that are mapped into memory."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mirs_core.datasets.strips.grid import Corner
from mirs_core.datasets.strips.strip import Strip
from mirs_core.errors import DataError

WINDOWS_FILE = "windows.arrow"
"""Its name in the folder of a strip."""

_HASH_BYTES = 32
_COUNTS = ("without_data", "flat")


@dataclass(frozen=True, eq=False)
class WindowTable:
    """Virtual tiles, in rows from the upper left of the raster to the lower right.

    Attributes:
        columns: (N,) int32, upper left pixel of each tile.
        rows: (N,) int32.
        contents: (N, 32) uint8, SHA-256 of the pixels of each tile (``pixel_content``).
        without_data: number of windows that are no tiles because too many pixels are missing.
        flat: number of windows that are no tiles for lack of contrast.
    """

    columns: NDArray[np.int32]
    rows: NDArray[np.int32]
    contents: NDArray[np.uint8]
    without_data: int = 0
    flat: int = 0

    @classmethod
    def of(
        cls, corners: Sequence[Corner], contents: Sequence[str], without_data: int, flat: int
    ) -> "WindowTable":
        """The table of tiles with these corners and contents (hex)."""
        places = np.array(corners, np.int32).reshape(-1, 2)
        hashes = np.frombuffer(bytes.fromhex("".join(contents)), np.uint8).reshape(-1, _HASH_BYTES)
        return cls(places[:, 0], places[:, 1], hashes, without_data, flat)

    @classmethod
    def joined(cls, tables: Sequence["WindowTable"]) -> "WindowTable":
        """The tiles of several tables, one after the other."""
        return cls(
            np.concatenate([table.columns for table in tables]),
            np.concatenate([table.rows for table in tables]),
            np.concatenate([table.contents for table in tables]),
            sum(table.without_data for table in tables),
            sum(table.flat for table in tables),
        )

    def __len__(self) -> int:
        return len(self.columns)

    @property
    def corners(self) -> list[Corner]:
        """The upper left column and row of each tile."""
        return list(zip(self.columns.tolist(), self.rows.tolist(), strict=True))

    def hexes(self) -> list[str]:
        """The content of each tile in hexadecimal digits."""
        data = self.contents.tobytes().hex()
        step = 2 * _HASH_BYTES
        return [data[start : start + step] for start in range(0, len(data), step)]

    def content(self, corner: Corner) -> str | None:
        """The content (hex) of the tile with this corner; None if there is none."""
        key = _keys(np.array([corner[0]]), np.array([corner[1]]))[0]
        place = int(np.searchsorted(self._sorted, key))
        if place == len(self) or self._sorted[place] != key:
            return None
        return self.contents[place].tobytes().hex()

    @cached_property
    def _sorted(self) -> NDArray[np.int64]:
        return _keys(self.columns, self.rows)

    def to_bytes(self) -> bytes:
        """The table as an uncompressed Arrow file of one batch."""
        import pyarrow as pa

        hashes = pa.Array.from_buffers(
            pa.binary(_HASH_BYTES),
            len(self),
            [None, pa.py_buffer(np.ascontiguousarray(self.contents))],
        )
        arrays = [pa.array(self.columns), pa.array(self.rows), hashes]
        batch = pa.RecordBatch.from_arrays(arrays, ["column", "row", "content"])
        counts = {name: str(getattr(self, name)) for name in _COUNTS}
        batch = batch.replace_schema_metadata(counts)
        sink = pa.BufferOutputStream()
        with pa.ipc.new_file(sink, batch.schema) as writer:
            writer.write_batch(batch)
        return bytes(sink.getvalue())

    @classmethod
    def read(cls, path: Path, strip: Strip) -> "WindowTable":
        """The table in a file, which is mapped into memory.

        Args:
            strip: the strip whose tiles it lists.

        Raises:
            DataError: it is missing or damaged, or lists windows beyond the strip.
        """
        import pyarrow as pa

        try:
            with pa.memory_map(str(path)) as handle:
                reader = pa.ipc.open_file(handle.read_buffer())
            if reader.num_record_batches != 1:
                raise ValueError("not one batch")
            table = _table_of(reader.get_batch(0))
            table.check(strip)
        except (pa.ArrowException, OSError, ValueError, KeyError, TypeError) as error:
            reason = " ".join(str(error).split())[:120]
            raise DataError(
                f"{path} is missing or damaged ({reason}); cut {strip.file} again."
            ) from None
        return table

    def check(self, strip: Strip) -> None:
        """Raises ValueError unless all tiles lie inside the strip, in order and listed once."""
        for starts, length in ((self.columns, strip.width), (self.rows, strip.height)):
            if len(starts) and (starts.min() < 0 or starts.max() > length - strip.side):
                raise ValueError("windows beyond the raster")
        if (np.diff(self._sorted) <= 0).any():
            raise ValueError("windows out of order")


def _table_of(batch: "object") -> WindowTable:
    import pyarrow as pa

    assert isinstance(batch, pa.RecordBatch)
    batch.validate(full=True)
    kinds = {"column": pa.int32(), "row": pa.int32(), "content": pa.binary(_HASH_BYTES)}
    if {field.name: field.type for field in batch.schema} != kinds:
        raise ValueError("other columns")
    if any(batch.column(name).null_count for name in kinds):
        raise ValueError("empty cells")
    hashes = batch.column("content")
    data = np.frombuffer(hashes.buffers()[1], np.uint8).reshape(-1, _HASH_BYTES)
    counts = batch.schema.metadata or {}
    return WindowTable(
        batch.column("column").to_numpy(),
        batch.column("row").to_numpy(),
        data[hashes.offset : hashes.offset + len(hashes)],
        *(int(counts[name.encode()]) for name in _COUNTS),
    )


def _keys(columns: NDArray[np.int32], rows: NDArray[np.int32]) -> NDArray[np.int64]:
    """Numbers in the order of the tiles."""
    return (rows.astype(np.int64) << 32) | columns.astype(np.int64)
