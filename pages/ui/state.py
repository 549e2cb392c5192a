"""The state of a session under its own keys, and the part of it that a link restores.

The link holds the data set, the query tile, the models, k and the filters. An own image cannot be
part of a link.
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
PENDING_DATA = "mirs.pending_data"
_TILE, _UPLOAD, _HISTORY, _LINK = "mirs.tile", "mirs.upload", "mirs.history", "mirs.link"

COMPARE, BROWSE, OWN = "Compare", "Browse tiles", "Your own image"
K_RANGE, K_DEFAULT = (6, 96, 6), 24
_LISTS = {MODELS: "models", GROUPS: "groups", CLASSES: "classes", ROLES: "roles"}
_HISTORY_LENGTH = 24


@dataclass(frozen=True, slots=True)
class Upload:
    """An image of the user's own."""

    name: str
    data: bytes


def restore() -> None:
    """Takes the link into a session that starts, or whose link was changed from outside.

    The latter is the browser's own Back and Forward. Unknown values are dropped later.
    """
    if PENDING_DATA in st.session_state:
        st.session_state[DATA] = st.session_state.pop(PENDING_DATA)
        return
    link = st.query_params
    if st.session_state.get(_LINK) == link.to_dict():
        return
    st.session_state[_LINK] = link.to_dict()
    st.session_state[DATA] = link.get("data")
    st.session_state[_TILE] = link.get("tile")
    for key, name in _LISTS.items():
        st.session_state[key] = [part for part in link.get(name, "").split(",") if part]
    st.session_state[K] = _k(link.get("k"))
    st.session_state[STRIP] = link.get("strip") == "1"


def _k(text: str | None) -> int:
    low, high, step = K_RANGE
    if text is None or not text.isdecimal() or len(text) > 4:
        return K_DEFAULT
    return min(max(round(int(text) / step) * step, low), high)


def write_link() -> None:
    """Puts the state into the address, so that it can be copied, kept and sent."""
    state = st.session_state
    values = {
        "data": state.get(DATA) or "",
        "tile": "" if upload() else tile() or "",
        "k": str(state.get(K, K_DEFAULT)),
        "strip": "1" if state.get(STRIP) else "",
        **{name: ",".join(state.get(key) or ()) for key, name in _LISTS.items()},
    }
    wanted = {name: value for name, value in values.items() if value}
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
