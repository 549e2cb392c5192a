"""CSV for spreadsheets, JMARS and QGIS."""

from mirs_core.exchange.exports.export_format import ExportFormat, FileType
from mirs_core.exchange.exports.spreadsheet import csv
from mirs_core.exchange.exports.tile_export import TileExport


def _write(export: TileExport) -> bytes:
    return csv(export.rows, export.columns())


SPEC = ExportFormat(
    name="csv",
    order=10,
    file_type=FileType(".csv", "text/csv", "CSV", "Opens in JMARS, QGIS and spreadsheets"),
    write=_write,
)
