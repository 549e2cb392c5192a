"""Import: a Parquet table that may be anything, checked, as the archive of a model that is here."""

import contextlib
import json
import re
import stat
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mirs_core import annotations, retriever, runs
from mirs_core.data.card import CARD_FILE, card_of
from mirs_core.data.tile_table import TileRecord, write_table
from mirs_core.errors import DataError, MirsError, RunError
from mirs_core.files import sha256, slug, write_json
from mirs_core.indexing import archived_config, keep_archived
from mirs_core.interchange.layout import (
    FORMAT,
    KEY,
    PLACES,
    ROWS_IN_GROUP,
    TEXTS,
    VERSION,
    code_type,
    refused,
)
from mirs_core.items import Items
from mirs_core.progress import Progress, silent
from mirs_core.sources import archive_id, scan_cached

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq

_MOST_BYTES = 8 << 30
_MOST_ROWS = 4_000_000
_MOST_CODE_BYTES = 4 << 30
_MOST_ABOUT = 1 << 20
_LONGEST = {"id": 1_000, "label": 200, "strip": 200}
_LONGEST_TEXT = 2_000
_CONTENT = re.compile(r"[0-9a-f]{64}")
_DIGEST = re.compile(r"[0-9a-f]{6,64}")


@dataclass(frozen=True, slots=True)
class _Contents:
    codes: NDArray[Any]
    columns: dict[str, list[Any]]


def take_in(
    home: Path,
    source: Path,
    run_id: str,
    *,
    data: Path | None = None,
    name: str | None = None,
    progress: Progress = silent,
) -> tuple[runs.RunFolder, int]:
    """A new finished run with the tiles of a table and the model of ``run_id``.

    No image is needed. The new run looks for its tiles in ``data``; without it where those of
    ``run_id`` stand if they are the same, else in a folder of the home folder that is not there.

    Returns:
        The run, and how many tiles it has.

    Raises:
        RunError: the table is none, damaged or hostile, or was made by another model.
        DataError: ``data`` holds other images under these names, or is no folder.
    """
    parent = runs.folder(home, run_id)
    trained = retriever.load(parent)
    with _opened(source) as table:
        about = _about(table)
        _check_model(about, parent, trained)
        contents = _read(table, trained, progress)
    items = _items(contents.columns)
    _check_whole(about, items, parent, trained)
    root = _root(home, data, items, parent, trained, about, progress)
    card = card_of(source, about["data"], "data")
    built = retriever.Retriever(trained.model, contents.codes, items, tuple(about["distractors"]))
    made = parent.provenance()
    provenance = {
        "data_name": card.name,
        "data_title": name or card.title,
        "manifest": about["manifest"],
        "synthetic": card.synthetic,
        "distractors": sorted(about["distractors"]),
        "encoder": made.get("encoder"),
        "parent": run_id,
        "origin": made.get("origin") or run_id,
        "imported": True,
    }
    with tempfile.TemporaryDirectory() as beside:
        _write_told(Path(beside), about["data"], contents.columns)
        run = keep_archived(
            home,
            archived_config(parent.config(), root),
            built,
            name=name or f"{card.title} ({run_id})",
            provenance=provenance,
            learnt={**parent.learnt_roles(), **trained.items.learnt_roles()},
            told=Path(beside),
        )
    return run, len(items)


@contextlib.contextmanager
def _opened(source: Path) -> "Iterator[pq.ParquetFile]":
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        about = source.stat()
        if not stat.S_ISREG(about.st_mode) or about.st_size > _MOST_BYTES:
            raise RunError(f"{source} is no file of an archive; give one that was exported.")
        limits: dict[str, Any] = {
            "pre_buffer": False,
            "page_checksum_verification": True,
            "thrift_string_size_limit": 2 * _MOST_ABOUT,
            "thrift_container_size_limit": 1_000_000,
        }
        with pq.ParquetFile(source, **limits) as first:
            texts = [
                f.name for f in first.schema_arrow if f.name in TEXTS and f.type == pa.string()
            ]
        with pq.ParquetFile(source, read_dictionary=texts, **limits) as table:
            yield table
    except FileNotFoundError:
        raise RunError(f"There is no file {source}. Check the path.") from None
    except (pa.ArrowException, OSError, UnicodeError, MemoryError, OverflowError) as error:
        why = " ".join(str(error).split())[:200]
        raise RunError(f"{source} is no Parquet table that can be read ({why}).") from None


