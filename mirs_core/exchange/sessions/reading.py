"""Reading session files, which may come from anybody: everything is checked, nothing is run."""

import base64
import binascii
import json
import re
from collections.abc import Callable
from typing import Any, TypeVar

from mirs_core.errors import DataError, MirsError
from mirs_core.exchange.sessions.session import (
    FORMAT,
    MAX_IMAGE_BYTES,
    SCHEMA,
    DataSetMark,
    ModelMark,
    SavedCollection,
    SavedImage,
    Session,
)
from mirs_core.files import sha256
from mirs_core.workspace.annotations import control_character
from mirs_core.workspace.collections import (
    MAX_TILES,
    NAME_LENGTH,
    NOTE_LENGTH,
    CollectedTile,
)

T = TypeVar("T")

MAX_BYTES = 64 << 20
"""The most bytes of a session file."""
_LINE, _VALUE = 1_000, 100_000
_MOST = {
    "models": 32, "search": 64, "tiles": 1_000, "history": 64, "images": 64, "collections": 500,
    "left_out": 64,
}  # fmt: skip
_DIGEST = re.compile(r"[0-9a-f]{6,64}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_PARAMETER = re.compile(r"[a-z_]{1,40}")


def read(data: bytes) -> Session:
    """The session in the bytes of a file.

    Raises:
        DataError: it is no session file, is damaged or too large, or was saved by a newer version.
    """
    if len(data) > MAX_BYTES:
        raise DataError(f"A session file has at most {MAX_BYTES >> 20} MB; this is another file.")
    try:
        value = json.loads(data.decode("utf-8"))
    except (ValueError, RecursionError):
        raise DataError("This is no session file: it is not JSON.") from None
    if not isinstance(value, dict) or value.get("format") != FORMAT:
        raise DataError(
            "This is no session file; save one with “Save session” in the sidebar of the app."
        )
    if value.get("schema") != SCHEMA:
        raise DataError("This session file was saved by a newer version; update MIRS Explorer.")
    try:
        return _session(value)
    except (KeyError, TypeError, ValueError, MirsError) as error:
        about = str(error) if isinstance(error, DataError) else "a value is missing or unusable"
        raise DataError(
            f"This session file is damaged ({about}). Save the session again."
        ) from None


def _session(value: dict[str, Any]) -> Session:
    images = _list(value, "images", _image)
    if sum(len(image.data) for image in images) > MAX_IMAGE_BYTES:
        raise DataError("its images are too large")
    return Session(
        created=_text(value["created"], 64),
        data=None if value["data"] is None else _data_set(value["data"]),
        models=_list(value, "models", _model),
        search=_mapping(value, "search", _PARAMETER, _VALUE),
        tiles=_tiles(value),
        images=images,
        history=_list(value, "history", _entry),
        collections=_list(value, "collections", _collection),
        note=_text(value["note"], NOTE_LENGTH, lines=True),
        left_out=_list(value, "left_out", lambda text: _text(text, _LINE)),
        software=_text(value["software"], 100),
    )


def _list(value: dict[str, Any], name: str, item: Callable[[Any], T]) -> tuple[T, ...]:
    values = value[name]
    if not isinstance(values, list) or len(values) > _MOST[name]:
        raise DataError(f"{name} is no list, or too long")
    return tuple(item(entry) for entry in values)


def _mapping(value: dict[str, Any], name: str, keys: re.Pattern[str], most: int) -> dict[str, str]:
    values = value[name]
    if not isinstance(values, dict) or len(values) > _MOST[name]:
        raise DataError(f"{name} is no object, or too long")
    if not all(keys.fullmatch(key) for key in values):
        raise DataError(f"{name} has an unusable name")
    return {key: _text(text, most, free=True) for key, text in values.items()}


def _tiles(value: dict[str, Any]) -> dict[str, str]:
    tiles = value["tiles"]
    if not isinstance(tiles, dict) or len(tiles) > _MOST["tiles"]:
        raise DataError("tiles is no object, or too long")
    return {_text(tile, _LINE, free=True): _digest(content) for tile, content in tiles.items()}


def _text(value: Any, most: int, *, lines: bool = False, free: bool = False) -> str:
    """A text of at most ``most`` letters; ``free`` ones may hold control characters."""
    if not isinstance(value, str) or len(value) > most:
        raise DataError(f"a text is longer than {most} letters, or is none")
    # A lone surrogate, which JSON can spell, can be neither stored nor shown.
    value.encode("utf-8")
    plain = value.replace("\n", "").replace("\t", "") if lines else value
    if not free and control_character(plain):
        raise DataError("a text holds control characters")
    return value


def _digest(value: Any, pattern: re.Pattern[str] = _SHA256) -> str:
    if not isinstance(value, str) or not pattern.fullmatch(value):
        raise DataError("a digest is none")
    return value


def _data_set(value: Any) -> DataSetMark:
    if not isinstance(value["synthetic"], bool):
        raise DataError("synthetic is neither true nor false")
    return DataSetMark(
        _text(value["name"], _LINE),
        _text(value["title"], _LINE),
        _digest(value["manifest"], _DIGEST),
        value["synthetic"],
    )


def _model(value: Any) -> ModelMark:
    run, name, preset, encoder = (
        _text(value[key], _LINE) for key in ("run", "name", "preset", "encoder")
    )
    return ModelMark(run, name, preset, _digest(value["sha256"]), encoder)


def _entry(value: Any) -> tuple[str, str]:
    name, text = value
    if not isinstance(name, str) or not _PARAMETER.fullmatch(name):
        raise DataError("an earlier query is none")
    return name, _text(text, _VALUE, free=True)


def _image(value: Any) -> SavedImage:
    try:
        data = base64.b64decode(value["base64"], validate=True)
    except (binascii.Error, TypeError):
        raise DataError("an image is damaged") from None
    if sha256(data) != value["sha256"]:
        raise DataError("an image is damaged")
    return SavedImage(_text(value["name"], _LINE), data)


def _collection(value: Any) -> SavedCollection:
    tiles = value["tiles"]
    if not isinstance(tiles, list) or len(tiles) > MAX_TILES:
        raise DataError("a collection is too long")
    name = _text(value["name"], NAME_LENGTH).strip()
    if not name:
        raise DataError("a collection has no name")
    return SavedCollection(
        name,
        _text(value["note"], NOTE_LENGTH, lines=True),
        tuple(
            CollectedTile(
                id=_text(tile["id"], _LINE, free=True),
                sha256=_digest(tile["sha256"]),
                note=_text(tile["note"], NOTE_LENGTH, lines=True),
                origin=_text(tile["origin"], NOTE_LENGTH, free=True),
            )
            for tile in tiles
        ),
    )
