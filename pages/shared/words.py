"""The app's wording for splits, distances, locations, tiles and durations."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import numpy as np

from mirs_core.datasets.manifest import OWN_PLACE
from mirs_core.mars import geography
from mirs_core.mars.landforms import describe
from mirs_core.retrieval.search import Searcher
from mirs_core.system.visible_text import visible
from pages.shared import state

SPLITS = {
    "archive": "Archive",
    "train": "Training",
    "val": "Validation",
    "test": "Test",
}


_MARKDOWN = re.compile(r"([\\`*_{}\[\]()<>#+\-!|$:~])")


def plain(text: str) -> str:
    """A message with Markdown escaped, since it may hold names of files and folders."""
    return _MARKDOWN.sub(r"\\\1", text)


def file_name(tile_id: str) -> str:
    """The last part of a tile's id."""
    return visible(tile_id.rsplit("/", 1)[-1])


def class_name(label: str | None) -> str:
    """The name of a landform class."""
    return describe(label).name if label else "Not labelled"


def short_name(label: str) -> str:
    """A shortened name of a landform class, for captions under tiles."""
    return class_name(label).removesuffix(" Terrain").replace("Aeolian ", "Aeol. ")


def group_name(group: str) -> str:
    """The name of a landform group without its generic last word."""
    return group.removesuffix(" Landforms").removesuffix(" Feature")


def colour(label: str | None) -> str:
    """The colour of a class in all grids and charts; empty without a class."""
    return describe(label).colour if label else ""


def chip(label: str) -> str:
    """A class with its colour, as HTML."""
    return (
        f'<span class="mirs-chip" style="--c:{colour(label)}"><i></i>'
        f"{escape(class_name(label))}</span>"
    )


@dataclass(frozen=True, slots=True)
class Location:
    """The coordinates of a tile as text, None if they are unknown, and what they refer to."""

    text: str | None
    name: str


def locations(searcher: Searcher, tile_ids: Sequence[str]) -> dict[str, Location]:
    """The coordinates of tiles by id; much faster than asking for one at a time.

    Longitudes are east or west according to the session's setting. Raises DataError for unknown
    tiles.
    """
    items, as_west = searcher.items, state.west()
    rows = items.rows_of(tile_ids)
    for place in np.flatnonzero(rows < 0)[:1]:
        items.row(tile_ids[place])
    columns = (items.latitudes, items.longitudes, items.places)
    values = zip(tile_ids, *(column.values_at(rows) for column in columns), strict=True)
    return {
        tile: Location(
            _coordinates(latitude, longitude, place, as_west), _place_name(searcher, place)
        )
        for tile, latitude, longitude, place in values
    }


def location(searcher: Searcher, tile_id: str) -> Location:
    """The coordinates of a tile, see ``locations``."""
    return locations(searcher, [tile_id])[tile_id]


def _coordinates(
    latitude: float | None, longitude: float | None, place: str, as_west: bool
) -> str | None:
    if latitude is None:
        return None
    digits = 3 if place == OWN_PLACE else 1
    north = geography.written_latitude(latitude, digits)
    if longitude is None:
        return north
    # Strip names give whole degrees.
    decimals = digits if digits > 1 else 0
    return f"{north}, {geography.written_longitude(longitude, decimals, as_west=as_west)}"


def _place_name(searcher: Searcher, place: str) -> str:
    if searcher.card.synthetic:
        return "Synthetic coordinates"
    return "Tile centre" if place == OWN_PLACE else "Strip centre"


def strip_term(searcher: Searcher) -> str:
    """What the source product of a tile is called: HiRISE takes observations, CTX strips."""
    return "Observation" if "hirise" in searcher.card.instrument.lower() else "Strip"


def strip_line(searcher: Searcher, strip: str | None) -> str:
    """The source product of a tile in a hover card."""
    term = strip_term(searcher)
    return f"{term} {strip}" if strip else f"{term} unknown"


def duration(seconds: float) -> str:
    """A duration in a convenient unit."""
    if seconds < 1:
        return "under a second"
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 5400:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"


def sampled(count: int, of: int, what: str = "tiles") -> str:
    """A sentence after another that says what was sampled; empty if nothing was left out."""
    return f" Random sample: {count:,} of {of:,} {what}." if count < of else ""
