"""Strips that earlier versions recorded wrongly, put right when they are read."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from mirs_core.datasets.strips.outline import contains, whole
from mirs_core.datasets.strips.strip import Strip
from mirs_core.datasets.tile_table import TileRecord
from mirs_core.errors import DataError
from mirs_core.mars.crs_labels import misread_degrees
from mirs_core.mars.crs_parsing import parsed

_DIGITS = 9


def mended(strip: Strip) -> Strip:
    """The strip as it is on Mars.

    Strips that were cut from old HiRISE products by versions up to 0.3.0 have the outline of a
    label that gives the standard parallel as the latitude of origin. Those of global rasters have
    lost their outline to a sliver.
    """
    try:
        strip = _with_true_parallel(strip)
        return _with_outline(strip)
    except DataError:
        return strip


def true_places(strips: Iterable[Strip], paths: Sequence[str]) -> dict[str, tuple[float, float]]:
    """Longitude and latitude of the centres of those of ``paths`` whose strip was mended."""
    places: dict[str, tuple[float, float]] = {}
    for strip in strips:
        if not strip.is_mended:
            continue
        corners = {path: corner for path in paths if (corner := strip.corner(path)) is not None}
        if not corners:
            continue
        centres = np.array(list(corners.values()), np.float64) + strip.side / 2
        longitude, latitude = strip.places(centres[:, 0], centres[:, 1])
        for path, east, north in zip(corners, longitude.tolist(), latitude.tolist(), strict=True):
            places[path] = round(east, _DIGITS) % 360, round(north, _DIGITS)
    return places


def mended_records(
    strips: Iterable[Strip], records: Mapping[str, TileRecord]
) -> dict[str, TileRecord]:
    """Records by path, with the true coordinates of tiles of strips that were mended."""
    paths = [path for path, record in records.items() if record.latitude is not None]
    places = true_places(strips, paths)
    return {
        **records,
        **{
            path: replace(records[path], longitude=east, latitude=north)
            for path, (east, north) in places.items()
        },
    }


def _with_true_parallel(strip: Strip) -> Strip:
    crs = strip.frame.crs
    if not crs.note:
        return strip
    meridian, parallel = misread_degrees(parsed(strip.crs, strip.file))
    stretch = 1 / math.cos(math.radians(parallel))
    outline = tuple(
        ((meridian + ((east - meridian + 180) % 360 - 180) * stretch) % 360 % 360, north - parallel)
        for east, north in strip.outline
    )
    return replace(strip, crs=crs.wkt, outline=outline, is_mended=True)


def _with_outline(strip: Strip) -> Strip:
    w, h = strip.width, strip.height
    longitude, latitude = strip.places([w / 2, 0, w, 0, w], [h / 2, 0, 0, h, h])
    is_place = np.isfinite(latitude)
    if is_place[1:].any() or not is_place[0] or contains(strip.outline, float(longitude[0])):
        return strip
    return replace(strip, outline=whole(w, h, strip.edge_places))
