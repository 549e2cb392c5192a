"""The part of the state that an address restores.

The link holds the data set and the models, which all pages share; of the search the query tile, its
examples, k and the filters; of the evaluation its part; of the runs those that are picked. An own
image cannot be part of a link. What comes from a link is checked: unknown values are dropped.
"""

import re

import streamlit as st

from mirs_core.errors import MirsError
from mirs_core.mars.geography import Region
from pages.shared import state
from pages.shared.state import (
    BAND,
    CLASSES,
    DATA,
    GROUPS,
    K_DEFAULT,
    K_RANGE,
    MINUS,
    MODELS,
    NEAR,
    PART,
    PENDING_DATA,
    PLUS,
    POLES,
    ROLES,
    RUNS,
    STRIP,
    STRIPS,
    WITHIN,
    K,
)

_LINK = "mirs.link"
_LISTS = {
    MODELS: "models",
    GROUPS: "groups",
    CLASSES: "classes",
    ROLES: "roles",
    STRIPS: "strips",
    PLUS: "plus",
    MINUS: "minus",
}
_OF_THE_MAP = {"map": state.MAP, "part": state.MAP_PART, "framed": state.FRAMED}
_FLAGS = {STRIP: "strip", NEAR: "near"}
# Ids of tiles may hold commas; as paths they never hold two slashes.
_BETWEEN = {PLUS: "//", MINUS: "//"}
_MOST = 64
_DEGREES = re.compile(r"-?[0-9]{1,3}(\.[0-9]{1,4})?")


def restore() -> None:
    """Takes the link into a session that starts, or whose link was changed from outside.

    The latter is the browser's own Back and Forward. Unknown values are dropped later.
    """
    _restored()


def _restored() -> dict[str, str] | None:
    link = _changed_link()
    if link is None:
        return None
    st.session_state[state.TILE] = link.get("tile")
    for key in (GROUPS, CLASSES, ROLES, STRIPS, PLUS, MINUS):
        st.session_state[key] = _names(link, key)
    st.session_state[K] = _k(link.get("k"))
    for key, name in _FLAGS.items():
        st.session_state[key] = link.get(name) == "1"
    if "colour" in link:
        st.session_state[state.COLOUR] = link["colour"]
    st.session_state[BAND] = _band(link.get("latitudes", ""))
    st.session_state[WITHIN] = _whole(link.get("within"), 0, 4096)
    state.search_in(_region(link.get("region", "")))
    st.session_state[state.WEST] = link.get("west") == "1"
    if link.get("framed", "") not in ("", st.session_state.get(state.FRAMED)):
        # The tiles of a strip come with it.
        st.session_state.pop(state.CHOSEN, None)
    for name, key in _OF_THE_MAP.items():
        if name in link:
            st.session_state[key] = link[name]
    return link


def restore_map() -> None:
    """The same for the map of Mars: what its link leaves out is as at the start."""
    link = _restored()
    if link is not None:
        for name, key in _OF_THE_MAP.items():
            st.session_state[key] = link.get(name)


def restore_evaluation() -> None:
    """The same for the link of the evaluation; what is searched for stays as it is."""
    link = _changed_link()
    if link is not None:
        st.session_state[PART] = link.get("part")


def restore_runs() -> None:
    """The same for the link of the runs."""
    link = _changed_link()
    if link is not None:
        st.session_state[RUNS] = [part for part in link.get("runs", "").split(",") if part]


def restore_data() -> None:
    """The same for the link of the data."""
    link = _changed_link()
    if link is not None:
        st.session_state[state.SECTION] = link.get("section")


def _changed_link() -> dict[str, str] | None:
    """The link where it is new to the session, its shared part taken; else None."""
    if PENDING_DATA in st.session_state:
        st.session_state[DATA] = st.session_state.pop(PENDING_DATA)
        return None
    link = st.query_params.to_dict()
    if st.session_state.get(_LINK) == link:
        return None
    st.session_state[_LINK] = link
    st.session_state[DATA] = link.get("data")
    st.session_state[MODELS] = _names(link, MODELS)
    return link


def _names(link: dict[str, str], key: str) -> list[str]:
    between = _BETWEEN.get(key, ",")
    return [part for part in link.get(_LISTS[key], "").split(between) if part][:_MOST]


