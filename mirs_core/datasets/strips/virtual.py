"""Virtual tiles of a data set: windows of rasters, whose pixels are read when they are needed."""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mirs_core.datasets.images import Pixels
from mirs_core.datasets.strips import readers
from mirs_core.datasets.strips.grid import Corner
from mirs_core.datasets.strips.source_raster import RasterNow, look
from mirs_core.datasets.strips.strip import VIRTUAL_SUFFIX, Strip
from mirs_core.datasets.strips.strip_list import STRIPS_FILE, read_strips
from mirs_core.datasets.strips.tile_records import places_of, records_at, records_of
from mirs_core.datasets.strips.window_table import WINDOWS_FILE, WindowTable
from mirs_core.datasets.tile_state import Stamp, TileState
from mirs_core.datasets.tile_table import TileRecord
from mirs_core.errors import DataError, ImageError
from mirs_core.mars.crs import Degrees

_DATA_SETS, _TABLES = 64, 64
_STEP = 4096
# From here on columns and rows in ids have more than six digits, and do not sort as numbers.
_DIGITS_OF_IDS = 1_000_000

__all__ = [
    "VIRTUAL_SUFFIX",
    "VirtualTile",
    "VirtualTiles",
    "ids_of",
    "is_virtual",
    "tiles_of",
    "virtual_tile",
]


def is_virtual(tile_id: str) -> bool:
    """Whether a tile is a window of a raster, and no file."""
    return tile_id.endswith(VIRTUAL_SUFFIX)


@dataclass(frozen=True, slots=True)
class VirtualTile:
    """A virtual tile of the data set in ``root``: a window of the raster of ``strip``."""

    root: Path
    strip: Strip
    corner: Corner

    def raster(self) -> RasterNow:
        """The raster as it is now."""
        assert self.strip.raster is not None
        return look(self.strip.raster, self.root)

    def recorded_content(self) -> str | None:
        """Its content (hex) when it was cut; None if it is not listed."""
        return windows_of(self.root, self.strip).content(self.corner)

    def pixels(self, most: int | None = None) -> Pixels:
        """Grey levels (side, side), or colour (side, side, 3), as the raster has them now.

        Args:
            most: for a picture of so many pixels a side, which may be smaller than the tile.

        Raises:
            ImageError: the raster is missing or damaged, or does not contain the tile any more.
            DataError: the raster has no coordinate system of Mars any more.
        """
        raster = self.raster()
        if raster.stamp is None:
            raise ImageError(missing(self.strip, raster))
        return readers.read(raster.path, raster.stamp, self.strip, self.corner, most)

    def record(self) -> TileRecord:
        """What is known of it, from its strip."""
        return records_of(self.strip, [self.corner])[0]


def virtual_tile(root: Path, tile_id: str) -> VirtualTile | None:
    """A virtual tile by its id; None if no strip of the data set in ``root`` has it.

    Raises:
        DataError: the list of strips is damaged.
    """
    if not is_virtual(tile_id):
        return None
    strip = _strips_by_name(root).get(tile_id.partition("/")[0])
    corner = None if strip is None else strip.corner(tile_id)
    return None if strip is None or corner is None else VirtualTile(root, strip, corner)


@dataclass(frozen=True, slots=True)
class VirtualTiles:
    """The virtual tiles of a data set, of which some thousand exist as objects at once.

    Attributes:
        strips: those whose rasters are what they were, with what is known of their tiles.
        refused: why rasters or lists cannot be used, by the name of the file.
    """

    strips: list["_Windows"] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)

    def tiles(self) -> Iterator[tuple[str, str, TileRecord]]:
        """Id, content (SHA-256 of the pixels, hex) and record of each tile, sorted by id."""
        for windows in sorted(self.strips, key=lambda windows: f"{windows.strip.name}/"):
            yield from windows.tiles()


@dataclass(frozen=True, slots=True)
class _Windows:
    """The tiles of a strip, and the coordinates (N, 2) of their centres: longitude, latitude."""

    strip: Strip
    table: WindowTable
    places: Degrees

    def tiles(self) -> Iterator[tuple[str, str, TileRecord]]:
        """Id, content and record of each tile, sorted by id."""
        order = self._order()
        for start in range(0, len(order), _STEP):
            rows = order[start : start + _STEP]
            part = WindowTable(
                self.table.columns[rows], self.table.rows[rows], self.table.contents[rows]
            )
            records = records_at(self.strip, part.corners, self.places[rows])
            for content, record in zip(part.hexes(), records, strict=True):
                yield record.path, content, record

    def _order(self) -> NDArray[np.int64]:
        columns, rows = self.table.columns, self.table.rows
        if max(columns.max(initial=0), rows.max(initial=0)) < _DIGITS_OF_IDS:
            return np.lexsort((rows, columns))
        ids = [self.strip.path(*corner) for corner in self.table.corners]
        return np.array(sorted(range(len(ids)), key=ids.__getitem__), dtype=np.int64)


