"""Going to a place on the map, by its coordinates or by the name of a feature."""

import math

import streamlit as st

from mirs_core.errors import MirsError
from mirs_core.mars.geography import RADIUS_KM
from mirs_core.mars.nomenclature import FEATURES
from mirs_core.mars.place_search import Place, find_place
from pages.components.mars_map.mars_map import Frame, Pin
from pages.shared import state, words

TEXT = "mirs.map.place"
_TARGET, _REFUSED = "mirs.map.target", "mirs.map.place.refused"
_HELP = (
    "The name of one of the features on the map, or planetocentric coordinates: 18.4 77.7 (latitude"
    " first), 18.4 N 282.3 W. Longitudes without E or W are {} here; 0 to 360 and -180 to 180 both"
    " serve."
)
_NAMES = sorted(feature.name for feature in FEATURES)
_EDGE = 55


def draw() -> None:
    """Draws the field, and why its text is no place."""
    typed = st.session_state.get(TEXT)
    st.selectbox(
        "Go to",
        _NAMES if typed is None or typed in _NAMES else [typed, *_NAMES],
        key=TEXT,
        index=None,
        accept_new_options=True,
        placeholder="Name or coordinates",
        on_change=_go,
        width=220,
        help=_HELP.format("west" if state.west() else "east"),
    )


def draw_refusal() -> None:
    """Draws why the text that was typed last is no place."""
    if refused := st.session_state.get(_REFUSED):
        st.warning(words.plain(refused), icon=":material/wrong_location:")


def _go() -> None:
    text = st.session_state.get(TEXT)
    _forget()
    if not text:
        return
    try:
        place = find_place(str(text), as_west=state.west())
    except MirsError as error:
        st.session_state[_REFUSED] = str(error)
        return
    st.session_state[_TARGET] = place
    st.session_state[state.FRAMED] = None
    sign = {"north": 1, "south": -1}.get(state.map_view())
    if sign and sign * place.latitude < _EDGE:
        st.session_state[state.MAP] = state.MAPS[0]


def leave() -> None:
    """Forgets the place that was gone to and empties the field; the map stays where it is."""
    st.session_state[TEXT] = None
    _forget()


def _forget() -> None:
    for key in (_TARGET, _REFUSED):
        st.session_state.pop(key, None)


def target() -> tuple[Frame, Pin] | None:
    """Where the map should go, and the mark of the place; None if nothing was asked for."""
    place = st.session_state.get(_TARGET)
    if not isinstance(place, Place):
        return None
    frame = Frame(f"place {place.name}", _around(place))
    return frame, Pin(place.latitude, place.longitude, place.name)


def _around(place: Place) -> tuple[tuple[float, float], ...]:
    """The place, or the corners of the box around a feature."""
    if not place.diameter:
        return ((place.latitude, place.longitude),)
    reach = min(math.degrees(place.diameter / 2 / RADIUS_KM), 80.0)
    flat = max(math.cos(math.radians(place.latitude)), 0.1)
    return tuple(
        (
            max(-90.0, min(90.0, place.latitude + up * reach)),
            place.longitude + across * min(reach / flat, 170.0),
        )
        for up in (-1, 1)
        for across in (-1, 1)
    )
