"""Cuts a map-projected raster into the tiles of a data set, window by window."""

import math
import re
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from mirs_core.datasets.images import MIN_SIDE, Pixels
from mirs_core.datasets.large_images import MOST, png
from mirs_core.datasets.strips.folder import StripFolder
from mirs_core.datasets.strips.grid import Corner, Window, starts, windows
from mirs_core.datasets.strips.outline import bounds, placed, ring
from mirs_core.datasets.strips.raster import MOST_VALUES, Mask, StripRaster, content_of, open_strip
from mirs_core.datasets.strips.strip_list import Strip, is_strip_name, strip_of
from mirs_core.datasets.tile_table import TileRecord
from mirs_core.errors import DataError, ImageError
from mirs_core.mars.crs import RADIUS
from mirs_core.progress import Progress, silent

SIDE = 224
"""Pixels of a tile's side where nothing is asked for: what the encoders see."""
USUAL_METRES = 1_200.0
"""Width of the tiles that models are trained on, DoMars16k's."""
STAGE = "Cutting tiles"
"""The stage that ``cut_strip`` reports, in tiles."""

_UNUSUAL = 2.0
_SQUEEZED = 1.25
_MOST_TILES = 50_000_000
_MOST_WORDS = 2_000
# Of a degree: a tenth of a millimetre on the ground.
_DIGITS = 9


@dataclass(frozen=True, slots=True)
class Cut:
    """How a raster is cut.

    Attributes:
        size: side of a tile in pixels; None: ``metres`` decide.
        metres: side of a tile on the ground; None with ``size`` None: 224 pixels.
        stride: pixels from one tile to the next; None: the side.
        max_nodata: the largest share of missing pixels in a tile that is kept.
        min_contrast: the least standard deviation of grey levels in a tile that is kept. Of real
            smooth terrain in CTX the flattest tile has 4.3; below 2 there is noise and no ground.
    """

    size: int | None = None
    metres: float | None = None
    stride: int | None = None
    max_nodata: float = 0.05
    min_contrast: float = 2.0


