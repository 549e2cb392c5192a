"""Collections: saved tiles with notes, to review, export or use as a query."""

from typing import Any

import streamlit as st

from mirs_core.exchange import exports
from mirs_core.files import slug
from mirs_core.retrieval.search import Searcher
from mirs_core.workspace import collections
from mirs_core.workspace.collections import CollectedTile, Collection
from mirs_core.workspace.home import Home
from pages.components.tile_grid.tile_grid import Column, TileEntry, tile_grid
from pages.parts import export_files, notice
from pages.shared import loaders, state, words

_ANOTHER = "The archive has another picture than when it was added"
_CHOSEN, _DELETED = "mirs.kept.chosen", "mirs.kept.deleted"


def draw(searcher: Searcher) -> None:
    """Draws the list of the data set's collections and the selected one."""
    home = Home.current()
    _undo()
    data = str(st.session_state.get(state.DATA) or "")
    by_id = {collection.id: collection for collection in collections.list_all(home, data)}
    if not by_id:
        st.info(
            "No collections yet. Use “Add to collection” below search results or in a tile's"
            " details.",
            icon=":material/bookmarks:",
        )
        return
    if st.session_state.get(_CHOSEN) not in by_id:
        st.session_state[_CHOSEN] = next(iter(by_id))
    st.selectbox(
        "Collection",
        list(by_id),
        format_func=lambda key: f"{by_id[key].name} ({len(by_id[key].tiles)})",
        key=_CHOSEN,
    )
    collection = by_id[st.session_state[_CHOSEN]]
    if collection.error:
        st.error(words.plain(collection.error), icon=":material/error:")
        return
    _collection(searcher, collection)


def _collection(searcher: Searcher, collection: Collection) -> None:
    rows = searcher.items.rows_of([tile.id for tile in collection.tiles]).tolist()
    tiles = [tile for tile, row in zip(collection.tiles, rows, strict=True) if row >= 0]
    ids = [tile.id for tile in tiles]
    if missing := len(collection.tiles) - len(tiles):
        st.caption(f"Not shown: {missing} of its tiles that are no longer in this archive.")
    with st.container(horizontal=True, key="mirs-kept-acts"):
        st.button(
            "Use as positives",
            icon=":material/add:",
            disabled=not tiles,
            on_click=state.use_as_positives,
            args=(ids,),
            help="The first tile becomes the query, up to 32 others positive examples",
        )
        with st.popover("Export", icon=":material/download:", disabled=not tiles):
            _formats(searcher, collection, ids)
        st.button(
            "Delete",
            icon=":material/delete:",
            on_click=_delete,
            args=(collection,),
            type="tertiary",
        )
    left, right = st.columns([3, 2], gap="large")
    with left:
        _tiles(searcher, tiles, collection.notes())
    with right:
        _notes(collection)


def _tiles(searcher: Searcher, tiles: list[CollectedTile], notes: dict[str, str]) -> None:
    if not tiles:
        st.caption("This collection is empty.")
        return
    entries = []
    items = searcher.items.take(searcher.items.rows_of([tile.id for tile in tiles]))
    for tile, label, content in zip(tiles, items.labels, items.contents, strict=True):
        is_another = tile.sha256 != content
        name, file = words.class_name(label), words.file_name(tile.id)
        entries.append(
            TileEntry(
                id=tile.id,
                name=notes.get(tile.id) or name,
                colour=words.colour(label),
                label=f"{name}, {file}. Search with this tile.",
                lines=(
                    name,
                    *([_ANOTHER] if is_another else []),
                    *filter(None, [notes.get(tile.id, ""), tile.origin]),
                    file,
                ),
            )
        )
    images = loaders.thumbnails(searcher, [entry.id for entry in entries])
    tile_grid("mirs.kept", [Column(entries)], images, state.choose_tile, tile="6.6rem")


def _notes(collection: Collection) -> None:
    """The name, the note and the notes of the tiles, saved by one button."""
    with st.form(f"mirs.kept.form.{collection.id}", border=False):
        name = st.text_input("Name", collection.name, max_chars=collections.NAME_LENGTH)
        note = st.text_area("Note", collection.note, max_chars=collections.NOTE_LENGTH)
        table: Any = {
            "Tile": [words.file_name(tile.id) for tile in collection.tiles],
            "Note": [tile.note for tile in collection.tiles],
            "Keep": [True for _ in collection.tiles],
        }
        edited = st.data_editor(
            table, hide_index=True, disabled=["Tile"], num_rows="fixed", width="stretch"
        )
        if st.form_submit_button("Save", type="primary", icon=":material/save:"):
            if notice.run("Collection saved.", lambda: _save(collection, name, note, edited)):
                st.rerun()
            notice.draw()


def _save(collection: Collection, name: str, note: str, edited: Any) -> None:
    home = Home.current()
    pairs = list(zip(collection.tiles, edited["Note"], edited["Keep"], strict=True))
    notes = {tile.id: str(text or "") for tile, text, _ in pairs}
    collections.annotate(home, collection.id, name=name, note=note, tile_notes=notes)
    dropped = [tile.id for tile, _, keep in pairs if not keep]
    if dropped:
        collections.remove(home, collection.id, dropped)


def _formats(searcher: Searcher, collection: Collection, tiles: list[str]) -> None:
    info = exports.CollectionInfo(
        collection.name, collection.note, collection.title, collection.synthetic
    )
    stem = f"mirs-{slug(collection.name)[:60].strip('-') or 'collection'}"
    export_files.of_tiles(searcher, tiles, info, stem, "kept", collection.notes())


def _delete(collection: Collection) -> None:
    if notice.run("", lambda: collections.delete(Home.current(), collection.id)):
        st.session_state[_DELETED] = collection


def _undo() -> None:
    deleted = st.session_state.get(_DELETED)
    if deleted is None:
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(f"{words.plain(deleted.name)} deleted.")
        st.button(
            "Undo", type="tertiary", icon=":material/undo:", on_click=_restore, args=(deleted,)
        )


def _restore(collection: Collection) -> None:
    notice.run("Collection restored.", lambda: collections.restore(Home.current(), collection.id))
    st.session_state.pop(_DELETED, None)
