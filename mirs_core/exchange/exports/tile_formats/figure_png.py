"""The comparison of models as a picture."""

from mirs_core.exchange.exports.export_format import ExportFormat, FileType
from mirs_core.exchange.exports.figure import figure_of
from mirs_core.exchange.exports.tile_export import TileExport


def _write(export: TileExport) -> bytes:
    return figure_of(export, "png")


SPEC = ExportFormat(
    name="figure-png",
    order=50,
    file_type=FileType(
        ".png", "image/png", "Figure (PNG)", "The comparison at 300 dpi, 17.5 cm wide"
    ),
    write=_write,
    needs_comparison=True,
)
