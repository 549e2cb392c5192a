"""Checks of a table: its metadata, its consistency, and the model that made its codes."""

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mirs_core.datasets.card import card_of
from mirs_core.datasets.items import Items
from mirs_core.datasets.scanning import archive_id
from mirs_core.errors import DataError, MirsError, RunError
from mirs_core.exchange.parquet_archives.layout import (
    FORMAT,
    KEY,
    LONGEST,
    LONGEST_TEXT,
    MOST_METADATA,
    VERSION,
    refused,
)
from mirs_core.files import sha256
from mirs_core.retrieval import retriever
from mirs_core.workspace import annotations, runs

if TYPE_CHECKING:
    import pyarrow.parquet as pq

_DRIVE = re.compile(r"[A-Za-z]:")
_CONTENT = re.compile(r"[0-9a-f]{64}")
# The limit for texts in the provenance of an exported run (exported_runs.checks).
_LONGEST_TITLE = 500
_DIGEST = re.compile(r"[0-9a-f]{6,64}")


def read_metadata(table: "pq.ParquetFile") -> dict[str, Any]:
    """The metadata of the table, every field checked.

    Raises:
        RunError: the table is no archive, was made by another version, or a field is not usable.
    """
    data = (table.schema_arrow.metadata or {}).get(KEY, b"")
    if not data or len(data) > MOST_METADATA:
        raise refused("is not marked as an archive")
    try:
        about = json.loads(data)
        is_current = about["format"] == FORMAT and about["version"] == VERSION
    except (ValueError, KeyError, TypeError, RecursionError):
        raise refused("is not marked as an archive") from None
    if not is_current:
        raise refused("was made by another version of MIRS Explorer")
    texts = ("run", "encoder_fingerprint", "model_sha256", "distance", "archive_id", "manifest")
    if not all(_is_line(about.get(field), LONGEST_TEXT) for field in texts):
        raise refused("has no usable metadata of its run")
    if not all(_DIGEST.fullmatch(about[field]) for field in ("archive_id", "manifest")):
        raise refused("has no usable digest")
    if not all(type(about.get(field)) is int for field in ("tiles", "width")):
        raise refused("has no usable size")
    labels, card = about.get("distractors"), about.get("data")
    if not isinstance(labels, list) or not all(
        _is_line(label, LONGEST["label"]) for label in labels
    ):
        raise refused("has no usable list of distractors")
    limits = dict.fromkeys(("instrument", "licence", "citation"), LONGEST_TEXT)
    limits |= {"name": _LONGEST_TITLE, "title": _LONGEST_TITLE}
    if not isinstance(card, dict) or not all(_is_line(card.get(n), m) for n, m in limits.items()):
        raise refused("has no usable metadata of its data set")
    try:
        card_of(Path("the table"), card, "data")
    except DataError:
        raise refused("has no usable metadata of its data set") from None
    fields = {*limits, "metres_per_pixel", "synthetic"}
    return {**about, "data": {name: card[name] for name in fields if name in card}}


def _is_line(value: Any, most: int) -> bool:
    return isinstance(value, str) and len(value) <= most and is_plain(value)


def is_plain(text: str) -> bool:
    """Whether a text is one line without control characters."""
    return annotations.control_character(text) is None


def check_model(
    about: dict[str, Any], parent: runs.RunFolder, trained: retriever.Retriever
) -> None:
    """Raises RunError for codes of another model, which are not comparable."""
    config = parent.config()
    expected = {
        "model_sha256": sha256(parent.model.read_bytes()),
        "encoder_fingerprint": parent.provenance().get("encoder"),
        "distance": config.archive.distance,
        "width": int(trained.codes.shape[1]),
        "bits": config.head.bits if config.hashes else None,
    }
    for field, value in expected.items():
        if about.get(field) != value:
            raise RunError(
                f"The codes in the table were made by another model than that of run {parent.id}"
                f" ({field} differs); its run was called {about['run'][:80]!r}. Choose a run with"
                " the same model, or import the exported run first."
            )


def items_of(columns: dict[str, list[Any]]) -> Items:
    """The items of checked cells; raises RunError if the cells contradict each other."""
    ids = columns["id"]
    if len(set(ids)) != len(ids):
        raise refused("lists a tile twice")
    if not all(is_path(tile) for tile in ids):
        raise refused("has an id that is not a path inside a data set")
    if not all(_CONTENT.fullmatch(content) for content in columns["sha256"]):
        raise refused("has an invalid sha256")
    latitudes, longitudes = columns["latitude"], columns["longitude"]
    for latitude, longitude, place in zip(latitudes, longitudes, columns["place"], strict=True):
        if (latitude is None) != (place == "") or (latitude is None and longitude is not None):
            raise refused("has a place without coordinates, or coordinates without a place")
    names = {
        "ids": "id", "labels": "label", "roles": "role", "strips": "strip", "contents": "sha256",
        "latitudes": "latitude", "longitudes": "longitude", "places": "place",
    }  # fmt: skip
    try:
        return Items.from_json({name: columns[column] for name, column in names.items()})
    except MirsError:
        raise refused("has an unknown split or kind of place") from None


def is_path(tile: str) -> bool:
    """Whether an id is a path inside a data set, on every system."""
    parts = tile.split("/")
    return not ({"", ".", ".."} & set(parts) or "\\" in tile or _DRIVE.match(tile))


def check_whole(
    about: dict[str, Any], items: Items, parent: runs.RunFolder, trained: retriever.Retriever
) -> None:
    """Raises RunError if the table contradicts its metadata, or hides training tiles as new."""
    if about["tiles"] != len(items) or about["archive_id"] != archive_id(items):
        raise refused(
            "does not hold the tiles that its metadata states; it was changed or damaged in transit"
        )
    role_by_content = {**parent.learnt_roles(), **trained.items.learnt_roles()}
    listed = set(zip(items.contents, items.roles, strict=True))
    for content in set(items.contents) & set(role_by_content):
        if (content, role_by_content[content]) not in listed:
            raise refused("lists a tile as new that the model was trained on")