def tiles_of(root: Path, *, with_stale: bool = False) -> VirtualTiles:
    """The virtual tiles of the data set in ``root``; rasters are looked at, but not read.

    Args:
        with_stale: also those whose rasters are missing or have changed.
    """
    tiles = VirtualTiles()
    try:
        strips = list(_strips_by_name(root).values())
    except DataError as error:
        tiles.refused[STRIPS_FILE] = str(error)
        return tiles
    for strip in strips:
        try:
            assert strip.raster is not None
            raster = look(strip.raster, root)
            table = windows_of(root, strip)
            if raster.state is not TileState.CURRENT:
                tiles.refused[strip.name] = missing(strip, raster)
            if raster.state is TileState.CURRENT or with_stale:
                corners = np.stack([table.columns, table.rows], axis=1)
                places = np.stack(places_of(strip, corners), axis=1)
                tiles.strips.append(_Windows(strip, table, places))
        except (DataError, ImageError) as error:
            tiles.refused[strip.name] = str(error)
    return tiles


def ids_of(root: Path) -> list[str]:
    """The ids of the virtual tiles in ``root``, whatever has become of their rasters.

    Those in damaged lists are left out; ``tiles_of`` tells them.
    """
    ids: list[str] = []
    with suppress(DataError):
        for strip in _strips_by_name(root).values():
            with suppress(DataError):
                ids += [strip.path(*corner) for corner in windows_of(root, strip).corners]
    return ids


def virtual_count(root: Path) -> int:
    """Number of virtual tiles in ``root``, by the list of strips alone; 0 if it is damaged."""
    with suppress(DataError):
        return sum(strip.tiles for strip in _strips_by_name(root).values())
    return 0


def described(tile_id: str, roots: Iterable[Path], record: TileRecord | None) -> TileRecord:
    """The record of a tile, with what its strip tells of it if it is virtual.

    Args:
        roots: folders with lists of strips, the first that has the strip of the tile counts.
        record: of a table, which takes precedence; None if there is none.
    """
    for root in roots if is_virtual(tile_id) else ():
        with suppress(DataError, ImageError):
            tile = virtual_tile(root, tile_id)
            if tile is not None:
                return completed(tile.record(), record)
    return record or TileRecord(tile_id)


def completed(own: TileRecord, record: TileRecord | None) -> TileRecord:
    """A tile's own record with the cells that ``record`` has in its place."""
    if record is None:
        return own
    cells = {name: value for name, value in asdict(record).items() if value is not None}
    return replace(own, **cells)


def missing(strip: Strip, raster: RasterNow) -> str:
    """Why the tiles of a strip cannot be read from its raster, in a sentence."""
    what = {
        TileState.MISSING: "is missing: put it back, or cut it again from where it is now",
        TileState.CHANGED: "has changed since it was cut: put the old one back, or cut the new one"
        " under another name",
    }.get(raster.state, "cannot be read")
    return f"The raster {raster.path} of {strip.name} {what}."


def windows_of(root: Path, strip: Strip) -> WindowTable:
    """The virtual tiles of a strip.

    Raises:
        DataError: their list is missing or damaged.
    """
    path = root / strip.name / WINDOWS_FILE
    return _table(path, _file_stamp(path), strip)


@lru_cache(maxsize=_TABLES)
def _table(path: Path, stamp: Stamp | None, strip: Strip) -> WindowTable:
    return WindowTable.read(path, strip)


def _strips_by_name(root: Path) -> dict[str, Strip]:
    """The virtual strips of a data set."""
    return _listed(root, _file_stamp(root / STRIPS_FILE))


@lru_cache(maxsize=_DATA_SETS)
def _listed(root: Path, stamp: Stamp | None) -> dict[str, Strip]:
    return {strip.name: strip for strip in read_strips(root) if strip.is_virtual}


def _file_stamp(path: Path) -> Stamp | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_size, status.st_mtime_ns, status.st_ctime_ns
