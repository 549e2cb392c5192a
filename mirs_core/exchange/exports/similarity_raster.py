"""A similarity map as a GeoTIFF with the coordinate system of Mars, for QGIS, JMARS and GDAL."""

from dataclasses import asdict
from pathlib import Path

import numpy as np

from mirs_core.errors import ConfigError
from mirs_core.exchange.exports.crs import MARS
from mirs_core.exchange.exports.export_format import FileType
from mirs_core.exchange.exports.export_info import SOFTWARE
from mirs_core.files import replace_file
from mirs_core.landform_map.similarity import SimilarityMap

FILE_TYPE = FileType(
    ".tif",
    "image/tiff",
    "GeoTIFF",
    "Distances and numbers of tiles by cell, planetocentric degrees on Mars (IAU_2015:49900)",
)
_SUFFIXES = (".tif", ".tiff")


def geotiff(similarity: SimilarityMap) -> bytes:
    """The file: band 1 holds the distances, band 2 the numbers of tiles, as float32.

    Cells without tiles are NaN in band 1, which is the no-data value, and 0 in band 2. Tags tell
    query, model, filters and software. Longitudes are east, from 0 to 360 for the planet, and go on
    beyond 360 where a smaller map crosses the prime meridian.
    """
    from rasterio import Env
    from rasterio.crs import CRS
    from rasterio.io import MemoryFile
    from rasterio.transform import from_origin

    grid = similarity.grid
    rows, columns = grid.shape
    with Env(), MemoryFile() as memory:
        with memory.open(
            driver="GTiff",
            width=columns,
            height=rows,
            count=2,
            dtype="float32",
            nodata=float("nan"),
            crs=CRS.from_user_input(MARS),
            transform=from_origin(grid.west, grid.north, grid.step, grid.step),
            compress="deflate",
            predictor=3,
        ) as raster:
            raster.write(similarity.values, 1)
            raster.write(similarity.tiles.astype(np.float32), 2)
            raster.set_band_description(1, title(similarity))
            raster.set_band_description(2, "number of tiles")
            raster.update_tags(**tags(similarity))
        return bytes(memory.read())


def title(similarity: SimilarityMap) -> str:
    """What the values are, in words: ``least Hamming distance to the query, bits``."""
    which = "least" if similarity.statistic == "minimum" else "median"
    if similarity.unit == "score":
        return f"{which} score for the query and its examples"
    if similarity.unit == "bits":
        return f"{which} Hamming distance to the query, bits"
    return f"{which} {similarity.unit} distance to the query"


def tags(similarity: SimilarityMap) -> dict[str, str]:
    """The facts that the file carries, by name."""
    left_out = ("grid", "values", "tiles", "without_place")
    facts = {k: str(v) for k, v in asdict(similarity).items() if k not in left_out and v}
    grid = similarity.grid
    return {
        "TIFFTAG_SOFTWARE": SOFTWARE,
        "TIFFTAG_IMAGEDESCRIPTION": f"Similarity map: {title(similarity)}",
        **{f"MIRS_{name.upper()}": text for name, text in facts.items()},
        "MIRS_SOFTWARE": SOFTWARE,
        "MIRS_TILES_WITHOUT_COORDINATES": str(similarity.without_place),
        "MIRS_CELLS": f"equal angle, {grid.step:.9g} degrees",
        "MIRS_COORDINATES": f"planetocentric degrees, longitude east-positive, {MARS}",
    }


def check_name(path: Path) -> None:
    """Raises ConfigError if the name of ``path`` is not that of a GeoTIFF."""
    if path.suffix.lower() not in _SUFFIXES:
        raise ConfigError(f"{path.name} has to end in .tif: the map is a GeoTIFF.")


def save_similarity_map(similarity: SimilarityMap, path: Path) -> None:
    """Writes :func:`geotiff`; on failure an existing file is kept.

    Raises:
        ConfigError: the name does not end in .tif.
        RunError: the file cannot be written.
    """
    check_name(path)
    data = geotiff(similarity)
    replace_file(path, lambda handle: handle.write(data))
