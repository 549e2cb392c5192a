"""The state of a session under its own keys; what a link restores of it stands in ``link``."""

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from mirs_core.errors import MirsError
from mirs_core.mars.geography import Region

DATA, MODELS, K, GROUPS, CLASSES, ROLES, STRIP = (
    "mirs.data",
    "mirs.models",
    "mirs.k",
    "mirs.groups",
    "mirs.classes",
    "mirs.roles",
    "mirs.strip",
)
STRIPS, BAND, WITHIN, NEAR = "mirs.strips", "mirs.band", "mirs.within", "mirs.near"
PLUS, MINUS = "mirs.plus", "mirs.minus"
VIEW = "mirs.view"
# The map of Mars: longitudes west, the projection, the box that filters, the box that was drawn.
WEST, MAP, REGION, BOX = "mirs.west", "mirs.map", "mirs.region", "mirs.map.box"
# Its part, and the strip that it is brought to.
MAP_PART, FRAMED = "mirs.map.part", "mirs.map.strip"
PART = "mirs.part"
SECTION = "mirs.data.section"
COLOUR, CHOSEN = "mirs.space.colour", "mirs.space.chosen"
RUNS = "mirs.runs"
PENDING_DATA = "mirs.pending_data"
TILE, _UPLOAD = "mirs.tile", "mirs.upload"
_HISTORY, _AHEAD = "mirs.history", "mirs.ahead"

COMPARE, BROWSE, OWN, KEPT = "Compare", "Browse tiles", "Your own image", "Collections"
POLES = (-90, 90)
MAPS = ("global", "north", "south")
MAP_PARTS = ("map", "estimate")
K_RANGE, K_DEFAULT = (6, 96, 6), 24
_MOST_EXAMPLES = 32
_HISTORY_LENGTH = 24
_WIDGETS = (
    DATA, MODELS, K, GROUPS, CLASSES, ROLES, STRIPS, BAND, WITHIN, STRIP, NEAR, VIEW, PART, COLOUR,
    WEST, MAP, MAP_PART, FRAMED, SECTION,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Upload:
    """An image of the user's own."""

    name: str
    data: bytes


def keep() -> None:
    """Keeps the values of widgets that the page on show does not draw; call it before any page."""
    for key in _WIDGETS:
        if key in st.session_state:
            st.session_state[key] = st.session_state[key]


def band() -> tuple[int, int] | None:
    """The band of latitudes that is searched, None where it is the whole planet."""
    found = tuple(st.session_state.get(BAND) or POLES)
    return None if found == POLES else (int(found[0]), int(found[1]))


def region() -> Region | None:
    """The box on Mars that is searched, None where it is the whole planet."""
    found = st.session_state.get(REGION)
    try:
        return Region(*found) if found else None
    except MirsError:
        return None


def search_in(found: Region | None) -> None:
    """Searches in a box of Mars alone, or everywhere again."""
    st.session_state[REGION] = found.values() if found else None


def west() -> bool:
    """Whether longitudes are shown as degrees west."""
    return bool(st.session_state.get(WEST))


def map_view() -> str:
    """The projection that the map of Mars is shown in, one of ``MAPS``."""
    view = st.session_state.get(MAP)
    return view if view in MAPS else MAPS[0]


def keep_known(key: str, known: Sequence[str]) -> list[str]:
    """Drops what a widget does not offer (an old link, another data set); returns what is left."""
    kept = [value for value in dict.fromkeys(st.session_state.get(key) or []) if value in known]
    st.session_state[key] = kept
    return kept


def tile() -> str | None:
    """Id of the query tile."""
    return st.session_state.get(TILE)


def upload() -> Upload | None:
    """The own image that is the query, if one is."""
    return st.session_state.get(_UPLOAD)


def history() -> list[str]:
    """Earlier query tiles, the last one last."""
    return st.session_state.setdefault(_HISTORY, [])


def ahead() -> list[str]:
    """The queries that ``go_back`` came from, the next one last."""
    return st.session_state.setdefault(_AHEAD, [])


def choose_tile(tile_id: str) -> None:
    """Makes a tile the query, alone, and shows its results."""
    if tile() and (upload() is not None or tile() != tile_id):
        history().append(tile() or "")
        del history()[:-_HISTORY_LENGTH]
    ahead().clear()
    _show(tile_id)


def go_back() -> None:
    """Returns to the query before this one."""
    if history():
        ahead().append(tile() or "")
        _show(history().pop())


def go_ahead() -> None:
    """Undoes ``go_back``."""
    if ahead():
        history().append(tile() or "")
        _show(ahead().pop())


def _show(tile_id: str) -> None:
    st.session_state[TILE], st.session_state[_UPLOAD] = tile_id, None
    st.session_state[PLUS], st.session_state[MINUS] = [], []
    st.session_state[VIEW] = COMPARE


def mark(tile_id: str, sign: str) -> None:
    """Makes a tile a positive ("+") or a negative ("-") example; the same sign again undoes it."""
    before = {key: list(st.session_state.get(key) or ()) for key in (PLUS, MINUS)}
    asked = PLUS if sign == "+" else MINUS
    for key, tiles in before.items():
        kept = [tile for tile in tiles if tile != tile_id]
        if key == asked and tile_id not in tiles:
            kept = [*kept, tile_id][-_MOST_EXAMPLES:]
        st.session_state[key] = kept


def use_as_positives(tiles: Sequence[str]) -> None:
    """Makes the first of ``tiles`` the query and the others positive examples."""
    choose_tile(tiles[0])
    for other in tiles[1:]:
        mark(other, "+")


def forget_examples() -> None:
    """Leaves the query alone."""
    st.session_state[PLUS], st.session_state[MINUS] = [], []


def choose_upload(image: Upload | None) -> None:
    """Makes an own image the query, or takes it away."""
    st.session_state[_UPLOAD] = image


def is_filtered() -> bool:
    """Whether a filter narrows the results."""
    keys = (GROUPS, CLASSES, ROLES, STRIPS, STRIP, NEAR)
    limited = band() is not None or region() is not None or st.session_state.get(WITHIN) is not None
    return limited or any(st.session_state.get(key) for key in keys)


def clear_filters() -> None:
    """Lets every tile into the results."""
    for key in (GROUPS, CLASSES, ROLES, STRIPS):
        st.session_state[key] = []
    for key in (STRIP, NEAR):
        st.session_state[key] = False
    st.session_state[BAND], st.session_state[WITHIN] = POLES, None
    search_in(None)


def forget_query() -> None:
    """What a change of the data set leaves: no query, no models, no filter on classes."""
    for key in (
        TILE,
        _UPLOAD,
        _HISTORY,
        _AHEAD,
        MODELS,
        GROUPS,
        CLASSES,
        STRIPS,
        PLUS,
        MINUS,
        CHOSEN,
        REGION,
        BOX,
    ):
        st.session_state.pop(key, None)
