"""A strip: a raster that was cut into tiles, and where its tiles are."""

import re
from dataclasses import dataclass

from numpy.typing import ArrayLike

from mirs_core.datasets.strips.frame import Frame, Warp
from mirs_core.datasets.strips.outline import Ring
from mirs_core.datasets.strips.source_raster import SourceRaster
from mirs_core.mars.crs import Degrees, MarsCrs

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}")
_PLACE = re.compile(r"_X([0-9]{1,8})_Y([0-9]{1,8})\.(?:png|jpg|window)")

VIRTUAL_SUFFIX = ".window"
"""What the ids of virtual tiles end with, which are windows of a raster and no files."""


@dataclass(frozen=True, slots=True)
class Strip:
    """A raster that was cut into tiles, and how.

    Attributes:
        name: letters, digits, dots, hyphens, underscores; its folder and tiles are named after it.
        file: name of the raster file.
        content: fingerprint of the raster file.
        crs: its coordinate system as WKT.
        transform: (a, b, c, d, e, f): x = a column + b row + c, y = d column + e row + f, of the
            upper left corner of a pixel.
        width: of the raster, pixels.
        height: of the raster, pixels.
        side: of a tile, pixels.
        stride: from one tile to the next, pixels.
        max_nodata: largest share of missing pixels in a tile.
        min_contrast: smallest standard deviation of grey levels in a tile.
        nodata: which values counted as missing, in words.
        stretch: values that became grey 0 and 255; None for 8-bit values, which were kept.
        outline: ring around the valid pixels.
        metres_per_pixel: in the map projection.
        tiles: number of tiles.
        without_data: number of tiles left out because too many pixels are missing.
        flat: number of tiles left out for lack of contrast.
        source: URL of the source product.
        licence: of the images.
        credit: whom to credit.
        latitude: what latitudes on the ellipsoid were taken as, "planetographic" or
            "planetocentric"; None on a sphere, and in strips of versions up to 0.3.
        warp: how the raster was warped before it was cut; None if it was not.
        is_mended: whether an earlier version recorded another coordinate system, and so wrong
            coordinates of its tiles.
        raster: what its tiles are read from, if they are virtual; None if they are image files.
    """

    name: str
    file: str
    content: str
    crs: str
    transform: tuple[float, ...]
    width: int
    height: int
    side: int
    stride: int
    max_nodata: float
    min_contrast: float
    nodata: str
    stretch: tuple[float, float] | None
    outline: Ring
    metres_per_pixel: float
    tiles: int = 0
    without_data: int = 0
    flat: int = 0
    source: str | None = None
    licence: str | None = None
    credit: str | None = None
    latitude: str | None = None
    warp: Warp | None = None
    is_mended: bool = False
    raster: SourceRaster | None = None

    @property
    def is_virtual(self) -> bool:
        """Whether its tiles are windows of its raster, and no image files."""
        return self.raster is not None

    @property
    def frame(self) -> Frame:
        """Where the pixels are that were cut.

        Raises:
            DataError: its coordinate system is not one of Mars.
        """
        crs = MarsCrs.of(self.crs, self.file, self.latitude)
        return Frame(crs, self.transform, self.width, self.height)

    def places(self, columns: ArrayLike, rows: ArrayLike) -> tuple[Degrees, Degrees]:
        """Longitudes and latitudes of positions in the raster (0, 0 is the upper left corner)."""
        return self.frame.degrees(columns, rows)

    def corner_places(
        self, columns: ArrayLike, rows: ArrayLike, middle: tuple[ArrayLike, ArrayLike]
    ) -> tuple[Degrees, Degrees]:
        """Places of corners; those beyond a pole, a full turn or the projection are moved to it.

        Args:
            middle: column and row inside the map projection, towards which corners are moved.
        """
        frame = self.frame
        return frame.crs.to_clamped_degrees(
            *frame.positions(columns, rows), frame.positions(*middle)
        )

    def edge_places(self, columns: ArrayLike, rows: ArrayLike) -> tuple[Degrees, Degrees]:
        """Places of positions on the edge of the raster, as :meth:`corner_places`."""
        return self.corner_places(columns, rows, (self.width / 2, self.height / 2))

    def path(self, column: int, row: int) -> str:
        """The path, or the id of a virtual tile, with this upper left pixel."""
        suffix = VIRTUAL_SUFFIX if self.is_virtual else ".png"
        return f"{self.name}/{self.name}_X{column:06d}_Y{row:06d}{suffix}"

    def corner(self, path: str) -> tuple[int, int] | None:
        """Upper left column and row of the tile at ``path``; None if it is not of this strip."""
        start = f"{self.name}/{self.name}"
        match = _PLACE.fullmatch(path.removeprefix(start)) if path.startswith(start) else None
        if match is None or path.endswith(VIRTUAL_SUFFIX) != self.is_virtual:
            return None
        column, row = int(match[1]), int(match[2])
        inside = column + self.side <= self.width and row + self.side <= self.height
        return (column, row) if inside else None


def place_in_raster(path: str) -> tuple[str, int, int]:
    """Strip, row and column of a tile by its path or id, by which rows of a raster are sorted."""
    match = _PLACE.search(path)
    if match is None:
        return path, 0, 0
    return path[: match.start()], int(match[2]), int(match[1])


def is_strip_name(name: str) -> bool:
    """Whether a strip and its folder can have this name."""
    return _NAME.fullmatch(name) is not None
