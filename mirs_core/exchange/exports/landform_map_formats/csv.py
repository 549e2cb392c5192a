"""CSV of a landform map for spreadsheets, JMARS and QGIS."""

from mirs_core.exchange.exports.export_format import ExportFormat, FileType
from mirs_core.exchange.exports.landform_map_table import LandformMapTable
from mirs_core.exchange.exports.spreadsheet import table as csv_table


def csv(table: LandformMapTable) -> bytes:
    """UTF-8 CSV, ``lon`` and ``lat`` first: a point inside the tile where its outline is known."""
    return csv_table(table.rows)


SPEC = ExportFormat(
    name="csv",
    order=30,
    file_type=FileType(".csv", "text/csv", "CSV", "The estimate for JMARS, QGIS and spreadsheets"),
    write=csv,
)
