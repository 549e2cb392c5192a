"""Import: a Parquet table that may be anything, checked, as the archive of a model that is here."""

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
from mirs_core.exchange.archive_tables.cells import read_cells
from mirs_core.exchange.archive_tables.checks import check_model, check_whole, items_of, read_about
from mirs_core.exchange.archive_tables.layout import MOST_ABOUT, TEXTS
from mirs_core.files import slug, write_json
from mirs_core.pipeline.indexing import archived_config, keep_archived
from mirs_core.progress import Progress, silent
from mirs_core.retrieval import retriever
from mirs_core.workspace import runs
from mirs_core.workspace.home import Home

if TYPE_CHECKING:
    import pyarrow.parquet as pq

_MOST_BYTES = 8 << 30


def take_in(
    home: Home,
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
        about = read_about(table)
        check_model(about, parent, trained)
        contents = read_cells(table, trained, progress)
    items = items_of(contents.columns)
    check_whole(about, items, parent, trained)
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
            "thrift_string_size_limit": 2 * MOST_ABOUT,
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


def _root(
    home: Home,
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
    places = (home.data / f"{name}{'' if n == 1 else f'-{n}'}" for n in range(1, 1_000))
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