@dataclass(frozen=True, slots=True)
class Words:
    """What is said of a strip: its name (None: the file's), source, licence, whom to credit."""

    name: str | None = None
    source: str | None = None
    licence: str | None = None
    credit: str | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was cut. ``resumed`` tiles of ``strip.tiles`` were there from an earlier call."""

    raster: Path
    root: Path
    strip: Strip
    crs: str
    resumed: int
    seconds: float
    warnings: tuple[str, ...]

    @property
    def tile_metres(self) -> float:
        """Width of a tile in metres of the projection."""
        return self.strip.side * self.strip.metres_per_pixel

    def to_json(self) -> dict[str, Any]:
        """What ``data tile --json`` prints."""
        return {
            "raster": str(self.raster),
            "dir": str(self.root),
            "strip": self.strip.name,
            "tiles": self.strip.tiles,
            "resumed": self.resumed,
            "skipped": {"nodata": self.strip.without_data, "flat": self.strip.flat},
            "crs": self.crs,
            "metres_per_pixel": round(self.strip.metres_per_pixel, 6),
            "tile_metres": round(self.tile_metres, 3),
            "size": self.strip.side,
            "stride": self.strip.stride,
            "nodata": self.strip.nodata,
            "bounds": {name: round(v, 6) for name, v in bounds(self.strip.outline).items()},
            "warnings": list(self.warnings),
            "seconds": self.seconds,
        }


def cut_strip(
    path: Path, root: Path, cut: Cut | None = None, words: Words | None = None,
    progress: Progress = silent,
) -> Outcome:  # fmt: skip
    """Cuts the raster in ``path`` into tiles below ``root``, which becomes or stays a data set.

    8-bit pixels stay as they are. Others are stretched to grey from the 0.5 to the 99.5 percentile
    of the whole strip, estimated from afar, so that the tiles of a strip compare. Tiles with too
    much missing or hardly any contrast are left out, and so is what remains at the right and lower
    edge. What ``progress`` raises ends the work; a later call with the same words goes on.

    Raises:
        DataError: a setting is out of range, the raster has no coordinate system of Mars, ``root``
            holds something else, or the strip was cut in another way before.
        ImageError: the raster is damaged; nothing of it stays.
        RunError: ``root`` cannot be written.
    """
    started = time.perf_counter()
    cut, words = cut or Cut(), words or Words()
    is_new, folder = not root.exists(), None
    try:
        with open_strip(path) as raster:
            side, stride = _sizes(raster, cut)
            strip = _planned(path, raster, cut, words, (side, stride))
            folder = StripFolder(root, strip)
            strip, resumed = _cut_into(folder, raster, progress)
            crs, warnings = raster.crs.name, _warnings(strip)
    except ImageError:
        # A damaged raster has no tiles; what another failure has left can be gone on with.
        if folder is not None:
            folder.discard(with_root=is_new)
        raise
    seconds = round(time.perf_counter() - started, 2)
    return Outcome(path, root, strip, crs, resumed, seconds, warnings)


def _sizes(raster: StripRaster, cut: Cut) -> tuple[int, int]:
    """Side and stride in pixels."""
    if cut.size is not None and cut.metres is not None:
        raise DataError("Give the size of a tile in pixels or in metres, not both.")
    if cut.metres is None:
        side = SIDE if cut.size is None else cut.size
    elif 0 < cut.metres < math.inf:
        side = round(min(cut.metres / raster.metres_per_pixel, MOST + 1.0))
    else:
        raise DataError(f"A tile of {cut.metres:g} m is none; give a number above 0.")
    if not MIN_SIDE <= side <= MOST:
        raise DataError(
            f"A tile of {side} pixels ({side * raster.metres_per_pixel:g} m) is none that can be"
            f" used; it has {MIN_SIDE} to {MOST} pixels a side."
        )
    stride = side if cut.stride is None else cut.stride
    if not 1 <= stride <= MOST:
        raise DataError(f"A stride of {stride} pixels is none; give 1 to {MOST}.")
    if not (0 <= cut.max_nodata < 1 and 0 <= cut.min_contrast <= 127):
        raise DataError("The share of missing pixels is 0 to below 1, the contrast 0 to 127.")
    if side > min(raster.width, raster.height):
        raise DataError(
            f"{raster.name} has {raster.width} x {raster.height} pixels, less than one tile of"
            f" {side}; give a smaller --size."
        )
    if _count(raster.width, raster.height, side, stride) > _MOST_TILES:
        raise DataError(f"That would be more than {_MOST_TILES:,} tiles; give a larger --stride.")
    return side, stride


def _count(width: int, height: int, side: int, stride: int) -> int:
    return len(starts(width, side, stride)) * len(starts(height, side, stride))


def _planned(
    path: Path, raster: StripRaster, cut: Cut, words: Words, sizes: tuple[int, int]
) -> Strip:
    """The strip as it will be written down, without its counts."""
    survey = raster.survey()
    strip = Strip(
        name=_name(path, words),
        file=path.name.encode("utf-8", "replace").decode("utf-8"),
        content=content_of(path),
        crs=raster.crs.wkt,
        transform=raster.transform,
        width=raster.width,
        height=raster.height,
        side=sizes[0],
        stride=sizes[1],
        max_nodata=float(cut.max_nodata),
        min_contrast=float(cut.min_contrast),
        nodata=raster.nodata,
        stretch=survey.stretch,
        outline=(),
        metres_per_pixel=raster.metres_per_pixel,
        source=_said("source", words.source),
        licence=_said("licence", words.licence),
        credit=_said("credit", words.credit),
    )
    outline = placed(ring(survey.valid, raster.width, raster.height), strip.places)
    return strip_of(asdict(replace(strip, outline=outline)))


def _name(path: Path, words: Words) -> str:
    if words.name is None:
        name = re.sub(r"[^A-Za-z0-9._-]+", "_", path.stem).strip("._-")[:80]
        return name or "strip"
    if not is_strip_name(words.name):
        raise DataError(
            f"{words.name!r} cannot name a strip: letters, digits, dots, hyphens and underscores,"
            " 80 at most, a letter or digit first."
        )
    return words.name


def _said(what: str, text: str | None) -> str | None:
    found = " ".join((text or "").encode("utf-8", "replace").decode("utf-8").split())
    if len(found) > _MOST_WORDS:
        raise DataError(f"The {what} has more than {_MOST_WORDS} characters; shorten it.")
    return found or None


def _cut_into(folder: StripFolder, raster: StripRaster, progress: Progress) -> tuple[Strip, int]:
    """The strip with its counts, and how many of its tiles were there already."""
    finished = folder.finished
    if finished is not None:
        return finished, finished.tiles
    with folder.opened() as there:
        strip = folder.strip
        count = _count(strip.width, strip.height, strip.side, strip.stride)
        kept: list[Corner] = []
        without_data = flat = resumed = done = 0
        progress(STAGE, 0, count)
        for window in windows(
            strip.width, strip.height, strip.side, strip.stride, MOST_VALUES // raster.bands
        ):
            for corner, tile in _tiles(raster, strip, window, there):
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
                kept.append(corner)
            done += len(window.corners)
            progress(STAGE, done, count)
        if not kept:
            raise ImageError(
                f"No tile of {raster.name} can be kept: {without_data} have too many missing"
                f" pixels, {flat} too little contrast. Change --max-nodata or --min-contrast."
            )
        strip = replace(strip, tiles=len(kept), without_data=without_data, flat=flat)
        folder.finish(strip, _records(strip, kept))
    return strip, resumed


@dataclass(frozen=True, slots=True)
class _Tile:
    """``missing``: share of its pixels; ``contrast``: of those that are there."""

    pixels: Pixels
    missing: float
    contrast: float


def _tiles(
    raster: StripRaster, strip: Strip, window: Window, there: set[str]
) -> Iterator[tuple[Corner, _Tile | None]]:
    """The tiles of a window by their corners; None for those that are there already."""
    names = [Path(strip.path(*corner)).name for corner in window.corners]
    if there.issuperset(names):
        yield from ((corner, None) for corner in window.corners)
        return
    pixels, valid = raster.read(
        window.column, window.row, window.width, window.height, strip.stretch
    )
    for corner, name in zip(window.corners, names, strict=True):
        if name in there:
            yield corner, None
            continue
        columns = slice(corner[0] - window.column, corner[0] - window.column + strip.side)
        yield corner, _tile(pixels[:, columns], valid[:, columns])


def _tile(pixels: Pixels, valid: Mask) -> _Tile:
    grey = pixels if pixels.ndim == 2 else pixels.mean(axis=-1)
    seen = grey[valid]
    return _Tile(pixels, 1 - float(valid.mean()), float(seen.std()) if seen.size else 0.0)


def _records(strip: Strip, corners: list[Corner]) -> list[TileRecord]:
    centres = np.array(corners, np.float64) + strip.side / 2
    longitude, latitude = strip.places(centres[:, 0], centres[:, 1])
    if not (np.isfinite(longitude).all() and np.isfinite(latitude).all()):
        raise ImageError(
            f"Tiles of {strip.file} lie beside Mars: its coordinates and its coordinate system do"
            " not belong together. Take the product as it was published."
        )
    return [
        TileRecord(
            path=strip.path(*corner),
            latitude=round(north, _DIGITS),
            # What is rounded up to 360 is 0.
            longitude=round(east, _DIGITS) % 360,
            strip=strip.name,
            metres_per_pixel=strip.metres_per_pixel,
            source=strip.source,
            licence=strip.licence,
            credit=strip.credit,
        )
        for corner, east, north in zip(corners, longitude.tolist(), latitude.tolist(), strict=True)
    ]


def _warnings(strip: Strip) -> tuple[str, ...]:
    found = []
    metres = strip.side * strip.metres_per_pixel
    if not USUAL_METRES / _UNUSUAL <= metres <= USUAL_METRES * _UNUSUAL:
        found.append(
            f"Tiles are {metres:,.0f} m wide; models are trained on tiles of about 1.2 km and may"
            f" see other landforms here. --metres {USUAL_METRES:g} cuts such tiles."
        )
    across, down = _ground(strip)
    if not 1 / _SQUEEZED <= across / down <= _SQUEEZED:
        found.append(
            f"In the middle of {strip.name} a pixel is {across:.3g} m wide and {down:.3g} m high on"
            " the ground: the map is squeezed so far from where it is true to scale, and tiles look"
            " so too. A polar or local projection does not do that."
        )
    return tuple(found)


def _ground(strip: Strip) -> tuple[float, float]:
    """Width and height in metres on the ground of the pixel in the middle."""
    x, y = strip.width / 2, strip.height / 2
    corners = np.array([(x, y), (x + 1, y), (x, y + 1)])
    east, north = (np.radians(one) for one in strip.places(corners[:, 0], corners[:, 1]))
    points = np.stack([np.cos(north) * np.cos(east), np.cos(north) * np.sin(east), np.sin(north)])
    across, down = (points[:, 1:] - points[:, :1]).T
    return float(np.linalg.norm(across)) * RADIUS, float(np.linalg.norm(down)) * RADIUS
