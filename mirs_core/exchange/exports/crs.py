"""The coordinate reference system of every exported file: Mars, never the Earth."""

from mirs_core.mars.geography import GEOJSON_CRS, MARS

__all__ = ["GEOJSON_CRS", "MARS"]
