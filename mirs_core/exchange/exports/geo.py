"""Places of tiles for geographic programs, on Mars and never on the Earth."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import fields
from io import BytesIO
from typing import Any

from mirs_core.exchange.exports.rows import Row

MARS = "IAU_2015:49900"
"""Mars (2015), planetocentric latitude, east-positive longitude, on a sphere of 3396.19 km."""
_NOTE = (
    f"Coordinates are planetocentric degrees on Mars, {MARS}: longitude east-positive, 0 to 360."
    " GeoJSON (RFC 7946) can name no other body than the Earth; set this CRS when you open it."
)


def geojson(rows: Sequence[Row], about: Mapping[str, Any]) -> bytes:
    """A feature a tile; without a known place its geometry is null, and it is counted.

    RFC 7946 can name no body but the Earth. The ``crs`` member of the GeoJSON of 2008 names Mars to
    GDAL, QGIS and geopandas; for others ``crs_note`` and every feature say it in words.

    Args:
        about: what the file is: model, query, filters.
    """
    features = [
        {
            "type": "Feature",
            "geometry": {"type": "Point", "coordinates": [row.lon, row.lat]}
            if _placed(row)
            else None,
            "properties": {**row.to_json(), "body": "Mars", "coordinate_system": MARS},
        }
        for row in rows
    ]
    value = {
        "type": "FeatureCollection",
        # Of the older GeoJSON (2008): without it, GDAL and what rests on it read the Earth.
        "crs": {"type": "name", "properties": {"name": "urn:ogc:def:crs:IAU_2015::49900"}},
        "crs_note": _NOTE,
        "body": "Mars",
        "coordinate_system": MARS,
        "without_place": sum(not _placed(row) for row in rows),
        "about": dict(about),
        "features": features,
    }
    return json.dumps(value, ensure_ascii=False, allow_nan=False, indent=1).encode()


def geoparquet(rows: Sequence[Row]) -> bytes:
    """The rows as GeoParquet with the CRS of Mars (PROJJSON), so that nobody takes it for Earth."""
    import geopandas as gpd
    import pandas as pd
    from pyproj import CRS
    from shapely import Point

    names = [item.name for item in fields(Row)]
    frame = pd.DataFrame([row.to_json() for row in rows], columns=names)
    frame["rank"] = frame["rank"].astype("Int64")
    for name in ("lon", "lat", "distance"):
        frame[name] = frame[name].astype("float64")
    points = [Point(row.lon, row.lat) if _placed(row) else None for row in rows]
    placed = gpd.GeoDataFrame(frame, geometry=gpd.GeoSeries(points), crs=CRS.from_user_input(MARS))
    out = BytesIO()
    placed.to_parquet(out, index=False)
    return out.getvalue()


def _placed(row: Row) -> bool:
    return row.lon is not None and row.lat is not None
