"""GeoParquet: a table with a point per tile and the CRS of Mars."""

from collections.abc import Mapping, Sequence
from dataclasses import fields
from io import BytesIO
from typing import Any

from mirs_core.exchange.exports.crs import MARS
from mirs_core.exchange.exports.export_format import ExportFormat, FileType
from mirs_core.exchange.exports.rows import Row
from mirs_core.exchange.exports.tile_export import TileExport


def geoparquet(rows: Sequence[Row], more_columns: Sequence[Mapping[str, Any]] = ()) -> bytes:
    """The rows as GeoParquet with the CRS of Mars (PROJJSON), so that it is not taken for Earth.

    Args:
        more_columns: further columns, one mapping per row.
    """
    import geopandas as gpd
    import pandas as pd
    from pyproj import CRS
    from shapely import Point

    extras = more_columns or [{} for _ in rows]
    names = [column.name for column in fields(Row)]
    names += [name for name in (extras[0] if extras else {}) if name not in names]
    values = [{**row.to_json(), **extra} for row, extra in zip(rows, extras, strict=True)]
    frame = pd.DataFrame(values, columns=names)
    frame["rank"] = frame["rank"].astype("Int64")
    for name in ("lon", "lat", "distance", "score"):
        frame[name] = frame[name].astype("float64")
    points = [Point(row.lon, row.lat) if row.has_coordinates else None for row in rows]
    table = gpd.GeoDataFrame(frame, geometry=gpd.GeoSeries(points), crs=CRS.from_user_input(MARS))
    out = BytesIO()
    table.to_parquet(out, index=False)
    return out.getvalue()


def _write(export: TileExport) -> bytes:
    return geoparquet(export.rows, export.columns())


SPEC = ExportFormat(
    name="geoparquet",
    order=30,
    file_type=FileType(
        ".parquet", "application/vnd.apache.parquet", "GeoParquet", "Points with the CRS of Mars"
    ),
    write=_write,
)
