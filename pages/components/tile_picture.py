"""The picture of a tile, with the mark on it that its file is no longer what was archived."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TilePicture:
    """A picture to show for a tile.

    Attributes:
        uri: data URI of the tile's file as it is now, or of a drawn placeholder.
        mark: a word to write on the picture; empty on placeholders, which have it drawn on them.
        about: what is wrong with the file, without full stop, for hover cards and screen readers;
            empty if nothing is.
    """

    uri: str
    mark: str = ""
    about: str = ""
