"""Cuts a map-projected raster into the tiles of a data set, window by window."""

import math
import re
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np

from mirs_core.datasets.bands import MOST_VALUES
from mirs_core.datasets.images import MIN_SIDE, Pixels
from mirs_core.datasets.large_images import MOST, png
from mirs_core.datasets.strips.cut_settings import CutResult, CutSettings, StripDetails
from mirs_core.datasets.strips.distortion import distortion_of
from mirs_core.datasets.strips.grid import Corner, Window, tile_count, windows
from mirs_core.datasets.strips.opening import check_name
from mirs_core.datasets.strips.outline import in_degrees, ring
from mirs_core.datasets.strips.raster import Mask, StripRaster, content_of, open_strip
from mirs_core.datasets.strips.strip_folder import StripFolder
from mirs_core.datasets.strips.strip_list import Strip, is_strip_name, strip_of
from mirs_core.datasets.tile_table import TileRecord
from mirs_core.errors import DataError, ImageError
from mirs_core.progress import Progress, silent

SIDE = 224
"""Default side of a tile in pixels: the input size of the encoders."""
USUAL_METRES = 1_200.0
"""Width in metres of the tiles that models are trained on, those of DoMars16k."""
STAGE = "Cutting tiles"
"""The stage that ``cut_strip`` reports, in tiles."""

_UNUSUAL = 2.0
_MOST_TILES = 50_000_000
_MOST_TEXT = 2_000
# Of a degree: a tenth of a millimetre on the ground.
_DIGITS = 9


def cut_strip(
    path: Path, root: Path, settings: CutSettings | None = None,
    details: StripDetails | None = None, progress: Progress = silent,
) -> CutResult:  # fmt: skip
    """Cuts the raster in ``path`` into tiles below ``root``, a new or existing data set of strips.

    8-bit pixels are kept. Others are stretched to grey levels from the 0.5 to the 99.5 percentile
    of the whole strip, estimated from a preview, so that its tiles are comparable. Tiles with too
    many missing pixels or too little contrast are left out, as are incomplete ones at the right and
    lower edges. Exceptions from ``progress`` stop the work; a later call with the same arguments
    resumes it.

    Raises:
        DataError: a setting is out of range, the raster has no coordinate system of Mars, ``root``
            is another kind of folder, or the strip was cut with other settings before.
        ImageError: the raster is damaged; none of its tiles are kept.
        RunError: ``root`` cannot be written.
    """
    started = time.perf_counter()
    settings, details = settings or CutSettings(), details or StripDetails()
    is_new, folder = not root.exists(), None
    try:
        with open_strip(path, settings.latitude) as raster:
            if not settings.ignore_name:
                check_name(raster.frame, raster.name, details.name)
            side, stride = _sizes(raster, settings)
            strip = _planned(path, raster, settings, details, (side, stride))
            folder = StripFolder(root, strip)
            strip, resumed = _cut_into(folder, raster, progress)
            crs = raster.crs.name
            warnings = (*raster.notes, *_warnings(strip), *raster.edge_warnings)
    except ImageError:
        # A damaged raster gives no tiles; after other failures, cutting can be resumed.
        if folder is not None:
            folder.discard(with_root=is_new)
        raise
    seconds = round(time.perf_counter() - started, 2)
    return CutResult(path, root, strip, crs, resumed, seconds, warnings)


def _sizes(raster: StripRaster, settings: CutSettings) -> tuple[int, int]:
    """Side and stride in pixels."""
    if settings.size is not None and settings.metres is not None:
        raise DataError("Give the size of a tile in pixels or in metres, not both.")
    if settings.metres is None:
        side = SIDE if settings.size is None else settings.size
    elif 0 < settings.metres < math.inf:
        side = round(min(settings.metres / raster.metres_per_pixel, MOST + 1.0))
    else:
        raise DataError(f"A tile cannot be {settings.metres:g} m wide; give a number above 0.")
    if not MIN_SIDE <= side <= MOST:
        raise DataError(
            f"A tile cannot be {side} pixels wide ({side * raster.metres_per_pixel:g} m); give"
            f" {MIN_SIDE} to {MOST} pixels."
        )
    stride = side if settings.stride is None else settings.stride
    if not 1 <= stride <= MOST:
        raise DataError(f"The stride cannot be {stride} pixels; give 1 to {MOST}.")
    if not (0 <= settings.max_nodata < 1 and 0 <= settings.min_contrast <= 127):
        raise DataError(
            "The fraction of missing pixels must be at least 0 and below 1, the contrast 0 to 127."
        )
    if side > min(raster.width, raster.height):
        raise DataError(
            f"{raster.name} has {raster.width} x {raster.height} pixels, less than one tile of"
            f" {side}; choose smaller tiles."
        )
    if tile_count(raster.width, raster.height, side, stride) > _MOST_TILES:
        raise DataError(f"That would be more than {_MOST_TILES:,} tiles; choose a larger stride.")
    return side, stride


def _planned(
    path: Path,
    raster: StripRaster,
    settings: CutSettings,
    details: StripDetails,
    sizes: tuple[int, int],
) -> Strip:
    """The strip as it will be recorded, without its counts."""
    survey = raster.survey()
    strip = Strip(
        name=_name(path, details),
        file=path.name.encode("utf-8", "replace").decode("utf-8"),
        content=content_of(path),
        crs=raster.crs.wkt,
        transform=raster.transform,
        width=raster.width,
        height=raster.height,
        side=sizes[0],
        stride=sizes[1],
        max_nodata=float(settings.max_nodata),
        min_contrast=float(settings.min_contrast),
        nodata=raster.nodata,
        stretch=survey.stretch,
        outline=(),
        metres_per_pixel=raster.metres_per_pixel,
        source=_line("source", details.source),
        licence=_line("licence", details.licence),
        credit=_line("credit", details.credit),
        latitude=raster.crs.latitude or None,
        warp=raster.warp,
    )
    outline = in_degrees(ring(survey.valid, raster.width, raster.height), strip.edge_places)
    return strip_of(asdict(replace(strip, outline=outline)))