def _about(table: "pq.ParquetFile") -> dict[str, Any]:
    """What the table says about itself, every field of the type that it needs."""
    data = (table.schema_arrow.metadata or {}).get(KEY, b"")
    if not data or len(data) > _MOST_ABOUT:
        raise refused("does not say that it is an archive")
    try:
        about = json.loads(data)
        known = about["format"] == FORMAT and about["version"] == VERSION
    except (ValueError, KeyError, TypeError, RecursionError):
        raise refused("does not say that it is an archive") from None
    if not known:
        raise refused("was made by another version")
    texts = ("run", "encoder_fingerprint", "model_sha256", "distance", "archive_id", "manifest")
    if not all(_is_line(about.get(field), _LONGEST_TEXT) for field in texts):
        raise refused("has no usable account of its run")
    if not all(_DIGEST.fullmatch(about[field]) for field in ("archive_id", "manifest")):
        raise refused("has no usable digest")
    if not all(type(about.get(field)) is int for field in ("tiles", "width")):
        raise refused("has no usable size")
    labels, card = about.get("distractors"), about.get("data")
    if not isinstance(labels, list) or not all(_is_line(one, _LONGEST["label"]) for one in labels):
        raise refused("has no usable list of distractors")
    words = ("name", "title", "instrument", "licence", "citation")
    if not isinstance(card, dict) or not all(_is_line(card.get(n), _LONGEST_TEXT) for n in words):
        raise refused("has no usable account of its data set")
    try:
        card_of(Path("the table"), card, "data")
    except DataError:
        raise refused("has no usable account of its data set") from None
    known_fields = {*words, "metres_per_pixel", "synthetic"}
    return {**about, "data": {name: card[name] for name in known_fields if name in card}}


def _is_line(value: Any, most: int) -> bool:
    return isinstance(value, str) and len(value) <= most and _is_plain(value)


def _is_plain(text: str) -> bool:
    return annotations.control_character(text) is None


