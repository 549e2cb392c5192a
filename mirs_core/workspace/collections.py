"""Collections: named lists of tiles that somebody chose, with notes, one JSON file each.

They stand in ``collections/<id>.json`` of the home folder, belong to the tiles of one data set, and
outlive runs. A deleted one is kept aside, so that a slip can be undone.
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

NAME_LENGTH, NOTE_LENGTH, MOST_TILES = 120, 4000, 20_000
_SCHEMA = 1
_LINES = str.maketrans("", "", "\n\t")


@dataclass(frozen=True, slots=True)
class Kept:
    """A tile in a collection.

    Attributes:
        id, sha256: which tile of the data set, and the content it had.
        note: what was noted of it.
        found: how it came here, in words; empty where it was chosen by hand.
    """

    id: str
    sha256: str
    note: str = ""
    found: str = ""


@dataclass(frozen=True, slots=True)
class Collection:
    """A list of tiles in the order in which they were added.

    Attributes:
        data: which data set (``lineup.DataSet.key``); ``title`` is its name for people.
        error: why it cannot be read; None of a sound one.
    """

    id: str
    name: str
    data: str
    title: str
    synthetic: bool
    created: str
    changed: str
    note: str = ""
    tiles: tuple[Kept, ...] = field(default=())
    error: str | None = None

    def __contains__(self, tile: str) -> bool:
        return any(kept.id == tile for kept in self.tiles)

    def notes(self) -> dict[str, str]:
        """What was noted, by tile."""
        return {kept.id: kept.note for kept in self.tiles if kept.note}


def create(home: Home, name: str, data: str, title: str, synthetic: bool) -> Collection:
    """A new, empty collection of tiles of one data set.

    Raises:
        DataError: the name is empty, too long, or holds control characters.
    """
    name, now = _line(name), _now()
    made = Collection(
        f"{slug(name)[:40].strip('-') or 'collection'}-{secrets.token_hex(3)}",
        name, data, title, synthetic, now, now,
    )  # fmt: skip
    with _lock(home):
        _write(home, made)
    return made


def read(home: Home, collection_id: str) -> Collection:
    """A collection.

    Raises:
        DataError: there is none of that id, or its file is damaged.
    """
    path = _path(home, collection_id)
    if not path.is_file():
        raise DataError(f"There is no collection {collection_id!r}; it may have been deleted.")
    return _parse(collection_id, read_json(path), path)


def list_all(home: Home, data: str | None = None) -> list[Collection]:
    """All collections, or those of one data set, the last changed first.

    A damaged one is listed with its ``error`` and no tiles.
    """
    found = []
    for path in (home.collections).glob("*.json"):
        if not is_safe_name(path.stem):
            continue
        try:
            found.append(read(home, path.stem))
        except MirsError as error:
            found.append(Collection(path.stem, path.stem, "", "", False, "", "", error=str(error)))
    kept = [one for one in found if data is None or one.data == data or one.error]
    return sorted(kept, key=lambda one: (one.changed, one.id), reverse=True)


def add(home: Home, collection_id: str, tiles: Sequence[Kept]) -> int:
    """Adds tiles at the end; one that is there already stays as it is. How many were new.

    Raises:
        DataError: no such collection, or too many tiles.
    """
    before = len(read(home, collection_id).tiles)

    def work(one: Collection) -> Collection:
        known = {kept.id for kept in one.tiles}
        new: dict[str, Kept] = {}
        for tile in tiles:
            if tile.id not in known:
                new.setdefault(tile.id, tile)
        kept = (*one.tiles, *new.values())
        if len(kept) > MOST_TILES:
            raise DataError(f"A collection holds at most {MOST_TILES:,} tiles; make another one.")
        return replace(one, tiles=kept)

    return len(_change(home, collection_id, work).tiles) - before


def remove(home: Home, collection_id: str, tiles: Sequence[str]) -> Collection:
    """Takes tiles out. Raises DataError where there is no such collection."""
    gone = set(tiles)
    return _change(
        home,
        collection_id,
        lambda one: replace(one, tiles=tuple(kept for kept in one.tiles if kept.id not in gone)),
    )


def annotate(
    home: Home,
    collection_id: str,
    *,
    name: str | None = None,
    note: str | None = None,
    tile_notes: Mapping[str, str] | None = None,
) -> Collection:
    """Replaces what is given: its name, its note, notes of its tiles by id.

    Raises:
        DataError: no such collection; a text is too long or holds control characters.
    """
    notes = {tile: _text(text, "A note", NOTE_LENGTH) for tile, text in (tile_notes or {}).items()}

    def work(one: Collection) -> Collection:
        return replace(
            one,
            name=one.name if name is None else _line(name),
            note=one.note if note is None else _text(note, "The note", NOTE_LENGTH),
            tiles=tuple(replace(kept, note=notes.get(kept.id, kept.note)) for kept in one.tiles),
        )

    return _change(home, collection_id, work)


def delete(home: Home, collection_id: str) -> None:
    """Puts a collection aside; ``restore`` brings it back.

    Raises:
        DataError: there is none of that id.
    """
    path = _path(home, collection_id)
    with _lock(home):
        if not path.is_file():
            raise DataError(f"There is no collection {collection_id!r}; it may have been deleted.")
        aside = _aside(home, collection_id)
        aside.parent.mkdir(parents=True, exist_ok=True)
        path.replace(aside)


def restore(home: Home, collection_id: str) -> Collection:
    """Brings a deleted collection back.

    Raises:
        DataError: none of that id was deleted.
    """
    with _lock(home):
        aside = _aside(home, collection_id)
        if not aside.is_file():
            raise DataError(f"No collection {collection_id!r} was deleted.")
        aside.replace(_path(home, collection_id))
    return read(home, collection_id)


def _change(home: Home, collection_id: str, work: Callable[[Collection], Collection]) -> Collection:
    # Two sessions that write at once must not lose what the other one added.
    with _lock(home):
        changed = replace(work(read(home, collection_id)), changed=_now())
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


def _write(home: Home, one: Collection) -> None:
    value = {name: v for name, v in asdict(one).items() if name not in {"id", "error"}}
    write_json(_path(home, one.id), {"schema": _SCHEMA, **value})


def _parse(collection_id: str, value: Any, path: Path) -> Collection:
    damaged = DataError(f"{path} is damaged. Delete it, or put a copy of it back.")
    if not isinstance(value, dict) or value.get("schema") != _SCHEMA:
        raise damaged
    texts = ("name", "data", "title", "created", "changed", "note")
    tiles = value.get("tiles")
    if not all(isinstance(value.get(name), str) for name in texts) or not isinstance(tiles, list):
        raise damaged
    kept = []
    for tile in tiles:
        fields = ("id", "sha256", "note", "found")
        if not isinstance(tile, dict) or not all(isinstance(tile.get(n), str) for n in fields):
            raise damaged
        kept.append(Kept(**{name: tile[name] for name in fields}))
    return Collection(
        id=collection_id,
        synthetic=value.get("synthetic") is True,
        tiles=tuple(kept),
        **{name: value[name] for name in texts},
    )


def _line(text: str) -> str:
    text = _text(text, "A name", NAME_LENGTH)
    if not text or "\n" in text or "\t" in text:
        raise DataError("A collection needs a name of one line.")
    return text


def _text(text: str, what: str, most: int) -> str:
    text = text.replace("\r\n", "\n").strip()
    if len(text) > most:
        raise DataError(f"{what} has {len(text)} characters; {most} are the most.")
    if found := control_character(text.translate(_LINES)):
        raise DataError(f"{what} holds the control character U+{ord(found):04X}; remove it.")
    return text


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
