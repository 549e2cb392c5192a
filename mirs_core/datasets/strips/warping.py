"""Rasters that are not upright maps, read through GDAL's warped virtual raster.

A raster that is rotated, sheared or mirrored, or whose pixels are not square, is warped while it is
read, window by window, to the nearest plain map: equirectangular at its own latitude, polar
stereographic beyond 65 degrees, on its own body. GDAL is given only what it computes rightly for
Mars: maps of east longitudes, whose latitudes it need not convert, that end half a planet away.
"""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from mirs_core.datasets.bands import Bands
from mirs_core.datasets.strips.frame import Frame
from mirs_core.errors import DataError
from mirs_core.mars.crs import MarsCrs
from mirs_core.mars.crs_labels import recentred
from mirs_core.mars.crs_parsing import parsed
from mirs_core.mars.geography import written_latitude, written_longitude

MOST_UPRIGHT = 65.0
"""Degrees of latitude up to which rasters are warped to an equirectangular map."""

_SQUARE = 0.01
# Of a pixel, over the whole raster.
_UNTURNED = 0.01
_MOST_STRETCHED = 20.0
_MOST_PIXELS = 200_000_000_000
_MOST_GROWTH = 16
_SAMPLES = 65
# Pixels by which corners are moved inwards, so that those of a global raster keep their sides.
_INSET = 1e-6
_DIGITS = 6
_WARP_MEGABYTES = 64


def straightened(transform: tuple[float, ...], width: int, height: int) -> tuple[float, ...]:
    """The transform without a rotation too small to be one: of rounding errors."""
    a, b, c, d, e, f = transform
    if max(abs(b) * height, abs(d) * width) < _UNTURNED * min(abs(a), abs(e)):
        return a, 0.0, c, 0.0, e, f
    return transform


def peculiarities(frame: Frame) -> tuple[str, ...]:
    """Why a raster must be warped, in words; empty for upright square pixels."""
    a, b, _, d, e, _ = frame.transform
    across, down = math.hypot(a, d), math.hypot(b, e)
    reasons = []
    if a * e - b * d > 0 or (b == 0 == d and a < 0):
        reasons.append("mirrored" if a * e - b * d > 0 else "upside down")
    if b or d:
        is_right = abs(a * b + d * e) <= _SQUARE * across * down
        reasons.append("rotated" if is_right else "sheared")
    if abs(across - down) > _SQUARE * across:
        reasons.append(f"of pixels of {across:g} by {down:g} units")
    return tuple(reasons)


def check(frame: Frame, name: str) -> None:
    """Refuses what cannot be warped.

    Raises:
        DataError: the transform is not one, or pixels are much longer than wide.
    """
    a, b, _, d, e, _ = frame.transform
    across, down = math.hypot(a, d), math.hypot(b, e)
    area = abs(a * e - b * d)
    if not np.isfinite(frame.transform).all() or not area > 1e-3 * across * down:
        raise DataError(
            f"{name} has coordinates in which its pixels have no area. Give it those of the"
            " product, for example with: gdal_translate -a_ullr WEST NORTH EAST SOUTH."
        )
    if max(across, down) > _MOST_STRETCHED * min(across, down):
        raise DataError(
            f"The pixels of {name} are {across:g} by {down:g} units, much longer than wide;"
            f" resample it first, for example with: gdalwarp -t_srs {frame.crs.warp_target} -tr"
            " SIZE SIZE."
        )


def target_of(source: Frame, name: str) -> Frame:
    """The frame to warp a raster to: an upright map of square pixels, as fine as the raster's.

    Raises:
        DataError: the map would be much larger than the raster.
    """
    east, north = source.middle
    crs = _target_crs(source, east, north, name)
    size = _pixel_size(source, crs)
    x, y = _covered(source, crs)
    left, top = float(x.min()), float(y.max())
    width = max(1, math.ceil((float(x.max()) - left) / size - 1e-3))
    height = max(1, math.ceil((top - float(y.min())) / size - 1e-3))
    if width * height > min(_MOST_PIXELS, _MOST_GROWTH * source.width * source.height + 10**6):
        raise DataError(
            f"{name} cannot be warped while it is read: it would become {width:,} x {height:,}"
            f" pixels. Warp it first, for example with: gdalwarp -t_srs {source.crs.warp_target}"
            " -tr SIZE SIZE."
        )
    return Frame(crs, (size, 0.0, left, 0.0, -size, top), width, height)


def _target_crs(source: Frame, east: float, north: float, name: str) -> MarsCrs:
    from pyproj import CRS

    a, b = source.crs.radii
    parallel, meridian = round(north, 4), round(east, 4)
    if abs(north) <= MOST_UPRIGHT:
        terms, title = f"+proj=eqc +lat_ts={parallel!r} +lon_0={meridian!r}", "Equirectangular"
    else:
        pole = math.copysign(90, north)
        meridian = 0.0 if _contains(source, 0.0, pole) else meridian
        terms = f"+proj=stere +lat_0={pole!r} +lat_ts={parallel!r} +lon_0={meridian!r}"
        title = "Polar stereographic"
    values = CRS.from_proj4(f"{terms} +a={a!r} +b={b!r} +units=m +no_defs").to_json_dict()
    where = f"{written_latitude(parallel, 4)}, {written_longitude(meridian, 4)}"
    values["name"] = f"{title} Mars, {where.replace('°', '')}"
    return MarsCrs.of(CRS.from_json_dict(values).to_wkt(), name, source.crs.latitude)


