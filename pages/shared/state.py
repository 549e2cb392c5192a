"""The session state by key; ``link`` restores part of it from an address."""

import unicodedata
from collections.abc import Collection, Sequence

import streamlit as st

from mirs_core.datasets.items import Items
from pages.shared.query_kinds.described import Described
from pages.shared.query_kinds.tile import Tile
from pages.shared.query_kinds.upload import Upload
from pages.shared.query_source import QuerySource
from pages.shared.region_state import BOX, REGION, drawn, keep_drawn, region, search_in

__all__ = [
    "BOX",
    "REGION",
    "Described",
    "QuerySource",
    "Tile",
    "Upload",
    "drawn",
    "keep_drawn",
    "region",
    "search_in",
]

DATA, MODELS, K, GROUPS, CLASSES, ROLES, STRIP = (
    "mirs.data",
    "mirs.models",
    "mirs.k",
    "mirs.groups",
    "mirs.classes",
    "mirs.roles",
    "mirs.strip",
)
DROPPED = "mirs.dropped"
"""Values of filters that the data set does not have."""
STRIPS, BAND, WITHIN, NEAR = "mirs.strips", "mirs.band", "mirs.within", "mirs.near"
PLUS, MINUS = "mirs.plus", "mirs.minus"
VIEW = "mirs.view"
# The map of Mars: west longitudes, the view.
WEST, MAP = "mirs.west", "mirs.map"
# Its selected tab, and the strip it is zoomed to.
MAP_PART, FRAMED = "mirs.map.part", "mirs.map.strip"
PART = "mirs.part"
SECTION = "mirs.data.section"
COLOUR, POINTS, CHOSEN = "mirs.space.colour", "mirs.space.points", "mirs.space.chosen"
RUNS = "mirs.runs"
PENDING_DATA = "mirs.pending_data"
# The last archived tile that was the query, and the query if it is of another kind.
TILE, _SOURCE = "mirs.tile", "mirs.query"
_PICTURE = "mirs.file.tile"
_HISTORY, _AHEAD = "mirs.history", "mirs.ahead"
_COPY = "mirs.widgets"

COMPARE, BROWSE, OWN, KEPT = "Compare", "Browse tiles", "Your own image", "Collections"
DESCRIBE, MANY = "Describe", "Many queries"
POLES = (-90, 90)
MAPS = ("global", "north", "south")
MAP_PARTS = ("map", "estimate")
K_RANGE, K_DEFAULT = (6, 96, 6), 24
_MOST_EXAMPLES = 32
_HISTORY_LENGTH = 24
_WIDGETS = (
    DATA, MODELS, K, GROUPS, CLASSES, ROLES, STRIPS, BAND, WITHIN, STRIP, NEAR, VIEW, PART, COLOUR,
    POINTS, WEST, MAP, MAP_PART, FRAMED, SECTION,
)  # fmt: skip


def keep() -> None:
    """Keeps the values of widgets that the current page does not draw; call before any page.

    Streamlit forgets them when the page changes, and those of a run that another one interrupts.
    """
    for key, value in st.session_state.get(_COPY, {}).items():
        if key not in st.session_state:
            st.session_state[key] = value
    copy()
    for key in _WIDGETS:
        if key in st.session_state:
            st.session_state[key] = st.session_state[key]


def copy() -> None:
    """Copies the values of widgets to where Streamlit does not forget them."""
    copies = st.session_state.setdefault(_COPY, {})
    copies.update({key: st.session_state[key] for key in _WIDGETS if key in st.session_state})


def band() -> tuple[int, int] | None:
    """The latitude filter; None for the whole planet."""
    limits = tuple(st.session_state.get(BAND) or POLES)
    return None if limits == POLES else (int(limits[0]), int(limits[1]))


def west() -> bool:
    """Whether longitudes are shown as degrees west."""
    return bool(st.session_state.get(WEST))


def map_view() -> str:
    """The view of the map of Mars, one of ``MAPS``."""
    view = st.session_state.get(MAP)
    return view if view in MAPS else MAPS[0]


def keep_valid(key: str, options: Collection[str]) -> list[str]:
    """Drops values that are not options of a widget (old link, other data set)."""
    matches = [option(value, options) for value in st.session_state.get(key) or []]
    valid = list(dict.fromkeys(match for match in matches if match is not None))
    st.session_state[key] = valid
    return valid


def invalid(key: str, options: Collection[str]) -> list[str]:
    """The values that :func:`keep_valid` would drop."""
    return [v for v in st.session_state.get(key) or [] if option(v, options) is None]


def option(value: str, options: Collection[str]) -> str | None:
    """The option that is this value, or this value in another Unicode form: links may change it.

    None if there is none.
    """
    if value in options or value.isascii():
        return value if value in options else None
    composed = unicodedata.normalize("NFC", value)
    same = (option for option in options if unicodedata.normalize("NFC", option) == composed)
    return next(same, None)


