"""The comparison of models as a figure for a paper."""

from mirs_core.exchange.exports.export_format import ExportFormat, FileType
from mirs_core.exchange.exports.figure import figure_of
from mirs_core.exchange.exports.tile_export import TileExport


def _write(export: TileExport) -> bytes:
    return figure_of(export, "pdf")


SPEC = ExportFormat(
    name="figure-pdf",
    order=60,
    file_type=FileType(
        ".pdf", "application/pdf", "Figure (PDF)", "The same for a paper, with embedded fonts"
    ),
    write=_write,
    needs_comparison=True,
)