def _pixel_size(source: Frame, crs: MarsCrs) -> float:
    """The finer side, but at least half of what keeps the number of pixels; six digits."""
    columns = source.width / 2 + np.array([-0.5, 0.5, 0.0, 0.0])
    rows = source.height / 2 + np.array([0.0, 0.0, -0.5, 0.5])
    x, y = crs.from_degrees(*source.degrees(columns, rows))
    across, down = math.hypot(x[1] - x[0], y[1] - y[0]), math.hypot(x[3] - x[2], y[3] - y[2])
    mean = math.sqrt(across * down)
    size = mean if abs(across - down) <= _SQUARE * mean else max(min(across, down), mean / 2)
    return float(f"{size:.{_DIGITS}g}")


def _covered(source: Frame, crs: MarsCrs) -> tuple[Any, Any]:
    """x and y of positions all over a raster in another system."""
    columns = np.clip(np.linspace(0, source.width, _SAMPLES), _INSET, source.width - _INSET)
    rows = np.clip(np.linspace(0, source.height, _SAMPLES), _INSET, source.height - _INSET)
    grid = np.meshgrid(columns, rows)
    east, north = source.clamped_degrees(grid[0].ravel(), grid[1].ravel())
    if crs.linear is not None:
        for pole in (-90.0, 90.0):
            if _contains(source, 0.0, pole):
                # A pole inside a raster is a whole edge of the map.
                turn = source.middle[0] + np.array([-180 + 1e-9, 180 - 1e-9])
                east, north = np.append(east, turn), np.append(north, [pole, pole])
    x, y = crs.from_degrees(east, north)
    finite = np.isfinite(x) & np.isfinite(y)
    return x[finite], y[finite]


def _contains(frame: Frame, longitude: float, latitude: float) -> bool:
    column, row = frame.pixels(longitude, latitude)
    return bool(0 <= column <= frame.width and 0 <= row <= frame.height)


@contextmanager
def warped(raster: Any, bands: Bands, source: Frame, target: Frame) -> Iterator[Bands]:
    """The bands of a raster in another frame; pixels beyond the raster are missing.

    Yields:
        Bands that read as those of the raster do, by windows of ``target``.

    Raises:
        rasterio.errors.RasterioError: GDAL cannot convert between the systems.
    """
    from rasterio import Affine
    from rasterio.crs import CRS
    from rasterio.enums import Resampling
    from rasterio.vrt import WarpedVRT

    wkt, transform = _for_gdal(source)
    has_alpha = bands.has_alpha
    with WarpedVRT(
        raster,
        src_crs=CRS.from_wkt(wkt),
        src_transform=Affine(*transform),
        src_nodata=_gap(raster, bands),
        crs=CRS.from_wkt(_target_wkt(target)),
        transform=Affine(*target.transform),
        width=target.width,
        height=target.height,
        resampling=Resampling[resampling(bands)],
        add_alpha=not has_alpha,
        warp_mem_limit=_WARP_MEGABYTES,
        SAMPLE_GRID="YES",
        # GDAL guesses them from the sides of windows, and blurs rotated rasters.
        XSCALE=1,
        YSCALE=1,
        **({} if has_alpha else {"DST_ALPHA_MAX": 255}),
    ) as vrt:
        yield bands.through(vrt, None if has_alpha else raster.count + 1)


def _gap(raster: Any, bands: Bands) -> float | None:
    """The one value of missing pixels; None if a band marks them, or several values do."""
    kind, missing = np.dtype(raster.dtypes[0]), bands.missing
    value = raster.nodata if missing.has_mask else None
    if not missing.has_mask and len(missing.values) == 1:
        value = missing.values[0]
    if value is None:
        return float("nan") if kind.kind == "f" and not missing.has_mask else None
    if kind.kind != "f" and not np.iinfo(kind).min <= value <= np.iinfo(kind).max:
        return None
    return float(value)


def resampling(bands: Bands) -> str:
    """How a raster is resampled: its nearest pixel where values must not be mixed."""
    return "cubic" if bands.is_continuous else "nearest"


def _for_gdal(frame: Frame) -> tuple[str, tuple[float, ...]]:
    """A system and transform of the same places that end half a planet from the raster's middle."""
    a, b, c, d, e, f = frame.transform
    if frame.crs.linear is None:
        if not math.isfinite(frame.crs.extent()[0]):
            return frame.crs.wkt, frame.transform
        east, north = frame.middle
        wkt = recentred(parsed(frame.crs.wkt, ""), east)
        moved, _ = MarsCrs.of(wkt, "", frame.crs.latitude).from_degrees(east, north)
        x, _ = frame.positions(frame.width / 2, frame.height / 2)
        return wkt, (a, b, c + float(moved - x), d, e, f)
    p, q, r, s = frame.crs.linear
    radius = frame.crs.radii[0]
    unit = math.pi / 180 * radius
    # Not modulo 360: the raster's own longitudes continue beyond a full turn.
    middle = p + q * (a * frame.width / 2 + b * frame.height / 2 + c)
    transform = (
        q * a * unit, q * b * unit, (p + q * c - middle) * unit,
        s * d * unit, s * e * unit, (r + s * f) * unit,
    )  # fmt: skip
    return _sphere_wkt(f"+proj=eqc +lat_ts=0 +lon_0={middle % 360!r}", radius), transform


def _target_wkt(frame: Frame) -> str:
    if frame.crs.linear is None:
        return frame.crs.wkt
    p, q, _, _ = frame.crs.linear
    radius = frame.crs.radii[0]
    cosine = min(1.0, math.degrees(1 / radius) / q)
    parallel = math.degrees(math.acos(cosine))
    return _sphere_wkt(f"+proj=eqc +lat_ts={parallel!r} +lon_0={p!r}", radius)


def _sphere_wkt(terms: str, radius: float) -> str:
    from pyproj import CRS

    return str(CRS.from_proj4(f"{terms} +R={radius!r} +units=m +no_defs").to_wkt())
