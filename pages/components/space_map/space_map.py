"""Projections of hash spaces side by side, with points to hover, click and lasso, in WebGL."""

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
# Keeps the outermost points off the edge.
_ROOM = np.float32(0.94)
# Positions are sent in two bytes: a step is a hundredth of a pixel until one zooms in.
_MOST_POSITION, _MISSING = 65534, 65535


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
_CARDS = st.components.v2.component(
    "mirs.space_peek", html="<span></span>", js=source_of("space_map/space_peek.js")
)


@dataclass(frozen=True, slots=True)
class Label:
    """A text on the projection at the point of ``row``."""

    row: int
    text: str


@dataclass(frozen=True, slots=True)
class Side:
    """One projection.

    Attributes:
        id: changes with the points, not with their appearance.
        points: (N, 2) float32 in -1..1, parallel on all sides; NaN if the model lacks the tile.
        codes: (N,) palette index of each point.
        hits: rows connected with the query by lines.
        about: description for screen readers.
        steady: the number of first points that stay when the query changes; None for all. The
            browser receives them once.
    """

    id: str
    title: str
    points: NDArray[np.float32]
    codes: NDArray[np.uint16]
    note: str
    about: str
    hits: tuple[int, ...] = ()
    labels: tuple[Label, ...] = ()
    steady: int | None = None


@dataclass(frozen=True, slots=True)
class Colouring:
    """A palette and its legend.

    Attributes:
        names, counts: of the categories; empty if the palette is a scale.
        low, high, title: labels of the scale.
    """

    id: str
    palette: tuple[str, ...]
    names: tuple[str, ...] = ()
    counts: tuple[int, ...] = ()
    low: str = ""
    high: str = ""
    title: str = ""


@dataclass(frozen=True, slots=True)
class HoverCard:
    """The content of a tile's hover card."""

    row: int
    picture: str
    title: str
    colour: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SpaceContent:
    """The content of one or two projections of the same tiles.

    Attributes:
        subject: identifies the content of hover cards; a change discards them.
        query: row drawn as a star and connected with its hits.
        passing: (N,) which tiles pass the filters, the others are grey; None for all.
        chosen: selected rows, the others are grey; None colours all.
    """

    sides: Sequence[Side]
    colouring: Colouring
    subject: str
    query: int | None
    passing: NDArray[np.bool_] | None
    chosen: NDArray[np.int64] | None


def space_map(
    key: str,
    content: SpaceContent,
    on_pick: Callable[[int], None],
    on_choose: Callable[[NDArray[np.int64]], None],
) -> None:
    """Draws the projections; hovering, selecting and hiding points acts on both.

    Args:
        on_pick: receives the row that was clicked, before the next rerun.
        on_choose: receives the rows (n,) in the lasso, ascending; empty to clear the selection.
    """
    count = len(content.sides[0].points)

    def picked() -> None:
        row = st.session_state[key].get("picked")
        if is_row(row, count):
            on_pick(row)

    def circled() -> None:
        value = st.session_state[key].get("chosen")
        if value is not None and (rows := rows_of(value, count)) is not None:
            on_choose(rows)

    _MAP(
        key=key,
        data=_plain(content),
        on_picked_change=picked,
        on_chosen_change=circled,
        on_missed_change=lambda: sending.forget_if_missed(key),
    )


def hover_cards(key: str, subject: str, count: int, card_of: Callable[[int], HoverCard]) -> None:
    """Answers the projections' requests for hover cards; call it in its own fragment.

    Args:
        card_of: the card of a row.
    """

    def requested() -> None:
        rows = st.session_state[key].get("asked")
        valid = isinstance(rows, list) and all(is_row(row, count) for row in rows)
        st.session_state[f"{key}.rows"] = rows[:_MOST_ASKED] if valid else []

    rows = st.session_state.pop(f"{key}.rows", [])
    cards = [asdict(card_of(row)) for row in rows if row < count]
    _CARDS(key=key, data={"subject": subject, "cards": cards}, on_asked_change=requested)


def _plain(content: SpaceContent) -> dict[str, Any]:
    to_send = Sending()
    colouring, passing, chosen = content.colouring, content.passing, content.chosen
    data: dict[str, Any] = {
        "library": to_send.text("library", _LIBRARY),
        "maps": [_plain_side(side, to_send, len(colouring.palette)) for side in content.sides],
        "wide": _code_type(len(colouring.palette)) == "<u2",
        "colour": colouring.id,
        "palette": list(colouring.palette),
        "names": list(colouring.names),
        "counts": [f"{count:,}" for count in colouring.counts],
        "ramp": None
        if colouring.names
        else {"low": colouring.low, "high": colouring.high, "title": colouring.title},
        "open": None if passing is None else to_send.array(passing.astype("u1")),
        "chosen": None if chosen is None else to_send.array(chosen.astype("<u4")),
        "query": -1 if content.query is None else content.query,
        "subject": content.subject,
        "state": f"{content.subject}/{content.query}/{colouring.id}",
    }
    data["arrays"] = to_send.new
    return data


def _plain_side(side: Side, to_send: Sending, colours: int) -> dict[str, Any]:
    positions, codes = _positions(side.points), side.codes.astype(_code_type(colours))
    steady = len(codes) if side.steady is None else side.steady
    return {
        "id": side.id,
        "title": side.title,
        "points": to_send.array(positions[:, :steady]),
        "codes": to_send.array(codes[:steady]),
        "more": None
        if steady == len(codes)
        else {
            "points": to_send.array(positions[:, steady:]),
            "codes": to_send.array(codes[steady:]),
        },
        "note": side.note,
        "about": side.about,
        "hits": list(side.hits),
        "labels": [asdict(label) for label in side.labels],
    }


def _positions(points: NDArray[np.float32]) -> NDArray[np.uint16]:
    """Points (N, 2) in -1..1 as two rows (2, N) of 0.._MOST_POSITION; ``_MISSING`` for NaN."""
    scaled = np.rint((points.T * _ROOM + 1) * np.float32(_MOST_POSITION / 2))
    missing = np.isnan(scaled)
    placed = np.where(missing, _MISSING, scaled.clip(0, _MOST_POSITION))
    return np.ascontiguousarray(placed.astype("<u2"))


def _code_type(colours: int) -> str:
    return "<u1" if colours <= 256 else "<u2"