def _name(path: Path, details: StripDetails) -> str:
    if details.name is None:
        name = re.sub(r"[^A-Za-z0-9._-]+", "_", path.stem).strip("._-")[:80]
        return name or "strip"
    if not is_strip_name(details.name):
        raise DataError(
            f"{details.name!r} cannot be the name of a strip: use at most 80 letters, digits,"
            " dots, hyphens and underscores, beginning with a letter or digit."
        )
    return details.name


def _line(what: str, text: str | None) -> str | None:
    line = " ".join((text or "").encode("utf-8", "replace").decode("utf-8").split())
    if len(line) > _MOST_TEXT:
        raise DataError(f"The {what} has more than {_MOST_TEXT} characters; shorten it.")
    return line or None


def _cut_into(folder: StripFolder, raster: StripRaster, progress: Progress) -> tuple[Strip, int]:
    """The strip with its counts, and the number of tiles that were there already."""
    finished = folder.finished
    if finished is not None:
        return finished, finished.tiles
    with folder.opened() as existing:
        strip = folder.strip
        count = tile_count(strip.width, strip.height, strip.side, strip.stride)
        corners: list[Corner] = []
        without_data = flat = resumed = done = 0
        progress(STAGE, 0, count)
        for window in windows(
            strip.width, strip.height, strip.side, strip.stride, MOST_VALUES // raster.bands
        ):
            for corner, tile in _tiles(raster, strip, window, existing):
                if tile is None:
                    resumed += 1
                elif tile.missing > strip.max_nodata:
                    without_data += 1
                    continue
                elif tile.contrast < strip.min_contrast:
                    flat += 1
                    continue
                else:
                    folder.write(Path(strip.path(*corner)).name, png(tile.pixels))
                corners.append(corner)
            done += len(window.corners)
            progress(STAGE, done, count)
        if not corners:
            raise ImageError(
                f"No tile of {raster.name} can be used: {without_data} have too many missing"
                f" pixels, {flat} too little contrast. Allow more missing pixels or less contrast."
            )
        strip = replace(strip, tiles=len(corners), without_data=without_data, flat=flat)
        folder.finish(strip, _records(strip, corners))
    return strip, resumed


@dataclass(frozen=True, slots=True)
class _Tile:
    """``missing``: share of missing pixels; ``contrast``: of the valid ones."""

    pixels: Pixels
    missing: float
    contrast: float


def _tiles(
    raster: StripRaster, strip: Strip, window: Window, existing: set[str]
) -> Iterator[tuple[Corner, _Tile | None]]:
    """The tiles of a window with their corners; None for those that exist already."""
    names = [Path(strip.path(*corner)).name for corner in window.corners]
    if existing.issuperset(names):
        yield from ((corner, None) for corner in window.corners)
        return
    pixels, valid = raster.read(
        window.column, window.row, window.width, window.height, strip.stretch
    )
    for corner, name in zip(window.corners, names, strict=True):
        if name in existing:
            yield corner, None
            continue
        columns = slice(corner[0] - window.column, corner[0] - window.column + strip.side)
        yield corner, _tile(pixels[:, columns], valid[:, columns])


def _tile(pixels: Pixels, valid: Mask) -> _Tile:
    grey = pixels if pixels.ndim == 2 else pixels.mean(axis=-1)
    levels = grey[valid]
    return _Tile(pixels, 1 - float(valid.mean()), float(levels.std()) if levels.size else 0.0)


def _records(strip: Strip, corners: list[Corner]) -> list[TileRecord]:
    centres = np.array(corners, np.float64) + strip.side / 2
    longitude, latitude = strip.places(centres[:, 0], centres[:, 1])
    if not (np.isfinite(longitude).all() and np.isfinite(latitude).all()):
        raise ImageError(
            f"Tiles of {strip.file} lie outside its map projection: its coordinates do not match"
            " its coordinate system. Use the product as it was published."
        )
    return [
        TileRecord(
            path=strip.path(*corner),
            latitude=round(north, _DIGITS),
            # Rounding may give 360, which is 0.
            longitude=round(east, _DIGITS) % 360,
            strip=strip.name,
            metres_per_pixel=strip.metres_per_pixel,
            source=strip.source,
            licence=strip.licence,
            credit=strip.credit,
        )
        for corner, east, north in zip(corners, longitude.tolist(), latitude.tolist(), strict=True)
    ]


def has_usual_size(metres: float) -> bool:
    """Whether tiles ``metres`` wide are within a factor of 2 of those that models learn from."""
    return USUAL_METRES / _UNUSUAL <= metres <= USUAL_METRES * _UNUSUAL


def _warnings(strip: Strip) -> tuple[str, ...]:
    messages = []
    metres = strip.side * strip.metres_per_pixel
    if not has_usual_size(metres):
        messages.append(
            f"Tiles are {metres:,.0f} m wide; models are trained on tiles of about 1.2 km and may"
            f" see other landforms here. Cut tiles of {USUAL_METRES:g} m to match."
        )
    distortion = distortion_of(strip.frame)
    if distortion is not None:
        messages.append(
            f"In the middle of {strip.name} {distortion}: the map projection distorts shapes this"
            " far from where it is true, and so the tiles. Use a polar or local projection."
        )
    return tuple(messages)
