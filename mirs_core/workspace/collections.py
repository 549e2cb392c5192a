"""Collections: named lists of tiles with notes, one JSON file each.

They are stored in ``collections/<id>.json`` of the home folder, hold tiles of one data set and
outlive runs. Deleted collections are moved aside and can be restored.
"""

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from mirs_core.errors import DataError, MirsError
from mirs_core.files import is_safe_name, read_json, slug, write_json
from mirs_core.system.processes import locked
from mirs_core.workspace.annotations import control_character
from mirs_core.workspace.home import Home

NAME_LENGTH, NOTE_LENGTH, MAX_TILES = 120, 4000, 20_000
_SCHEMA = 1
_LINES = str.maketrans("", "", "\n\t")


@dataclass(frozen=True, slots=True)
class CollectedTile:
    """A tile in a collection.

    Attributes:
        id: of the tile in its data set.
        sha256: of its file.
        note: of the user.
        origin: how it was found, in words; empty if it was chosen by hand.
    """

    id: str
    sha256: str
    note: str = ""
    origin: str = ""


@dataclass(frozen=True, slots=True)
class Collection:
    """A list of tiles in the order in which they were added.

    Attributes:
        data: key of its data set.
        title: of the data set.
        error: why the file cannot be read; None if it can.
    """

    id: str
    name: str
    data: str
    title: str
    synthetic: bool
    created: str
    changed: str
    note: str = ""
    tiles: tuple[CollectedTile, ...] = field(default=())
    error: str | None = None

    def __contains__(self, tile: str) -> bool:
        return any(item.id == tile for item in self.tiles)

    def notes(self) -> dict[str, str]:
        """Notes by tile id."""
        return {item.id: item.note for item in self.tiles if item.note}


def create(home: Home, name: str, data: str, title: str, synthetic: bool) -> Collection:
    """A new, empty collection of tiles of one data set.

    Raises:
        DataError: the name is empty, too long, or holds control characters.
    """
    name, now = _line(name), _now()
    collection = Collection(
        f"{slug(name)[:40].strip('-') or 'collection'}-{secrets.token_hex(3)}",
        name, data, title, synthetic, now, now,
    )  # fmt: skip
    with _lock(home):
        _write(home, collection)
    return collection


def read(home: Home, collection_id: str) -> Collection:
    """A collection.

    Raises:
        DataError: there is no such collection, or its file is damaged.
    """
    path = _path(home, collection_id)
    if not path.is_file():
        raise DataError(f"There is no collection {collection_id!r}; it may have been deleted.")
    return _parse(collection_id, read_json(path), path)


def list_all(home: Home, data: str | None = None) -> list[Collection]:
    """All collections, or those of one data set, most recently changed first.

    Damaged collections are listed with their ``error`` and no tiles.
    """
    collections = []
    for path in home.collections.glob("*.json"):
        if not is_safe_name(path.stem):
            continue
        try:
            collections.append(read(home, path.stem))
        except MirsError as error:
            damaged = Collection(path.stem, path.stem, "", "", False, "", "", error=str(error))
            collections.append(damaged)
    selected = [c for c in collections if data is None or c.data == data or c.error]
    return sorted(selected, key=lambda c: (c.changed, c.id), reverse=True)


def add(home: Home, collection_id: str, tiles: Sequence[CollectedTile]) -> int:
    """Adds tiles at the end and returns the number of new ones; present tiles are unchanged.

    Raises:
        DataError: no such collection, or too many tiles.
    """
    before = len(read(home, collection_id).tiles)

    def with_new(collection: Collection) -> Collection:
        present = {item.id for item in collection.tiles}
        new: dict[str, CollectedTile] = {}
        for tile in tiles:
            if tile.id not in present:
                new.setdefault(tile.id, tile)
        all_tiles = (*collection.tiles, *new.values())
        if len(all_tiles) > MAX_TILES:
            raise DataError(f"A collection holds at most {MAX_TILES:,} tiles; make another one.")
        return replace(collection, tiles=all_tiles)

    return len(_change(home, collection_id, with_new).tiles) - before


def remove(home: Home, collection_id: str, tiles: Sequence[str]) -> Collection:
    """Removes tiles. Raises DataError if there is no such collection."""
    removed = set(tiles)
    return _change(
        home,
        collection_id,
        lambda old: replace(old, tiles=tuple(t for t in old.tiles if t.id not in removed)),
    )


