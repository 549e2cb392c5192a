"""What a scientist takes home: results and collections as tables, places, tiles and figures."""

from mirs_core.exchange.exports.bundle import tiles_zip
from mirs_core.exchange.exports.citations import bibtex
from mirs_core.exchange.exports.figure import ModelRow, comparison
from mirs_core.exchange.exports.geo import geojson, geoparquet
from mirs_core.exchange.exports.rows import Row, of_hits, of_tiles
from mirs_core.exchange.exports.sheet import csv

__all__ = [
    "ModelRow",
    "Row",
    "bibtex",
    "comparison",
    "csv",
    "geojson",
    "geoparquet",
    "of_hits",
    "of_tiles",
    "tiles_zip",
]
