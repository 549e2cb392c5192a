"""Moves unpacked files into the layout of a data set: ``train|val|test/<class>/``."""

import re
from pathlib import Path

from mirs_core.errors import DataError

_SPLITS = ("train", "val", "test")
_CLASS = re.compile(r"[A-Za-z0-9][A-Za-z0-9 _-]{0,60}")


def is_image(path: str) -> bool:
    """Whether an archive entry is an image, by its name."""
    return path.lower().endswith((".jpg", ".jpeg", ".png"))


def arrange_splits(unpacked: Path, target: Path) -> int:
    """Moves ``**/train|val|test/<class>/<image>`` below ``target``; returns the number
    of tiles.

    Raises:
        DataError: an image is in another place, or a split is missing.
    """
    split_folders: set[tuple[str, ...]] = set()
    count = 0
    for path in sorted(p for p in unpacked.rglob("*") if p.is_file()):
        parts = path.relative_to(unpacked).parts
        if len(parts) < 3 or parts[-3] not in _SPLITS or not _CLASS.fullmatch(parts[-2]):
            raise DataError(
                f"The archive holds {'/'.join(parts)!r}, which does not fit its layout."
            )
        split_folders.add(parts[:-2])
        move_tile(path, target.joinpath(*parts[-3:]))
        count += 1
    # Exactly one folder with the three splits: two would be merged unnoticed.
    if {parts[-1] for parts in split_folders} != set(_SPLITS) or len(split_folders) != len(_SPLITS):
        raise DataError("The archive does not hold train, val and test once each.")
    return count


def move_tile(path: Path, target: Path) -> None:
    """Moves a tile to ``target``. Raises DataError if that exists."""
    target.parent.mkdir(parents=True, exist_ok=True)
    if target.exists():
        raise DataError(f"The archive holds {target.name!r} twice.")
    path.replace(target)