def annotate(
    home: Home,
    collection_id: str,
    *,
    name: str | None = None,
    note: str | None = None,
    tile_notes: Mapping[str, str] | None = None,
) -> Collection:
    """Replaces name, note or notes of tiles (by id); None leaves a field as it is.

    Raises:
        DataError: no such collection; a text is too long or holds control characters.
    """
    notes = {tile: _text(text, "A note", NOTE_LENGTH) for tile, text in (tile_notes or {}).items()}

    def annotated(old: Collection) -> Collection:
        return replace(
            old,
            name=old.name if name is None else _line(name),
            note=old.note if note is None else _text(note, "The note", NOTE_LENGTH),
            tiles=tuple(replace(t, note=notes.get(t.id, t.note)) for t in old.tiles),
        )

    return _change(home, collection_id, annotated)


def delete(home: Home, collection_id: str) -> None:
    """Moves a collection aside; ``restore`` undoes this.

    Raises:
        DataError: there is no such collection.
    """
    path = _path(home, collection_id)
    with _lock(home):
        if not path.is_file():
            raise DataError(f"There is no collection {collection_id!r}; it may have been deleted.")
        aside = _aside(home, collection_id)
        aside.parent.mkdir(parents=True, exist_ok=True)
        path.replace(aside)


def restore(home: Home, collection_id: str) -> Collection:
    """Restores a deleted collection.

    Raises:
        DataError: no collection with this id was deleted.
    """
    with _lock(home):
        aside = _aside(home, collection_id)
        if not aside.is_file():
            raise DataError(f"There is no deleted collection {collection_id!r}.")
        aside.replace(_path(home, collection_id))
    return read(home, collection_id)


def _change(home: Home, collection_id: str, edit: Callable[[Collection], Collection]) -> Collection:
    # The lock keeps two sessions from overwriting each other's changes.
    with _lock(home):
        changed = replace(edit(read(home, collection_id)), changed=_now())
        _write(home, changed)
    return changed


def _lock(home: Home) -> Any:
    return locked(home.collections / "collections.lock")


def _path(home: Home, collection_id: str) -> Path:
    if not is_safe_name(collection_id):
        raise DataError(f"There is no collection {collection_id!r}; it may have been deleted.")
    return home.collections / f"{collection_id}.json"


def _aside(home: Home, collection_id: str) -> Path:
    path = _path(home, collection_id)
    return path.parent / ".deleted" / path.name


def _write(home: Home, collection: Collection) -> None:
    value = {name: v for name, v in asdict(collection).items() if name not in {"id", "error"}}
    value["tiles"] = [
        {"id": tile.id, "sha256": tile.sha256, "note": tile.note, "found": tile.origin}
        for tile in collection.tiles
    ]
    write_json(_path(home, collection.id), {"schema": _SCHEMA, **value})


def _parse(collection_id: str, value: Any, path: Path) -> Collection:
    damaged = DataError(f"{path} is damaged. Delete it, or restore a copy of it.")
    if not isinstance(value, dict) or value.get("schema") != _SCHEMA:
        raise damaged
    texts = ("name", "data", "title", "created", "changed", "note")
    tiles = value.get("tiles")
    if not all(isinstance(value.get(name), str) for name in texts) or not isinstance(tiles, list):
        raise damaged
    items = []
    for tile in tiles:
        fields = ("id", "sha256", "note", "found")
        if not isinstance(tile, dict) or not all(isinstance(tile.get(n), str) for n in fields):
            raise damaged
        items.append(CollectedTile(*(tile[name] for name in fields)))
    return Collection(
        id=collection_id,
        synthetic=value.get("synthetic") is True,
        tiles=tuple(items),
        **{name: value[name] for name in texts},
    )


def _line(text: str) -> str:
    text = _text(text, "A name", NAME_LENGTH)
    if not text or "\n" in text or "\t" in text:
        raise DataError("A collection needs a name on one line.")
    return text


def _text(text: str, what: str, most: int) -> str:
    text = text.replace("\r\n", "\n").strip()
    if len(text) > most:
        raise DataError(f"{what} has {len(text)} characters; at most {most} are allowed.")
    if character := control_character(text.translate(_LINES)):
        raise DataError(f"{what} holds the control character U+{ord(character):04X}; remove it.")
    return text


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="microseconds")
