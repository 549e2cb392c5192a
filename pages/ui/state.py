"""The state of a session under its own keys, and the part of it that a link restores.

The link holds the data set and the models, which all pages share; of the search the query tile, k
and the filters; of the evaluation its part; of the runs those that are picked. An own image cannot
be part of a link.
"""

from dataclasses import dataclass

import streamlit as st

DATA, MODELS, K, GROUPS, CLASSES, ROLES, STRIP = (
    "mirs.data",
    "mirs.models",
    "mirs.k",
    "mirs.groups",
    "mirs.classes",
    "mirs.roles",
    "mirs.strip",
)
VIEW = "mirs.view"
PART = "mirs.part"
RUNS = "mirs.runs"
PENDING_DATA = "mirs.pending_data"
_TILE, _UPLOAD, _HISTORY, _LINK = "mirs.tile", "mirs.upload", "mirs.history", "mirs.link"

COMPARE, BROWSE, OWN = "Compare", "Browse tiles", "Your own image"
K_RANGE, K_DEFAULT = (6, 96, 6), 24
_LISTS = {MODELS: "models", GROUPS: "groups", CLASSES: "classes", ROLES: "roles"}
_HISTORY_LENGTH = 24
_WIDGETS = (DATA, MODELS, K, GROUPS, CLASSES, ROLES, STRIP, VIEW, PART)


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


def restore() -> None:
    """Takes the link into a session that starts, or whose link was changed from outside.

    The latter is the browser's own Back and Forward. Unknown values are dropped later.
    """
    link = _changed_link()
    if link is None:
        return
    st.session_state[_TILE] = link.get("tile")
    for key in (GROUPS, CLASSES, ROLES):
        st.session_state[key] = _names(link, key)
    st.session_state[K] = _k(link.get("k"))
    st.session_state[STRIP] = link.get("strip") == "1"


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
    return [part for part in link.get(_LISTS[key], "").split(",") if part]


def _k(text: str | None) -> int:
    low, high, step = K_RANGE
    if text is None or not text.isdecimal() or len(text) > 4:
        return K_DEFAULT
    return min(max(round(int(text) / step) * step, low), high)


def search_link() -> dict[str, str]:
    """The state of the search as the parameters of its address."""
    state = st.session_state
    values = {
        "data": state.get(DATA) or "",
        "tile": "" if upload() else tile() or "",
        "k": str(state.get(K, K_DEFAULT)),
        "strip": "1" if state.get(STRIP) else "",
        **{name: ",".join(state.get(key) or ()) for key, name in _LISTS.items()},
    }
    return {name: value for name, value in values.items() if value}


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


def keep_known(key: str, known: list[str]) -> list[str]:
    """Drops what a widget does not offer (an old link, another data set); returns what is left."""
    kept = [value for value in dict.fromkeys(st.session_state.get(key) or []) if value in known]
    st.session_state[key] = kept
    return kept


def tile() -> str | None:
    """Id of the query tile."""
    return st.session_state.get(_TILE)


def upload() -> Upload | None:
    """The own image that is the query, if one is."""
    return st.session_state.get(_UPLOAD)


def history() -> list[str]:
    """Earlier query tiles, the last one last."""
    return st.session_state.setdefault(_HISTORY, [])


def choose_tile(tile_id: str) -> None:
    """Makes a tile the query and shows its results."""
    if tile() and (upload() is not None or tile() != tile_id):
        history().append(tile() or "")
        del history()[:-_HISTORY_LENGTH]
    st.session_state[_TILE], st.session_state[_UPLOAD] = tile_id, None
    st.session_state[VIEW] = COMPARE


def go_back() -> None:
    """Returns to the query before this one."""
    if history():
        st.session_state[_TILE], st.session_state[_UPLOAD] = history().pop(), None
        st.session_state[VIEW] = COMPARE


def choose_upload(image: Upload | None) -> None:
    """Makes an own image the query, or takes it away."""
    st.session_state[_UPLOAD] = image


def is_filtered() -> bool:
    """Whether a filter narrows the results."""
    return any(st.session_state.get(key) for key in (GROUPS, CLASSES, ROLES, STRIP))


def clear_filters() -> None:
    """Lets every tile into the results."""
    for key in (GROUPS, CLASSES, ROLES):
        st.session_state[key] = []
    st.session_state[STRIP] = False


def forget_query() -> None:
    """What a change of the data set leaves: no query, no models, no filter on classes."""
    for key in (_TILE, _UPLOAD, _HISTORY, MODELS, GROUPS, CLASSES):
        st.session_state.pop(key, None)
