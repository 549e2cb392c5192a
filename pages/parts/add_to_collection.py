"""The button that adds tiles to a collection."""

from collections.abc import Sequence

import streamlit as st

from mirs_core.retrieval.search import Searcher
from mirs_core.workspace import collections
from mirs_core.workspace.collections import CollectedTile
from mirs_core.workspace.home import Home
from pages.parts import notice
from pages.shared import state

_NEW = "New collection"


def draw(searcher: Searcher, tiles: Sequence[str], place: str, origin: str = "") -> None:
    """Draws a button that adds ``tiles`` to a collection.

    Args:
        place: identifies the widgets on the page.
        origin: how the tiles were found, stored with them.
    """
    data = str(st.session_state.get(state.DATA) or "")
    count = f"{len(tiles)} tiles" if len(tiles) != 1 else "1 tile"
    key = f"mirs.keep.{place}"
    with st.popover("Add to collection", icon=":material/bookmark_add:", key=f"{key}.popover"):
        names = {
            collection.id: collection.name
            for collection in collections.list_all(Home.current(), data)
            if collection.error is None
        }
        target = st.selectbox(
            f"Add {count} to",
            [*names, _NEW],
            format_func=lambda key: names.get(key, key),
            key=f"{key}.target",
        )
        name = ""
        if target == _NEW:
            name = st.text_input("Name", max_chars=collections.NAME_LENGTH, key=f"{key}.name")
        st.button(
            "Add",
            type="primary",
            key=f"{key}.go",
            disabled=target == _NEW and not name.strip(),
            on_click=_add,
            args=(searcher, list(tiles), target if target != _NEW else None, key, origin),
        )


def _add(searcher: Searcher, tiles: list[str], target: str | None, key: str, origin: str) -> None:
    home, items = Home.current(), searcher.items
    records = [
        CollectedTile(tile, items.contents[items.row(tile)], origin=origin) for tile in tiles
    ]

    def work() -> None:
        collection = target
        if collection is None:
            name = str(st.session_state.get(f"{key}.name", ""))
            data = str(st.session_state.get(state.DATA) or "")
            card = searcher.card
            collection = collections.create(home, name, data, card.title, card.synthetic).id
        collections.add(home, collection, records)

    count = f"{len(tiles)} tiles" if len(tiles) != 1 else "1 tile"
    notice.run(f"Added {count} to the collection.", work)
