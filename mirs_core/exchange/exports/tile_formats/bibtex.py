"""BibTeX entries of what to cite."""

from mirs_core.exchange.exports.citations import bibtex
from mirs_core.exchange.exports.export_format import ExportFormat, FileType
from mirs_core.exchange.exports.tile_export import TileExport


def _write(export: TileExport) -> bytes:
    return bibtex(export.searcher.card).encode()


SPEC = ExportFormat(
    name="bibtex",
    order=70,
    file_type=FileType(
        ".bib", "application/x-bibtex", "BibTeX", "What to cite: software, tiles, instrument"
    ),
    write=_write,
)
