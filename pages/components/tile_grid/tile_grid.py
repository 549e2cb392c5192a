"""Clickable columns of tiles: the results of several models, or a grid to browse."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from typing import Any

import streamlit as st

from pages.components import source_of
from pages.components.tile_picture import TilePicture

_REMEMBERED = 4000
_GRID = st.components.v2.component(
    "mirs.tile_grid",
    html='<div class="root"></div>',
    css=source_of("tile_grid/tile_grid.css"),
    js=source_of("tile_grid/tile_grid.js"),
)


@dataclass(frozen=True, slots=True)
class TileEntry:
    """One tile of a grid.

    Attributes:
        name: caption; empty for none.
        label: for screen readers.
        lines: of the hover card, the first one bold.
        shared: shown in the corner, as in "×2".
        shift: change in rank, shown beside the rank.
        far: length of the distance bar, 0 to 1.
        step: whether it is farther from the query than the previous tile.
        mark: "+" or "-" for an example.
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
    """A list of tiles, with a header if it has a title.

    The part of ``caution`` after its first colon is shown on hover.
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
    images: dict[str, TilePicture],
    on_pick: Callable[[str], None],
    tile: str = "4.6rem",
    subject: str = "",
    on_open: Callable[[str], None] | None = None,
    on_mark: Callable[[str, str], None] | None = None,
) -> None:
    """Draws the columns; ``on_pick`` receives the id of a clicked tile before the next rerun.

    Args:
        on_open, on_mark: if given, tiles have buttons for their details and for marking them as
            examples; the latter also receives "+" or "-".
        images: picture of each tile, by id; what is wrong with its file is written on it.
        tile: minimum width of a tile, a CSS length.
        subject: identifies the query; when it changes, the page scrolls to the top.
    """

    def picked() -> None:
        tile_id = st.session_state[key].get("picked")
        if isinstance(tile_id, str):
            on_pick(tile_id)

    def opened() -> None:
        tile_id = st.session_state[key].get("opened")
        if on_open and isinstance(tile_id, str):
            on_open(tile_id)

    def marked() -> None:
        tile_id = st.session_state[key].get("marked")
        if on_mark and isinstance(tile_id, str) and tile_id[:1] in {"+", "-"}:
            on_mark(tile_id[1:], tile_id[0])

    def missed() -> None:
        # A reloaded page has lost the images that this session has sent.
        if st.session_state[key].get("missed"):
            _sent().clear()

    data: dict[str, Any] = {
        "opens": on_open is not None,
        "marks": on_mark is not None,
        "columns": [_plain(column) for column in columns],
        "names": {tile: _name(image.uri) for tile, image in images.items()},
        "images": _unsent([image.uri for image in images.values()]),
        "states": {
            tile: [image.mark, image.about] for tile, image in images.items() if image.about
        },
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
    """A column as plain values; ``asdict`` would copy all of its strings."""
    values = {item.name: getattr(column, item.name) for item in fields(column)}
    names = [item.name for item in fields(TileEntry)]
    return {**values, "tiles": [{n: getattr(tile, n) for n in names} for tile in column.tiles]}


def _name(uri: str) -> str:
    """A short name for an image, the same for the same image."""
    return f"{hash(uri) & 0xFFFFFFFFFFFF:x}"


def _sent() -> dict[str, None]:
    """Names of the images that this session's browser has."""
    names: dict[str, None] = st.session_state.setdefault("mirs.sent", {})
    return names


def _unsent(uris: Sequence[str]) -> dict[str, str]:
    """The images that the browser does not have yet, by name.

    If one does not arrive because a rerun was interrupted, the browser reports it missing.
    """
    sent = _sent()
    if len(sent) > _REMEMBERED:
        sent.clear()
    by_name = {_name(uri): uri for uri in uris}
    unsent = {name: uri for name, uri in by_name.items() if name not in sent}
    sent.update(dict.fromkeys(unsent))
    return unsent
