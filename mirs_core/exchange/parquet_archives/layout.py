"""The layout of a Parquet archive: its columns and its metadata.

One row per tile, in the order that breaks ties. ``code`` is the packed hash code (fixed-size binary
of bits / 8 bytes, first bit highest in the first byte) or the feature vector of a baseline
(fixed-size list of float32). ``geometry`` is a WKB point, longitude east-positive and latitude
planetocentric, for programs that read GeoParquet; importing reads the coordinate columns alone.
"""

from typing import TYPE_CHECKING, Any

from mirs_core.errors import RunError
from mirs_core.exchange.exports.export_format import FileType

if TYPE_CHECKING:
    import pyarrow as pa

FILE_TYPE = FileType(
    ".parquet",
    "application/vnd.apache.parquet",
    "Codes and metadata of each tile (Parquet)",
    "Opens in pandas, DuckDB and geopandas; can be imported again with Import codes",
)
FORMAT, VERSION = "mirs-archive", 1
KEY = b"mirs"
"""Key of the metadata, as JSON, in the schema of the table."""

ROWS_IN_GROUP = 65_536
TEXTS = {
    "id": False, "label": True, "role": False, "strip": True, "place": False, "sha256": False,
    "licence": True, "credit": True, "source": True,
}  # fmt: skip
"""Text columns, and whether their cells may be null."""
PLACES = ("latitude", "longitude")
LONGEST = {"id": 1_000, "label": 200, "strip": 200}
LONGEST_TEXT = 2_000
"""Characters per cell in columns that are not in ``LONGEST``."""
MOST_METADATA = 1 << 20
"""Largest size of the metadata in bytes."""


def code_type(hashes: bool, width: int) -> "pa.DataType":
    """Arrow type of the codes: ``width`` bytes of a hash code, or floats of a baseline."""
    import pyarrow as pa

    return pa.binary(width) if hashes else pa.list_(pa.float32(), width)


def schema(hashes: bool, width: int, metadata: dict[bytes, bytes]) -> "pa.Schema":
    """The columns in order."""
    import pyarrow as pa

    fields: list[Any] = [pa.field("id", pa.string(), nullable=False)]
    fields.append(pa.field("code", code_type(hashes, width), nullable=False))
    fields += [pa.field(n, pa.string(), nullable=null) for n, null in TEXTS.items() if n != "id"]
    fields += [pa.field(name, pa.float64()) for name in PLACES]
    fields.append(pa.field("geometry", pa.binary()))
    return pa.schema(fields, metadata=metadata)


def refused(why: str) -> RunError:
    """The error for a table that is not imported, with the reason."""
    return RunError(f"The table {why}. It is not imported; export the archive again.")
