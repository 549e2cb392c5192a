"""A first look at a folder: some of its images, however many files it has."""

import os
from collections import deque
from dataclasses import dataclass
from pathlib import Path

from mirs_core.datasets.images import SUFFIXES

MOST_LOOKED_AT = 1 << 15
"""The most files that a page looks at while it is drawn; a quarter of a second on a local disk."""


@dataclass(frozen=True, slots=True)
class FirstLook:
    """What a first look finds.

    Attributes:
        paths: of images by their names, relative to the folder, with forward slashes.
        complete: whether there are no further files.
    """

    paths: tuple[str, ...]
    complete: bool


def look_into(root: Path, most: int = MOST_LOOKED_AT) -> FirstLook:
    """Looks at up to ``most`` files and folders below ``root``, all near the top first.

    Hidden ones and links to folders are passed over, and folders that cannot be read.
    """
    paths: list[str] = []
    folders, seen = deque([""]), 0
    while folders:
        above = folders.popleft()
        try:
            with os.scandir(root / above) as entries:
                for entry in entries:
                    seen += 1
                    if seen > most:
                        return FirstLook(tuple(paths), False)
                    if entry.name.startswith("."):
                        continue
                    if entry.is_dir(follow_symlinks=False):
                        folders.append(f"{above}{entry.name}/")
                    elif Path(entry.name).suffix.lower() in SUFFIXES:
                        paths.append(f"{above}{entry.name}")
        except OSError:
            continue
    return FirstLook(tuple(paths), True)
