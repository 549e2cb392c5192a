"""The map of Mars as a component: tiles, results, strips and densities on a basemap of its own."""

import base64
import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict, astuple, dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from mirs_core.errors import MirsError
from mirs_core.mars.geography import Region
from mirs_core.mars.nomenclature import FEATURES
from pages.components import source_of
from pages.components.sending import sending
from pages.components.sending.sending import Sending, is_row, rows_of
from pages.components.space_map.space_map import Colouring

_PICTURES = Path(__file__).parents[3] / "assets" / "mars"
# A place that is not known is far off any view.
_NOWHERE = 999.0


_MAP = st.components.v2.component(
    "mirs.mars_map",
    html='<div class="root"></div>',
    css=source_of("space_map/space_map.css", "mars_map/mars_map.css"),
    js=source_of(
        "sending/sending.js",
        "sending/map_tools.js",
        "mars_map/mars_view.js",
        "mars_map/mars_ground.js",
        "mars_map/mars_tiles.js",
        "mars_map/mars_paint.js",
        "mars_map/mars_stage.js",
        "mars_map/mars_map.js",
    ),
)


@dataclass(frozen=True, slots=True)
class Found:
    """What a model found: rows in the order of their ranks."""

    title: str
    colour: str
    hits: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Strip:
    """An image strip: its centre, how many tiles it holds, and its outline where it is known.

    ``ring`` are longitude and latitude of its corners, in degrees east and north.
    """

    name: str
    lat: float
    lon: float
    count: int
    ring: tuple[tuple[float, float], ...] | None = None


@dataclass(frozen=True, slots=True)
class Heat:
    """A layer of densities (rows, columns) from 90 degrees north and 0 east, in any unit."""

    title: str
    grid: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Frame:
    """Places (latitude, longitude) that a view is brought to, once for each ``id``."""

    id: str
    places: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class Shown:
    """What the map shows.

    Attributes:
        latitudes, longitudes: (N,) degrees north and east; NaN where a tile has no known place.
        codes: (N,) the place of each tile in the palette of ``colouring``.
        subject: what the cards of tiles speak of; another one forgets them.
        query: the row of the query; None where it is not on the map.
        plus, minus, kept: rows of examples and of the tiles of a collection.
        passing: (N,) what the filters let through; None is all.
        chosen: rows that were chosen; None where none are.
        region: the box that filters; ``box``: the box that was drawn.
        tag: what stands in the corner; ``about``: the map in words, for who cannot see it.
    """

    view: str
    latitudes: NDArray[np.float64]
    longitudes: NDArray[np.float64]
    codes: NDArray[np.uint16]
    colouring: Colouring
    subject: str
    found: tuple[Found, ...] = ()
    query: int | None = None
    plus: tuple[int, ...] = ()
    minus: tuple[int, ...] = ()
    kept: tuple[int, ...] = ()
    strips: tuple[Strip, ...] = ()
    passing: NDArray[np.bool_] | None = None
    chosen: NDArray[np.int64] | None = None
    region: Region | None = None
    box: Region | None = None
    heat: Heat | None = None
    frame: Frame | None = None
    tag: str = ""
    about: str = "Map of Mars"
    as_west: bool = False


@dataclass(frozen=True, slots=True)
class Acts:
    """What happens before the next run when something was done on the map.

    Attributes:
        pick: gets the row that was clicked.
        gather: gets the rows of a place that was opened.
        box: gets the box that was drawn; None where it was taken away.
        strip: gets the name of a strip whose outline was clicked.
    """

    pick: Callable[[int], None]
    gather: Callable[[NDArray[np.int64]], None]
    box: Callable[[Region | None], None]
    strip: Callable[[str], None] = field(default=lambda name: None)


