"""How a raster is cut into tiles, and the result."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mirs_core.datasets.strips.outline import bounds
from mirs_core.datasets.strips.strip_list import Strip


@dataclass(frozen=True, slots=True)
class CutSettings:
    """How a raster is cut.

    Attributes:
        size: side of a tile in pixels; None to use ``metres``.
        metres: side of a tile on the ground; 224 pixels if ``size`` is None too.
        stride: pixels from one tile to the next; None for the side of a tile.
        max_nodata: largest share of missing pixels in a tile.
        min_contrast: smallest standard deviation of grey levels in a tile. The flattest CTX tiles
            of smooth terrain have 4.3; below 2 there is only noise.
        latitude: "planetographic" or "planetocentric", what the latitudes of a raster on an
            ellipsoid are; None for what its label tells.
        ignore_name: whether a raster may lie elsewhere than its product's name tells.
        virtual: whether tiles stay in the raster, and no image files are written.
    """

    size: int | None = None
    metres: float | None = None
    stride: int | None = None
    max_nodata: float = 0.05
    min_contrast: float = 2.0
    latitude: str | None = None
    ignore_name: bool = False
    virtual: bool = False


@dataclass(frozen=True, slots=True)
class StripDetails:
    """Name of a strip (None for that of the file), source, licence and credit."""

    name: str | None = None
    source: str | None = None
    licence: str | None = None
    credit: str | None = None


@dataclass(frozen=True, slots=True)
class CutResult:
    """The result of cutting; ``resumed`` of the ``strip.tiles`` were there from an earlier call."""

    raster: Path
    root: Path
    strip: Strip
    crs: str
    resumed: int
    seconds: float
    warnings: tuple[str, ...]

    @property
    def tile_metres(self) -> float:
        """Width of a tile in projected metres."""
        return self.strip.side * self.strip.metres_per_pixel

    def to_json(self) -> dict[str, Any]:
        """The object that ``data tile --json`` prints."""
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
            "latitude": self.strip.latitude,
            "virtual": self.strip.is_virtual,
            "warped": None if self.strip.warp is None else self.strip.warp.reason,
            "warnings": list(self.warnings),
            "seconds": self.seconds,
        }
