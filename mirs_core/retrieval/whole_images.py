"""Whole images as queries: where they lie, how wide they are, and whether they are tiles at all."""

import contextlib
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from mirs_core.datasets.bundles import is_bundle, names_in, unpack
from mirs_core.datasets.images import MAX_BYTES, read_bytes, size_of
from mirs_core.datasets.large_images import LargeImage, Square, png
from mirs_core.datasets.raster_formats import driver_of
from mirs_core.datasets.rasters import opened
from mirs_core.datasets.strips.cutting import USUAL_METRES
from mirs_core.datasets.strips.frame import Frame
from mirs_core.datasets.strips.opening import placing
from mirs_core.datasets.strips.raster import open_strip
from mirs_core.datasets.strips.strip_list import read_strips
from mirs_core.datasets.strips.virtual import is_virtual
from mirs_core.errors import DataError, ImageError, MirsError
from mirs_core.files import sha256
from mirs_core.retrieval.query import Query
from mirs_core.retrieval.search import Searcher

LONGEST_SIDE = 4000
"""An image without coordinates that is longer, in pixels, is not one tile."""
MOST_ELONGATED = 2.0
"""Of an image more elongated than this, most would be ignored: encoders see its central square."""
_MOST_TILES = 4.0
_USUAL_SIDE = 200
_ALIKE = (0.5, 2.0)


@dataclass(frozen=True, slots=True)
class ImagePlace:
    """Where a georeferenced image lies.

    Attributes:
        latitude: of its centre in degrees north, planetocentric; ``longitude`` in degrees east.
        metres_per_pixel: in its map projection.
        side: of the square that is compared, in metres: the shorter side of the image.
        notes: what was corrected, converted, assumed or warped, in sentences.
    """

    latitude: float
    longitude: float
    metres_per_pixel: float
    side: float
    notes: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """The place as ``search --json`` prints it."""
        return {
            "latitude": round(self.latitude, 6),
            "longitude": round(self.longitude, 6),
            "metres_per_pixel": self.metres_per_pixel,
            "metres_across": round(self.side, 3),
        }


@dataclass(frozen=True, slots=True)
class ImageQuery:
    """An image as a query; ``place`` is None without coordinates, ``notes`` are for people."""

    query: Query
    place: ImagePlace | None
    notes: tuple[str, ...] = ()


def query_by_whole_image(
    searcher: Searcher, source: Path | bytes, name: str = "", whole: bool = False
) -> ImageQuery:
    """The query of an image that shows about one tile.

    Args:
        name: of the image, for messages; the name of the file if empty.
        whole: take the central square of a strip or another image that is no tile.

    Raises:
        DataError: the image is no tile, and ``whole`` is false.
        ImageError: the file is not a usable image.
        EncoderError: the run's encoder cannot be loaded.
    """
    if isinstance(source, Path) and is_virtual(source.name):
        return ImageQuery(searcher.query_by_image(source), None)
    name = name or (source.name if isinstance(source, Path) else "The image")
    place = place_of(source, name)
    if not whole and (reason := why_no_tile(searcher, source, name, place)) is not None:
        raise DataError(
            f"{reason} Search with a window of it, or ask for the whole image, of which the"
            " central square is compared."
        )
    query = searcher.query_by_image(source, name)
    notes = [] if place is None else [*place.notes]
    if place is not None and (warning := scale_warning(searcher, place.side, name)):
        notes.append(warning)
    return ImageQuery(query, place, tuple(notes))


def place_of(source: Path | bytes, name: str) -> ImagePlace | None:
    """Where an image lies on Mars; None for one without (usable) coordinates of Mars."""
    if isinstance(source, Path) and not source.is_file():
        return None
    if driver_of(source) is None:
        return None
    with (
        contextlib.suppress(MirsError, ValueError, OSError),
        tempfile.TemporaryDirectory() as temporary,
    ):
        path = source if isinstance(source, Path) else _written(source, name, Path(temporary))
        with open_strip(path) as strip:
            longitude, latitude = strip.frame.middle
            scale = strip.metres_per_pixel
            side = min(strip.width, strip.height) * scale
            if np.isfinite([longitude, latitude]).all():
                return ImagePlace(latitude, longitude % 360, scale, side, strip.notes)
    return None


