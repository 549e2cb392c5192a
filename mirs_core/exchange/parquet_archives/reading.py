"""Reading an untrusted Parquet table, checked, as the archive of a model on this machine."""

import contextlib
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mirs_core.datasets.card import CARD_FILE, card_of
from mirs_core.datasets.items import Items
from mirs_core.datasets.scanning import scan_cached
from mirs_core.datasets.tile_table import TileRecord, write_table
from mirs_core.errors import DataError, RunError
from mirs_core.exchange.parquet_archives.cells import read_cells
from mirs_core.exchange.parquet_archives.checks import (
    check_model,
    check_whole,
    items_of,
    read_metadata,
)
from mirs_core.exchange.parquet_archives.layout import MOST_METADATA, TEXTS
from mirs_core.files import slug, write_json
from mirs_core.pipeline.indexing import archived_config, keep_archived
from mirs_core.progress import Progress, silent
from mirs_core.retrieval import retriever
from mirs_core.workspace import runs
from mirs_core.workspace.home import Home

if TYPE_CHECKING:
    import pyarrow.parquet as pq

_MOST_BYTES = 8 << 30


def read_archive(
    home: Home,
    source: Path,
    run_id: str,
    *,
    data: Path | None = None,
    name: str | None = None,
    progress: Progress = silent,
) -> tuple[runs.RunFolder, int]:
    """A new finished run with the tiles of a table and the model of ``run_id``.

    No images are needed. The new run expects its tiles in ``data``; without it, in the folder of
    ``run_id`` if its tiles are the same, else in a folder of the home folder that does not exist.

    Returns:
        The run and its number of tiles.

    Raises:
        RunError: the file is no such table, is damaged or hostile, or was made by another model.
        DataError: ``data`` holds other images under the same names, or is no folder.
    """
    parent = runs.folder(home, run_id)
    trained = retriever.load(parent)
    with _opened(source) as table:
        about = read_metadata(table)
        check_model(about, parent, trained)
        contents = read_cells(table, trained, progress)
    items = items_of(contents.columns)
    check_whole(about, items, parent, trained)
    root = _root(home, data, items, parent, trained, about, progress)
    card = card_of(source, about["data"], "data")
    built = retriever.Retriever(trained.model, contents.codes, items, tuple(about["distractors"]))
    parent_provenance = parent.provenance()
    provenance = {
        "data_name": card.name,
        "data_title": name or card.title,
        "manifest": about["manifest"],
        "synthetic": card.synthetic,
        "distractors": sorted(about["distractors"]),
        "encoder": parent_provenance.get("encoder"),
        "parent": run_id,
        "origin": parent_provenance.get("origin") or run_id,
        "imported": True,
    }
    with tempfile.TemporaryDirectory() as folder:
        _write_metadata(Path(folder), about["data"], contents.columns)
        run = keep_archived(
            home,
            archived_config(parent.config(), root),
            built,
            name=name or f"{card.title} ({run_id})",
            provenance=provenance,
            learnt={**parent.learnt_roles(), **trained.items.learnt_roles()},
            described_in=Path(folder),
        )
    return run, len(items)


@contextlib.contextmanager
def _opened(source: Path) -> "Iterator[pq.ParquetFile]":
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        status = source.stat()
        if not stat.S_ISREG(status.st_mode) or status.st_size > _MOST_BYTES:
            raise RunError(f"{source} is not a Parquet archive; choose a file that was exported.")
        limits: dict[str, Any] = {
            "pre_buffer": False,
            "page_checksum_verification": True,
            "thrift_string_size_limit": 2 * MOST_METADATA,
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
        raise RunError(f"{source} is not a readable Parquet table ({why}).") from None


def _root(
    home: Home,
    data: Path | None,
    items: Items,
    parent: runs.RunFolder,
    trained: retriever.Retriever,
    about: dict[str, Any],
    progress: Progress,
) -> Path:
    """The folder in which the new run expects its tiles."""
    if data is not None:
        manifest = scan_cached(home, data, progress)
        contents = dict(zip(items.ids, items.contents, strict=True))
        differing = [t.id for t in manifest.tiles if contents.get(t.id, t.content) != t.content]
        if differing:
            raise DataError(
                f"{data} holds another image under the name {differing[0]!r} ({len(differing)} in"
                " all); choose the folder that the tiles are from, or none."
            )
        return manifest.root
    parent_contents = dict(zip(trained.items.ids, trained.items.contents, strict=True))
    if all(parent_contents.get(t) == c for t, c in zip(items.ids, items.contents, strict=True)):
        return Path(parent.config().archive_root)
    name = slug(about["data"]["name"])
    places = (home.data / f"{name}{'' if n == 1 else f'-{n}'}" for n in range(1, 1_000))
    return next(place for place in places if not place.exists())


def _write_metadata(folder: Path, card: dict[str, Any], columns: dict[str, list[Any]]) -> None:
    """Writes the card, licences and sources of the table in the form that a run keeps them."""
    write_json(folder / CARD_FILE, card)
    rows = zip(*(columns[n] for n in ("id", "licence", "credit", "source")), strict=True)
    defaults = {None, card["licence"]}
    records = [
        TileRecord(
            path, licence=None if licence in defaults else licence, credit=credit, source=source
        )
        for path, licence, credit, source in rows
        if licence not in defaults or credit or source
    ]
    if records:
        write_table(folder, records)
