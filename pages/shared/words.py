"""How the app says things: roles, distances, places, tiles."""

import re
from html import escape

from mirs_core.datasets.manifest import OWN_PLACE
from mirs_core.mars import geography
from mirs_core.mars.landforms import describe
from mirs_core.retrieval.search import Hit, Searcher
from pages.shared import state

ROLES = {
    "archive": "Archive",
    "train": "Training",
    "val": "Validation",
    "test": "Test",
}


_MARKDOWN = re.compile(r"([\\`*_{}\[\]()<>#+\-!|$:~])")


def plain(text: str) -> str:
    """A message as it stands: names of files and folders in it are no Markdown."""
    return _MARKDOWN.sub(r"\\\1", text)


def file_name(tile_id: str) -> str:
    """The last part of a tile's id."""
    return tile_id.rsplit("/", 1)[-1]


def class_name(label: str | None) -> str:
    """The landform in words."""
    return describe(label).name if label else "Not labelled"


def short_name(label: str) -> str:
    """The landform in as few letters as tell it apart, for captions under tiles."""
    return class_name(label).removesuffix(" Terrain").replace("Aeolian ", "Aeol. ")


def group_name(group: str) -> str:
    """A group of landforms, without saying that they are landforms."""
    return group.removesuffix(" Landforms").removesuffix(" Feature")


def colour(label: str | None) -> str:
    """The colour of a class in all grids and charts; empty where there is no class."""
    return describe(label).colour if label else ""


def chip(label: str) -> str:
    """A class with its colour, as markup."""
    return (
        f'<span class="mirs-chip" style="--c:{colour(label)}"><i></i>'
        f"{escape(class_name(label))}</span>"
    )


def distance(found: Searcher, hit: Hit) -> str:
    """A distance in as few digits as tell it apart: whole bits, or a score of several examples."""
    if found.unit == "bits":
        return f"{hit.distance:.0f}" if float(hit.distance).is_integer() else f"{hit.distance:.1f}"
    return f"{hit.distance:.2f}"


def long_distance(found: Searcher, hit: Hit) -> str:
    """A distance in a sentence."""
    if found.unit == "bits" and float(hit.distance).is_integer() and hit.distance >= 0:
        return f"Hamming distance {hit.distance:.0f} of {found.summary.bits} bits"
    if found.unit == "bits":
        return f"Score {hit.distance:.1f} bits"
    return f"{found.unit.capitalize()} distance {hit.distance:.3f}"


def place(found: Searcher, tile_id: str) -> str | None:
    """Where on Mars a tile is, as far as that is known; None where nothing is.

    Longitudes are east or west as the session wants them.
    """
    row = found.items.row(tile_id)
    latitude, longitude = found.items.latitudes[row], found.items.longitudes[row]
    if latitude is None:
        return None
    digits = 3 if found.items.places[row] == OWN_PLACE else 1
    north = geography.written_latitude(latitude, digits)
    if longitude is None:
        return north
    # A strip's name gives whole degrees.
    turn = digits if digits > 1 else 0
    return f"{north}, {geography.written_longitude(longitude, turn, as_west=state.west())}"


def place_name(found: Searcher, tile_id: str) -> str:
    """What a place is the place of: synthetic tiles have none, most know their strip's."""
    if found.card.synthetic:
        return "Invented place"
    own = found.items.places[found.items.row(tile_id)] == OWN_PLACE
    return "Tile's centre" if own else "Strip centre"


def duration(seconds: float) -> str:
    """A duration in the unit that people would use."""
    if seconds < 1:
        return "under a second"
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 5400:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"
