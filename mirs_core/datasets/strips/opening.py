"""Where an opened raster lies on Mars, and whether it must be warped: checked before any pixel."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from mirs_core.datasets.rasters import check_blocks
from mirs_core.datasets.strips import warping
from mirs_core.datasets.strips.frame import Frame
from mirs_core.datasets.strips.label_maps import system_of
from mirs_core.datasets.strips.unprojected import check_projected
from mirs_core.errors import DataError, ImageError
from mirs_core.mars.crs import CENTRIC, GRAPHIC, MarsCrs
from mirs_core.mars.crs_labels import LATITUDES, SPHERE_SYSTEM, eastward, has_west_longitudes
from mirs_core.mars.crs_parsing import parsed
from mirs_core.mars.named_places import contradiction

_MOST_PIXELS = 200_000_000_000


@dataclass(frozen=True, slots=True)
class Placing:
    """Where a raster file lies: its own frame, why it must be warped, and what to tell of it."""

    frame: Frame
    peculiarities: tuple[str, ...]
    notes: tuple[str, ...]


def placing(raster: Any, path: Path, latitude: str | None) -> Placing:
    """Where the rasterio dataset of a file lies.

    Args:
        latitude: one of ``LATITUDES``, what its latitudes are; None for what its label tells.

    Raises:
        DataError: it has no coordinates of Mars, or those of no map.
        ImageError: it cannot be read by windows.
    """
    name = path.name
    if raster.width * raster.height > _MOST_PIXELS:
        raise ImageError(f"{name} is larger than any image of Mars; cut it into parts.")
    check_blocks(raster, name)
    check_projected(raster, path)
    if latitude is not None and latitude not in LATITUDES:
        raise DataError(f"Latitudes are {' or '.join(LATITUDES)}, not {latitude!r}.")
    _check_located(raster, name)
    wkt, label_note = system_of(raster, path)
    size = int(raster.width), int(raster.height)
    transform = tuple(float(term) for term in raster.transform[:6])
    notes = [label_note] if label_note else []
    if wkt and has_west_longitudes(parsed(wkt, name)):
        crs, turn = eastward(parsed(wkt, name), name)
        a, b, c, d, e, f = transform
        wkt, transform = crs.to_wkt(), (0.0 - a, 0.0 - b, turn - c, d, e, f)
        notes.append(f"{name} has west longitudes; they were converted to east ones.")
    crs = MarsCrs.of(wkt, name, latitude)
    frame = Frame(crs, warping.straightened(transform, *size), *size)
    if latitude is not None and not crs.latitude:
        raise DataError(
            f"{name} is on a sphere, where planetographic and planetocentric latitudes are the"
            " same; do not choose either."
        )
    warping.check(frame, name)
    _check_place(frame, name)
    if crs.note:
        notes.append(crs.note)
    if crs.latitude:
        notes.append(_latitude_note(crs, name, is_chosen=latitude is not None))
    return Placing(frame, warping.peculiarities(frame), tuple(notes))


def check_name(frame: Frame, name: str, strip: str | None = None) -> None:
    """Refuses a raster that lies elsewhere than its product's name tells.

    Args:
        name: of the file.
        strip: the name that the user gives the strip.

    Raises:
        DataError: they are more than a strip's length apart.
    """
    for text in (name, strip or ""):
        reason = contradiction(text, *frame.middle)
        if reason is not None:
            raise DataError(
                f"{name} {reason}. Its label is wrong, or the file was renamed: use the product as"
                " it was published, or ignore its name."
            )


def _latitude_note(crs: MarsCrs, name: str, *, is_chosen: bool) -> str:
    other = CENTRIC if crs.latitude == GRAPHIC else GRAPHIC
    converted = ", and were converted to planetocentric ones" if crs.latitude == GRAPHIC else ""
    if is_chosen:
        return f"The latitudes of {name} are {crs.latitude}, as chosen{converted}."
    doubt = (
        f" Its coordinate system is called {crs.name}, but GDAL computes with planetographic ones."
        if crs.latitude == GRAPHIC and "ocentric" in crs.name.lower()
        else ""
    )
    return (
        f"{name} is on an ellipsoid; its latitudes were taken as {crs.latitude}{converted}.{doubt}"
        f" If they are {other}, its tiles are up to 20 km off: choose {other} latitudes."
    )


def _check_located(raster: Any, name: str) -> None:
    """Refuses a raster that has a coordinate system, or points in one, but no place of its own."""
    if raster.gcps[0] and (raster.crs is None or raster.transform.is_identity):
        raise DataError(
            f"{name} has the coordinates of a few control points only, so its tiles would have"
            f" none; warp it first: gdalwarp -t_srs {SPHERE_SYSTEM} IN OUT.tif."
        )
    if raster.crs is not None and raster.transform.is_identity:
        raise DataError(
            f"{name} has a coordinate system, but does not say where in it its pixels are. If a"
            " file beside it does (.tfw, .aux.xml), save both as one: gdal_translate IN OUT.tif."
        )


def _check_place(frame: Frame, name: str) -> None:
    if not np.isfinite(frame.middle).all():
        raise DataError(
            f"The middle of {name} lies outside its map projection: its coordinates do not match"
            " its coordinate system. Use the product as it was published."
        )
