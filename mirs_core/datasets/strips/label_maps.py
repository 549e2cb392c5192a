"""What planetary labels say of their maps that GDAL does not heed: corrected, or refused."""

import re
from pathlib import Path
from typing import Any

from mirs_core.datasets.data_files import label_text
from mirs_core.errors import DataError
from mirs_core.mars.crs_labels import with_meridian_of_west
from mirs_core.mars.crs_parsing import parsed

_LABELLED = ("ISIS3", "PDS", "PDS4", "VICAR")
_WEST = re.compile(
    r"\bPOSITIVE_LONGITUDE_DIRECTION\s*=\s*[\"']?\s*WEST|\bLongitudeDirection\s*=\s*PositiveWest"
    r"|longitude_direction\s*>\s*Positive West",
    re.IGNORECASE,
)
_NUMBER = r"[\"']?\s*([-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:E[-+]?[0-9]+)?)"
_MERIDIAN = re.compile(
    rf"\b(?:CENTER_LONGITUDE|CenterLongitude)\s*=\s*{_NUMBER}"
    rf"|longitude_of_central_meridian\b[^>]*>\s*{_NUMBER}",
    re.IGNORECASE,
)
_GRAPHIC = re.compile(
    r"\b(?:COORDINATE_SYSTEM_NAME|LatitudeType|COORDINATE_SYSTEM_TYPE)\s*=\s*[\"']?\s*"
    r"PLANETOGRAPHIC|latitude_type\s*>\s*Planetographic",
    re.IGNORECASE,
)
_RADII = (
    re.compile(rf"\b(?:A_AXIS_RADIUS|EquatorialRadius)\s*=\s*{_NUMBER}", re.IGNORECASE),
    re.compile(rf"\b(?:C_AXIS_RADIUS|PolarRadius)\s*=\s*{_NUMBER}", re.IGNORECASE),
)
_OBLIQUE = re.compile(r"\bMAP_PROJECTION_TYPE\s*=\s*[\"']?\s*OBLIQUE", re.IGNORECASE)
_OFFSETS = ("LINE_PROJECTION_OFFSET", "SAMPLE_PROJECTION_OFFSET")


def system_of(raster: Any, path: Path) -> tuple[str, str]:
    """The coordinate system of an open raster as WKT, empty for none, and what was corrected.

    Raises:
        DataError: its label describes a map that GDAL would misplace.
    """
    wkt = raster.crs.to_wkt() if raster.crs else ""
    if not wkt or raster.driver not in _LABELLED:
        return wkt, ""
    text, name = label_text(path), path.name
    if raster.driver == "PDS":
        _check_pds3(text, name)
    crs = parsed(wkt, name)
    radii = [pattern.search(text) for pattern in _RADII]
    is_flattened = all(radii) and float(radii[0][1]) != float(radii[1][1])  # type: ignore[index]
    on_sphere = crs.ellipsoid.semi_major_metre == crs.ellipsoid.semi_minor_metre
    if _GRAPHIC.search(text) and is_flattened and on_sphere:
        raise DataError(
            f"The latitudes of {name} are planetographic, which GDAL takes for planetocentric, so"
            " that its tiles would be up to 20 km off. Project it with planetocentric latitudes, in"
            " ISIS with LatitudeType = Planetocentric in the map file of cam2map or map2map."
        )
    meridian = _MERIDIAN.search(text)
    if not _WEST.search(text) or meridian is None:
        return wkt, ""
    return with_meridian_of_west(crs, float(meridian[1] or meridian[2]), wkt, name)


def _check_pds3(text: str, name: str) -> None:
    if _OBLIQUE.search(text):
        raise DataError(
            f"The map projection of {name} is oblique, which GDAL misplaces in PDS3 labels; make an"
            f" ISIS cube of it first: pds2isis from={name} to=map.cub."
        )
    if "IMAGE_MAP_PROJECTION" in text and not all(term in text for term in _OFFSETS):
        raise DataError(
            f"The label of {name} does not say where its pixels are ({' and '.join(_OFFSETS)}), so"
            " its tiles would have wrong coordinates. Use the product as it was published."
        )
