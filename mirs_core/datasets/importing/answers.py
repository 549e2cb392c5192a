"""What the caller says of the tiles that are brought in."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mirs_core.datasets.card import card_values
from mirs_core.datasets.importing.table import Matched, match, read_own_table
from mirs_core.datasets.manifest import Manifest
from mirs_core.datasets.tile_table import TileRecord
from mirs_core.datasets.walk import is_labelled
from mirs_core.errors import DataError


@dataclass(frozen=True, slots=True)
class Said:
    """What the caller says of the tiles; None leaves what is known.

    ``table`` is a file that speaks of single tiles, ``from_folders`` makes the name of the first
    folder below the data set's the label of what is in it. ``credit`` and ``source`` are said of
    every tile of which the table says nothing else; the rest is of the whole folder.
    """

    table: Path | None = None
    from_folders: bool = False
    name: str | None = None
    title: str | None = None
    instrument: str | None = None
    metres_per_pixel: float | None = None
    licence: str | None = None
    citation: str | None = None
    credit: str | None = None
    source: str | None = None
    synthetic: bool = False

    def __post_init__(self) -> None:
        for name in ("name", "title", "instrument", "licence", "citation", "credit", "source"):
            if (text := getattr(self, name)) is not None:
                # Words of a command line may be no Unicode, or several lines.
                line = " ".join(text.encode("utf-8", "replace").decode("utf-8").split())
                object.__setattr__(self, name, line or None)

    def card(self) -> dict[str, Any]:
        """What of it belongs on the card of a data set."""
        names = ("name", "title", "instrument", "metres_per_pixel", "licence", "citation")
        said = {name: getattr(self, name) for name in names if getattr(self, name) is not None}
        return {**said, **({"synthetic": True} if self.synthetic else {})}


def told_of(manifest: Manifest, said: Said) -> tuple[Matched, tuple[str, ...]]:
    """What the call says of each tile, and what it leaves open."""
    paths = [tile.path for tile in manifest.tiles]
    matched = Matched({}, ())
    if said.table is not None:
        matched = match(read_own_table(said.table.expanduser()), paths)
    folders = {path: path.split("/")[0] for path in paths if "/" in path}
    if said.from_folders:
        _check_folders(manifest, folders)
    records = {}
    for path in paths:
        record = matched.records.get(path, TileRecord(path))
        record = dataclasses.replace(
            record,
            label=record.label or (folders.get(path) if said.from_folders else None),
            credit=record.credit or said.credit,
            source=record.source or said.source,
        )
        if record != TileRecord(path):
            records[path] = record
    return Matched(records, matched.unmatched), _open_questions(manifest, records, folders)


def _check_folders(manifest: Manifest, folders: Mapping[str, str]) -> None:
    if is_labelled(manifest.root):
        raise DataError(
            f"{manifest.root} has its labels in train/<class>/ already; leave out"
            " --labels-from-folders."
        )
    if not folders:
        raise DataError(f"No image of {manifest.root} is in a folder that could name its class.")


def _open_questions(
    manifest: Manifest, records: Mapping[str, TileRecord], folders: Mapping[str, str]
) -> tuple[str, ...]:
    known = manifest.labelled or any(record.label for record in records.values())
    classes = sorted(set(folders.values()))
    if known or len(classes) < 2 or len(folders) < len(manifest.tiles):
        return ()
    few = ", ".join(classes[:3])
    return (
        f"No tile has a label. If the {len(classes)} folders ({few}, ...) are classes, say so with"
        " --labels-from-folders.",
    )


def card_values_of(manifest: Manifest, said: Said) -> dict[str, Any]:
    """What is said for the card; a data set without one gets its name there."""
    card = said.card()
    return card if "name" in card_values(manifest.root) else {"name": manifest.card.name, **card}