def _joined(key: str) -> str:
    return _BETWEEN.get(key, ",").join(st.session_state.get(key) or ())


def _k(text: str | None) -> int:
    low, high, step = K_RANGE
    if text is None or not text.isdecimal() or len(text) > 4:
        return K_DEFAULT
    return min(max(round(int(text) / step) * step, low), high)


def _whole(text: str | None, low: int, high: int) -> int | None:
    if text is None or not text.isdecimal() or len(text) > 4:
        return None
    return min(max(int(text), low), high)


def _band(text: str) -> tuple[int, int]:
    """The band of latitudes in a link, as in ``-30..45``."""
    found = re.fullmatch(r"(-?[0-9]{1,2})\.\.(-?[0-9]{1,2})", text)
    if not found or not POLES[0] <= int(found[1]) <= int(found[2]) <= POLES[1]:
        return POLES
    return int(found[1]), int(found[2])


def _region(text: str) -> Region | None:
    """The box in a link: west, south, east and north, as in ``300..-10..20..35``."""
    parts = text.split("..")
    if len(parts) != 4 or not all(_DEGREES.fullmatch(part) for part in parts):
        return None
    try:
        return Region(*map(float, parts))
    except MirsError:
        return None


def search_link() -> dict[str, str]:
    """The state of the search as the parameters of its address."""
    session = st.session_state
    wanted, within, region = state.band(), session.get(WITHIN), state.region()
    values = {
        "data": session.get(DATA) or "",
        "tile": "" if state.upload() else state.tile() or "",
        "k": str(session.get(K, K_DEFAULT)),
        "latitudes": f"{wanted[0]}..{wanted[1]}" if wanted else "",
        "within": "" if within is None else str(within),
        "region": "..".join(f"{value:.7g}" for value in region.values()) if region else "",
        "west": "1" if state.west() else "",
        **{name: "1" if session.get(key) else "" for key, name in _FLAGS.items()},
        **{name: _joined(key) for key, name in _LISTS.items()},
    }
    return {name: value for name, value in values.items() if value}


def space_link() -> dict[str, str]:
    """The state of the maps as the parameters of their address: the search, and the colours."""
    colour = st.session_state.get(state.COLOUR)
    return {**search_link(), **({"colour": colour} if colour else {})}


def map_link() -> dict[str, str]:
    """The state of the map of Mars as parameters: the search, the view, the part, the strip."""
    usual = (None, "", state.MAPS[0], state.MAP_PARTS[0])
    values = {name: st.session_state.get(key) for name, key in _OF_THE_MAP.items()}
    return {**search_link(), **{name: one for name, one in values.items() if one not in usual}}


def evaluation_link() -> dict[str, str]:
    """The state of the evaluation as the parameters of its address."""
    values = {
        "data": st.session_state.get(DATA) or "",
        "models": ",".join(st.session_state.get(MODELS) or ()),
        "part": st.session_state.get(PART) or "",
    }
    return {name: value for name, value in values.items() if value}


def runs_link() -> dict[str, str]:
    """The state of the list of runs as the parameters of its address."""
    values = {
        "data": st.session_state.get(DATA) or "",
        "models": ",".join(st.session_state.get(MODELS) or ()),
        "runs": ",".join(st.session_state.get(RUNS) or ()),
    }
    return {name: value for name, value in values.items() if value}


def data_link() -> dict[str, str]:
    """The part of the page of the data sets that is on show, as parameters of its address."""
    values = {
        "data": st.session_state.get(DATA) or "",
        "models": ",".join(st.session_state.get(MODELS) or ()),
        "section": st.session_state.get(state.SECTION) or "",
    }
    return {name: value for name, value in values.items() if value}


def search_link_with(data: str, models: list[str]) -> dict[str, str]:
    """A link to the search with these models; query and filters stay in the same data set."""
    same = st.session_state.get(DATA) == data
    kept = search_link() if same else {"k": str(st.session_state.get(K, K_DEFAULT))}
    return {**kept, "data": data, "models": ",".join(models)}


def write_link(wanted: dict[str, str]) -> None:
    """Puts the state into the address, so that it can be copied, kept and sent."""
    st.session_state[_LINK] = wanted
    if st.query_params.to_dict() != wanted:
        st.query_params.from_dict(wanted)
