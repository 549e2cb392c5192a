"""Maps of hash spaces beside each other: points to hover, click and circle, drawn by WebGL."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from pages.components import source_of
from pages.components.sending import sending
from pages.components.sending.sending import Sending, is_row, rows_of

Codes = NDArray[np.uint16]

_LIBRARY = (Path(__file__).parents[3] / "assets/vendor/regl-scatterplot.js").read_text(
    encoding="utf-8"
)
_MOST_ASKED = 40
# The farthest point stays off the edge.
_ROOM = np.float32(0.94)


_MAP = st.components.v2.component(
    "mirs.space_map",
    html='<div class="root"></div>',
    css=source_of("space_map/space_map.css"),
    js=source_of(
        "sending/sending.js",
        "sending/map_tools.js",
        "space_map/space_plot.js",
        "space_map/space_map.js",
    ),
)
_PEEK = st.components.v2.component(
    "mirs.space_peek", html="<span></span>", js=source_of("space_map/space_peek.js")
)


@dataclass(frozen=True, slots=True)
class Label:
    """A text over the map, at the point of ``row``."""

    row: int
    text: str


@dataclass(frozen=True, slots=True)
class Side:
    """One map.

    Attributes:
        id: changes with what is mapped, not with how it is shown.
        points: (N, 2) float32 in -1..1; parallel on all sides. NaN: the model has no such tile.
        codes: (N,) the place of each point in the palette.
        hits: rows that are joined with the query.
        about: what the map shows, for who cannot see it.
    """

    id: str
    title: str
    points: NDArray[np.float32]
    codes: NDArray[np.uint16]
    note: str
    about: str
    hits: tuple[int, ...] = ()
    labels: tuple[Label, ...] = ()


@dataclass(frozen=True, slots=True)
class Colouring:
    """What colours the points: a palette, and what its colours mean.

    Attributes:
        names, counts: of the groups; empty where the palette is a scale.
        low, high, title: what stands beside the scale.
    """

    id: str
    palette: tuple[str, ...]
    names: tuple[str, ...] = ()
    counts: tuple[int, ...] = ()
    low: str = ""
    high: str = ""
    title: str = ""


@dataclass(frozen=True, slots=True)
class Peek:
    """What the card of a tile shows when the pointer is over its point."""

    row: int
    picture: str
    title: str
    colour: str
    lines: tuple[str, ...]


def space_map(
    key: str,
    sides: Sequence[Side],
    colouring: Colouring,
    *,
    subject: str,
    query: int | None,
    passing: NDArray[np.bool_] | None,
    chosen: NDArray[np.int64] | None,
    on_pick: Callable[[int], None],
    on_choose: Callable[[NDArray[np.int64]], None],
) -> None:
    """Draws one or two maps of the same tiles; what is hovered, chosen or hidden is so in both.

    Args:
        subject: what the cards of tiles speak of; another one forgets them.
        query: the row that is drawn as a star, joined with its hits.
        passing: (N,) which tiles the filters let through; the others are grey. None: all.
        chosen: rows that were circled; the others are grey. None: all are in colour.
        on_pick: gets the row that was clicked, before the next run.
        on_choose: gets the rows (n,) that were circled, ascending; none where none is to be chosen.
    """
    count = len(sides[0].points)

    def picked() -> None:
        row = st.session_state[key].get("picked")
        if is_row(row, count):
            on_pick(row)

    def circled() -> None:
        value = st.session_state[key].get("chosen")
        if value is not None and (rows := rows_of(value, count)) is not None:
            on_choose(rows)

    def missed() -> None:
        if st.session_state[key].get("missed"):
            sending.forget()

    to_send = Sending()
    data: dict[str, Any] = {
        "library": to_send.text("library", _LIBRARY),
        "maps": [_plain(side, to_send) for side in sides],
        "colour": colouring.id,
        "palette": list(colouring.palette),
        "names": list(colouring.names),
        "counts": [f"{count:,}" for count in colouring.counts],
        "ramp": None
        if colouring.names
        else {"low": colouring.low, "high": colouring.high, "title": colouring.title},
        "open": None if passing is None else to_send.array(passing.astype("u1")),
        "chosen": None if chosen is None else to_send.array(chosen.astype("<u4")),
        "query": -1 if query is None else query,
        "subject": subject,
        "state": f"{subject}/{query}/{colouring.id}",
    }
    data["arrays"] = to_send.new
    _MAP(
        key=key,
        data=data,
        on_picked_change=picked,
        on_chosen_change=circled,
        on_missed_change=missed,
    )


def peek(key: str, subject: str, count: int, tell: Callable[[int], Peek]) -> None:
    """Answers what the maps ask about tiles; call it in a fragment of its own.

    Args:
        tell: what is said of a row.
    """

    def asked() -> None:
        rows = st.session_state[key].get("asked")
        known = isinstance(rows, list) and all(is_row(row, count) for row in rows)
        st.session_state[f"{key}.rows"] = rows[:_MOST_ASKED] if known else []

    rows = st.session_state.pop(f"{key}.rows", [])
    told = [asdict(tell(row)) for row in rows if row < count]
    _PEEK(key=key, data={"subject": subject, "told": told}, on_asked_change=asked)


def _plain(side: Side, to_send: Sending) -> dict[str, Any]:
    # What has no place is drawn far outside of the view.
    points = np.nan_to_num(side.points * _ROOM, nan=9.0).astype("<f4")
    return {
        "id": side.id,
        "title": side.title,
        "points": to_send.array(points.T),
        "codes": to_send.array(side.codes.astype("<u2")),
        "note": side.note,
        "about": side.about,
        "hits": list(side.hits),
        "labels": [asdict(label) for label in side.labels],
    }
