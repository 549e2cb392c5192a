"""Many queries for one search: tiles of the archive, a collection, or the images of a folder."""

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mirs_core.datasets.csv_rows import rows_of
from mirs_core.datasets.importing.table_format import separator_of
from mirs_core.datasets.items import Items
from mirs_core.datasets.pixel_content import content_of
from mirs_core.datasets.scanning import scan_cached
from mirs_core.datasets.strips.strip import VIRTUAL_SUFFIX
from mirs_core.datasets.strips.virtual import is_virtual
from mirs_core.datasets.tile_source import read_pixels
from mirs_core.datasets.tiles import Tiles
from mirs_core.encoders.engine import Features
from mirs_core.encoders.feature_store import Extraction, stream
from mirs_core.errors import DataError, MirsError
from mirs_core.progress import Progress, silent
from mirs_core.ranking.archive import Rows
from mirs_core.retrieval import retriever
from mirs_core.retrieval.batch import BLOCK, SEARCHING, QueryBlock
from mirs_core.retrieval.search import Searcher
from mirs_core.retrieval.whole_images import place_of, tile_metres, why_no_tile
from mirs_core.system.text_files import lines_of
from mirs_core.workspace import collections
from mirs_core.workspace.collections import Collection
from mirs_core.workspace.home import Home

CHECKING = "Looking at the images"
_NAMED = 3
_NOT_ARCHIVED, _NO_TILE = -1, -2


@dataclass(frozen=True, slots=True, eq=False)
class BatchQueries:
    """Many queries, in blocks that are made when they are iterated over, once.

    Attributes:
        source: what they are, in words, for files and people.
        count: number of queries in all blocks.
        blocks: the blocks, in order; a stop that is requested while they are made ends them.
        notes: what was left out, in sentences.
    """

    source: str
    count: int
    blocks: Iterator[QueryBlock]
    notes: tuple[str, ...] = ()


def of_ids(searcher: Searcher, ids: Sequence[str], source: str = "") -> BatchQueries:
    """Archived tiles as queries, by their stored codes; a repeated id counts once.

    Raises:
        DataError: there are none, or some are not in the archive.
    """
    distinct = list(dict.fromkeys(ids))
    if not distinct:
        raise DataError("There are no queries: the list of tile ids is empty.")
    rows = searcher.items.rows_of(distinct)
    unknown = [distinct[place] for place in np.flatnonzero(rows < 0).tolist()]
    if unknown:
        raise DataError(
            f"{len(unknown):,} of {len(distinct):,} ids are no tiles of run {searcher.summary.id}:"
            f" {_some(unknown)}. Correct the list, or choose the run that has them."
        )
    repeated = len(ids) - len(distinct)
    notes = (f"{repeated:,} repeated ids count once.",) if repeated else ()
    return BatchQueries(
        source or f"{len(distinct):,} tile ids", len(rows), _of_rows(searcher, rows), notes
    )


def read_ids(path: Path) -> list[str]:
    """The tile ids in a text file with one a line, or in the column ``id`` of a CSV table.

    Raises:
        DataError: the file cannot be read, is no text, or is a table without that column.
    """
    try:
        lines = lines_of(path)
    except OSError as error:
        raise DataError(f"{path} cannot be read ({error.strerror or error}).") from None
    lines = [line for line in lines if line.strip()]
    if path.suffix.lower() != ".csv" or not lines:
        return [line.strip() for line in lines]
    rows = rows_of((f"{line}\n" for line in lines), path.name, separator_of(lines[0]))
    names = [cell.strip().casefold() for cell in next(rows).cells]
    if "id" not in names:
        raise DataError(f"{path.name} has no column id; call the column of the tile ids so.")
    column = names.index("id")
    cells = (row.cells[column].strip() for row in rows if len(row.cells) > column)
    return [cell for cell in cells if cell]


def of_rows(searcher: Searcher, rows: Rows, source: str) -> BatchQueries:
    """The archived tiles in ``rows`` as queries."""
    return BatchQueries(source, len(rows), _of_rows(searcher, rows))


def of_collection(searcher: Searcher, name: str) -> BatchQueries:
    """The tiles of a collection as queries, by their ids or else by the content of their files.

    Args:
        name: id of the collection, or its name where no other one has it.

    Raises:
        DataError: there is no such collection, several have that name, or none of its tiles is in
            the archive.
    """
    collection = find_collection(searcher.home, name)
    tiles, items = collection.tiles, searcher.items
    by_id = items.rows_of([tile.id for tile in tiles])
    by_content = items.rows_of_contents([tile.sha256 for tile in tiles])
    rows = np.where(by_id >= 0, by_id, by_content)
    rows = rows[rows >= 0]
    if not len(rows):
        raise DataError(
            f"No tile of the collection {collection.name!r} is in the archive of run"
            f" {searcher.summary.id}; choose a run on {collection.title}."
        )
    missing = len(tiles) - len(rows)
    note = f"{missing:,} of {len(tiles):,} tiles of the collection are not in this archive."
    _, first = np.unique(rows, return_index=True)
    return BatchQueries(
        f"collection {collection.name}",
        len(first),
        _of_rows(searcher, rows[np.sort(first)]),
        (note,) if missing else (),
    )


def find_collection(home: Home, name: str) -> Collection:
    """The collection with this id, or with this name where no other one has it.

    Raises:
        DataError: there is none, or there are several.
    """
    every = [collection for collection in collections.list_all(home) if collection.error is None]
    named = [c for c in every if c.id == name] or [c for c in every if c.name == name]
    if len(named) == 1:
        return named[0]
    if named:
        ids = ", ".join(collection.id for collection in named)
        raise DataError(f"{len(named)} collections are called {name!r}: give one of the ids {ids}.")
    listed = ", ".join(repr(collection.name) for collection in every) or "none yet"
    raise DataError(f"There is no collection {name!r}. Collections: {listed}.")


