"""Saving the session state in the page address and restoring it from there.

A link holds the data set and the models for all pages; the query, its examples, k and the filters
for those of them that search or evaluate; for the evaluation also its tab, for the runs page the
selected runs. The user's own image is named by its SHA-256, never part of a link. Values from a
link are checked; those that cannot be used are named.
"""

from collections.abc import Iterable

import streamlit as st

from mirs_core.system.specs import specs_in
from pages.shared import link_values, missing, state
from pages.shared.query_source import QueryKind
from pages.shared.state import (
    BAND,
    CLASSES,
    DATA,
    GROUPS,
    K_DEFAULT,
    MINUS,
    MODELS,
    NEAR,
    PART,
    PENDING_DATA,
    PLUS,
    ROLES,
    RUNS,
    STRIP,
    STRIPS,
    WITHIN,
    K,
)

_LINK = "mirs.link"
REDRAW = "mirs.link.redraw"
"""A function that draws the links to other pages again where the page has changed the state."""
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
# Ids of tiles may hold commas; as paths they never hold two slashes. Commas in other values are
# escaped, and so are the signs that escape them.
_BETWEEN = {PLUS: "//", MINUS: "//"}
_MOST = 1000
# Links of earlier versions name what colours the points differently.
_FORMER_COLOURS = {
    "Landform": "Landform class",
    "Group": "Landform group",
    "Role": "Split",
    "Group across classes": "Inter-class group",
    "Errors of the top k": "Top-k error rate",
    "Tiles with its code": "Tiles sharing its code",
}


def restore() -> None:
    """Restores the state from the link in a new session or after the browser's Back and Forward."""
    _restored()


def _restored() -> dict[str, str] | None:
    link = _changed_link()
    if link is not None:
        _restore_search(link)
        state.copy()
    return link


def _restore_search(link: dict[str, str]) -> None:
    _restore_query(link)
    st.session_state.pop(state.DROPPED, None)
    for key in (GROUPS, CLASSES, ROLES, STRIPS, PLUS, MINUS):
        st.session_state[key] = _names(link, key)
    st.session_state[K] = link_values.results(link.get("k"))
    for key, name in _FLAGS.items():
        st.session_state[key] = link.get(name) == "1"
    if "colour" in link:
        st.session_state[state.COLOUR] = _FORMER_COLOURS.get(link["colour"], link["colour"])
    st.session_state[BAND] = link_values.latitudes(link.get("latitudes", ""))
    st.session_state[WITHIN] = link_values.whole(link.get("within"), 0, 4096)
    state.search_in(link_values.region_of(link.get("region", "")))
    st.session_state[state.WEST] = link.get("west") == "1"
    if link.get("framed", "") not in ("", st.session_state.get(state.FRAMED)):
        # Another strip selects other tiles.
        st.session_state.pop(state.CHOSEN, None)
    for name, key in _OF_THE_MAP.items():
        if name in link:
            st.session_state[key] = link[name]
    missing.note(missing.VALUES, [f"{name}={link[name]}" for name in _unusable(link)])


def _restore_query(link: dict[str, str]) -> None:
    """The query of the first parameter that this session can bring back."""
    st.session_state[state.TILE] = link.get("tile")
    sources: list[state.QuerySource] = []
    for kind in specs_in("pages.shared.query_kinds", QueryKind).values():
        if text := link.get(kind.name):
            source = kind.from_link(text)
            sources += [source] if source else []
            missing.note(kind.missing, [] if source else [text])
    state.put(sources[0] if sources else None)


def _unusable(link: dict[str, str]) -> list[str]:
    """The names of the parameters whose values were not understood, or are out of range."""
    band, within, k = link.get("latitudes", ""), link.get("within"), link.get("k")
    bad = {
        "k": k is not None and k != str(link_values.results(k)),
        "latitudes": bool(band) and "..".join(map(str, link_values.latitudes(band))) != band,
        "within": within is not None and within != str(link_values.whole(within, 0, 4096)),
        "region": bool(link.get("region")) and link_values.region_of(link["region"]) is None,
        "map": link.get("map", state.MAPS[0]) not in state.MAPS,
        "part": link.get("part", state.MAP_PARTS[0]) not in state.MAP_PARTS,
        **{name: link.get(name, "1") not in ("0", "1") for name in (*_FLAGS.values(), "west")},
    }
    return [name for name, is_bad in bad.items() if is_bad]


def restore_map() -> None:
    """Restores the map page; what its link leaves out gets its default."""
    link = _restored()
    if link is not None:
        for name, key in _OF_THE_MAP.items():
            st.session_state[key] = link.get(name)


def restore_evaluation() -> None:
    """Restores the evaluation page and the search from a link.

    A link of earlier versions, which has no number of results, leaves the search as it is.
    """
    link = _changed_link()
    if link is not None:
        st.session_state[PART] = link.get("part")
        if "k" in link:
            # The map has parts, too.
            _restore_search({name: value for name, value in link.items() if name != "part"})


