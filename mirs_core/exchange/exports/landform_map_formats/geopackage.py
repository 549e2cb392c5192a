"""A GeoPackage of a landform map, with the CRS of Mars."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from mirs_core.errors import RunError
from mirs_core.exchange.exports.crs import MARS
from mirs_core.exchange.exports.export_format import ExportFormat, FileType
from mirs_core.exchange.exports.landform_map_table import LAYER, LandformMapTable

if TYPE_CHECKING:
    import geopandas as gpd


def geopackage(table: LandformMapTable) -> bytes:
    """A GeoPackage with the layer ``landform_estimate`` and the CRS of Mars.

    The layer's description and metadata say that it is an estimate and how it was made.

    Raises:
        RunError: there is no space for the file.
    """
    metadata = {name: json.dumps(value, ensure_ascii=False) for name, value in table.info.items()}
    title = "Landform estimate" + (" (synthetic tiles)" if table.info["synthetic"] else "")
    try:
        with TemporaryDirectory() as folder:
            path = Path(folder) / "map.gpkg"
            _frame(table).to_file(
                path,
                layer=LAYER,
                driver="GPKG",
                engine="pyogrio",
                index=False,
                layer_options={
                    "IDENTIFIER": title,
                    "DESCRIPTION": f"{table.info['estimate_note']} {table.info['trust']}",
                },
                layer_metadata=metadata,
                dataset_metadata=metadata,
            )
            _correct_authority(path)
            return path.read_bytes()
    except (OSError, RuntimeError, sqlite3.Error) as error:  # pyogrio raises RuntimeErrors
        raise RunError(
            f"The GeoPackage cannot be written ({error}). Free some disk space, or export GeoJSON."
        ) from None


def _frame(table: LandformMapTable) -> "gpd.GeoDataFrame":
    import geopandas as gpd
    import pandas as pd
    from pyproj import CRS

    frame = pd.DataFrame(list(table.rows))
    for name in ("lon", "lat", "km2", "reach"):
        frame[name] = frame[name].astype("float64")
    return gpd.GeoDataFrame(
        frame,
        geometry=gpd.GeoSeries(table.shapes(), index=frame.index),
        crs=CRS.from_user_input(MARS),
    )


def _correct_authority(path: Path) -> None:
    """GDAL writes "IAU" as the authority of the CRS, a name under which no program finds it."""
    authority, code = MARS.split(":")
    with closing(sqlite3.connect(path)) as base, base:
        base.execute(
            "UPDATE gpkg_spatial_ref_sys SET organization = ? WHERE organization_coordsys_id = ?",
            (authority, int(code)),
        )


SPEC = ExportFormat(
    name="geopackage",
    order=10,
    file_type=FileType(
        ".gpkg",
        "application/geopackage+sqlite3",
        "GeoPackage",
        "The estimate as polygons or points with the CRS of Mars",
    ),
    write=geopackage,
)
