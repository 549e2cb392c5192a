"""The map of Mars as a component: tiles, results, strips and densities on a basemap."""

import base64
import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict, astuple, dataclass, field
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from mirs_core.errors import MirsError
from mirs_core.mars.nomenclature import FEATURES
from mirs_core.mars.regions import AnyRegion
from pages.components import source_of
from pages.components.mars_map.mars_layers import (
    Heat,
    Similarity,
    plain_heat,
    plain_similarity,
)
from pages.components.mars_map.mars_regions import box_of, plain_region, shape_of
from pages.components.mars_map.mars_sight import Crowd, plain_sight
from pages.components.sending import sending
from pages.components.sending.sending import Sending, is_row, rows_of
from pages.components.space_map.space_map import Colouring

_PICTURES = Path(__file__).parents[3] / "assets" / "mars"
# Unknown coordinates lie outside of any view.
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
        "mars_map/mars_density.js",
        "mars_map/mars_crowd.js",
        "mars_map/mars_shapes.js",
        "mars_map/mars_similarity.js",
        "mars_map/mars_images.js",
        "mars_map/mars_paint.js",
        "mars_map/mars_stage.js",
        "mars_map/mars_map.js",
    ),
)


@dataclass(frozen=True, slots=True)
class ModelHits:
    """The results of a model: rows by rank."""

    title: str
    colour: str
    hits: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Strip:
    """An image strip: its centre, its number of tiles, and its outline if known.

    ``ring`` holds (longitude, latitude) of its corners, in degrees east and north.
    """

    name: str
    lat: float
    lon: float
    count: int
    ring: tuple[tuple[float, float], ...] | None = None


@dataclass(frozen=True, slots=True)
class Frame:
    """Points (latitude, longitude) that the view zooms to, once for each ``id``."""

    id: str
    places: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class Pin:
    """A place that is marked, with its name or its coordinates."""

    lat: float
    lon: float
    name: str


@dataclass(frozen=True, slots=True)
class MapContent:
    """The content of the map.

    Attributes:
        latitudes, longitudes: (N,) degrees north and east; NaN for unknown coordinates. With a
            ``crowd``, arrays of tiles are those of its rows; numbers of rows are always those of
            the whole set.
        codes: (N,) palette index of each tile, see ``colouring``.
        subject: identifies the content of hover cards; a change discards them.
        query: row of the query; None if it is not on the map.
        plus, minus, collected: rows of examples and of the tiles of a collection.
        passing: (N,) which tiles pass the filters; None for all.
        chosen: selected rows; None for none.
        region: the region filter; ``box``: the region drawn on the map.
        pin: a place that was asked for.
        images: identifies the strips whose pixels can be drawn; empty if there are none.
        tag: text in the corner; ``about``: description for screen readers.
    """

    view: str
    latitudes: NDArray[np.float64]
    longitudes: NDArray[np.float64]
    codes: NDArray[np.uint16]
    colouring: Colouring
    subject: str
    models: tuple[ModelHits, ...] = ()
    query: int | None = None
    plus: tuple[int, ...] = ()
    minus: tuple[int, ...] = ()
    collected: tuple[int, ...] = ()
    strips: tuple[Strip, ...] = ()
    passing: NDArray[np.bool_] | None = None
    chosen: NDArray[np.int64] | None = None
    region: AnyRegion | None = None
    box: AnyRegion | None = None
    heat: Heat | None = None
    similarity: Similarity | None = None
    images: str = ""
    frame: Frame | None = None
    pin: Pin | None = None
    tag: str = ""
    about: str = "Map of Mars"
    as_west: bool = False
    crowd: Crowd | None = None


@dataclass(frozen=True, slots=True)
class MapActions:
    """Callbacks for actions on the map, called before the next rerun.

    Attributes:
        pick: receives the row that was clicked.
        gather: receives the rows at a location that was opened.
        box: receives the region that was drawn; None if it was removed.
        strip: receives the name of a strip whose outline was clicked.
        refused: receives why what was drawn is no region.
    """

    pick: Callable[[int], None]
    gather: Callable[[NDArray[np.int64]], None]
    box: Callable[[AnyRegion | None], None]
    strip: Callable[[str], None] = field(default=lambda name: None)
    refused: Callable[[str], None] = field(default=lambda message: None)