def restore_runs() -> None:
    """Restores the runs page from its link."""
    link = _changed_link()
    if link is not None:
        st.session_state[RUNS] = _parts(link.get("runs", ""))


def restore_data() -> None:
    """Restores the data page from its link."""
    link = _changed_link()
    if link is not None:
        st.session_state[state.SECTION] = link.get("section")


def _changed_link() -> dict[str, str] | None:
    """The link if it is new to the session, after restoring data set and models; else None."""
    missing.place()
    if PENDING_DATA in st.session_state:
        st.session_state[DATA] = st.session_state.pop(PENDING_DATA)
        return None
    link = st.query_params.to_dict()
    if st.session_state.get(_LINK) == link:
        return None
    st.session_state[_LINK] = link
    missing.clear()
    st.session_state[DATA] = link.get("data")
    st.session_state[MODELS] = _names(link, MODELS)
    return link


def _names(link: dict[str, str], key: str) -> list[str]:
    text = link.get(_LISTS[key], "")
    if key in _BETWEEN:
        return _first([part for part in text.split(_BETWEEN[key]) if part])
    return _parts(text)


def _parts(text: str) -> list[str]:
    return _first([_unescaped(part) for part in text.split(",") if part])


def _first(values: list[str]) -> list[str]:
    missing.note(missing.VALUES, values[_MOST:])
    return values[:_MOST]


def _joined(key: str) -> str:
    values = st.session_state.get(key) or ()
    return _BETWEEN[key].join(values) if key in _BETWEEN else listed(values)


def listed(values: Iterable[str]) -> str:
    """Names, such as ids of runs, as one value of a link."""
    return ",".join(map(_escaped, values))


def _escaped(value: str) -> str:
    return value.replace("%", "%25").replace(",", "%2C")


def _unescaped(part: str) -> str:
    return part.replace("%2C", ",").replace("%25", "%")


def search_link() -> dict[str, str]:
    """The state of the search page as link parameters."""
    session = st.session_state
    band, within = state.band(), session.get(WITHIN)
    source = state.query()
    values = {
        "data": session.get(DATA) or "",
        **({} if source is None else dict([source.to_link()])),
        "k": str(session.get(K, K_DEFAULT)),
        "latitudes": f"{band[0]}..{band[1]}" if band else "",
        "within": "" if within is None else str(within),
        "region": link_values.region_text(state.region()),
        "west": "1" if state.west() else "",
        **{name: "1" if session.get(key) else "" for key, name in _FLAGS.items()},
        **{name: _joined(key) for key, name in _LISTS.items()},
    }
    return {name: value for name, value in values.items() if value}


def space_link() -> dict[str, str]:
    """The state of the hash space page as link parameters: the search and the colours."""
    colour = st.session_state.get(state.COLOUR)
    return {**search_link(), **({"colour": colour} if colour else {})}


def map_link() -> dict[str, str]:
    """The state of the map page as link parameters: the search, the view, the tab, the strip."""
    defaults = (None, "", state.MAPS[0], state.MAP_PARTS[0])
    values = {name: st.session_state.get(key) for name, key in _OF_THE_MAP.items()}
    return {
        **search_link(),
        **{name: value for name, value in values.items() if value not in defaults},
    }


def evaluation_link() -> dict[str, str]:
    """The state of the evaluation page as link parameters: the search and the part."""
    part = st.session_state.get(PART)
    return {**search_link(), **({"part": part} if part else {})}


def runs_link() -> dict[str, str]:
    """The state of the runs page as link parameters."""
    values = {
        "data": st.session_state.get(DATA) or "",
        "models": _joined(MODELS),
        "runs": listed(st.session_state.get(RUNS) or ()),
    }
    return {name: value for name, value in values.items() if value}


def data_link() -> dict[str, str]:
    """The state of the data page as link parameters."""
    values = {
        "data": st.session_state.get(DATA) or "",
        "models": _joined(MODELS),
        "section": st.session_state.get(state.SECTION) or "",
    }
    return {name: value for name, value in values.items() if value}


def search_link_with(data: str, models: list[str]) -> dict[str, str]:
    """A link to the search page with these models; within a data set it keeps query and filters."""
    same = st.session_state.get(DATA) == data
    base = search_link() if same else {"k": str(st.session_state.get(K, K_DEFAULT))}
    return {**base, "data": data, "models": listed(models)}


def write_link(parameters: dict[str, str]) -> None:
    """Writes the parameters to the page address, so that it can be bookmarked and shared.

    Also draws the warnings of what the link that was opened names in vain.
    """
    st.session_state[_LINK] = parameters
    state.copy()
    missing.draw(parameters)
    if redraw := st.session_state.pop(REDRAW, None):
        redraw()
    if st.query_params.to_dict() != parameters:
        st.query_params.from_dict(parameters)
