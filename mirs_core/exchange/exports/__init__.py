"""Files to take home: results, collections and landform maps as tables, tiles and figures."""

from mirs_core.exchange.exports.citations import bibtex
from mirs_core.exchange.exports.export_format import (
    ExportFormat,
    FileType,
    formats_for_landform_maps,
    formats_for_tiles,
)
from mirs_core.exchange.exports.export_info import ChosenTilesInfo, CollectionInfo, ResultsInfo
from mirs_core.exchange.exports.landform_map_file import save_landform_map
from mirs_core.exchange.exports.landform_map_table import LandformMapTable, landform_map_table
from mirs_core.exchange.exports.rows import Row, rows_of_hits, rows_of_tiles
from mirs_core.exchange.exports.tile_export import (
    Comparison,
    ModelResults,
    TileExport,
    export_of_results,
    export_of_tiles,
)

__all__ = [
    "ChosenTilesInfo",
    "CollectionInfo",
    "Comparison",
    "ExportFormat",
    "FileType",
    "LandformMapTable",
    "ModelResults",
    "ResultsInfo",
    "Row",
    "TileExport",
    "bibtex",
    "export_of_results",
    "export_of_tiles",
    "formats_for_landform_maps",
    "formats_for_tiles",
    "landform_map_table",
    "rows_of_hits",
    "rows_of_tiles",
    "save_landform_map",
]
