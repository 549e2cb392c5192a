"""Collections: what was put aside, with notes, to look at again and to take away."""

from typing import Any

import streamlit as st

from mirs_core.exchange import exports
from mirs_core.files import slug
from mirs_core.retrieval.search import Searcher
from mirs_core.workspace import collections as collected
from mirs_core.workspace.collections import CollectedTile, Collection
from mirs_core.workspace.home import Home
from pages.components.tile_grid.tile_grid import Column, TileEntry, tile_grid
from pages.parts import notice, takeaway
from pages.shared import loaders, state, words

_CHOSEN, _DELETED = "mirs.kept.chosen", "mirs.kept.deleted"


def draw(searcher: Searcher) -> None:
    """Draws the collections of the data set, and the chosen one."""
    home = Home.current()
    _undo()
    data = str(st.session_state.get(state.DATA) or "")
    found = {one.id: one for one in collected.list_all(home, data)}
    if not found:
        st.info(
            "No collection yet. Compare, and press Collect below the results, or on a closer look"
            " at a tile.",
            icon=":material/bookmarks:",
        )
        return
    if st.session_state.get(_CHOSEN) not in found:
        st.session_state[_CHOSEN] = next(iter(found))
    st.selectbox(
        "Collection",
        list(found),
        format_func=lambda one: f"{found[one].name} ({len(found[one].tiles)})",
        key=_CHOSEN,
    )
    chosen = found[st.session_state[_CHOSEN]]
    if chosen.error:
        st.error(words.plain(chosen.error), icon=":material/error:")
        return
    _one(searcher, chosen)


def _one(searcher: Searcher, one: Collection) -> None:
    here = set(searcher.items.ids)
    known = [kept for kept in one.tiles if kept.id in here]
    if gone := len(one.tiles) - len(known):
        st.caption(f"{gone} of its tiles are not in this archive (any more), and are not shown.")
    with st.container(horizontal=True, key="mirs-kept-acts"):
        st.button(
            "Use as positives",
            icon=":material/add:",
            disabled=not known,
            on_click=state.use_as_positives,
            args=([kept.id for kept in known],),
            help="The first becomes the query, the others (32 at most) its further positives.",
        )
        with st.popover("Export", icon=":material/download:", disabled=not known):
            _formats(searcher, one, [kept.id for kept in known])
        st.button(
            "Delete", icon=":material/delete:", on_click=_delete, args=(one,), type="tertiary"
        )
    left, right = st.columns([3, 2], gap="large")
    with left:
        _tiles(searcher, known, one.notes())
    with right:
        _words(one)


def _tiles(searcher: Searcher, known: list[CollectedTile], notes: dict[str, str]) -> None:
    if not known:
        st.caption("It is empty.")
        return
    entries = []
    for kept in known:
        label = searcher.items.labels[searcher.items.row(kept.id)]
        name, file = words.class_name(label), words.file_name(kept.id)
        entries.append(
            TileEntry(
                id=kept.id,
                name=notes.get(kept.id) or name,
                colour=words.colour(label),
                label=f"{name}, {file}. Search for tiles like this one.",
                lines=(name, *filter(None, [notes.get(kept.id, ""), kept.found]), file),
            )
        )
    images = loaders.thumbnails(searcher, [entry.id for entry in entries])
    tile_grid("mirs.kept", [Column(entries)], images, state.choose_tile, tile="6.6rem")


def _words(one: Collection) -> None:
    """Name, note and notes of the tiles, kept with one press."""
    with st.form(f"mirs.kept.form.{one.id}", border=False):
        name = st.text_input("Name", one.name, max_chars=collected.NAME_LENGTH)
        note = st.text_area("Note", one.note, max_chars=collected.NOTE_LENGTH)
        table: Any = {
            "Tile": [words.file_name(kept.id) for kept in one.tiles],
            "Note": [kept.note for kept in one.tiles],
            "Keep": [True for _ in one.tiles],
        }
        edited = st.data_editor(
            table, hide_index=True, disabled=["Tile"], num_rows="fixed", width="stretch"
        )
        if st.form_submit_button("Save", type="primary", icon=":material/save:"):
            if notice.act("The collection is saved.", lambda: _save(one, name, note, edited)):
                st.rerun()
            notice.draw()


def _save(one: Collection, name: str, note: str, edited: Any) -> None:
    home = Home.current()
    pairs = list(zip(one.tiles, edited["Note"], edited["Keep"], strict=True))
    notes = {kept.id: str(text or "") for kept, text, _ in pairs}
    collected.annotate(home, one.id, name=name, note=note, tile_notes=notes)
    dropped = [kept.id for kept, _, keep in pairs if not keep]
    if dropped:
        collected.remove(home, one.id, dropped)


def _formats(searcher: Searcher, one: Collection, known: list[str]) -> None:
    info = exports.CollectionInfo(one.name, one.note, one.title, one.synthetic)
    stem = f"mirs-{slug(one.name)[:60].strip('-') or 'collection'}"
    takeaway.of_tiles(searcher, known, info, stem, "kept", one.notes())


def _delete(one: Collection) -> None:
    if notice.act("", lambda: collected.delete(Home.current(), one.id)):
        st.session_state[_DELETED] = one


def _undo() -> None:
    gone = st.session_state.get(_DELETED)
    if gone is None:
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(f"{words.plain(gone.name)} is deleted.")
        st.button("Undo", type="tertiary", icon=":material/undo:", on_click=_restore, args=(gone,))


def _restore(one: Collection) -> None:
    notice.act("The collection is back.", lambda: collected.restore(Home.current(), one.id))
    st.session_state.pop(_DELETED, None)
