"""Putting tiles into a collection."""

from collections.abc import Sequence

import streamlit as st

from mirs_core.retrieval.search import Searcher
from mirs_core.workspace import collections as collected
from mirs_core.workspace.collections import CollectedTile
from mirs_core.workspace.home import Home
from pages.parts import notice
from pages.shared import state

_NEW = "A new collection"


def draw(searcher: Searcher, tiles: Sequence[str], place: str, found: str = "") -> None:
    """A button that opens the choice of a collection for ``tiles``.

    Args:
        place: where on the page it stands; tells its widgets apart.
        found: how the tiles were found, in words.
    """
    data = str(st.session_state.get(state.DATA) or "")
    many = f"{len(tiles)} tiles" if len(tiles) != 1 else "the tile"
    key = f"mirs.keep.{place}"
    with st.popover("Collect", icon=":material/bookmark_add:", key=f"{key}.popover"):
        known = {
            one.id: one.name
            for one in collected.list_all(Home.current(), data)
            if one.error is None
        }
        target = st.selectbox(
            f"Put {many} into",
            [*known, _NEW],
            format_func=lambda one: known.get(one, one),
            key=f"{key}.target",
        )
        name = ""
        if target == _NEW:
            name = st.text_input("Name", max_chars=collected.NAME_LENGTH, key=f"{key}.name")
        st.button(
            "Collect",
            type="primary",
            key=f"{key}.go",
            disabled=target == _NEW and not name.strip(),
            on_click=_keep,
            args=(searcher, list(tiles), target if target != _NEW else None, key, found),
        )


def _keep(searcher: Searcher, tiles: list[str], target: str | None, key: str, found: str) -> None:
    home, items = Home.current(), searcher.items
    kept = [CollectedTile(tile, items.contents[items.row(tile)], found=found) for tile in tiles]

    def work() -> None:
        chosen = target
        if chosen is None:
            name = str(st.session_state.get(f"{key}.name", ""))
            data = str(st.session_state.get(state.DATA) or "")
            card = searcher.card
            chosen = collected.create(home, name, data, card.title, card.synthetic).id
        collected.add(home, chosen, kept)

    many = f"{len(tiles)} tiles are" if len(tiles) != 1 else "The tile is"
    notice.act(f"{many} collected.", work)
