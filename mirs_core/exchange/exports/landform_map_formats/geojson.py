"""GeoJSON of a landform map, with the CRS of Mars as far as GeoJSON can name it."""

import json

from mirs_core.exchange.exports.crs import GEOJSON_CRS, MARS
from mirs_core.exchange.exports.export_format import ExportFormat, FileType
from mirs_core.exchange.exports.landform_map_table import LAYER, LandformMapTable

_NOTE = (
    f"Planetocentric degrees on Mars, {MARS}: longitude east-positive, 0 to 360. An area across the"
    " meridian 0/360 is in two parts. GeoJSON (RFC 7946) can name no other body than the Earth; set"
    " this CRS when you open it."
)


def geojson(table: LandformMapTable) -> bytes:
    """A feature collection whose ``crs`` member (GeoJSON of 2008) names Mars."""
    from shapely.geometry import mapping

    shapes = table.shapes()
    collection = {
        "type": "FeatureCollection",
        "name": LAYER,
        "crs": GEOJSON_CRS,
        "crs_note": _NOTE,
        "body": "Mars",
        "coordinate_system": MARS,
        "estimate": True,
        "without_place": sum(shape is None for shape in shapes),
        "about": table.info,
        "features": [
            {
                "type": "Feature",
                "geometry": None if shape is None else mapping(shape),
                "properties": {**row, "body": "Mars", "coordinate_system": MARS},
            }
            for row, shape in zip(table.rows, shapes, strict=True)
        ],
    }
    return json.dumps(collection, ensure_ascii=False, allow_nan=False, indent=1).encode()


SPEC = ExportFormat(
    name="geojson",
    order=20,
    file_type=FileType(
        ".geojson",
        "application/geo+json",
        "GeoJSON",
        "The estimate, longitude east-positive 0 to 360",
    ),
    write=geojson,
)
