"""Brings unpacked files into the layout of a data set: ``train|val|test/<class>/`` and a card."""

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from mirs_core.datasets.card import CARD_FILE
from mirs_core.datasets.download.catalogue import Source
from mirs_core.datasets.download.landmarks import Landmark
from mirs_core.errors import DataError
from mirs_core.files import write_json

_SPLITS = ("train", "val", "test")
_CLASS = re.compile(r"[A-Za-z0-9][A-Za-z0-9 _-]{0,60}")
MARK = "fetched"
"""What the card of a fetched data set says about where it is from."""


def is_image(path: str) -> bool:
    """Whether an entry of an archive is one of its tiles, by its name."""
    return path.lower().endswith((".jpg", ".jpeg", ".png"))


def arrange_splits(unpacked: Path, target: Path) -> int:
    """Moves ``**/train|val|test/<class>/<image>`` below ``target``; returns how many tiles.

    Raises:
        DataError: an image stands elsewhere, or a split is missing.
    """
    seen: set[tuple[str, ...]] = set()
    count = 0
    for path in sorted(p for p in unpacked.rglob("*") if p.is_file()):
        parts = path.relative_to(unpacked).parts
        if len(parts) < 3 or parts[-3] not in _SPLITS or not _CLASS.fullmatch(parts[-2]):
            raise DataError(f"The archive holds {'/'.join(parts)!r}, which is not of its layout.")
        seen.add(parts[:-2])
        _move(path, target.joinpath(*parts[-3:]))
        count += 1
    # One folder with the three splits in it: two such folders would be mixed up unseen.
    if {parts[-1] for parts in seen} != set(_SPLITS) or len(seen) != len(_SPLITS):
        raise DataError("The archive does not hold train, val and test once each.")
    return count


def arrange_landmarks(unpacked: Path, target: Path, landmarks: Iterable[Landmark]) -> int:
    """Moves each landmark to its split and class below ``target``; returns how many tiles."""
    count = 0
    for landmark in landmarks:
        _move(unpacked / landmark.path, target / landmark.split / landmark.label / landmark.name)
        count += 1
    return count


def write_card(target: Path, source: Source, mark: dict[str, Any]) -> None:
    """Writes dataset.json. ``mark`` says what was fetched; it stands under ``MARK``."""
    card = {
        "name": source.name,
        "title": source.title,
        "instrument": source.instrument,
        "metres_per_pixel": source.metres_per_pixel,
        "distractors": list(source.distractors),
        "licence": source.licence,
        "citation": source.citation,
        MARK: {"source": source.name, "record": source.record, **mark},
    }
    write_json(target / CARD_FILE, card)


def _move(path: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if target.exists():
        raise DataError(f"The archive holds {target.name!r} twice.")
    path.replace(target)
