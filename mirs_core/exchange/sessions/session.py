"""What a session file holds, and its JSON."""

import base64
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from mirs_core.exchange.exports.export_info import SOFTWARE
from mirs_core.files import sha256
from mirs_core.workspace.collections import CollectedTile

FORMAT, SCHEMA = "mirs-session", 1
SUFFIX = ".mirs-session.json"
MAX_IMAGE_BYTES = 24 << 20
"""The most bytes of the images of one session file, together."""


@dataclass(frozen=True, slots=True)
class DataSetMark:
    """What a data set is recognised by.

    Attributes:
        manifest: digest of its tiles, see ``RunSummary.manifest_digest``.
    """

    name: str
    title: str
    manifest: str
    synthetic: bool = False


@dataclass(frozen=True, slots=True)
class ModelMark:
    """What a model is recognised by.

    Attributes:
        run: the id of its run where the session was saved.
        sha256: of the model's file, which baselines share.
        encoder: fingerprint of the encoder.
    """

    run: str
    name: str
    preset: str
    sha256: str
    encoder: str

    @property
    def identity(self) -> tuple[str, str]:
        """What is equal for equal models, whatever they are called."""
        return self.sha256, self.encoder


@dataclass(frozen=True, slots=True)
class SavedImage:
    """An image of the user: the name of its file, and its bytes."""

    name: str
    data: bytes

    @property
    def sha256(self) -> str:
        """By which the search refers to it."""
        return sha256(self.data)


@dataclass(frozen=True, slots=True)
class SavedCollection:
    """A collection: its name, the note on it, and its tiles."""

    name: str
    note: str
    tiles: tuple[CollectedTile, ...]


@dataclass(frozen=True, slots=True)
class Session:
    """An investigation.

    Attributes:
        data: the data set; None if there was none.
        models: in the order of their columns.
        search: query, examples, filters, regions and so on, as the parameters of a link; the values
            are checked by whoever reads links. It names neither data set nor models.
        tiles: the content (SHA-256) of each tile that the search names.
        images: that the query or an earlier one refers to by their SHA-256.
        history: earlier queries, each as a parameter of a link and its value, the latest last.
        left_out: what was too large to be saved, in words.
    """

    created: str
    data: DataSetMark | None = None
    models: tuple[ModelMark, ...] = ()
    search: Mapping[str, str] = field(default_factory=dict)
    tiles: Mapping[str, str] = field(default_factory=dict)
    images: tuple[SavedImage, ...] = ()
    history: tuple[tuple[str, str], ...] = ()
    collections: tuple[SavedCollection, ...] = ()
    note: str = ""
    left_out: tuple[str, ...] = ()
    software: str = SOFTWARE


def to_bytes(session: Session) -> bytes:
    """The session as the bytes of its file."""
    value: dict[str, Any] = {
        "format": FORMAT,
        "schema": SCHEMA,
        "software": session.software,
        "created": session.created,
        "note": session.note,
        "data": asdict(session.data) if session.data else None,
        "models": [asdict(model) for model in session.models],
        "search": dict(session.search),
        "tiles": dict(session.tiles),
        "history": [list(entry) for entry in session.history],
        "collections": [
            {
                "name": collection.name,
                "note": collection.note,
                "tiles": [asdict(tile) for tile in collection.tiles],
            }
            for collection in session.collections
        ],
        "images": [
            {
                "name": image.name,
                "sha256": image.sha256,
                "base64": base64.b64encode(image.data).decode("ascii"),
            }
            for image in session.images
        ],
        "left_out": list(session.left_out),
    }
    return json.dumps(value, ensure_ascii=False, allow_nan=False, indent=1).encode()
