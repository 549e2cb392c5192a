"""Columns of tiles to click: the results of several models, or one grid to browse."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import streamlit as st

_HERE = Path(__file__).parent
_GRID = st.components.v2.component(
    "mirs.tile_grid",
    html='<div class="root"></div>',
    css=(_HERE / "tile_grid.css").read_text(encoding="utf-8"),
    js=(_HERE / "tile_grid.js").read_text(encoding="utf-8"),
)


@dataclass(frozen=True, slots=True)
class TileEntry:
    """One tile of a grid. ``lines`` are what its hover card says, the first one bold.

    ``label`` is its name for screen readers; without a ``name`` it has no caption.
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


def tile_grid(
    key: str,
    columns: Sequence[Column],
    images: dict[str, str],
    on_pick: Callable[[str], None],
    tile: str = "4.6rem",
    subject: str = "",
) -> None:
    """Draws the columns; ``on_pick`` gets the id of a tile that is clicked, before the next run.

    Args:
        images: data URI of each tile, by id.
        tile: smallest width of a tile, a CSS length.
        subject: what the tiles are about; when it changes, the page scrolls to its top.
    """

    def picked() -> None:
        chosen = st.session_state[key].get("picked")
        if isinstance(chosen, str):
            on_pick(chosen)

    data: dict[str, Any] = {
        "columns": [asdict(column) for column in columns],
        "images": images,
        "tile": tile,
        "subject": subject,
    }
    _GRID(key=key, data=data, on_picked_change=picked)
