"""The landform map of an image strip as a picture: its tiles in the colours of the estimate."""

from io import BytesIO

import numpy as np
from PIL import Image, ImageColor

from mirs_core.datasets.strips.strip_list import Strip
from mirs_core.errors import MirsError
from mirs_core.exchange.exports.export_format import FileType
from mirs_core.landform_map import CLOSE, SURE, LandformMap
from mirs_core.mars.landforms import describe
from mirs_core.retrieval.search import Searcher

FILE_TYPE = FileType(
    ".png", "image/png", "Picture (PNG)", "The estimate over the image strip, in raster geometry"
)

SIDE, LEAST, MOST = 1200, 300, 6000
"""Longest side of the picture in pixels; more for long strips, so that the shorter side has 300."""

TINTS = {SURE: 0.55, CLOSE: 0.22}
"""Opacity of the colour by state of the estimate; out-of-reach tiles have none."""

_MOST_IMAGES = 1500
_FLAT_GREY = 150


def picture(
    searcher: Searcher, estimate: LandformMap, strip: Strip, side: int | None = None
) -> bytes:
    """The unlabelled tiles of ``strip`` as PNG; transparent where there is no tile.

    Colours lie over the tile images, or over plain grey where there are more than 1,500 tiles or a
    file is missing. Overlapping tiles show their central part only.

    Args:
        side: longest side in pixels; by default chosen to suit the strip.
    """
    longest, shortest = max(strip.width, strip.height), min(strip.width, strip.height)
    scale = (side or min(MOST, max(SIDE, LEAST * longest / shortest))) / longest
    size = max(1, round(strip.width * scale)), max(1, round(strip.height * scale))
    canvas = Image.new("RGBA", size, (0, 0, 0, 0))
    ids = searcher.items.ids
    corners = [
        (row, corner) for row in estimate.rows if (corner := strip.corner(ids[row])) is not None
    ]
    edge = max(0, strip.side - strip.stride) / 2
    for row, (column, line) in corners:
        start = [(at + edge) * scale for at in (column, line)]
        end = [(at + strip.side - edge) * scale for at in (column, line)]
        left, top, right, bottom = (round(at) for at in (*start, *end))
        cell = max(1, right - left), max(1, bottom - top)
        grey = _grey(searcher, ids[row], cell, edge / strip.side, len(corners) <= _MOST_IMAGES)
        canvas.paste(_tinted(grey, estimate, int(row)), (left, top))
    out = BytesIO()
    canvas.save(out, format="PNG")
    return out.getvalue()


def _grey(
    searcher: Searcher, tile: str, size: tuple[int, int], edge: float, is_read: bool
) -> Image.Image:
    try:
        pixels = searcher.files.pixels(tile) if is_read else None
    except MirsError:
        pixels = None
    if pixels is None:
        return Image.new("RGB", size, (_FLAT_GREY,) * 3)
    image = Image.fromarray(np.ascontiguousarray(pixels)).convert("RGB")
    wide, high = image.size
    box = (wide * edge, high * edge, wide * (1 - edge), high * (1 - edge))
    return image.resize(size, Image.Resampling.BOX, box=box)


def _tinted(grey: Image.Image, estimate: LandformMap, row: int) -> Image.Image:
    winner, opacity = int(estimate.votes.winner[row]), TINTS.get(estimate.states[row], 0.0)
    if winner < 0 or not opacity:
        return grey
    colour = ImageColor.getrgb(describe(estimate.classes[winner]).colour)
    return Image.blend(grey, Image.new("RGB", grey.size, colour), opacity)
