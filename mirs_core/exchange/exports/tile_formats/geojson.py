"""GeoJSON: a point per tile, with the CRS of Mars as far as GeoJSON can name it."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from mirs_core.exchange.exports.crs import GEOJSON_CRS, MARS
from mirs_core.exchange.exports.export_format import ExportFormat, FileType
from mirs_core.exchange.exports.rows import Row
from mirs_core.exchange.exports.tile_export import TileExport

_NOTE = (
    f"Coordinates are planetocentric degrees on Mars, {MARS}: longitude east-positive, 0 to 360."
    " GeoJSON (RFC 7946) can name no other body than the Earth; set this CRS when you open it."
)


def geojson(rows: Sequence[Row], info: Mapping[str, Any]) -> bytes:
    """A feature collection with one feature per row; its geometry is null without coordinates.

    RFC 7946 can name no body but the Earth. The ``crs`` member of the GeoJSON of 2008 names Mars
    for GDAL, QGIS and geopandas; for other programs ``crs_note`` and every feature say so in words.

    Args:
        info: the ``about`` member: model, query, filters.
    """
    features = [
        {
            "type": "Feature",
            "geometry": {"type": "Point", "coordinates": [row.lon, row.lat]}
            if row.has_coordinates
            else None,
            "properties": {**row.to_json(), "body": "Mars", "coordinate_system": MARS},
        }
        for row in rows
    ]
    collection = {
        "type": "FeatureCollection",
        "crs": GEOJSON_CRS,
        "crs_note": _NOTE,
        "body": "Mars",
        "coordinate_system": MARS,
        "without_place": sum(not row.has_coordinates for row in rows),
        "about": dict(info),
        "features": features,
    }
    return json.dumps(collection, ensure_ascii=False, allow_nan=False, indent=1).encode()


def _write(export: TileExport) -> bytes:
    return geojson(export.rows, export.info.to_json())


SPEC = ExportFormat(
    name="geojson",
    order=20,
    file_type=FileType(
        ".geojson", "application/geo+json", "GeoJSON", "Points, longitude east-positive 0 to 360"
    ),
    write=_write,
)
