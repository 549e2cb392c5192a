"""Columns of tiles to click: the results of several models, or one grid to browse."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from typing import Any

import streamlit as st

from pages.components import source_of

_REMEMBERED = 4000
_GRID = st.components.v2.component(
    "mirs.tile_grid",
    html='<div class="root"></div>',
    css=source_of("tile_grid/tile_grid.css"),
    js=source_of("tile_grid/tile_grid.js"),
)


@dataclass(frozen=True, slots=True)
class TileEntry:
    """One tile of a grid. ``lines`` are what its hover card says, the first one bold.

    ``label`` is its name for screen readers; without a ``name`` it has no caption. ``shift`` stands
    beside the rank, ``far`` is the length of the bar of its distance (0 to 1), ``step`` says that
    it is farther than the one before, and ``mark`` is "+" or "-" of an example.
    """

    id: str
    name: str
    colour: str
    label: str
    lines: tuple[str, ...]
    value: str = ""
    rank: str = ""
    shared: str = ""
    relevant: bool = False
    current: bool = False
    shift: str = ""
    far: float | None = None
    step: bool = False
    mark: str = ""


@dataclass(frozen=True, slots=True)
class Column:
    """A titled list of tiles; without a title it has no head.

    What a ``caution`` says after its first colon is shown on demand.
    """

    tiles: Sequence[TileEntry]
    title: str = ""
    about: str = ""
    about_help: str = ""
    note: str = ""
    score: str = ""
    score_name: str = ""
    score_help: str = ""
    caution: str = ""
    empty: str = ""
    end: str = ""


def tile_grid(
    key: str,
    columns: Sequence[Column],
    images: dict[str, str],
    on_pick: Callable[[str], None],
    tile: str = "4.6rem",
    subject: str = "",
    on_open: Callable[[str], None] | None = None,
    on_mark: Callable[[str, str], None] | None = None,
) -> None:
    """Draws the columns; ``on_pick`` gets the id of a tile that is clicked, before the next run.

    Args:
        on_open, on_mark: where given, tiles have buttons to look at them closely, and to make them
            an example; the latter gets "+" or "-" besides.
        images: data URI of each tile, by id.
        tile: smallest width of a tile, a CSS length.
        subject: what the tiles are about; when it changes, the page scrolls to its top.
    """

    def picked() -> None:
        chosen = st.session_state[key].get("picked")
        if isinstance(chosen, str):
            on_pick(chosen)

    def opened() -> None:
        chosen = st.session_state[key].get("opened")
        if on_open and isinstance(chosen, str):
            on_open(chosen)

    def marked() -> None:
        chosen = st.session_state[key].get("marked")
        if on_mark and isinstance(chosen, str) and chosen[:1] in {"+", "-"}:
            on_mark(chosen[1:], chosen[0])

    def missed() -> None:
        # A page that was loaded anew has forgotten the pictures that this session has sent.
        if st.session_state[key].get("missed"):
            _sent().clear()

    data: dict[str, Any] = {
        "opens": on_open is not None,
        "marks": on_mark is not None,
        "columns": [_plain(column) for column in columns],
        "names": {tile: _name(uri) for tile, uri in images.items()},
        "images": _unsent(images),
        "tile": tile,
        "subject": subject,
    }
    _GRID(
        key=key,
        data=data,
        on_picked_change=picked,
        on_opened_change=opened,
        on_marked_change=marked,
        on_missed_change=missed,
    )


def _plain(column: Column) -> dict[str, Any]:
    """A column as plain values; ``asdict`` would copy each of its many texts."""
    found = {item.name: getattr(column, item.name) for item in fields(column)}
    names = [item.name for item in fields(TileEntry)]
    return {**found, "tiles": [{n: getattr(tile, n) for n in names} for tile in column.tiles]}


def _name(uri: str) -> str:
    """A short name for a picture, the same for the same picture."""
    return f"{hash(uri) & 0xFFFFFFFFFFFF:x}"


def _sent() -> dict[str, None]:
    """Names of the pictures that the browser of this session has."""
    found: dict[str, None] = st.session_state.setdefault("mirs.sent", {})
    return found


def _unsent(images: dict[str, str]) -> dict[str, str]:
    """The pictures that the browser has not seen yet, by name: most results were seen before.

    Should one not arrive, because its run was interrupted, the browser says that it missed some.
    """
    sent = _sent()
    if len(sent) > _REMEMBERED:
        sent.clear()
    found = {_name(uri): uri for uri in images.values()}
    unsent = {name: uri for name, uri in found.items() if name not in sent}
    sent.update(dict.fromkeys(unsent))
    return unsent
