"""The coordinate reference system of every exported file: Mars, never the Earth."""

from typing import Any

MARS = "IAU_2015:49900"
"""Mars (2015), planetocentric latitude, east-positive longitude, on a sphere of 3396.19 km."""

GEOJSON_CRS: dict[str, Any] = {
    "type": "name",
    "properties": {"name": "urn:ogc:def:crs:IAU_2015::49900"},
}
"""The ``crs`` member of the GeoJSON of 2008: without it, GDAL, QGIS and geopandas assume Earth."""