def of_folder(
    home: Home, searcher: Searcher, root: Path, progress: Progress = silent
) -> BatchQueries:
    """The images of a folder and its sub-folders as queries, encoded as target domain.

    Images that are archived tiles are taken as these, as in a single search. Images that cannot be
    read, and those that are no tiles (strips), are left out with a note. Features are cached, so
    that a search that was stopped, or another one, does not encode again.

    Args:
        progress: reports the scan, and how many queries were handed out while the next ones are
            encoded; if it raises, the blocks end with that error.

    Raises:
        DataError: there is no usable image.
        EncoderError: the run's encoder cannot be loaded.
    """
    manifest = scan_cached(home, root, progress)
    rows, strips = _archived_rows(searcher, manifest.root, manifest.tiles, progress)
    usable = np.flatnonzero(rows != _NO_TILE)
    if not len(usable):
        raise DataError(f"{root} has no image that can be searched with.")
    notes = []
    if strips:
        notes.append(
            f"{len(strips):,} images were left out, because they are no tiles: {_some(strips)}."
        )
    if manifest.unreadable:
        paths = [unreadable.path for unreadable in manifest.unreadable]
        notes.append(f"{len(paths):,} images cannot be read: {_some(paths)}.")
    tiles, rows = manifest.tiles.take(usable), rows[usable]
    fresh = tiles.take(np.flatnonzero(rows == _NOT_ARCHIVED))
    handed_out = 0

    def encoding(stage: str, done: int, total: int) -> None:
        progress(SEARCHING, handed_out, len(tiles))

    def counted(blocks: Iterator[QueryBlock]) -> Iterator[QueryBlock]:
        nonlocal handed_out
        for block in blocks:
            yield block
            handed_out += len(block)

    options = Extraction(encoding, block=BLOCK)
    blocks = (
        stream(manifest.root, fresh, searcher.encoder(), home.feature_cache, options)
        if len(fresh)
        else iter(())
    )
    # The features of a block are overwritten with the next one.
    features = (row.copy() for _, block in blocks for row in block)
    return BatchQueries(
        f"images in {manifest.root}",
        len(tiles),
        counted(_of_tiles(searcher, tiles, rows, features)),
        tuple(notes),
    )


def _archived_rows(
    searcher: Searcher, root: Path, tiles: Tiles, progress: Progress
) -> tuple[Rows, list[str]]:
    """The row (n,) of each image that is an archived tile, and the paths of those that are none.

    ``_NOT_ARCHIVED`` for others, ``_NO_TILE`` for those that are no tiles at all.
    """
    items, across = searcher.items, tile_metres(searcher)
    rows = _first_rows(items, tiles.contents.tolist())
    has_windows = bool(items.ids.containing(VIRTUAL_SUFFIX).any())
    strips = []
    for place in np.flatnonzero(rows == _NOT_ARCHIVED).tolist():
        if place % BLOCK == 0:
            progress(CHECKING, place, len(tiles))
        path = tiles.ids[place]
        if not is_virtual(path) and _is_strip(searcher, root / path, across):
            rows[place] = _NO_TILE
            strips.append(path)
        elif has_windows:
            with contextlib.suppress(MirsError):
                rows[place] = _first_rows(items, [content_of(read_pixels(root, path))])[0]
    progress(CHECKING, len(tiles), len(tiles))
    return rows, strips


def _is_strip(searcher: Searcher, path: Path, across: float) -> bool:
    place = place_of(path, path.name)
    return why_no_tile(searcher, path, path.name, place, across) is not None


def _first_rows(items: Items, contents: list[str]) -> Rows:
    """The first row (n,) with each of ``contents``, as a single search takes; else -1."""
    rows = items.rows_with_contents(contents)
    first: dict[str, int] = {}
    for row, content in zip(rows.tolist(), items.contents.take(rows), strict=True):
        first.setdefault(content, row)
    return np.array([first.get(content, _NOT_ARCHIVED) for content in contents], dtype=np.int64)


def _of_rows(searcher: Searcher, rows: Rows) -> Iterator[QueryBlock]:
    items, codes = searcher.items, searcher.retriever.codes
    for start in range(0, len(rows), BLOCK):
        step = rows[start : start + BLOCK]
        contents = items.contents.take(step).tolist()
        yield QueryBlock(items.ids.take(step).tolist(), codes[step], contents, step)


def _of_tiles(
    searcher: Searcher, tiles: Tiles, rows: Rows, features: Iterator[Features]
) -> Iterator[QueryBlock]:
    """Blocks of images; ``features`` are those of the images that are not archived, in order."""
    stored, model = searcher.retriever.codes, searcher.retriever.model
    for start in range(0, len(tiles), BLOCK):
        step = rows[start : start + BLOCK]
        codes = np.empty((len(step), stored.shape[1]), dtype=stored.dtype)
        archived = np.flatnonzero(step >= 0)
        codes[archived] = stored[step[archived]]
        fresh = np.flatnonzero(step < 0)
        if len(fresh):
            encoded = np.stack([next(features) for _ in fresh])
            codes[fresh] = retriever.encode(model, encoded, "target")
        block = slice(start, start + len(step))
        contents = tiles.contents.take(np.arange(start, start + len(step))).tolist()
        for place in archived.tolist():
            contents[place] = searcher.items.contents[int(step[place])]
        names = [tile.path for tile in tiles[block]]
        yield QueryBlock(names, codes, contents, step)


def _some(names: Sequence[str]) -> str:
    """The first few names, and how many more there are."""
    more = f" and {len(names) - _NAMED:,} more" if len(names) > _NAMED else ""
    return f"{', '.join(names[:_NAMED])}{more}"
