"""What the table of an archive looks like: its columns, and what it says about itself.

One row a tile, in the order that breaks ties. ``code`` is the packed hash code (fixed-size binary
of bits / 8 bytes, the first bit the highest of the first byte) or the feature vector of a baseline
(fixed-size list of float32). ``geometry`` is the place as a WKB point, longitude east-positive and
latitude planetocentric, for programs that read GeoParquet; the import reads the two columns alone.
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
"""Where the table keeps what it says about itself, as JSON."""

ROWS_IN_GROUP = 65_536
TEXTS = {
    "id": False, "label": True, "role": False, "strip": True, "place": False, "sha256": False,
    "licence": True, "credit": True, "source": True,
}  # fmt: skip
"""Columns of text, and whether a cell may be empty (null)."""
PLACES = ("latitude", "longitude")
LONGEST = {"id": 1_000, "label": 200, "strip": 200}
LONGEST_TEXT = 2_000
"""Letters of a cell in columns that ``LONGEST`` does not name."""
MOST_ABOUT = 1 << 20
"""Bytes of what a table says about itself."""


def code_type(hashes: bool, width: int) -> "pa.DataType":
    """The Arrow type of the codes: ``width`` bytes of a hash code, or floats of a baseline."""
    import pyarrow as pa

    return pa.binary(width) if hashes else pa.list_(pa.float32(), width)


def schema(hashes: bool, width: int, metadata: dict[bytes, bytes]) -> "pa.Schema":
    """The columns in their order."""
    import pyarrow as pa

    fields: list[Any] = [pa.field("id", pa.string(), nullable=False)]
    fields.append(pa.field("code", code_type(hashes, width), nullable=False))
    fields += [pa.field(n, pa.string(), nullable=null) for n, null in TEXTS.items() if n != "id"]
    fields += [pa.field(name, pa.float64()) for name in PLACES]
    fields.append(pa.field("geometry", pa.binary()))
    return pa.schema(fields, metadata=metadata)


def refused(why: str) -> RunError:
    """The error that says why a table is not taken in."""
    return RunError(f"The table {why}. It is not imported; export the archive again.")
