"""CSV of a landform map for spreadsheets, JMARS and QGIS."""

from mirs_core.exchange.exports.export_format import ExportFormat, FileType
from mirs_core.exchange.exports.landform_map_table import LandformMapTable
from mirs_core.exchange.exports.spreadsheet import safe_cell


def csv(table: LandformMapTable) -> bytes:
    """UTF-8 CSV, ``lon`` and ``lat`` first: a point inside the tile where its outline is known."""
    import pandas as pd

    rows = [{name: safe_cell(value) for name, value in row.items()} for row in table.rows]
    text: str = pd.DataFrame(rows).to_csv(index=False, lineterminator="\n")
    return text.encode()


SPEC = ExportFormat(
    name="csv",
    order=30,
    file_type=FileType(".csv", "text/csv", "CSV", "The estimate for JMARS, QGIS and spreadsheets"),
    write=csv,
)
