"""Export formats as specs: each file format is one object in one file of a package.

``tile_formats`` lists the formats of search results and of lists of tiles, ``landform_map_formats``
those of a landform map. The app and the command line read both lists.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from mirs_core.exchange.exports.landform_map_table import LandformMapTable
from mirs_core.exchange.exports.tile_export import TileExport
from mirs_core.system.specs import specs_in

Content = TypeVar("Content")


@dataclass(frozen=True, slots=True)
class FileType:
    """A kind of file that can be downloaded.

    Attributes:
        suffix: what its name ends in, with the dot.
        mime: its media type.
        title: short, as on a button.
        help: what it is good for, in one line.
    """

    suffix: str
    mime: str
    title: str
    help: str


@dataclass(frozen=True, slots=True)
class ExportFormat(Generic[Content]):
    """A file format of exports.

    Attributes:
        name: unique within its package.
        order: its place in lists.
        file_type: suffix, media type, title and help.
        write: the bytes of the file.
        needs_comparison: whether it shows results beside their query, so that a mere list of tiles
            cannot be written in this format.
    """

    name: str
    order: int
    file_type: FileType
    write: Callable[[Content], bytes]
    needs_comparison: bool = False


def formats_for_tiles(with_comparison: bool) -> tuple[ExportFormat[TileExport], ...]:
    """The formats in which tiles can be exported, in order.

    Args:
        with_comparison: whether the tiles are search results with their query.
    """
    formats = specs_in("mirs_core.exchange.exports.tile_formats", ExportFormat)
    return tuple(f for f in formats.values() if with_comparison or not f.needs_comparison)


def formats_for_landform_maps() -> tuple[ExportFormat[LandformMapTable], ...]:
    """The formats in which a landform map can be exported, in order."""
    return tuple(specs_in("mirs_core.exchange.exports.landform_map_formats", ExportFormat).values())