def query() -> QuerySource | None:
    """The query, the same on every page; None before a page has chosen one."""
    tile_id = st.session_state.get(TILE)
    source: QuerySource | None = st.session_state.get(_SOURCE)
    return source or (Tile(tile_id) if tile_id else None)


def tile() -> str | None:
    """Id of the query tile; None if the query is of another kind."""
    source = query()
    return source.tile_id if source else None


def upload() -> Upload | None:
    """The user's image, if that is the query."""
    source = query()
    return source if isinstance(source, Upload) else None


def picture_tile() -> str | None:
    """Id of the tile whose file as it is now is the user's image."""
    return st.session_state.get(_PICTURE)


def search_with_picture(tile_id: str | None) -> None:
    """Makes the file of a tile as it is now the user's image; None lets the user choose one."""
    if tile_id is None:
        choose_upload(None)
    st.session_state[_PICTURE] = tile_id
    st.session_state[VIEW] = OWN


def history() -> list[QuerySource]:
    """Previous queries, the latest last."""
    return st.session_state.setdefault(_HISTORY, [])


def ahead() -> list[QuerySource]:
    """The queries that ``go_back`` left, the next one last."""
    return st.session_state.setdefault(_AHEAD, [])


def search_with(source: QuerySource) -> None:
    """Makes this the query on every page, without examples, and shows its results."""
    remember(source)
    _show(source)


def choose_tile(tile_id: str) -> None:
    """Makes a tile the query, without examples, and shows its results."""
    search_with(Tile(tile_id))


def go_back() -> None:
    """Returns to the previous query."""
    if history():
        ahead().extend(filter(None, [query()]))
        _show(history().pop())


def go_ahead() -> None:
    """Undoes ``go_back``."""
    if ahead():
        history().extend(filter(None, [query()]))
        _show(ahead().pop())


def remember(source: QuerySource) -> None:
    """Adds the query to the history if another one follows it."""
    before = query()
    if before is not None and before != source:
        history().append(before)
        del history()[:-_HISTORY_LENGTH]
    ahead().clear()


def _show(source: QuerySource) -> None:
    put(source)
    st.session_state[_PICTURE] = None
    forget_examples()
    st.session_state[VIEW] = COMPARE


def put(source: QuerySource | None) -> None:
    """Sets the query, as a link does: examples, history and view stay. None: the last tile."""
    if isinstance(source, Tile):
        st.session_state[TILE], st.session_state[_SOURCE] = source.name, None
    else:
        st.session_state[_SOURCE] = source


def mark(tile_id: str, sign: str) -> None:
    """Toggles a tile as a positive ("+") or negative ("-") example."""
    before = {key: list(st.session_state.get(key) or ()) for key in (PLUS, MINUS)}
    target = PLUS if sign == "+" else MINUS
    for key, tiles in before.items():
        examples = [tile for tile in tiles if tile != tile_id]
        if key == target and tile_id not in tiles:
            examples = [*examples, tile_id][-_MOST_EXAMPLES:]
        st.session_state[key] = examples


def use_as_positives(tiles: Sequence[str]) -> None:
    """Makes the first of ``tiles`` the query and the others positive examples."""
    choose_tile(tiles[0])
    for example in tiles[1:]:
        mark(example, "+")


def has_examples(items: Items) -> bool:
    """Whether the query has examples that are among these tiles, so that scores rank results."""
    marked = [*(st.session_state.get(PLUS) or ()), *(st.session_state.get(MINUS) or ())]
    return any(map(items.has, marked))


def forget_examples() -> None:
    """Removes all examples."""
    st.session_state[PLUS], st.session_state[MINUS] = [], []


def choose_upload(image: Upload | None) -> None:
    """Makes the user's image the query where it is being chosen, or removes it.

    Another cut of an image keeps the examples; any other query stays if there is no image.
    """
    before = upload()
    if (image is None) != (before is None):
        forget_examples()
    if image is not None and before is None:
        remember(image)
    if image is not None or before is not None:
        put(image)


def is_filtered() -> bool:
    """Whether any filter is active."""
    keys = (GROUPS, CLASSES, ROLES, STRIPS, STRIP, NEAR)
    limited = band() is not None or region() is not None or st.session_state.get(WITHIN) is not None
    return limited or any(st.session_state.get(key) for key in keys)


def clear_filters() -> None:
    """Removes all filters."""
    for key in (GROUPS, CLASSES, ROLES, STRIPS):
        st.session_state[key] = []
    for key in (STRIP, NEAR):
        st.session_state[key] = False
    st.session_state[BAND], st.session_state[WITHIN] = POLES, None
    st.session_state.pop(DROPPED, None)
    search_in(None)


def forget_query() -> None:
    """Clears the state that belongs to a data set: query, models, class filters, selection."""
    for key in (
        TILE, _SOURCE, _PICTURE, _HISTORY, _AHEAD, MODELS, GROUPS, CLASSES, STRIPS, PLUS, MINUS,
        CHOSEN, REGION, BOX, DROPPED,
    ):  # fmt: skip
        st.session_state.pop(key, None)
        st.session_state.get(_COPY, {}).pop(key, None)