def mars_map(key: str, content: MapContent, actions: MapActions) -> None:
    """Draws the map; its images and points are sent once per session."""
    count = content.crowd.count if content.crowd else len(content.latitudes)
    names = {strip.name for strip in content.strips}

    def picked() -> None:
        row = st.session_state[key].get("picked")
        if is_row(row, count):
            actions.pick(row)

    def gathered() -> None:
        rows = rows_of(st.session_state[key].get("gathered"), count)
        if rows is not None and len(rows):
            actions.gather(rows)

    def boxed() -> None:
        value = st.session_state[key].get("boxed")
        if value == "none":
            actions.box(None)
        elif (region := box_of(value)) is not None:
            actions.box(region)

    def shaped() -> None:
        try:
            region = shape_of(st.session_state[key].get("shaped"))
        except MirsError as error:
            actions.refused(str(error))
        else:
            if region is not None:
                actions.box(region)

    def strip_chosen() -> None:
        name = st.session_state[key].get("strip")
        if isinstance(name, str) and name in names:
            actions.strip(name)

    _MAP(
        key=key,
        data=_plain(content),
        on_picked_change=picked,
        on_gathered_change=gathered,
        on_boxed_change=boxed,
        on_shaped_change=shaped,
        on_strip_change=strip_chosen,
        on_missed_change=lambda: sending.forget_if_missed(key),
    )


@cache
def _picture(view: str) -> str:
    data = (_PICTURES / f"{view}.jpg").read_bytes()
    return "data:image/jpeg;base64," + base64.b64encode(data).decode()


def _plain(content: MapContent) -> dict[str, Any]:
    to_send = Sending()
    places = np.nan_to_num(np.stack([content.latitudes, content.longitudes]), nan=_NOWHERE)
    colouring = content.colouring
    data: dict[str, Any] = {
        "view": content.view,
        # The image of a view is sent when it is first opened.
        "pictures": {content.view: to_send.text(f"basemap {content.view}", _picture(content.view))},
        "features": _text(to_send, [list(astuple(feature)) for feature in FEATURES]),
        "points": to_send.array(places.astype("<f4")),
        "codes": to_send.array(content.codes.astype("<u2")),
        "open": None if content.passing is None else to_send.array(content.passing.astype("u1")),
        "chosen": None if content.chosen is None else to_send.array(content.chosen.astype("<u4")),
        "palette": list(colouring.palette),
        "names": list(colouring.names),
        "counts": [f"{count:,}" for count in colouring.counts],
        "ramp": None,
        "models": [{**asdict(model), "hits": list(model.hits)} for model in content.models],
        "query": -1 if content.query is None else content.query,
        "plus": list(content.plus),
        "minus": list(content.minus),
        "kept": list(content.collected),
        "strips": to_send.text(*_strips(content.strips)),
        "rows": None if content.crowd is None else to_send.array(content.crowd.rows.astype("<u4")),
        "crowd": _crowd(to_send, content.crowd),
        "region": plain_region(content.region),
        "box": plain_region(content.box),
        "pin": asdict(content.pin) if content.pin else None,
        "heat": plain_heat(to_send, content.heat),
        "images": content.images,
        "similarity": plain_similarity(to_send, content.similarity),
        "frame": asdict(content.frame) if content.frame else None,
        "west": content.as_west,
        "tag": content.tag,
        "about": content.about,
        "subject": content.subject,
    }
    data["id"] = hashlib.blake2b(json.dumps(data).encode(), digest_size=9).hexdigest()
    data["arrays"] = to_send.new
    return data


def _text(to_send: Sending, value: Any) -> str:
    return to_send.text(*_named(json.dumps(value)))


def _named(text: str) -> tuple[str, str]:
    return f"text {hashlib.blake2b(text.encode(), digest_size=9).hexdigest()}", text


@lru_cache(maxsize=8)
def _strips(strips: tuple[Strip, ...]) -> tuple[str, str]:
    """The name and the text of strips; there may be thousands."""
    return _named(json.dumps([asdict(strip) for strip in strips]))


def _crowd(to_send: Sending, crowd: Crowd | None) -> dict[str, Any] | None:
    if crowd is None:
        return None
    return {
        "tiles": crowd.tiles,
        "subject": crowd.subject,
        "count": crowd.count,
        "levels": crowd.levels,
        "sight": _text(to_send, plain_sight(crowd.whole)),
    }
