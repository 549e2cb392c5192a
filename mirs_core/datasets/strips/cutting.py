"""Cuts a map-projected raster into the tiles of a data set, window by window."""

import math
import re
import time
from dataclasses import asdict, replace
from pathlib import Path

from mirs_core.datasets.images import MIN_SIDE
from mirs_core.datasets.large_images import MOST
from mirs_core.datasets.strips.cut_settings import CutResult, CutSettings, StripDetails
from mirs_core.datasets.strips.distortion import distortion_of
from mirs_core.datasets.strips.grid import tile_count
from mirs_core.datasets.strips.image_tiles import STAGE, write_images
from mirs_core.datasets.strips.opening import check_name
from mirs_core.datasets.strips.outline import in_degrees, ring
from mirs_core.datasets.strips.raster import StripRaster, content_of, open_strip
from mirs_core.datasets.strips.source_raster import SourceRaster
from mirs_core.datasets.strips.strip_folder import StripFolder
from mirs_core.datasets.strips.strip_list import Strip, is_strip_name, strip_of
from mirs_core.datasets.strips.virtual_tiles import record_windows, relocated
from mirs_core.errors import DataError, ImageError
from mirs_core.progress import Progress, silent

SIDE = 224
"""Default side of a tile in pixels: the input size of the encoders."""
USUAL_METRES = 1_200.0
"""Width in metres of the tiles that models are trained on, those of DoMars16k."""

_UNUSUAL = 2.0
_MOST_TILES = 50_000_000
_MOST_TEXT = 2_000

__all__ = ["SIDE", "STAGE", "USUAL_METRES", "cut_strip", "has_usual_size"]


def cut_strip(
    path: Path, root: Path, settings: CutSettings | None = None,
    details: StripDetails | None = None, progress: Progress = silent,
) -> CutResult:  # fmt: skip
    """Cuts the raster in ``path`` into tiles below ``root``, a new or existing data set of strips.

    8-bit pixels are kept. Others are stretched to grey levels from the 0.5 to the 99.5 percentile
    of the whole strip, estimated from a preview, so that its tiles are comparable. Tiles with too
    many missing pixels or too little contrast are left out, as are incomplete ones at the right and
    lower edges. Exceptions from ``progress`` stop the work; a later call with the same arguments
    resumes it. Virtual tiles are recorded, and no image is written: they are read from the raster
    whenever they are needed.

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
        raise DataError(_too_small(raster, side, in_metres=settings.metres is not None))
    if tile_count(raster.width, raster.height, side, stride) > _MOST_TILES:
        raise DataError(f"That would be more than {_MOST_TILES:,} tiles; choose a larger stride.")
    return side, stride


def _too_small(raster: StripRaster, side: int, *, in_metres: bool) -> str:
    most = min(raster.width, raster.height)
    if most < MIN_SIDE:
        advice = f"a tile has at least {MIN_SIDE}"
    elif in_metres:
        advice = f"choose smaller tiles (--metres {math.floor(most * raster.metres_per_pixel)})"
    else:
        advice = f"choose smaller tiles (--size {most})"
    size = f"{raster.width} x {raster.height}"
    return f"{raster.name} has {size} pixels, less than one tile of {side}; {advice}."


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
        raster=SourceRaster.of(path) if settings.virtual else None,
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
        return relocated(folder, finished, progress), finished.tiles
    cut = record_windows if folder.strip.is_virtual else write_images
    return cut(folder, raster, progress)


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
