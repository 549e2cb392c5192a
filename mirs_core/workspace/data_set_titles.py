"""Titles that users give to data sets, by folder; nothing is written to the folders themselves."""

import contextlib
from pathlib import Path

from mirs_core.errors import DataError, MirsError
from mirs_core.files import read_json, write_json
from mirs_core.system.processes import locked
from mirs_core.workspace.annotations import control_character
from mirs_core.workspace.home import Home

TITLE_LENGTH = 120


def title_of(home: Home, root: Path) -> str | None:
    """The title that somebody gave to the data set in ``root``; None if nobody did."""
    return _titles(home).get(str(root))


def rename(home: Home, root: Path, title: str) -> str:
    """Gives a data set a title, in all lists from now on; returns it.

    Exports keep the title on the card of the data set, under which it can be cited.

    Args:
        root: its resolved folder.
        title: an empty one restores the title on its card.

    Raises:
        DataError: the title is too long or holds control characters.
    """
    title = " ".join(title.split())
    if len(title) > TITLE_LENGTH:
        raise DataError(
            f"A title has at most {TITLE_LENGTH} characters; this one has {len(title):,}."
        )
    if character := control_character(title):
        raise DataError(f"The title holds the character U+{ord(character):04X}; remove it.")
    with locked(home.locks / "data-set-titles"):
        titles = {path: text for path, text in _titles(home).items() if path != str(root)}
        if title:
            titles[str(root)] = title
        write_json(home.data_set_titles, {"titles": titles})
    return title


def _titles(home: Home) -> dict[str, str]:
    with contextlib.suppress(MirsError):
        if home.data_set_titles.is_file():
            value = read_json(home.data_set_titles)
            titles = value.get("titles") if isinstance(value, dict) else None
            if isinstance(titles, dict):
                return {path: text for path, text in titles.items() if isinstance(text, str)}
    return {}