def mars_map(key: str, shown: Shown, acts: Acts) -> None:
    """Draws the map; its pictures and points travel once a session."""
    count = len(shown.latitudes)
    known = {strip.name for strip in shown.strips}

    def picked() -> None:
        row = st.session_state[key].get("picked")
        if is_row(row, count):
            acts.pick(row)

    def gathered() -> None:
        rows = rows_of(st.session_state[key].get("gathered"), count)
        if rows is not None and len(rows):
            acts.gather(rows)

    def boxed() -> None:
        value = st.session_state[key].get("boxed")
        if value == "none":
            acts.box(None)
        elif (region := region_of(value)) is not None:
            acts.box(region)

    def strip_chosen() -> None:
        name = st.session_state[key].get("strip")
        if isinstance(name, str) and name in known:
            acts.strip(name)

    def missed() -> None:
        if st.session_state[key].get("missed"):
            sending.forget()

    _MAP(
        key=key,
        data=_plain(shown),
        on_picked_change=picked,
        on_gathered_change=gathered,
        on_boxed_change=boxed,
        on_strip_change=strip_chosen,
        on_missed_change=missed,
    )


def region_of(value: Any) -> Region | None:
    """The box that a browser sent as start, south, end and north; None where it is none.

    Start and end are degrees east of any turn, the start before the end.
    """
    if not isinstance(value, list) or len(value) != 4:
        return None
    if not all(type(one) in (int, float) and abs(one) < 1e6 for one in value):
        return None
    start, south, end, north = (round(float(one), 4) for one in value)
    if end < start:
        return None
    try:
        return Region.between(start, south, end, north)
    except MirsError:
        return None


@cache
def _picture(view: str) -> str:
    data = (_PICTURES / f"{view}.jpg").read_bytes()
    return "data:image/jpeg;base64," + base64.b64encode(data).decode()


def _plain(shown: Shown) -> dict[str, Any]:
    to_send = Sending()
    places = np.nan_to_num(np.stack([shown.latitudes, shown.longitudes]), nan=_NOWHERE)
    colouring = shown.colouring
    data: dict[str, Any] = {
        "view": shown.view,
        # A view's picture comes when it is looked at.
        "pictures": {shown.view: to_send.text(f"basemap {shown.view}", _picture(shown.view))},
        "features": _text(to_send, [list(astuple(one)) for one in FEATURES]),
        "points": to_send.array(places.astype("<f4")),
        "codes": to_send.array(shown.codes.astype("<u2")),
        "open": None if shown.passing is None else to_send.array(shown.passing.astype("u1")),
        "chosen": None if shown.chosen is None else to_send.array(shown.chosen.astype("<u4")),
        "palette": list(colouring.palette),
        "names": list(colouring.names),
        "counts": [f"{count:,}" for count in colouring.counts],
        "ramp": None,
        "models": [{**asdict(one), "hits": list(one.hits)} for one in shown.found],
        "query": -1 if shown.query is None else shown.query,
        "plus": list(shown.plus),
        "minus": list(shown.minus),
        "kept": list(shown.kept),
        "strips": _text(to_send, [asdict(one) for one in shown.strips]),
        "region": shown.region.values() if shown.region else None,
        "box": shown.box.values() if shown.box else None,
        "heat": _heat(to_send, shown.heat),
        "frame": asdict(shown.frame) if shown.frame else None,
        "west": shown.as_west,
        "tag": shown.tag,
        "about": shown.about,
        "subject": shown.subject,
    }
    data["id"] = hashlib.blake2b(json.dumps(data).encode(), digest_size=9).hexdigest()
    data["arrays"] = to_send.new
    return data


def _text(to_send: Sending, value: Any) -> str:
    text = json.dumps(value)
    name = hashlib.blake2b(text.encode(), digest_size=9).hexdigest()
    return to_send.text(f"text {name}", text)


def _heat(to_send: Sending, heat: Heat | None) -> dict[str, Any] | None:
    if heat is None or not heat.grid.max():
        return None
    rows, columns = heat.grid.shape
    grid = (heat.grid / heat.grid.max() * 255).round().astype("u1")
    return {"title": heat.title, "grid": to_send.array(grid), "rows": rows, "columns": columns}
