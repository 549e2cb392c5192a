"""A strip as a landform map: its tiles where they stand in the raster, in the colours estimated."""

from io import BytesIO

import numpy as np
from PIL import Image, ImageColor

from mirs_core.datasets.images import read_image
from mirs_core.datasets.strips.strip_list import Strip
from mirs_core.errors import MirsError
from mirs_core.landform_map import CLOSE, SURE, LandformMap
from mirs_core.mars.landforms import describe
from mirs_core.retrieval.search import Searcher

SIDE, LEAST, MOST = 1200, 300, 6000
"""Longest side of the picture in pixels; of long strips more, so that the shorter one has 300."""

TINTS = {SURE: 0.55, CLOSE: 0.22}
"""How strong a colour is by the state of an estimate; tiles unlike every labelled one have none."""

_MOST_IMAGES = 1500
_FLAT = 150


def picture(searcher: Searcher, found: LandformMap, strip: Strip, side: int | None = None) -> bytes:
    """The unlabelled tiles of ``strip`` as PNG; what has no tile is transparent.

    Colours lie over the tiles themselves, or over plain grey where more than 1,500 would have to
    be read or a file is gone. Of tiles that overlap, each has its middle.

    Args:
        side: the longest side in pixels; what fits the strip if it is not given.
    """
    longest, shortest = max(strip.width, strip.height), min(strip.width, strip.height)
    scale = (side or min(MOST, max(SIDE, LEAST * longest / shortest))) / longest
    size = max(1, round(strip.width * scale)), max(1, round(strip.height * scale))
    canvas = Image.new("RGBA", size, (0, 0, 0, 0))
    ids = searcher.items.ids
    placed = [(row, corner) for row in found.rows if (corner := strip.corner(ids[row])) is not None]
    edge = max(0, strip.side - strip.stride) / 2
    for row, (column, line) in placed:
        start = [(at + edge) * scale for at in (column, line)]
        ends = [(at + strip.side - edge) * scale for at in (column, line)]
        left, top, right, bottom = (round(at) for at in (*start, *ends))
        cell = max(1, right - left), max(1, bottom - top)
        grey = _grey(searcher, ids[row], cell, edge / strip.side, len(placed) <= _MOST_IMAGES)
        canvas.paste(_tinted(grey, found, int(row)), (left, top))
    out = BytesIO()
    canvas.save(out, format="PNG")
    return out.getvalue()


def _grey(
    searcher: Searcher, tile: str, size: tuple[int, int], edge: float, is_read: bool
) -> Image.Image:
    try:
        pixels = read_image(searcher.image_path(tile)) if is_read else None
    except MirsError:
        pixels = None
    if pixels is None:
        return Image.new("RGB", size, (_FLAT,) * 3)
    image = Image.fromarray(np.ascontiguousarray(pixels)).convert("RGB")
    wide, high = image.size
    box = (wide * edge, high * edge, wide * (1 - edge), high * (1 - edge))
    return image.resize(size, Image.Resampling.BOX, box=box)


def _tinted(grey: Image.Image, found: LandformMap, row: int) -> Image.Image:
    winner, share = int(found.votes.winner[row]), TINTS.get(found.states[row], 0.0)
    if winner < 0 or not share:
        return grey
    colour = ImageColor.getrgb(describe(found.classes[winner]).colour)
    return Image.blend(grey, Image.new("RGB", grey.size, colour), share)