def cut_with_place(image: LargeImage, source: Path | bytes, square: Square) -> bytes:
    """A square of an image as a file: a GeoTIFF with its coordinates, or PNG if it has none.

    Args:
        source: the file of ``image``, or its bytes.

    Raises:
        ImageError: the file is missing or damaged.
    """
    square = square.inside(image.width, image.height)
    pixels = image.cut(square)
    frame = _frame_of(source, image.name)
    if frame is None or (frame.width, frame.height) != (image.width, image.height):
        return png(pixels)
    from rasterio import Affine
    from rasterio.io import MemoryFile

    bands = pixels[None] if pixels.ndim == 2 else pixels.transpose(2, 0, 1)
    a, b, _, d, e, _ = frame.transform
    x, y = (float(axis) for axis in frame.positions(square.x, square.y))
    place = Affine(a, b, x, d, e, y)
    with MemoryFile() as memory:
        with memory.open(
            driver="GTiff", width=square.side, height=square.side, count=len(bands),
            dtype="uint8", crs=frame.crs.wkt, transform=place,
        ) as out:  # fmt: skip
            out.write(bands)
        return bytes(memory.read())


def _frame_of(source: Path | bytes, name: str) -> Frame | None:
    """Where the pixels of a file lie, unwarped; None without usable coordinates of Mars."""
    if driver_of(source) is None:
        return None
    with (
        contextlib.suppress(MirsError, ValueError, OSError),
        tempfile.TemporaryDirectory() as temporary,
    ):
        path = source if isinstance(source, Path) else _written(source, name, Path(temporary))
        with opened(path, name) as raster:
            return placing(raster, path, None).frame
    return None


def _written(data: bytes, name: str, folder: Path) -> Path:
    """A file, or a product of several, written into ``folder``; the path of the first."""
    if not is_bundle(data):
        path = folder / (Path(name).name or "image")
        path.write_bytes(data)
        return path
    names = names_in(data)
    for part in names:
        (folder / part).write_bytes(unpack(data, part))
    return folder / names[0]


def why_no_tile(
    searcher: Searcher,
    source: Path | bytes,
    name: str,
    place: ImagePlace | None,
    across: float | None = None,
) -> str | None:
    """Why an image should not be searched with as a whole, in a sentence; None if it may be.

    Archived tiles may be, whatever their shape.

    Args:
        across: what ``tile_metres`` returns, where it is known.

    Raises:
        ImageError: it cannot be read.
    """
    if isinstance(source, Path) and is_virtual(source.name):
        return None
    width, height = _size(source, name)
    shape = f"{name} is {width:,} x {height:,} pixels"
    if place is not None:
        shape += f" ({place.side * max(width, height) / min(width, height) / 1000:,.3g} km long)"
    if max(width, height) > MOST_ELONGATED * min(width, height):
        reason = f"{shape}, not a tile: most of it would be ignored."
    elif place is not None:
        usual = tile_metres(searcher) if across is None else across
        if place.side <= _MOST_TILES * usual:
            return None
        reason = f"{shape}, not a tile: those of this archive are about {usual:,.0f} m across."
    elif max(width, height) > LONGEST_SIDE:
        reason = f"{shape}, not a tile: what is small in it would be lost."
    else:
        return None
    return None if _is_archived(searcher, source) else reason


def tile_metres(searcher: Searcher) -> float:
    """About how wide the archive's tiles are, in metres: of strips, of its card, or 1.2 km."""
    widths = [strip.side * strip.metres_per_pixel for strip in read_strips(searcher.root)]
    if widths:
        return float(np.median(widths))
    scale = searcher.card.metres_per_pixel
    return USUAL_METRES if scale is None else scale * _side_of_tiles(searcher)


def scale_warning(
    searcher: Searcher, side: float, name: str, across: float | None = None
) -> str | None:
    """A warning that an image is much wider or narrower, in metres, than the archive's tiles.

    Args:
        side: of the square that is compared, in metres.
        across: what ``tile_metres`` returns, where it is known.
    """
    usual = tile_metres(searcher) if across is None else across
    if _ALIKE[0] <= side / usual <= _ALIKE[1]:
        return None
    about = float(f"{usual:.2g}")
    return (
        f"{name} is {side:,.0f} m across, the archive's tiles are about {about:,.0f} m: a model"
        " cannot tell small landforms from large ones, so results may only look alike."
    )


def _side_of_tiles(searcher: Searcher) -> float:
    """The side in pixels of the first tile that can be read."""
    for tile in searcher.items.ids[:1]:
        with contextlib.suppress(MirsError):
            return float(min(searcher.files.pixels(tile).shape[:2]))
    return _USUAL_SIDE


def _size(source: Path | bytes, name: str) -> tuple[int, int]:
    if isinstance(source, Path) and source.is_file() and driver_of(source) is not None:
        with opened(source, name) as raster:
            return int(raster.width), int(raster.height)
    return size_of(source if isinstance(source, bytes) else read_bytes(source, name), name)


def _is_archived(searcher: Searcher, source: Path | bytes) -> bool:
    if isinstance(source, Path):
        try:
            source = read_bytes(source)
        except ImageError:
            return False
    return len(source) <= MAX_BYTES and bool(
        len(searcher.items.rows_with_contents([sha256(source)]))
    )
