"""Searching with many queries at once: images, a folder, a collection or a list of tile ids."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import overload

import streamlit as st

from mirs_core.datasets.images import LABELS, SUFFIXES, read_bytes
from mirs_core.errors import DataError, MirsError
from mirs_core.pipeline import batch_queries
from mirs_core.retrieval.search import Searcher
from mirs_core.workspace import collections
from mirs_core.workspace.home import Home
from pages.parts import query_rows
from pages.search import query_table
from pages.shared import access, lineup, loaders, state, words
from pages.shared.query_kinds.tile import Tile
from pages.shared.query_kinds.upload import Upload

_FORMATS = sorted(suffix[1:] for suffix in (*SUFFIXES, *LABELS))
_IMAGES, _FOLDER, _KEPT, _IDS = "Images", "Folder on this computer", "Collection", "Tile ids"
_WIDTH = 760
_HINT = (
    "Each query becomes a row with its nearest tiles: walk through them, click one to look at it"
    " closely, and take all results along as a table."
)


@dataclass(frozen=True, slots=True)
class FolderImages(Sequence[state.QuerySource]):
    """The images of a folder, each read when it is looked at."""

    root: Path
    paths: Sequence[str]

    def __len__(self) -> int:
        return len(self.paths)

    @overload
    def __getitem__(self, place: int) -> state.QuerySource: ...
    @overload
    def __getitem__(self, place: slice) -> "FolderImages": ...
    def __getitem__(self, place: int | slice) -> "state.QuerySource | FolderImages":
        if isinstance(place, slice):
            return FolderImages(self.root, self.paths[place])
        path = self.paths[place]
        try:
            return Upload(path, read_bytes(self.root / path))
        except MirsError:  # gone since the scan: the row says so
            return Upload(path, b"")


def draw(searcher: Searcher, models: Sequence[str]) -> None:
    """Draws the choice of queries and their rows."""
    options = [_IMAGES, *([_FOLDER] if access.is_private() else []), _KEPT, _IDS]
    kind = st.segmented_control(
        "Queries", options, default=_IMAGES, required=True, key="mirs.many.kind"
    )
    try:
        with st.container(width=_WIDTH):
            queries = _READERS[kind](searcher)
    except MirsError as error:
        st.error(words.plain(str(error)), icon=":material/error:")
        return
    if queries is None:
        st.caption(_HINT)
        return
    _rows(searcher, models, queries)


def of_images(searcher: Searcher, models: Sequence[str], images: Sequence[Upload]) -> None:
    """Draws the rows of images that were dropped together."""
    _rows(searcher, models, query_table.Queries(f"{len(images):,} images", images))


def _rows(searcher: Searcher, models: Sequence[str], queries: query_table.Queries) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        model = searcher
        if len(models) > 1:
            run = st.selectbox(
                "Model",
                models,
                format_func=lambda run: lineup.title_of(loaders.searcher(run).summary),
                key="mirs.many.model",
                width=320,
            )
            model = loaders.searcher(run or models[0])
        query_table.draw(model, queries)
    query_rows.draw(model, queries.sources, queries.title)


def _images(searcher: Searcher) -> query_table.Queries | None:
    whole = st.toggle("Choose a whole folder", key="mirs.many.whole")
    files = st.file_uploader(
        "Images of the Martian surface",
        type=_FORMATS,
        accept_multiple_files="directory" if whole else True,
        key=f"mirs.many.files.{whole}",
        help="They are compared with the archive here and are not stored.",
    )
    uploads = [Upload(file.name, file.getvalue()) for file in files]
    return query_table.Queries(f"{len(uploads):,} images", uploads) if uploads else None


def _folder(searcher: Searcher) -> query_table.Queries | None:
    typed = st.text_input(
        "Path of the folder",
        key="mirs.many.folder",
        placeholder="/home/me/tiles",
        help="Its images and those of its sub-folders; they stay where they are.",
    ).strip()
    if not typed:
        return None
    root = Path(typed).expanduser()
    if "\0" in typed or not root.is_dir():
        raise DataError("No such folder on this computer. Check the path.")
    paths = loaders.images_in(root.resolve())
    if not paths:
        raise DataError(f"{root} has no image that can be read.")
    sources = FolderImages(root.resolve(), paths)
    return query_table.Queries(f"images in {root.resolve()}", sources, folder=root.resolve())


def _collection(searcher: Searcher) -> query_table.Queries | None:
    home = Home.current()
    data = str(st.session_state.get(state.DATA) or "")
    listed = {c.id: c for c in collections.list_all(home, data) if c.error is None}
    if not listed:
        st.info(
            "No collections yet. Use “Add to collection” below search results or in a tile's"
            " details.",
            icon=":material/bookmarks:",
        )
        return None
    chosen = st.selectbox(
        "Collection",
        list(listed),
        format_func=lambda key: f"{listed[key].name} ({len(listed[key].tiles)})",
        key="mirs.many.collection",
    )
    queries = batch_queries.of_collection(searcher, str(chosen))
    for note in queries.notes:
        st.caption(words.plain(note))
    tiles = [Tile(name) for block in queries.blocks for name in block.names]
    return query_table.Queries(queries.source, tiles)


def _ids(searcher: Searcher) -> query_table.Queries | None:
    text = st.text_area(
        "Ids of tiles of this archive, one a line",
        key="mirs.many.ids",
        placeholder="test/cra/cra_000.jpg",
        help="As in the column id of every table that the app exports.",
    )
    ids = [line.strip() for line in text.splitlines() if line.strip()]
    if not ids:
        return None
    queries = batch_queries.of_ids(searcher, ids)
    for note in queries.notes:
        st.caption(words.plain(note))
    return query_table.Queries(queries.source, [Tile(tile) for tile in dict.fromkeys(ids)])


_READERS = {_IMAGES: _images, _FOLDER: _folder, _KEPT: _collection, _IDS: _ids}