def _check_model(
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


def _read(table: "pq.ParquetFile", trained: retriever.Retriever, progress: Progress) -> _Contents:
    """The columns, batch by batch, each batch checked before its cells are made."""
    kind, width = trained.codes.dtype, trained.codes.shape[1]
    count = table.metadata.num_rows
    if not 0 < count <= _MOST_ROWS or count * width * kind.itemsize > _MOST_CODE_BYTES:
        raise refused(f"claims {count:,} tiles, which is none or too many")
    _check_columns(table, kind == np.uint8, width)
    codes = np.empty((count, width), kind)
    columns: dict[str, list[Any]] = {name: [] for name in (*TEXTS, *PLACES)}
    row = 0
    for batch in table.iter_batches(ROWS_IN_GROUP, columns=["code", *columns]):
        progress("Reading the table", row, count)
        if row + len(batch) > count:
            raise refused("holds more rows than it says")
        codes[row : row + len(batch)] = _codes_of(batch.column("code"), kind, width)
        for name in columns:
            columns[name] += _cells_of(name, batch.column(name))
        row += len(batch)
    if row != count:
        raise refused("holds fewer rows than it says")
    progress("Reading the table", count, count)
    return _Contents(codes, columns)


def _check_columns(table: "pq.ParquetFile", hashes: bool, width: int) -> None:
    import pyarrow as pa

    found = table.schema_arrow
    if len(set(found.names)) != len(found.names):
        raise refused("has two columns of one name")
    wanted = {"code": code_type(hashes, width)} | {name: pa.float64() for name in PLACES}
    for name in (*wanted, *TEXTS):
        if name not in found.names:
            raise refused(f"has no column {name}")
        kind = found.field(name).type
        is_text = pa.types.is_dictionary(kind) and pa.types.is_string(kind.value_type)
        if not (kind == wanted[name] if name in wanted else is_text or pa.types.is_string(kind)):
            raise refused(f"has a column {name} of type {str(kind)[:80]}")


def _codes_of(column: "pa.Array", kind: np.dtype[Any], width: int) -> NDArray[Any]:
    if column.null_count:
        raise refused("lacks a code")
    if kind == np.uint8:
        data = column.buffers()[1]
        bytes_ = np.frombuffer(data, np.uint8)[column.offset * width :][: len(column) * width]
        return bytes_.reshape(-1, width)
    flat = column.flatten()
    if flat.null_count or len(flat) != len(column) * width:
        raise refused("lacks numbers of a code")
    values: NDArray[Any] = flat.to_numpy(zero_copy_only=False).reshape(-1, width)
    if not np.isfinite(values).all():
        raise refused("holds features that are no numbers")
    return values


def _cells_of(name: str, column: "pa.Array") -> list[Any]:
    import pyarrow as pa
    import pyarrow.compute as pc

    if name in PLACES:
        cells: list[Any] = column.to_pylist()
        is_north = name == "latitude"
        if not all(
            cell is None or (-90 <= cell <= 90 if is_north else 0 <= cell < 360) for cell in cells
        ):
            raise refused(f"has a {name} out of range")
        return cells
    if not TEXTS[name] and column.null_count:
        raise refused(f"lacks a cell of column {name}")
    # A word of a dictionary can be repeated without end: it is measured before it is copied out.
    words = column.dictionary if pa.types.is_dictionary(column.type) else column
    longest = pc.max(pc.binary_length(words)).as_py() or 0
    if longest > 4 * _LONGEST.get(name, _LONGEST_TEXT):
        raise refused(f"has a cell of {longest:,} bytes in column {name}")
    words.validate(full=True)
    texts: list[Any] = column.to_pylist()
    if not all(text is None or _is_plain(text) for text in set(texts)):
        raise refused(f"has a control character in column {name}")
    return texts


def _items(columns: dict[str, list[Any]]) -> Items:
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


def _check_whole(
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


def _root(
    home: Path,
    data: Path | None,
    items: Items,
    parent: runs.RunFolder,
    trained: retriever.Retriever,
    about: dict[str, Any],
    progress: Progress,
) -> Path:
    """The folder in which the new run looks for its tiles."""
    if data is not None:
        manifest = scan_cached(home, data, progress)
        contents = dict(zip(items.ids, items.contents, strict=True))
        other = [t.id for t in manifest.tiles if contents.get(t.id, t.content) != t.content]
        if other:
            raise DataError(
                f"{data} holds another image under the name {other[0]!r} ({len(other)} in all);"
                " name the folder that the tiles are from, or none."
            )
        return manifest.root
    mine = dict(zip(trained.items.ids, trained.items.contents, strict=True))
    if all(mine.get(t) == c for t, c in zip(items.ids, items.contents, strict=True)):
        return Path(parent.config().archive_root)
    name = slug(about["data"]["name"])
    places = (home / "data" / f"{name}{'' if n == 1 else f'-{n}'}" for n in range(1, 1_000))
    return next(place for place in places if not place.exists())


def _write_told(folder: Path, card: dict[str, Any], columns: dict[str, list[Any]]) -> None:
    """What the table knows of licences and sources, as the run keeps it."""
    write_json(folder / CARD_FILE, card)
    rows = zip(*(columns[n] for n in ("id", "licence", "credit", "source")), strict=True)
    usual = {None, card["licence"]}
    records = [
        TileRecord(
            path, licence=None if licence in usual else licence, credit=credit, source=source
        )
        for path, licence, credit, source in rows
        if licence not in usual or credit or source
    ]
    if records:
        write_table(folder, records)
