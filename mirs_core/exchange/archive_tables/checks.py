"""What a table says, held against itself and against the model that it is taken in for."""

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mirs_core.datasets.card import card_of
from mirs_core.datasets.items import Items
from mirs_core.datasets.scanning import archive_id
from mirs_core.errors import DataError, MirsError, RunError
from mirs_core.exchange.archive_tables.layout import (
    FORMAT,
    KEY,
    LONGEST,
    LONGEST_TEXT,
    MOST_ABOUT,
    VERSION,
    refused,
)
from mirs_core.files import sha256
from mirs_core.retrieval import retriever
from mirs_core.workspace import annotations, runs

if TYPE_CHECKING:
    import pyarrow.parquet as pq

_CONTENT = re.compile(r"[0-9a-f]{64}")
# What a run says of itself has no longer texts (transfer.checks).
_LONGEST_TITLE = 500
_DIGEST = re.compile(r"[0-9a-f]{6,64}")


def read_about(table: "pq.ParquetFile") -> dict[str, Any]:
    """What the table says about itself, every field of the type that it needs."""
    data = (table.schema_arrow.metadata or {}).get(KEY, b"")
    if not data or len(data) > MOST_ABOUT:
        raise refused("does not say that it is an archive")
    try:
        about = json.loads(data)
        known = about["format"] == FORMAT and about["version"] == VERSION
    except (ValueError, KeyError, TypeError, RecursionError):
        raise refused("does not say that it is an archive") from None
    if not known:
        raise refused("was made by another version")
    texts = ("run", "encoder_fingerprint", "model_sha256", "distance", "archive_id", "manifest")
    if not all(_is_line(about.get(field), LONGEST_TEXT) for field in texts):
        raise refused("has no usable account of its run")
    if not all(_DIGEST.fullmatch(about[field]) for field in ("archive_id", "manifest")):
        raise refused("has no usable digest")
    if not all(type(about.get(field)) is int for field in ("tiles", "width")):
        raise refused("has no usable size")
    labels, card = about.get("distractors"), about.get("data")
    if not isinstance(labels, list) or not all(_is_line(one, LONGEST["label"]) for one in labels):
        raise refused("has no usable list of distractors")
    words = dict.fromkeys(("instrument", "licence", "citation"), LONGEST_TEXT)
    words |= {"name": _LONGEST_TITLE, "title": _LONGEST_TITLE}
    if not isinstance(card, dict) or not all(_is_line(card.get(n), m) for n, m in words.items()):
        raise refused("has no usable account of its data set")
    try:
        card_of(Path("the table"), card, "data")
    except DataError:
        raise refused("has no usable account of its data set") from None
    known_fields = {*words, "metres_per_pixel", "synthetic"}
    return {**about, "data": {name: card[name] for name in known_fields if name in card}}


def _is_line(value: Any, most: int) -> bool:
    return isinstance(value, str) and len(value) <= most and is_plain(value)


def is_plain(text: str) -> bool:
    """Whether a text is one line without control characters."""
    return annotations.control_character(text) is None


def check_model(
    about: dict[str, Any], parent: runs.RunFolder, trained: retriever.Retriever
) -> None:
    """Refuses codes of another model: their bits would mean something else."""
    config = parent.config()
    mine = {
        "model_sha256": sha256(parent.model.read_bytes()),
        "encoder_fingerprint": parent.provenance().get("encoder"),
        "distance": config.archive.distance,
        "width": int(trained.codes.shape[1]),
        "bits": config.head.bits if config.hashes else None,
    }
    for field, value in mine.items():
        if about.get(field) != value:
            raise RunError(
                f"The table was made by another model than that of run {parent.id} ({field}"
                f" differs), here called {about['run'][:80]!r}. Name a run of that very model,"
                " or bring the model here with: runs import."
            )


def items_of(columns: dict[str, list[Any]]) -> Items:
    """The items of checked cells; refuses what cells say of each other."""
    ids = columns["id"]
    if len(set(ids)) != len(ids):
        raise refused("names a tile twice")
    if not all(_is_path(tile) for tile in ids):
        raise refused("has an id that is no path below a data set's folder")
    if not all(_CONTENT.fullmatch(content) for content in columns["sha256"]):
        raise refused("has a sha256 that is none")
    latitudes, longitudes = columns["latitude"], columns["longitude"]
    for latitude, longitude, place in zip(latitudes, longitudes, columns["place"], strict=True):
        if (latitude is None) != (place == "") or (latitude is None and longitude is not None):
            raise refused("has a place without coordinates, or coordinates of nothing")
    names = {
        "ids": "id", "labels": "label", "roles": "role", "strips": "strip", "contents": "sha256",
        "latitudes": "latitude", "longitudes": "longitude", "places": "place",
    }  # fmt: skip
    try:
        return Items.from_json({name: columns[column] for name, column in names.items()})
    except MirsError:
        raise refused("has an unknown role or kind of place") from None


def _is_path(tile: str) -> bool:
    parts = tile.split("/")
    return (
        bool(tile) and not {"", ".", ".."} & set(parts) and "\\" not in tile and ":" not in parts[0]
    )


def check_whole(
    about: dict[str, Any], items: Items, parent: runs.RunFolder, trained: retriever.Retriever
) -> None:
    """Refuses a table that disagrees with itself, or hides what the model has learnt from."""
    if about["tiles"] != len(items) or about["archive_id"] != archive_id(items):
        raise refused("does not hold the tiles that it says; it was changed or damaged on its way")
    learnt = {**parent.learnt_roles(), **trained.items.learnt_roles()}
    known = set(zip(items.contents, items.roles, strict=True))
    for content in set(items.contents) & set(learnt):
        if (content, learnt[content]) not in known:
            raise refused("calls a tile new that the model has learnt from")
